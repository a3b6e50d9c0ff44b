//! The clock that stands in where no device asks for sound: it takes samples at the speed of real
//! time and throws them away, so positions, lyrics and the end of a song come as they would.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::audio::player::controls::Shared;
use crate::audio::player::mixer::Mixer;

const TICK: Duration = Duration::from_millis(10);
/// Nothing moves then, so looking up seldom is enough.
const PAUSED_TICK: Duration = Duration::from_millis(100);
/// After the machine slept the time in between is not made up for.
const LONGEST: Duration = Duration::from_millis(250);

/// Runs until dropped.
pub(super) struct NullOutput {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NullOutput {
    pub(super) fn start(mixer: Mixer, rate: NonZero<u32>, shared: Arc<Shared>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("silent clock".into())
            .spawn(move || tick(mixer, rate, &shared, &stopped))
            .map_err(|error| tracing::error!("no thread for the silent clock: {error}"))
            .ok();
        Self { stop, thread }
    }
}

impl Drop for NullOutput {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn tick(mut mixer: Mixer, rate: NonZero<u32>, shared: &Shared, stop: &AtomicBool) {
    let mut then = Instant::now();
    // Parts of a frame left over: the speed is exact over any time.
    let mut pending = 0.0;
    while !stop.load(Relaxed) {
        std::thread::park_timeout(if shared.playing() { TICK } else { PAUSED_TICK });
        let now = Instant::now();
        pending += (now - then).min(LONGEST).as_secs_f64() * f64::from(rate.get());
        then = now;
        let frames = pending as usize;
        pending -= frames as f64;
        mixer.by_ref().take(frames * 2).for_each(drop);
    }
}
