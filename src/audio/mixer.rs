//! The real-time end: takes frames of mixture and vocals from the ring, applies
//! `mixture + (level - 1) * vocals` and the ramps, and hands samples to the device.
//!
//! It runs in the audio callback: atomics, arrays and arithmetic only. No lock, no allocation, no
//! free, no log, no panic (`tests/realtime.rs`).

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use super::player::controls::{Shared, is_before};

/// Frames computed at a time: a fader move is heard after at most this many, plus the device's own
/// buffer.
const BLOCK: usize = 64;
/// How long level and volume take to where they are sent.
const GAIN_RAMP: f64 = 0.015;
/// How long pausing, resuming and jumping take to fade.
const GATE_RAMP: f64 = 0.005;
/// What must lie in the ring before a song goes on after it ran dry.
const RECOVERY: f64 = 0.06;
/// What the ring holds when full: twice what the feeder keeps in it, so that frames that replace
/// those on their way find room behind them.
const RING: f64 = 0.8;

/// One frame on its way to the ear.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Frame {
    pub mixture: [f32; 2],
    pub vocals: [f32; 2],
    /// The stretch it belongs to, see [`Shared`].
    pub stretch: u32,
    /// Its place in the song, in frames at the device's rate.
    pub at: u32,
}

/// The endless source given to the device, and where the feeder puts its frames.
pub fn mixer(rate: NonZero<u32>, shared: Arc<Shared>) -> (Producer<Frame>, Mixer) {
    let capacity = (f64::from(rate.get()) * RING) as usize;
    let (producer, ring) = RingBuffer::new(capacity.max(BLOCK * 8));
    let level = Ramp::new(shared.level(), rate, GAIN_RAMP);
    let volume = Ramp::new(shared.volume(), rate, GAIN_RAMP);
    let mixer = Mixer {
        rate,
        recovery: (f64::from(rate.get()) * RECOVERY) as usize,
        gate_step: (1.0 / (f64::from(rate.get()) * GATE_RAMP)) as f32,
        ring,
        shared,
        level,
        volume,
        gate: 0.0,
        dry: true,
        taken: 0,
        spliced: 0,
        out: [0.0; BLOCK * 2],
        next: BLOCK * 2,
    };
    (producer, mixer)
}

/// Plays what is in the ring, silence where there is nothing; never ends.
pub struct Mixer {
    rate: NonZero<u32>,
    recovery: usize,
    gate_step: f32,
    ring: Consumer<Frame>,
    shared: Arc<Shared>,
    level: Ramp,
    volume: Ramp,
    /// 1 lets the song through, 0 is silence; ramped between.
    gate: f32,
    /// The ring ran empty: wait until it holds some again.
    dry: bool,
    /// Frames taken out of the ring so far; wraps around.
    taken: u32,
    /// The splice that has been gone through, see [`Shared::splice`].
    spliced: u64,
    out: [f32; BLOCK * 2],
    next: usize,
}

impl Mixer {
    fn refill(&mut self) {
        self.shared.tick();
        self.level.aim(self.shared.level());
        self.volume.aim(self.shared.volume());
        let floor = self.shared.floor();
        self.splice();
        // Asked before looking into the ring: if it was complete then, what lies there is all.
        let complete = self.shared.complete();
        let mut stale = self.stale_ahead(floor);
        if stale > 0 && self.gate == 0.0 {
            self.drop_stale(floor);
            stale = 0;
        }
        let ready = self.ring.slots();
        let open = self.shared.playing() && stale == 0;
        if self.gate == 0.0 {
            // Nothing sounds, so gains need no ramp to where they are wanted.
            self.level.jump();
            self.volume.jump();
            if !self.may_open(open, ready, complete) {
                self.silence_from(0);
                return;
            }
        }
        let count = BLOCK.min(ready).min(if stale > 0 { stale } else { BLOCK });
        let short = count < BLOCK && stale == 0 && !complete && open;
        if short {
            self.shared.count_underrun();
        }
        self.play(count, open && !short, if short { Some(count) } else { None });
        self.silence_from(count);
        if count < BLOCK {
            self.gate = 0.0;
            self.dry = stale == 0;
        }
    }

    /// Goes from frames that have been replaced over to those that replace them.
    fn splice(&mut self) {
        let splice = self.shared.splice();
        if splice == self.spliced {
            return;
        }
        let (from, to) = ((splice >> 32) as u32, splice as u32);
        if is_before(self.taken, from) {
            return;
        }
        self.spliced = splice;
        if is_before(self.taken, to) {
            let skip = (to.wrapping_sub(from) as usize).min(self.ring.slots());
            if let Ok(chunk) = self.ring.read_chunk(skip) {
                chunk.commit_all();
                self.taken = self.taken.wrapping_add(skip as u32);
            }
        }
    }

