//! Formants: the resonances of a singer's throat and mouth, which stay where they are whatever the
//! note. A change of key moves them along with the pitch, so that a singer comes out as a child or a
//! giant; here the spectrum's envelope is put back, frame by frame, as if the note alone had moved.
//!
//! The envelope is the cepstrum's slow part, raised until it lies over the partials instead of
//! between them: the "true envelope" of Röbel and Rodet, "Efficient spectral envelope estimation and
//! its application to pitch shifting and envelope preservation", DAFx 2005.

use std::f32::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Left and right of the mixture, left and right of the vocals.
type Sung = [f32; 4];

/// Seconds of a frame, as near as a power of two comes.
const FRAME: f64 = 0.046;
/// Frames that lie over each sample; the square of a Hann window then adds up to 1.5.
const OVERLAP: usize = 4;
const WINDOWS: f32 = 1.5;
/// The slow part of the cepstrum, as a share of the note's period, and in seconds where there is no
/// note: longer shows the partials, shorter blurs the formants.
const SLOW: f64 = 0.5;
const SLOW_WITHOUT_NOTE: f64 = 0.0014;
/// Periods of the notes that are sung, seconds, and how far in the cepstrum the partials of one stand
/// out, in nepers.
const PERIODS: (f64, f64) = (1.0 / 900.0, 1.0 / 75.0);
const STANDS_OUT: f32 = 0.08;
/// Rounds of raising; more change nothing that can be heard.
const ROUNDS: usize = 6;
/// How far a band may be turned up or down, as a natural logarithm, and all of them together: 12 dB.
/// More brings up what a pure tone, which has no formants, is surrounded by.
const FURTHEST: f32 = 1.4;
/// Power below which there is nothing to shape: beside the loudest band, and at all.
const SOFTEST: f32 = 1e-6;
const NOTHING: f32 = 1e-9;

/// Puts the formants of vocals back that were moved in key.
pub(super) struct Formants {
    /// How far the pitch was moved, as a factor.
    ratio: f32,
    size: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    rate: f64,
    /// Not yet given back: from the first sample of the next frame on.
    held: Vec<Sung>,
    /// Vocals put together so far, from the same sample on.
    sums: Vec<[f32; 2]>,
    time: Vec<f32>,
    spectra: [Vec<Complex<f32>>; 2],
    level: Vec<f32>,
    envelope: Vec<f32>,
    cepstrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Formants {
    /// For vocals at `rate` whose pitch was multiplied by `ratio`.
    pub(super) fn new(rate: u32, ratio: f64) -> Self {
        let size = 1 << (f64::from(rate) * FRAME).max(64.0).log2().round() as u32;
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let bins = size / 2 + 1;
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            ratio: ratio as f32,
            size,
            window: (0..size)
                .map(|i| 0.5 - 0.5 * (TAU * i as f32 / size as f32).cos())
                .collect(),
            rate: f64::from(rate),
            held: Vec::with_capacity(2 * size),
            sums: vec![[0.0; 2]; size],
            time: vec![0.0; size],
            spectra: [vec![Complex::default(); bins], vec![Complex::default(); bins]],
            level: vec![0.0; bins],
            envelope: vec![0.0; bins],
            cepstrum: vec![Complex::default(); bins],
            scratch: vec![Complex::default(); scratch],
            forward,
            inverse,
        }
    }

    /// Frames at the beginning that are not whole, since what went before them is not known.
    pub(super) fn run_up(&self) -> usize {
        self.size
    }

    /// Takes stretched frames, and appends to `out` those that are done, in the same order. What is
    /// changed of the vocals is changed in the mixture: without its vocals it stays as it was.
    pub(super) fn push(&mut self, frames: impl Iterator<Item = Sung>, out: &mut Vec<Sung>) {
        self.held.extend(frames);
        while self.held.len() >= self.size {
            self.shape();
            let done = self.size / OVERLAP;
            let shaped = self.held.drain(..done).zip(&self.sums);
            out.extend(
                shaped.map(|([left, right, was_left, was_right], &[sung_left, sung_right])| {
                    [
                        left + (sung_left - was_left),
                        right + (sung_right - was_right),
                        sung_left,
                        sung_right,
                    ]
                }),
            );
            self.sums.copy_within(done.., 0);
            self.sums[self.size - done..].fill([0.0; 2]);
        }
    }

