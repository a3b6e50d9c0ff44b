//! The limiter after the mix: holds the true peak, the loudest point of the curve between the
//! samples, at a ceiling. Real-time safe: arrays and arithmetic only.
//!
//! It works on blocks and knows the block that follows, so the gain is down before a peak comes and
//! is never stepped. It never turns down what the recording itself holds: a master with peaks above
//! the ceiling plays as it was made, and only what gains and levels add is held.

use std::f64::consts::PI;
use std::num::NonZero;

/// Highest true peak of what was made louder: -1 dBTP, the maximum of EBU R 128.
pub const CEILING: f32 = 0.891_250_9;
/// How long the gain takes to come back, as a time constant in seconds.
const RELEASE: f64 = 0.2;
/// So near to 1, a hundredth of a dB, the gain is 1 and samples pass as they are.
const NEAR: f32 = 1e-3;
/// Points looked at between two samples: with the sample itself, four times the rate, as ITU-R
/// BS.1770 asks for at least.
const BETWEEN: usize = 3;
/// Samples on each side of such a point that are heard in it.
const MARGIN: usize = 6;
const TAPS: usize = 2 * MARGIN;
/// Frames limited at a time, at most.
pub const BLOCK: usize = 64;
/// Frames that are looked at before their turn, at most.
pub const AHEAD: usize = BLOCK + MARGIN;
const MOST: usize = BLOCK + AHEAD;
/// Places between two samples: before the first, after each.
const PLACES: usize = MOST + 1;

/// One frame as it leaves the mix, and as the recording alone would be with the same volume.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mixed {
    pub heard: [f32; 2],
    pub recorded: [f32; 2],
}

/// What was just mixed, after a little of what was before it and before a little of what follows.
pub struct Sound {
    heard: [ChannelBuffer; 2],
    recorded: [ChannelBuffer; 2],
    frames: usize,
}

/// One channel: `MARGIN` samples of the past, then the frames, then silence.
type ChannelBuffer = [f32; MARGIN + MOST + MARGIN];

const SILENCE: ChannelBuffer = [0.0; MARGIN + MOST + MARGIN];

impl Default for Sound {
    fn default() -> Self {
        Self {
            heard: [SILENCE; 2],
            recorded: [SILENCE; 2],
            frames: 0,
        }
    }
}

impl Sound {
    /// Silence was before.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Appends a frame; what is more than [`BLOCK`] and [`AHEAD`] together is left out.
    #[inline]
    pub fn push(&mut self, mixed: Mixed) {
        if self.frames < MOST {
            let at = MARGIN + self.frames;
            for side in 0..2 {
                self.heard[side][at] = mixed.heard[side];
                self.recorded[side][at] = mixed.recorded[side];
            }
            self.frames += 1;
        }
    }

    /// The first `count` frames are past, the others come again.
    fn advance(&mut self, count: usize) {
        for line in self.heard.iter_mut().chain(&mut self.recorded) {
            line.copy_within(count..count + MARGIN, 0);
        }
        self.frames = 0;
    }

    fn lines(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let end = MARGIN + self.frames;
        let lines = self.heard.iter().zip(&self.recorded);
        lines.map(move |(heard, recorded)| (&heard[..end], &recorded[..end]))
    }

    fn loudest_sample(&self) -> f32 {
        let samples = self.lines().flat_map(|(heard, _)| heard);
        samples.fold(0.0, |loudest, sample| loudest.max(sample.abs()))
    }

    /// Nothing was added to the recording and nothing taken away.
    fn is_recording(&self) -> bool {
        self.lines().all(|(heard, recorded)| heard == recorded)
    }
}

/// Holds the peaks of one stream.
pub struct Limiter {
    /// Where the last block left it.
    gain: f32,
    /// What is left of the way back to 1 after one frame.
    release: f32,
    /// Interpolation at one, two and three quarters of the way to the next sample.
    taps: [[f32; TAPS]; BETWEEN],
    /// Samples softer than this have no true peak above the ceiling.
    safe: f32,
}

impl Limiter {
    pub fn new(rate: NonZero<u32>) -> Self {
        let taps = interpolators();
        let most = taps
            .iter()
            .map(|phase| phase.iter().map(|tap| tap.abs()).sum::<f32>());
        Self {
            gain: 1.0,
            release: (-1.0 / (RELEASE * f64::from(rate.get()))).exp() as f32,
            safe: CEILING / most.fold(1.0, f32::max),
            taps,
        }
    }

    /// After silence: nothing is held.
    pub fn reset(&mut self) {
        self.gain = 1.0;
    }

