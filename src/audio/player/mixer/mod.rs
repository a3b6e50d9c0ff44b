//! The real-time end: takes frames of mixture and vocals from the ring, applies
//! `mixture + (level - 1) * vocals` and the gains, holds the peaks, and hands samples to the device.
//!
//! It runs in the audio callback: atomics, arrays and arithmetic only. No lock, no allocation, no
//! free, no log, no panic (`tests/realtime.rs`).

mod gains;

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::audio::frame::{Frame, is_before};
use crate::audio::player::controls::Shared;
use crate::audio::player::mixer::gains::Gains;
use crate::audio::player::mixer::limiter::{AHEAD, BLOCK, Limiter, Sound};

// A fader move is heard after at most BLOCK frames, plus the device's own buffer.

/// How long pausing, resuming and jumping take to fade.
const GATE_RAMP: f64 = 0.005;
/// What must lie in the ring at least before a song goes on after it ran dry.
const RECOVERY: f64 = 0.06;
/// What the ring holds when full: twice what the feeder keeps in it, so that frames that replace
/// those on their way find room behind them.
const RING: f64 = 0.8;

/// The endless source given to a stereo device, and where the feeder puts its frames.
pub fn mixer(rate: NonZero<u32>, shared: Arc<Shared>) -> (Producer<Frame>, Mixer) {
    const STEREO: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(1);
    mixer_for(rate, STEREO, shared)
}

/// The same for a device of any number of channels: one gets the mean of left and right, so that
/// what stands in the middle is as loud as before; of more than two the first two get the sound.
pub fn mixer_for(
    rate: NonZero<u32>,
    channels: NonZero<u16>,
    shared: Arc<Shared>,
) -> (Producer<Frame>, Mixer) {
    let capacity = (f64::from(rate.get()) * RING) as usize;
    let (producer, ring) = RingBuffer::new(capacity.max(BLOCK * 8));
    let mixer = Mixer {
        rate,
        channels,
        recovery: (f64::from(rate.get()) * RECOVERY) as usize,
        gate_step: (1.0 / (f64::from(rate.get()) * GATE_RAMP)) as f32,
        ring,
        gains: Gains::new(&shared, rate),
        limiter: Limiter::new(rate),
        sound: Sound::default(),
        shared,
        gate: 0.0,
        dry: true,
        taken: 0,
        spliced: 0,
        introduced: false,
        out: [[0.0; 2]; BLOCK],
        next: BLOCK,
        channel: 0,
    };
    (producer, mixer)
}

/// Plays what is in the ring, silence where there is nothing; never ends.
pub struct Mixer {
    rate: NonZero<u32>,
    channels: NonZero<u16>,
    /// Frames that must lie in the ring before a song starts, or goes on after it ran dry.
    recovery: usize,
    gate_step: f32,
    ring: Consumer<Frame>,
    shared: Arc<Shared>,
    gains: Gains,
    limiter: Limiter,
    sound: Sound,
    /// 1 lets the song through, 0 is silence; ramped between.
    gate: f32,
    /// The ring ran empty: wait until it holds some again.
    dry: bool,
    /// Frames taken out of the ring so far; wraps around.
    taken: u32,
    /// The splice that has been gone through, see [`Shared::splice`].
    spliced: u64,
    /// It is known which thread this runs on.
    introduced: bool,
    out: [[f32; 2]; BLOCK],
    /// The frame of `out` and the channel of the device whose sample is next.
    next: usize,
    channel: u16,
}

impl Mixer {
    /// For a device that asks for this many frames in one go: a song with fewer in the ring would run dry
    /// at once.
    pub fn asked_for(mut self, frames: u32) -> Self {
        // The feeder fills half of the ring and never more, which a song must not wait for.
        let most = self.ring.buffer().capacity() / 4;
        self.recovery = self.recovery.max((frames as usize).min(most));
        self
    }