    fn may_open(&mut self, open: bool, ready: usize, complete: bool) -> bool {
        if !open || ready == 0 {
            return false;
        }
        if self.dry && ready < self.recovery && !complete {
            return false;
        }
        self.dry = false;
        // A song's own beginning needs no fade, and must come out as it was recorded.
        if self.ring.peek().is_ok_and(|frame| frame.at == 0) {
            self.gate = 1.0;
        }
        true
    }

    /// Stale frames among the next few.
    fn stale_ahead(&mut self, floor: u32) -> usize {
        let slots = self.ring.slots().min(BLOCK);
        let Ok(chunk) = self.ring.read_chunk(slots) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        first
            .iter()
            .chain(second)
            .take_while(|frame| is_before(frame.stretch, floor))
            .count()
    }

    fn drop_stale(&mut self, floor: u32) {
        let slots = self.ring.slots();
        let Ok(chunk) = self.ring.read_chunk(slots) else {
            return;
        };
        let (first, second) = chunk.as_slices();
        let stale = first
            .iter()
            .chain(second)
            .take_while(|frame| is_before(frame.stretch, floor))
            .count();
        chunk.commit(stale);
        self.taken = self.taken.wrapping_add(stale as u32);
        // The next stretch starts with what it has, without waiting for more.
        self.dry = true;
    }

    /// Mixes the next `count` frames. With `fade` the gate closes over that many frames.
    fn play(&mut self, count: usize, open: bool, fade: Option<usize>) {
        let Ok(chunk) = self.ring.read_chunk(count) else {
            return;
        };
        let (first, second) = chunk.as_slices();
        let step = match fade {
            Some(frames) => self.gate / frames.max(1) as f32,
            None => self.gate_step,
        };
        let mut last = None;
        for (frame, out) in first.iter().chain(second).zip(self.out.chunks_exact_mut(2)) {
            self.gate = if open {
                (self.gate + step).min(1.0)
            } else {
                (self.gate - step).max(0.0)
            };
            let vocals = self.level.step() - 1.0;
            let gain = self.volume.step() * self.gate;
            out[0] = (frame.mixture[0] + vocals * frame.vocals[0]) * gain;
            out[1] = (frame.mixture[1] + vocals * frame.vocals[1]) * gain;
            last = Some(*frame);
        }
        chunk.commit_all();
        self.taken = self.taken.wrapping_add(count as u32);
        if let Some(frame) = last {
            self.shared.publish(frame.stretch, frame.at.saturating_add(1));
        }
    }

    fn silence_from(&mut self, frame: usize) {
        if let Some(rest) = self.out.get_mut(frame * 2..) {
            rest.fill(0.0);
        }
    }
}

impl Iterator for Mixer {
    type Item = f32;

    #[inline]
    fn next(&mut self) -> Option<f32> {
        if self.next >= self.out.len() {
            self.refill();
            self.next = 0;
        }
        let sample = self.out.get(self.next).copied().unwrap_or(0.0);
        self.next += 1;
        Some(sample)
    }
}

impl rodio::Source for Mixer {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> rodio::ChannelCount {
        const STEREO: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(1);
        STEREO
    }

    fn sample_rate(&self) -> rodio::SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

/// A gain that goes to its goal in a straight line and then is exactly there.
struct Ramp {
    now: f32,
    goal: f32,
    step: f32,
    frames: f32,
}

impl Ramp {
    fn new(value: f32, rate: NonZero<u32>, seconds: f64) -> Self {
        Self {
            now: value,
            goal: value,
            step: 0.0,
            frames: (f64::from(rate.get()) * seconds).max(1.0) as f32,
        }
    }

    fn aim(&mut self, goal: f32) {
        if goal != self.goal {
            self.goal = goal;
            self.step = (goal - self.now) / self.frames;
        }
    }

    fn jump(&mut self) {
        self.now = self.goal;
    }

    #[inline]
    fn step(&mut self) -> f32 {
        if self.now != self.goal {
            self.now += self.step;
            // Past the goal, or so near that rounding would never get there.
            if self.step == 0.0 || (self.goal - self.now) * self.step <= 0.0 {
                self.now = self.goal;
            }
        }
        self.now
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