    /// Holds the peaks in `out`, which are the first frames of `sound`; the rest of `sound` is what
    /// follows them, and is to be pushed again when its turn comes.
    pub fn hold(&mut self, sound: &mut Sound, out: &mut [[f32; 2]]) {
        let count = out.len().min(sound.frames);
        let (now, next) = self.allowed(sound, count);
        sound.advance(count);
        // Within a block the gain goes straight from one to the other, and both are low enough.
        let start = self.gain.min(now);
        let back = 1.0 - (1.0 - start) * self.release.powi(count as i32);
        let back = if 1.0 - back < NEAR { 1.0 } else { back };
        let end = back.min(now).min(next);
        self.gain = end;
        if start == 1.0 && end == 1.0 {
            return;
        }
        let step = (end - start) / count.max(1) as f32;
        for (i, frame) in out.iter_mut().enumerate() {
            let gain = start + step * (i + 1) as f32;
            frame[0] *= gain;
            frame[1] *= gain;
        }
    }

    /// The highest gain that the first `count` frames bear, and those after them.
    fn allowed(&self, sound: &mut Sound, count: usize) -> (f32, f32) {
        if sound.loudest_sample() < self.safe || sound.is_recording() {
            return (1.0, 1.0);
        }
        let frames = sound.frames;
        // The last few are not judged yet: what follows them decides about what lies between them.
        let judged = frames.saturating_sub(MARGIN).max(count);
        let peaks = |lines: &mut [ChannelBuffer; 2]| {
            let (mut now, mut next) = (0.0f32, 0.0f32);
            for line in lines {
                line[MARGIN + frames..].fill(0.0);
                let peaks = self.true_peaks(line);
                // What lies between two frames belongs to both.
                now = peaks[..=count].iter().copied().fold(now, f32::max);
                next = peaks[count..=judged].iter().copied().fold(next, f32::max);
            }
            (now, next)
        };
        let heard = peaks(&mut sound.heard);
        let recorded = peaks(&mut sound.recorded);
        let gain = |heard: f32, recorded: f32| (CEILING.max(recorded) / heard.max(1e-9)).min(1.0);
        (gain(heard.0, recorded.0), gain(heard.1, recorded.1))
    }

    /// The largest magnitude between each frame and the one before it, that frame included.
    fn true_peaks(&self, line: &ChannelBuffer) -> [f32; PLACES] {
        let mut peaks = [0.0f32; PLACES];
        for (peak, sample) in peaks.iter_mut().zip(&line[MARGIN..]) {
            *peak = sample.abs();
        }
        for taps in &self.taps {
            // Tap by tap over all places: the order that a processor's wide registers like.
            let mut between = [0.0f32; PLACES];
            for (first, tap) in taps.iter().enumerate() {
                for (sum, sample) in between.iter_mut().zip(&line[first..first + PLACES]) {
                    *sum += tap * sample;
                }
            }
            for (peak, sum) in peaks.iter_mut().zip(&between) {
                *peak = peak.max(sum.abs());
            }
        }
        peaks
    }
}

