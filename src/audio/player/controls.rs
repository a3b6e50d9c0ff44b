//! What the audio callback shares with everybody else: atomics only, so that nobody waits.

use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64};

use rustix::process::Pid;

use crate::audio::frame::is_before;
use crate::audio::player::event::Position;

/// Generations that may be alive at once: the one heard, those in the ring (a short loop puts several
/// there), those that replaced them, and one just asked for.
const GENERATIONS: usize = 64;
/// How much of the vocals the fader can ask for: twice what was recorded.
pub const LOUDEST_LEVEL: f32 = 2.0;
/// No song is made louder than this, 18 dB.
const LOUDEST_SONG: f32 = 8.0;

/// Controls on their way to the callback, and what it reports back.
///
/// A *generation* is an uninterrupted run of one song. Loading a song, seeking, changing over to the
/// next song and returning to the start of a loop each begin a new generation with the next number.
/// Every frame carries its generation. Raising the *minimum generation* makes all frames of older ones
/// stale at once, without touching the ring.
pub struct Shared {
    level: AtomicU32,
    solo: AtomicBool,
    volume: AtomicU32,
    playing: AtomicBool,
    min_generation: AtomicU32,
    complete: AtomicBool,
    heard: AtomicU64,
    blocks: AtomicU64,
    underruns: AtomicU64,
    caller: AtomicI32,
    latency: AtomicU32,
    splice: AtomicU64,
    delay_ms: AtomicU32,
    generations: [Generation; GENERATIONS],
}

#[derive(Default)]
struct Generation {
    play_id: AtomicU64,
    rate: AtomicU32,
    start: AtomicU32,
    /// Frames of song per frame of sound, as bits.
    speed: AtomicU32,
    /// What the song is multiplied by so that all songs are equally loud, as bits.
    gain: AtomicU32,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            level: AtomicU32::new(1.0f32.to_bits()),
            solo: AtomicBool::new(false),
            volume: AtomicU32::new(1.0f32.to_bits()),
            playing: AtomicBool::new(false),
            min_generation: AtomicU32::new(0),
            complete: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            blocks: AtomicU64::new(0),
            underruns: AtomicU64::new(0),
            caller: AtomicI32::new(0),
            latency: AtomicU32::new(0),
            splice: AtomicU64::new(0),
            delay_ms: AtomicU32::new(0),
            generations: std::array::from_fn(|_| Generation::default()),
        }
    }
}

impl Shared {
    /// How much of the vocals is heard: 0 none, 1 as recorded, up to [`LOUDEST_LEVEL`].
    pub fn level(&self) -> f32 {
        f32::from_bits(self.level.load(Relaxed))
    }

    pub fn set_level(&self, level: f32) {
        self.level.store(sane(level, LOUDEST_LEVEL).to_bits(), Relaxed);
    }

    /// Only the vocals are heard, as they were recorded.
    pub fn solo(&self) -> bool {
        self.solo.load(Relaxed)
    }

    pub fn set_solo(&self, solo: bool) {
        self.solo.store(solo, Relaxed);
    }

    pub fn volume(&self) -> f32 {
        f32::from_bits(self.volume.load(Relaxed))
    }

    pub fn set_volume(&self, volume: f32) {
        self.volume.store(sane(volume, 1.0).to_bits(), Relaxed);
    }

    pub fn playing(&self) -> bool {
        self.playing.load(Relaxed)
    }

    pub fn set_playing(&self, playing: bool) {
        self.playing.store(playing, Relaxed);
    }

    /// Frames of generations before this one are stale.
    pub fn min_generation(&self) -> u32 {
        self.min_generation.load(Acquire)
    }

    /// No frames will follow those in the ring.
    pub fn complete(&self) -> bool {
        self.complete.load(Acquire)
    }

    pub fn set_complete(&self, complete: bool) {
        self.complete.store(complete, Release);
    }

    /// Writes down a generation before any of its frames goes out; `speed` is frames of song per frame
    /// of sound.
    pub fn announce(&self, generation: u32, play_id: u64, rate: u32, start: u32, speed: f32) {
        let entry = self.generation(generation);
        entry.speed.store(speed.to_bits(), Relaxed);
        entry.gain.store(1.0f32.to_bits(), Relaxed);
        entry.play_id.store(play_id, Relaxed);
        entry.rate.store(rate, Relaxed);
        entry.start.store(start, Release);
    }

    /// The loudness gain of a generation, 1 unless it is said here; before its first frame goes out.
    pub fn set_gain(&self, generation: u32, gain: f32) {
        let gain = sane(gain, LOUDEST_SONG);
        self.generation(generation).gain.store(gain.to_bits(), Relaxed);
    }

