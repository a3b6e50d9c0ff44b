//! Short-time Fourier transform of one channel: periodic Hann window, centred frames with reflected
//! edges, so that `frames = len / hop + 1` and frame `k` looks at sample `k * hop`. The inverse
//! divides by the window's own overlap and gives the signal back.

use std::f32::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// A planned transform with its buffers; one per thread.
pub struct Stft {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    padded: Vec<f32>,
    overlap: Vec<f32>,
}

impl Stft {
    /// `n_fft` must be even and `hop` must divide it.
    pub fn new(n_fft: usize, hop: usize) -> Self {
        assert!(
            n_fft >= 2 && n_fft.is_multiple_of(2) && hop > 0 && n_fft.is_multiple_of(hop),
            "n_fft {n_fft}, hop {hop}"
        );
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(n_fft);
        let inverse = planner.plan_fft_inverse(n_fft);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            n_fft,
            hop,
            window: (0..n_fft)
                .map(|i| 0.5 - 0.5 * (TAU * i as f32 / n_fft as f32).cos())
                .collect(),
            forward,
            inverse,
            time: vec![0.0; n_fft],
            spectrum: vec![Complex::default(); n_fft / 2 + 1],
            scratch: vec![Complex::default(); scratch],
            padded: Vec::new(),
            overlap: Vec::new(),
        }
    }

    /// Frequency bins of a frame, 0 Hz and Nyquist included.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Frames of a signal of `len` samples.
    pub fn frames(&self, len: usize) -> usize {
        len / self.hop + 1
    }

    /// Spectrum of `signal` into `re` and `im`, each frame by frame, [`Self::bins`] values a frame.
    pub fn forward(&mut self, signal: &[f32], re: &mut [f32], im: &mut [f32]) {
        let bins = self.bins();
        let frames = self.frames(signal.len());
        assert!(
            re.len() == frames * bins && im.len() == frames * bins,
            "the spectrum's size does not fit the signal"
        );
        self.pad(signal);
        for (frame, (re, im)) in re
            .chunks_exact_mut(bins)
            .zip(im.chunks_exact_mut(bins))
            .enumerate()
        {
            let from = &self.padded[frame * self.hop..frame * self.hop + self.n_fft];
            for ((out, x), w) in self.time.iter_mut().zip(from).zip(&self.window) {
                *out = x * w;
            }
            // The lengths are ours, so the only error realfft knows cannot happen.
            let done =
                self.forward
                    .process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.scratch);
            debug_assert!(done.is_ok());
            for ((value, re), im) in self.spectrum.iter().zip(re).zip(im) {
                *re = value.re;
                *im = value.im;
            }
        }
    }

    /// The signal of `out.len()` samples whose spectrum this is.
    pub fn inverse(&mut self, re: &[f32], im: &[f32], out: &mut [f32]) {
        let bins = self.bins();
        let frames = self.frames(out.len());
        assert!(
            re.len() == frames * bins && im.len() == frames * bins,
            "the spectrum's size does not fit the signal"
        );
        let len = out.len() + self.n_fft;
        self.padded.clear();
        self.padded.resize(len, 0.0);
        self.overlap.clear();
        self.overlap.resize(len, 0.0);
        let scale = 1.0 / self.n_fft as f32;
        for (frame, (re, im)) in re.chunks_exact(bins).zip(im.chunks_exact(bins)).enumerate() {
            for ((value, &re), &im) in self.spectrum.iter_mut().zip(re).zip(im) {
                *value = Complex { re, im };
            }
            // A real signal has no phase at 0 Hz and Nyquist; realfft refuses anything else.
            self.spectrum[0].im = 0.0;
            self.spectrum[bins - 1].im = 0.0;
            let done =
                self.inverse
                    .process_with_scratch(&mut self.spectrum, &mut self.time, &mut self.scratch);
            debug_assert!(done.is_ok());
            let at = frame * self.hop;
            let sums = self.padded[at..at + self.n_fft]
                .iter_mut()
                .zip(&mut self.overlap[at..at + self.n_fft]);
            for ((x, w), (sum, overlap)) in self.time.iter().zip(&self.window).zip(sums) {
                *sum += x * w * scale;
                *overlap += w * w;
            }
        }
        let half = self.n_fft / 2;
        for ((out, sum), overlap) in out
            .iter_mut()
            .zip(&self.padded[half..])
            .zip(&self.overlap[half..])
        {
            *out = if *overlap > 1e-8 { sum / overlap } else { 0.0 };
        }
    }

    /// `signal` with half a window of its own reflection on both sides.
    fn pad(&mut self, signal: &[f32]) {
        let half = self.n_fft / 2;
        self.padded.clear();
        self.padded.reserve(signal.len() + self.n_fft);
        let reflected = |at: isize| signal.get(reflect(at, signal.len())).copied().unwrap_or(0.0);
        self.padded
            .extend((0..half).map(|i| reflected(i as isize - half as isize)));
        self.padded.extend_from_slice(signal);
        self.padded
            .extend((0..half).map(|i| reflected((signal.len() + i) as isize)));
    }
}

/// Index `at` folded back into `0..len` without repeating the edge sample; also for signals shorter
/// than the reflection.
fn reflect(at: isize, len: usize) -> usize {
    if len <= 1 {
        return 0;
    }
    let period = 2 * (len as isize - 1);
    let at = at.rem_euclid(period);
    at.min(period - at) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn a_signal_comes_back_from_its_spectrum() {
        for len in [1, 100, 4096, 20_480, 33_333] {
            let mut stft = Stft::new(4096, 1024);
            let signal = noise(len);
            let size = stft.frames(len) * stft.bins();
            let (mut re, mut im) = (vec![0.0; size], vec![0.0; size]);
            stft.forward(&signal, &mut re, &mut im);
            let mut back = vec![0.0; len];
            stft.inverse(&re, &im, &mut back);
            let worst = signal
                .iter()
                .zip(&back)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(
                worst < 1e-6 || len % 1024 != 0 && worst < 1e-5,
                "length {len}: {worst}"
            );
        }
    }

    #[test]
    fn a_cosine_in_the_middle_of_a_bin_stands_there_alone() {
        let (n, bin) = (1024, 50);
        let signal: Vec<f32> = (0..8 * n)
            .map(|i| (TAU * bin as f32 * (i % n) as f32 / n as f32).cos())
            .collect();
        let mut stft = Stft::new(n, 256);
        let size = stft.frames(signal.len()) * stft.bins();
        let (mut re, mut im) = (vec![0.0; size], vec![0.0; size]);
        stft.forward(&signal, &mut re, &mut im);
        let frame = 12 * stft.bins();
        let magnitude = |k: usize| re[frame + k].hypot(im[frame + k]);
        assert!(
            (magnitude(bin) - n as f32 / 4.0).abs() < 0.1,
            "{}",
            magnitude(bin)
        );
        assert!((magnitude(bin + 1) - n as f32 / 8.0).abs() < 0.1);
        assert!(magnitude(bin + 3) < 0.01 && magnitude(10) < 0.01);
    }

    #[test]
    fn reflection_leaves_the_edge_sample_single() {
        let folded: Vec<usize> = (-3..7).map(|i| reflect(i, 4)).collect();
        assert_eq!(folded, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(reflect(-5, 1), 0);
    }
}
