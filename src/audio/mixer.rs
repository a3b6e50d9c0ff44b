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
/// What the ring holds when full.
const RING: f64 = 0.4;

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
    out: [f32; BLOCK * 2],
    next: usize,
}

impl Mixer {
    fn refill(&mut self) {
        self.shared.tick();
        self.level.aim(self.shared.level());
        self.volume.aim(self.shared.volume());
        let floor = self.shared.floor();
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
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    struct Rig {
        shared: Arc<Shared>,
        ring: Producer<Frame>,
        mixer: Mixer,
        at: u32,
    }

    fn rig() -> Rig {
        let shared = Arc::new(Shared::default());
        let (ring, mixer) = mixer(NonZero::new(RATE).unwrap(), shared.clone());
        shared.announce(1, 7, RATE, 0);
        shared.raise_floor(1);
        shared.set_playing(true);
        Rig {
            shared,
            ring,
            mixer,
            at: 0,
        }
    }

    fn mixture(at: u32) -> [f32; 2] {
        let t = at as f32;
        [(t * 0.031).sin() * 0.6, (t * 0.017).cos() * 0.6]
    }

    fn vocals(at: u32) -> [f32; 2] {
        let t = at as f32;
        [(t * 0.011).sin() * 0.3, (t * 0.013).sin() * 0.3]
    }

    impl Rig {
        fn feed(&mut self, stretch: u32, frames: usize) {
            for _ in 0..frames {
                let at = self.at;
                self.ring
                    .push(Frame {
                        mixture: mixture(at),
                        vocals: vocals(at),
                        stretch,
                        at,
                    })
                    .unwrap();
                self.at += 1;
            }
        }

        fn hear(&mut self, frames: usize) -> Vec<[f32; 2]> {
            (0..frames)
                .map(|_| [self.mixer.next().unwrap(), self.mixer.next().unwrap()])
                .collect()
        }

        /// Keeps the ring filled while listening.
        fn hear_on(&mut self, stretch: u32, frames: usize) -> Vec<[f32; 2]> {
            (0..frames / BLOCK)
                .flat_map(|_| {
                    let room = self.ring.slots();
                    self.feed(stretch, room.min(BLOCK * 8));
                    self.hear(BLOCK)
                })
                .collect()
        }
    }

    fn largest_step(heard: &[[f32; 2]]) -> f32 {
        heard
            .windows(2)
            .flat_map(|w| [(w[1][0] - w[0][0]).abs(), (w[1][1] - w[0][1]).abs()])
            .fold(0.0, f32::max)
    }

    #[test]
    fn the_full_level_is_the_original_bit_for_bit_from_the_first_frame() {
        let mut rig = rig();
        rig.feed(1, 8000);
        let heard = rig.hear(6400);
        assert!(
            heard
                .iter()
                .enumerate()
                .all(|(at, frame)| *frame == mixture(at as u32))
        );
        let position = rig.shared.position();
        assert_eq!((position.token, position.seconds), (7, 6400.0 / f64::from(RATE)));
    }

    #[test]
    fn the_zero_level_is_mixture_minus_vocals() {
        let mut rig = rig();
        rig.shared.set_level(0.0);
        rig.feed(1, 4000);
        for (at, frame) in rig.hear(3200).iter().enumerate() {
            let (m, v) = (mixture(at as u32), vocals(at as u32));
            assert_eq!(*frame, [m[0] - v[0], m[1] - v[1]], "frame {at}");
        }
    }

    #[test]
    fn gains_move_without_clicks_and_arrive_exactly() {
        let mut rig = rig();
        let calm = largest_step(&rig.hear_on(1, 6400));
        for (level, volume) in [
            (0.0, 1.0),
            (1.0, 0.5),
            (0.35, 0.0),
            (1.0, 1.0),
            (0.0, 0.2),
            (1.0, 1.0),
        ] {
            rig.shared.set_level(level);
            rig.shared.set_volume(volume);
            let heard = rig.hear_on(1, 1600);
            // Over 15 ms a gain moves by at most 1/720 a frame, times samples of at most 0.9.
            assert!(
                largest_step(&heard) < calm * 1.5 + 0.003,
                "a click going to {level}, {volume}"
            );
            let at = rig.at as usize - rig.ring.buffer().capacity() + rig.ring.slots();
            let exact = rig.hear(1)[0];
            let (m, v) = (mixture(at as u32), vocals(at as u32));
            assert_eq!(exact[0], (m[0] + (level - 1.0) * v[0]) * volume);
            rig.hear(BLOCK - 1);
        }
    }

    #[test]
    fn pausing_fades_stops_the_count_and_resumes_where_it_was() {
        let mut rig = rig();
        let calm = largest_step(&rig.hear_on(1, 6400));
        rig.shared.set_playing(false);
        let fading = rig.hear_on(1, 640);
        assert!(largest_step(&fading) < calm * 1.5 + 0.006, "a click at the pause");
        let paused_at = rig.shared.position().seconds;
        assert!(rig.hear(4800).iter().all(|frame| *frame == [0.0; 2]));
        assert_eq!(rig.shared.position().seconds, paused_at);
        rig.shared.set_playing(true);
        let back = rig.hear_on(1, 640);
        assert!(
            back[0][0].abs() < 0.01 && largest_step(&back) < calm * 1.5 + 0.006,
            "a click at the resume"
        );
        assert_eq!(rig.shared.underruns(), 0);
    }

    #[test]
    fn a_new_stretch_silences_the_old_within_the_fade() {
        let mut rig = rig();
        rig.feed(1, 10_000);
        rig.hear(6400);
        rig.shared.announce(2, 8, RATE, 100_000);
        rig.shared.raise_floor(2);
        let position = rig.shared.position();
        assert_eq!(
            (position.token, position.seconds),
            (8, 100_000.0 / f64::from(RATE)),
            "the goal shows at once"
        );
        rig.at = 100_000;
        rig.feed(2, 3000);
        let heard = rig.hear(1280);
        assert!(largest_step(&heard) < 0.05, "a click at the seek");
        assert_eq!(rig.shared.heard_stretch(), 2);
        let exact = rig.hear(1)[0];
        let at = (rig.shared.position().seconds * f64::from(RATE)).round() as u32 - BLOCK as u32;
        assert_eq!(exact, mixture(at));
        assert!((100_000..101_300).contains(&at), "{at}");
    }

    #[test]
    fn a_dry_ring_is_counted_fades_and_recovers() {
        let mut rig = rig();
        rig.feed(1, 3000);
        let heard = rig.hear(4000);
        assert_eq!(rig.shared.underruns(), 1);
        // The last block fades over what there is of it.
        assert!(largest_step(&heard) < 0.1, "{}", largest_step(&heard));
        assert!(heard[3000..].iter().all(|frame| *frame == [0.0; 2]));
        rig.feed(1, 100);
        assert!(
            rig.hear(640).iter().all(|frame| *frame == [0.0; 2]),
            "it started on a handful of frames"
        );
        rig.feed(1, 4000);
        assert!(rig.hear(1280).iter().any(|frame| frame[0].abs() > 0.3));
    }

    #[test]
    fn the_end_of_a_song_is_played_to_its_last_frame_and_is_no_underrun() {
        let mut rig = rig();
        rig.feed(1, 1000);
        rig.shared.set_complete(true);
        let heard = rig.hear(1280);
        assert!(
            heard[..1000]
                .iter()
                .enumerate()
                .all(|(at, frame)| *frame == mixture(at as u32))
        );
        assert!(heard[1000..].iter().all(|frame| *frame == [0.0; 2]));
        assert_eq!(rig.shared.underruns(), 0);
    }
}
