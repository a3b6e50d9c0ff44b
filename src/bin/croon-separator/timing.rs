//! How fast models are on this machine, in windows of noise, and the file that remembers it.
//!
//! A player waits for the engine's first word meanwhile. A pass cannot be interrupted, so where one takes
//! longer than there is time it ends on a thread of its own while a lighter model already serves, and the
//! next start knows the figure.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use croon::paths::Paths;
use croon::separate::model_candidate::ModelCandidate;
use croon::separate::speeds::{self, Speed, SpeedContext, Speeds};
use crossbeam_channel::RecvTimeoutError;
use tch::TchError;

use crate::device::Choice;
use crate::model::{GRID, Model};
use crate::rng::Rng;
use crate::separator::{BATCH, Separator};
use crate::weights::{self, Loaded};

/// The machine is busy where a thread took so many times longer than it was given processor time.
const BUSY: f64 = 1.5;

/// Timings that still run on threads of their own.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Where speeds are kept, and what they are measured on.
#[derive(Debug, Clone)]
pub struct Ledger {
    file: Option<PathBuf>,
    pub place: SpeedContext,
}

impl Ledger {
    pub fn new(choice: &Choice, threads: usize) -> Self {
        Self {
            file: Paths::from_env()
                .ok()
                .map(|paths| speeds::speeds_file(&paths.cache)),
            place: SpeedContext {
                device: choice.name.clone(),
                processor: processor(),
                threads,
                engine: env!("CARGO_PKG_VERSION").into(),
            },
        }
    }

    pub fn read(&self) -> Speeds {
        let Some(file) = &self.file else {
            return Speeds::default();
        };
        Speeds::read(file).unwrap_or_else(|reason| {
            eprintln!(
                "croon-separator: {} is not used ({reason}); the models are timed again",
                file.display()
            );
            Speeds::default()
        })
    }

    /// Keeps a measurement; says what counts now.
    fn note(&self, candidate: &ModelCandidate, measured: Speed) -> Speed {
        // Read anew: another engine may have written meanwhile.
        let mut speeds = self.read();
        let speed = speeds.note(candidate, &self.place, measured);
        if let Some(file) = &self.file
            && let Err(error) = speeds.write(file)
        {
            eprintln!(
                "croon-separator: {} cannot be written ({error}); the next start times the models again",
                file.display()
            );
        }
        speed
    }
}

/// The name of the processor, as Linux tells it, else its kind.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// Loads and times a candidate; `None` where that is not done by `deadline`.
pub fn timed_until(
    deadline: Instant,
    candidate: &ModelCandidate,
    ledger: &Ledger,
) -> Result<Option<(Loaded, Speed)>, String> {
    if Instant::now() >= deadline || RUNNING.load(Ordering::Acquire) > 0 {
        return Ok(None);
    }
    let (tell, told) = crossbeam_channel::bounded(1);
    let (subject, ledger) = (candidate.clone(), ledger.clone());
    RUNNING.fetch_add(1, Ordering::AcqRel);
    let spawned = std::thread::Builder::new().name("timing".into()).spawn(move || {
        let result = timed(&subject, &ledger, deadline);
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        // Nobody listens any more after the deadline; the ledger knows.
        let _ = tell.send(result);
    });
    if let Err(error) = spawned {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        return Err(error.to_string());
    }
    match told.recv_deadline(deadline) {
        Ok(result) => result.map(Some),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err("it could not be timed".into()),
    }
}

fn timed(candidate: &ModelCandidate, ledger: &Ledger, deadline: Instant) -> Result<(Loaded, Speed), String> {
    let loaded = weights::load(&candidate.manifest).map_err(|error| error.to_string())?;
    let speed =
        side_by_side(&loaded.model, ledger.place.threads, deadline).map_err(|error| error.to_string())?;
    Ok((loaded, ledger.note(candidate, speed)))
}

/// The speed of a model on the processor with so many threads, each at its own window as when it serves.
fn side_by_side(model: &Model, threads: usize, deadline: Instant) -> Result<Speed, TchError> {
    let noise = noise();
    let shares: Vec<Model> = (0..threads).map(|_| model.share()).collect();
    let passes: Vec<Result<TimedPass, TchError>> = std::thread::scope(|scope| {
        let noise = &noise;
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || alone(share, noise, deadline)))
            .collect();
        let panicked = || Err(TchError::Torch("the timing stumbled".into()));
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| panicked()))
            .collect()
    });
    let mut speed = Speed {
        times_real_time: 0.0,
        provisional: false,
    };
    for pass in passes {
        let TimedPass {
            processor,
            wall,
            warm,
        } = pass?;
        speed.times_real_time += core_seconds() / processor.max(1e-6);
        speed.provisional |= !warm || wall > BUSY * processor;
    }
    Ok(speed)
}

/// Seconds that one window took.
struct TimedPass {
    processor: f64,
    wall: f64,
    /// It was not the first, which also plans and allocates.
    warm: bool,
}

/// One thread's part: a window to warm up and, where there is time for it, one that counts. What is measured
/// is the processor time this thread was given, which other programs hardly change.
fn alone(model: Model, noise: &[f32], deadline: Instant) -> Result<TimedPass, TchError> {
    tch::set_num_threads(1);
    let mut separator = Separator::on_processor(model)?;
    let mut pass = |warm| {
        let (wall, processor) = (Instant::now(), processor_seconds());
        separator.separate(&[noise])?;
        Ok::<_, TchError>(TimedPass {
            processor: processor_seconds() - processor,
            wall: wall.elapsed().as_secs_f64(),
            warm,
        })
    };
    let first = pass(false)?;
    if Instant::now() + Duration::from_secs_f64(first.wall) > deadline {
        return Ok(first);
    }
    pass(true)
}

/// Seconds of new music that a window brings; the rest of it is context.
fn core_seconds() -> f64 {
    GRID.core as f64 / f64::from(GRID.rate)
}

fn noise() -> Vec<f32> {
    let mut rng = Rng::new(1);
    (0..2 * GRID.window).map(|_| rng.normal(0.0, 0.1)).collect()
}

/// CPU time of this thread so far, in seconds.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock is one every Linux has, and the pointer is to a timespec of this function; where the
    // call fails it stays zero.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The speed of a card that has planned its passes already, in times real time.
pub fn on_card(separator: &mut Separator) -> Result<f64, TchError> {
    let noise = noise();
    let windows = vec![&noise[..]; BATCH];
    separator.separate(&windows)?;
    let start = Instant::now();
    separator.separate(&windows)?;
    Ok(BATCH as f64 * core_seconds() / start.elapsed().as_secs_f64().max(1e-6))
}

/// Whether a model is still being timed: libtorch must not be taken down under it.
pub fn is_running() -> bool {
    RUNNING.load(Ordering::Acquire) > 0
}