    /// One frame of vocals, added to the sums.
    fn shape(&mut self) {
        let frame = &self.held[..self.size];
        if frame.iter().all(|frame| frame[2] == 0.0 && frame[3] == 0.0) {
            return;
        }
        for (channel, spectrum) in self.spectra.iter_mut().enumerate() {
            for ((time, frame), window) in self.time.iter_mut().zip(frame).zip(&self.window) {
                *time = frame[2 + channel] * window;
            }
            transform(&*self.forward, &mut self.time, spectrum, &mut self.scratch);
        }
        // One envelope for both channels, so that the singer stays where they stand.
        let [left, right] = &self.spectra;
        for ((level, left), right) in self.level.iter_mut().zip(left).zip(right) {
            *level = left.norm_sqr() + right.norm_sqr();
        }
        let loudest = self.level.iter().copied().fold(0.0, f32::max);
        let least = (loudest * SOFTEST).max(NOTHING);
        for level in &mut self.level {
            *level = 0.5 * level.max(least).ln();
        }
        self.raise_envelope();
        let gains = self.gains();
        for (channel, spectrum) in self.spectra.iter_mut().enumerate() {
            for (value, gain) in spectrum.iter_mut().zip(&gains) {
                *value *= gain;
            }
            back(&*self.inverse, spectrum, &mut self.time, &mut self.scratch);
            let scale = 1.0 / (self.size as f32 * WINDOWS);
            for ((sum, time), window) in self.sums.iter_mut().zip(&self.time).zip(&self.window) {
                sum[channel] += time * window * scale;
            }
        }
    }

    /// The envelope of `level`, both as natural logarithms.
    fn raise_envelope(&mut self) {
        self.envelope.copy_from_slice(&self.level);
        let mut slow = None;
        for _ in 0..ROUNDS {
            for ((value, level), over) in self.cepstrum.iter_mut().zip(&self.level).zip(&self.envelope) {
                *value = Complex::new(level.max(*over), 0.0);
            }
            back(
                &*self.inverse,
                &mut self.cepstrum,
                &mut self.time,
                &mut self.scratch,
            );
            let slow = *slow.get_or_insert_with(|| self.slow_part());
            self.time[slow + 1..self.size - slow].fill(0.0);
            transform(
                &*self.forward,
                &mut self.time,
                &mut self.cepstrum,
                &mut self.scratch,
            );
            for (envelope, value) in self.envelope.iter_mut().zip(&self.cepstrum) {
                *envelope = value.re / self.size as f32;
            }
        }
    }

    /// Quefrencies of the slow part, by the cepstrum in `time`.
    fn slow_part(&self) -> usize {
        let samples = |seconds: f64| ((seconds * self.rate) as usize).clamp(1, self.size / 2 - 1);
        let (shortest, longest) = (samples(PERIODS.0), samples(PERIODS.1));
        let highest = (shortest..=longest).max_by(|&a, &b| self.time[a].total_cmp(&self.time[b]));
        match highest {
            Some(period) if self.time[period] / self.size as f32 > STANDS_OUT => {
                samples(period as f64 / self.rate * SLOW)
            }
            _ => samples(SLOW_WITHOUT_NOTE),
        }
    }

    /// What each band is multiplied by: the envelope from where its pitch took it, over the one it has,
    /// and all together as loud as before.
    fn gains(&self) -> Vec<f32> {
        let last = self.envelope.len() - 1;
        let at = |place: f32| {
            let place = place.min(last as f32);
            let (below, share) = (place as usize, place.fract());
            self.envelope[below] * (1.0 - share) + self.envelope[(below + 1).min(last)] * share
        };
        let gain = |bin: usize| {
            let moved = at(bin as f32 * self.ratio) - self.envelope[bin];
            moved.clamp(-FURTHEST, FURTHEST).exp()
        };
        let gains: Vec<f32> = (0..=last).map(gain).collect();
        let power = |bin: usize| (2.0 * self.level[bin]).exp();
        let (before, after) = gains
            .iter()
            .enumerate()
            .fold((0.0, 0.0), |(before, after), (bin, gain)| {
                (before + power(bin), after + power(bin) * gain * gain)
            });
        let even = (before / after).sqrt().clamp((-FURTHEST).exp(), FURTHEST.exp());
        gains.into_iter().map(|gain| gain * even).collect()
    }
}

// Lengths are those of the plan, and the edges of what goes back are made real: neither can fail.
fn transform(
    plan: &dyn RealToComplex<f32>,
    time: &mut [f32],
    spectrum: &mut [Complex<f32>],
    scratch: &mut [Complex<f32>],
) {
    let scratch = &mut scratch[..plan.get_scratch_len()];
    let done = plan.process_with_scratch(time, spectrum, scratch);
    debug_assert!(done.is_ok(), "{done:?}");
}

fn back(
    plan: &dyn ComplexToReal<f32>,
    spectrum: &mut [Complex<f32>],
    time: &mut [f32],
    scratch: &mut [Complex<f32>],
) {
    if let [first, .., last] = spectrum {
        (first.im, last.im) = (0.0, 0.0);
    }
    let scratch = &mut scratch[..plan.get_scratch_len()];
    let done = plan.process_with_scratch(spectrum, time, scratch);
    debug_assert!(done.is_ok(), "{done:?}");
}

#[cfg(test)]
mod tests;