    pub fn gain(&self, generation: u32) -> f32 {
        f32::from_bits(self.generation(generation).gain.load(Relaxed))
    }

    pub fn set_min_generation(&self, generation: u32) {
        self.min_generation.store(generation, Release);
    }

    /// Frames on their way have been replaced: once the callback has taken `from` frames out of this
    /// ring, it leaves out as many as lie between `from` and `to` and is then as far into the new ones
    /// as it was into the old. The new ones must lie in the ring already.
    pub fn set_splice(&self, from: u32, to: u32) {
        self.splice.store(u64::from(from) << 32 | u64::from(to), Release);
    }

    /// `from` in the upper half, `to` in the lower.
    pub fn splice(&self) -> u64 {
        self.splice.load(Acquire)
    }

    /// The song that a generation is of.
    pub fn play_id(&self, generation: u32) -> u64 {
        self.generation(generation).play_id.load(Relaxed)
    }

    /// Called by the callback: the last frame played, and that it is alive.
    pub fn publish(&self, generation: u32, next_frame: u32) {
        self.heard
            .store(u64::from(generation) << 32 | u64::from(next_frame), Release);
    }

    pub fn tick(&self) {
        self.blocks.fetch_add(1, Relaxed);
    }

    /// Grows as long as some device or clock asks for sound.
    pub fn ticks(&self) -> u64 {
        self.blocks.load(Relaxed)
    }

    /// Called by the callback: the thread that it runs on.
    pub fn set_caller(&self, thread: Pid) {
        self.caller.store(thread.as_raw_nonzero().get(), Relaxed);
    }

    /// Another device is about to call, on a thread of its own.
    pub fn forget_caller(&self) {
        self.caller.store(0, Relaxed);
    }

    /// The thread that asks for sound, once it did.
    pub fn caller(&self) -> Option<Pid> {
        Pid::from_raw(self.caller.load(Relaxed))
    }

    pub fn count_underrun(&self) {
        self.underruns.fetch_add(1, Relaxed);
    }

    /// Times the ring ran dry in mid-song.
    pub fn underruns(&self) -> u64 {
        self.underruns.load(Relaxed)
    }

    /// Frames between the callback and the ear.
    pub fn set_latency(&self, frames: u32) {
        self.latency.store(frames, Relaxed);
    }

    /// What the device itself adds before the ear, as Bluetooth does: positions are told so much
    /// earlier, and nothing else changes.
    pub fn set_delay_ms(&self, delay: u32) {
        self.delay_ms.store(delay, Relaxed);
    }

    /// The generation heard last; 0 before the first.
    pub fn heard_generation(&self) -> u32 {
        (self.heard.load(Acquire) >> 32) as u32
    }

    /// Seconds into the song of what the listener hears, and the song.
    pub fn position(&self) -> Position {
        let delay = f64::from(self.delay_ms.load(Relaxed)) / 1000.0;
        self.position_behind(self.latency.load(Relaxed), delay)
    }

    /// The same of what the callback gives out next.
    pub fn next_position(&self) -> Position {
        self.position_behind(0, 0.0)
    }

    /// `latency` is in frames of sound, `delay` in seconds on top of it.
    fn position_behind(&self, latency: u32, delay: f64) -> Position {
        let heard = self.heard.load(Acquire);
        let (generation, frame) = ((heard >> 32) as u32, heard as u32);
        let min_generation = self.min_generation();
        let playing = self.playing();
        if is_before(generation, min_generation) {
            // The seek or the song that was asked for is not audible yet; show where it goes.
            let entry = self.generation(min_generation);
            return Position {
                play_id: entry.play_id.load(Relaxed),
                seconds: entry.seconds(entry.start.load(Acquire)),
                playing,
            };
        }
        let entry = self.generation(generation);
        let start = entry.start.load(Acquire);
        let speed = f32::from_bits(entry.speed.load(Relaxed));
        let delay = delay * f64::from(entry.rate.load(Relaxed));
        let latency = ((f64::from(latency) + delay) * f64::from(speed)) as u32;
        let frame = frame.saturating_sub(latency).max(start);
        Position {
            play_id: entry.play_id.load(Relaxed),
            seconds: entry.seconds(frame),
            playing,
        }
    }

    fn generation(&self, number: u32) -> &Generation {
        &self.generations[number as usize % GENERATIONS]
    }
}

impl Generation {
    fn seconds(&self, frame: u32) -> f64 {
        f64::from(frame) / f64::from(self.rate.load(Relaxed).max(1))
    }
}

fn sane(gain: f32, most: f32) -> f32 {
    if gain.is_finite() {
        gain.clamp(0.0, most)
    } else {
        1.0
    }
}