    fn refill(&mut self) {
        self.shared.tick();
        if !self.introduced {
            self.shared.set_caller(rustix::thread::gettid());
            self.introduced = true;
        }
        self.gains.aim(&self.shared);
        let min_generation = self.shared.min_generation();
        self.splice();
        // Asked before looking into the ring: if it was complete then, what lies there is all.
        let complete = self.shared.complete();
        let mut stale = self.stale_ahead(min_generation);
        if stale > 0 && self.gate == 0.0 {
            self.drop_stale(min_generation);
            stale = 0;
        }
        let ready = self.ring.slots();
        let open = self.shared.playing() && stale == 0;
        if self.gate == 0.0 {
            // Nothing sounds, so gains need no ramp to where they are wanted.
            if let Ok(frame) = self.ring.peek() {
                self.gains.belong_to(frame, &self.shared);
            }
            self.gains.jump();
            self.limiter.reset();
            self.sound.forget();
            if !self.can_open(open, ready, complete) {
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

    fn can_open(&mut self, open: bool, ready: usize, complete: bool) -> bool {
        if !open || ready == 0 {
            return false;
        }
        if self.dry && ready < self.recovery && !complete {
            return false;
        }
        self.dry = false;
        // A song's own beginning needs no fade, and must come out as it was recorded.
        if self
            .ring
            .peek()
            .is_ok_and(|frame| frame.at == 0 && frame.tail.share == 0.0)
        {
            self.gate = 1.0;
        }
        true
    }

    /// Stale frames among the next few.
    fn stale_ahead(&mut self, min_generation: u32) -> usize {
        let slots = self.ring.slots().min(BLOCK);
        let Ok(chunk) = self.ring.read_chunk(slots) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        first
            .iter()
            .chain(second)
            .take_while(|frame| is_before(frame.generation, min_generation))
            .count()
    }

    fn drop_stale(&mut self, min_generation: u32) {
        let slots = self.ring.slots();
        let Ok(chunk) = self.ring.read_chunk(slots) else {
            return;
        };
        let (first, second) = chunk.as_slices();
        let stale = first
            .iter()
            .chain(second)
            .take_while(|frame| is_before(frame.generation, min_generation))
            .count();
        chunk.commit(stale);
        self.taken = self.taken.wrapping_add(stale as u32);
        // The next generation starts with what it has, without waiting for more.
        self.dry = true;
    }

    /// Mixes the next `count` frames. With `fade` the gate closes over that many frames.
    fn play(&mut self, count: usize, open: bool, fade: Option<usize>) {
        let ahead = AHEAD.min(self.ring.slots().saturating_sub(count));
        let Ok(chunk) = self.ring.read_chunk(count + ahead) else {
            return;
        };
        let step = match fade {
            Some(frames) => self.gate / frames.max(1) as f32,
            None => self.gate_step,
        };
        let move_gate = |gate: f32| {
            if open {
                (gate + step).min(1.0)
            } else {
                (gate - step).max(0.0)
            }
        };
        let (first, second) = chunk.as_slices();
        let mut frames = first.iter().chain(second);
        let mut last = None;
        for (frame, out) in frames.by_ref().take(count).zip(&mut self.out) {
            self.gate = move_gate(self.gate);
            self.gains.belong_to(frame, &self.shared);
            let mixed = self.gains.mix(frame, self.gate);
            self.sound.push(mixed);
            *out = mixed.heard;
            last = Some(*frame);
        }
        // What comes next, as it will sound if nobody touches a control meanwhile.
        let (mut gains, mut gate) = (self.gains, self.gate);
        for frame in frames {
            gate = move_gate(gate);
            gains.belong_to(frame, &self.shared);
            self.sound.push(gains.mix(frame, gate));
        }
        chunk.commit(count);
        self.taken = self.taken.wrapping_add(count as u32);
        let out = self.out.get_mut(..count).unwrap_or_default();
        self.limiter.hold(&mut self.sound, out);
        if let Some(frame) = last {
            self.shared.publish(frame.generation, frame.at.saturating_add(1));
        }
    }

    fn silence_from(&mut self, frame: usize) {
        if let Some(rest) = self.out.get_mut(frame..) {
            rest.fill([0.0; 2]);
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
        let [left, right] = self.out.get(self.next).copied().unwrap_or_default();
        let sample = match (self.channels.get(), self.channel) {
            (1, _) => 0.5 * (left + right),
            (_, 0) => left,
            (_, 1) => right,
            _ => 0.0,
        };
        self.channel += 1;
        if self.channel >= self.channels.get() {
            self.channel = 0;
            self.next += 1;
        }
        Some(sample)
    }
}

impl rodio::Source for Mixer {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> rodio::ChannelCount {
        self.channels
    }

    fn sample_rate(&self) -> rodio::SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

pub mod limiter;
#[cfg(test)]
mod tests;