/// A windowed sinc for each point between two samples, of unit gain for a constant.
fn interpolators() -> [[f32; TAPS]; BETWEEN] {
    std::array::from_fn(|phase| {
        let place = (phase + 1) as f64 / (BETWEEN + 1) as f64;
        let taps: [f64; TAPS] = std::array::from_fn(|tap| {
            let x = tap as f64 - (MARGIN - 1) as f64 - place;
            let window = 0.5 + 0.5 * (PI * x / MARGIN as f64).cos();
            (PI * x).sin() / (PI * x) * window
        });
        let sum: f64 = taps.iter().sum();
        taps.map(|tap| (tap / sum) as f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All of a signal through the limiter, block by block.
    fn limited(mixed: &[Mixed]) -> Vec<[f32; 2]> {
        let mut limiter = Limiter::new(NonZero::new(48_000).unwrap());
        let mut sound = Sound::default();
        let mut heard = Vec::new();
        let mut at = 0;
        while at < mixed.len() {
            let count = BLOCK.min(mixed.len() - at);
            let mut out: Vec<_> = mixed[at..at + count].iter().map(|m| m.heard).collect();
            for frame in &mixed[at..(at + count + AHEAD).min(mixed.len())] {
                sound.push(*frame);
            }
            limiter.hold(&mut sound, &mut out);
            heard.extend(out);
            at += count;
        }
        heard
    }

    fn made_louder(signal: impl Fn(f64) -> f64, frames: usize, gain: f64) -> Vec<Mixed> {
        let frame = |i: usize| {
            let sample = signal(i as f64 / 48_000.0);
            Mixed {
                heard: [(sample * gain) as f32, (sample * gain * 0.5) as f32],
                recorded: [sample as f32, (sample * 0.5) as f32],
            }
        };
        (0..frames).map(frame).collect()
    }

    fn sine(hz: f64) -> impl Fn(f64) -> f64 {
        move |t| (std::f64::consts::TAU * hz * t + 0.4).sin()
    }

    /// Sixteen points between two samples, by a long sinc: what a converter would make of it.
    fn peak_between(samples: &[f32]) -> f32 {
        let mut peak = 0.0f64;
        for n in 32..samples.len().saturating_sub(33) {
            for part in 0..16 {
                let place = f64::from(part) / 16.0;
                let sum: f64 = (0..64)
                    .map(|k| {
                        let x = k as f64 - 31.0 - place;
                        let sinc = if x.abs() < 1e-9 {
                            1.0
                        } else {
                            (PI * x).sin() / (PI * x)
                        };
                        let window = 0.5 + 0.5 * (PI * x / 32.0).cos();
                        f64::from(samples[n + k - 31]) * sinc * window
                    })
                    .sum();
                peak = peak.max(sum.abs());
            }
        }
        peak as f32
    }

    #[test]
    fn what_stays_below_the_ceiling_passes_bit_for_bit() {
        let soft = made_louder(sine(997.0), 5000, 0.85);
        assert!(limited(&soft).iter().zip(&soft).all(|(out, m)| *out == m.heard));
    }

    #[test]
    fn a_master_above_the_ceiling_is_left_as_it_was_made() {
        let loud = made_louder(|t| sine(11_900.0)(t) * 1.2, 5000, 1.0);
        assert!(limited(&loud).iter().zip(&loud).all(|(out, m)| *out == m.heard));
    }

    #[test]
    fn what_is_made_louder_is_held_between_the_samples_too() {
        // A quarter of the rate, off its crests: the samples say 0.7 of what is between them.
        for hz in [40.0, 997.0, 8_000.0, 12_000.0, 15_000.0] {
            let heard = limited(&made_louder(|t| sine(hz)(t) * 0.7, 6000, 2.4));
            let left: Vec<f32> = heard.iter().map(|f| f[0]).collect();
            let peak = peak_between(&left);
            assert!(peak < CEILING * 1.03, "{hz} Hz: {peak}");
            assert!(peak > CEILING * 0.8, "{hz} Hz is held too low: {peak}");
        }
    }

    #[test]
    fn a_burst_is_met_without_a_step_and_forgotten() {
        let burst = |t: f64| {
            let loud = (0.1..0.15).contains(&t);
            sine(440.0)(t) * if loud { 0.8 } else { 0.2 }
        };
        let mixed = made_louder(burst, 48_000 * 2, 2.0);
        let heard = limited(&mixed);
        let gain = |at: usize| (mixed[at].heard[0].abs() > 0.05).then(|| heard[at][0] / mixed[at].heard[0]);
        let steps = (1..heard.len()).filter_map(|at| Some((gain(at)? - gain(at - 1)?).abs()));
        let steepest = steps.fold(0.0, f32::max);
        assert!(steepest < 0.015, "the gain made a step of {steepest}");
        assert!((0..heard.len()).filter_map(gain).any(|gain| gain < 0.6));
        let end = heard.len() - 2000;
        assert!(
            heard[end..]
                .iter()
                .zip(&mixed[end..])
                .all(|(out, m)| *out == m.heard),
            "it still holds what is soft again"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_sample_passes_the_ceiling_and_the_recording(
            samples in prop::collection::vec(-1.0f32..1.0, 1..600),
            gain in 0.0f32..4.0,
        ) {
            let mixed: Vec<Mixed> = samples
                .iter()
                .map(|s| Mixed { heard: [s * gain, -s * gain], recorded: [s * gain.min(1.0); 2] })
                .collect();
            let recorded = mixed.iter().map(|m| m.recorded[0].abs()).fold(0.0, f32::max);
            for out in limited(&mixed) {
                prop_assert!(out[0].is_finite());
                // White noise up to the last bit: the recording's own true peak may be 2.5 times its samples.
                prop_assert!(out[0].abs() <= CEILING.max(recorded * 2.5) * 1.0001);
            }
        }

        #[test]
        fn silence_under_it_does_not_matter(frames in 1usize..200, gain in 1.0f32..8.0) {
            let mixed: Vec<Mixed> = (0..frames)
                .map(|i| Mixed { heard: [if i % 50 == 20 { gain } else { 0.0 }; 2], recorded: [0.0; 2] })
                .collect();
            for out in limited(&mixed) {
                prop_assert!(out[0].abs() <= CEILING * 1.0001, "{}", out[0]);
            }
        }
    }
}
