//! Correlations of long signals at short lags, block by block, so that the memory needed does not
//! grow with the song.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Length of a transform: a block of one signal and, over its end, the lags of the other.
const SIZE: usize = 1 << 14;

/// One side of an interleaved stereo signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel<'a> {
    pcm: &'a [f32],
    side: usize,
}

impl<'a> Channel<'a> {
    /// Left and right.
    pub(super) fn both(pcm: &'a [f32]) -> [Self; 2] {
        [0, 1].map(|side| Self { pcm, side })
    }

    pub(super) fn frames(&self) -> usize {
        self.pcm.len() / 2
    }

    /// The samples from frame `from` on; zeros past the end.
    pub(super) fn copy(&self, from: usize, out: &mut [f64]) {
        let pcm = self.pcm.get(2 * from..).unwrap_or(&[]);
        let samples = pcm.chunks_exact(2).map(|frame| f64::from(frame[self.side]));
        for (out, sample) in out.iter_mut().zip(samples.chain(std::iter::repeat(0.0))) {
            *out = sample;
        }
    }
}

/// A planned transform of real signals, with its buffers.
pub(super) struct Transform {
    fft: Arc<dyn RealToComplex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    pub(super) fn new(size: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(size);
        let scratch = fft.make_scratch_vec();
        Self { fft, scratch }
    }

    pub(super) fn len(&self) -> usize {
        self.fft.len()
    }

    pub(super) fn bins(&self) -> usize {
        self.fft.len() / 2 + 1
    }

    /// `time` is used up.
    pub(super) fn run(&mut self, time: &mut [f64], spectrum: &mut [Complex<f64>]) {
        // The lengths are ours, so the only error realfft knows cannot happen.
        let done = self.fft.process_with_scratch(time, spectrum, &mut self.scratch);
        debug_assert!(done.is_ok());
    }
}

/// The sums over `n` of `x[n] * y[n + lag]` for every pair and lags from 0 below `lags`:
/// `[x][y][lag]`.
pub(super) fn correlations(xs: &[Channel<'_>], ys: &[Channel<'_>], lags: usize) -> Vec<Vec<Vec<f64>>> {
    let mut transform = Transform::new(SIZE);
    let bins = transform.bins();
    let step = SIZE - lags + 1;
    let frames = xs.iter().map(Channel::frames).max().unwrap_or(0);
    let mut sums = vec![vec![vec![Complex::default(); bins]; ys.len()]; xs.len()];
    let mut spectra = vec![vec![Complex::default(); bins]; xs.len() + ys.len()];
    let mut time = vec![0.0; SIZE];
    for from in (0..frames).step_by(step) {
        let (of_x, of_y) = spectra.split_at_mut(xs.len());
        for (x, spectrum) in xs.iter().zip(&mut *of_x) {
            x.copy(from, &mut time[..step]);
            time[step..].fill(0.0);
            transform.run(&mut time, spectrum);
        }
        for (y, spectrum) in ys.iter().zip(&mut *of_y) {
            y.copy(from, &mut time);
            transform.run(&mut time, spectrum);
        }
        for (sums, x) in sums.iter_mut().zip(of_x) {
            for (sum, y) in sums.iter_mut().zip(&*of_y) {
                for ((sum, x), y) in sum.iter_mut().zip(&*x).zip(y) {
                    *sum += x.conj() * y;
                }
            }
        }
    }
    let inverse = RealFftPlanner::new().plan_fft_inverse(SIZE);
    let mut back = |sum: &mut Vec<Complex<f64>>| {
        // Rounding leaves a trace of phase where a real signal has none, and realfft refuses it.
        sum[0].im = 0.0;
        sum[bins - 1].im = 0.0;
        let done = inverse.process(sum, &mut time);
        debug_assert!(done.is_ok());
        time[..lags].iter().map(|x| x / SIZE as f64).collect()
    };
    sums.iter_mut()
        .map(|sums| sums.iter_mut().map(&mut back).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_what_the_definition_gives() {
        let signal = |seed: f32, frames: usize| -> Vec<f32> {
            (0..2 * frames).map(|i| (i as f32 * seed).sin() * 0.3).collect()
        };
        // One block, a bit more than one, several; the second signal shorter than the first.
        for frames in [100, SIZE, 3 * SIZE + 5] {
            let (x, y) = (signal(0.7, frames), signal(1.3, frames - 50));
            let found = correlations(&Channel::both(&x), &Channel::both(&y), 9);
            for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                for (lag, found) in found[a][b].iter().enumerate() {
                    let wanted: f64 = (0..frames)
                        .filter_map(|n| Some(f64::from(x[2 * n + a]) * f64::from(*y.get(2 * (n + lag) + b)?)))
                        .sum();
                    let error = (found - wanted).abs();
                    assert!(error < 1e-9, "{frames} frames, {a} and {b}, lag {lag}: {error}");
                }
            }
        }
    }
}
