//! Short-time Fourier transform of one channel: periodic Hann window, centred frames with reflected
//! edges, so that `frames = len / hop + 1` and frame `k` looks at sample `k * hop`. The inverse
//! divides by the window's own overlap and gives the signal back.

pub use realfft::num_complex::Complex;

use std::f32::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

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
    /// The loaded signal between its reflections.
    padded: Vec<f32>,
    /// The sum of the frames added so far, and what the windows of all frames add up to.
    sums: Vec<f32>,
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
            sums: Vec::new(),
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
        self.load(signal.iter().copied());
        let mut spectrum = std::mem::take(&mut self.spectrum);
        for (frame, (re, im)) in re
            .chunks_exact_mut(bins)
            .zip(im.chunks_exact_mut(bins))
            .enumerate()
        {
            self.frame(frame, &mut spectrum);
            for ((value, re), im) in spectrum.iter().zip(re).zip(im) {
                *re = value.re;
                *im = value.im;
            }
        }
        self.spectrum = spectrum;
    }

    /// Takes in a signal for [`Self::frame`], with half a window of its own reflection on both sides.
    pub fn load(&mut self, signal: impl Iterator<Item = f32>) {
        let half = self.n_fft / 2;
        self.padded.clear();
        self.padded.resize(half, 0.0);
        self.padded.extend(signal);
        let len = self.padded.len() - half;
        self.padded.resize(len + self.n_fft, 0.0);
        for i in (0..half).filter(|_| len > 0) {
            self.padded[i] = self.padded[half + reflect(i as isize - half as isize, len)];
            self.padded[half + len + i] = self.padded[half + reflect((len + i) as isize, len)];
        }
    }

    /// Spectrum of one frame of the loaded signal, [`Self::bins`] values.
    pub fn frame(&mut self, frame: usize, out: &mut [Complex<f32>]) {
        let from = &self.padded[frame * self.hop..frame * self.hop + self.n_fft];
        for ((time, x), w) in self.time.iter_mut().zip(from).zip(&self.window) {
            *time = x * w;
        }
        // The lengths are ours, so the only error realfft knows cannot happen.
        let done = self
            .forward
            .process_with_scratch(&mut self.time, out, &mut self.scratch);
        debug_assert!(done.is_ok());
    }

    /// The signal of `out.len()` samples whose spectrum this is.
    pub fn inverse(&mut self, re: &[f32], im: &[f32], out: &mut [f32]) {
        let bins = self.bins();
        let frames = self.frames(out.len());
        assert!(
            re.len() == frames * bins && im.len() == frames * bins,
            "the spectrum's size does not fit the signal"
        );
        self.begin(out.len());
        let mut spectrum = std::mem::take(&mut self.spectrum);
        for (frame, (re, im)) in re.chunks_exact(bins).zip(im.chunks_exact(bins)).enumerate() {
            for ((value, &re), &im) in spectrum.iter_mut().zip(re).zip(im) {
                *value = Complex { re, im };
            }
            self.add(frame, &mut spectrum, 1.0);
        }
        self.spectrum = spectrum;
        let signal = self.signal(0..out.len());
        for (out, x) in out.iter_mut().zip(signal) {
            *out = x;
        }
    }

    /// Begins a signal of `len` samples that [`Self::add`] puts together.
    pub fn begin(&mut self, len: usize) {
        let padded = len + self.n_fft;
        self.sums.clear();
        self.sums.resize(padded, 0.0);
        if self.overlap.len() == padded {
            return;
        }
        self.overlap.clear();
        self.overlap.resize(padded, 0.0);
        for frame in 0..self.frames(len) {
            let at = frame * self.hop;
            for (sum, w) in self.overlap[at..at + self.n_fft].iter_mut().zip(&self.window) {
                *sum += w * w;
            }
        }
    }

    /// Adds a frame of this spectrum, times `gain`, to the signal. The spectrum is used up.
    pub fn add(&mut self, frame: usize, spectrum: &mut [Complex<f32>], gain: f32) {
        // A real signal has no phase at 0 Hz and Nyquist; realfft refuses anything else.
        spectrum[0].im = 0.0;
        spectrum[self.n_fft / 2].im = 0.0;
        let done = self
            .inverse
            .process_with_scratch(spectrum, &mut self.time, &mut self.scratch);
        debug_assert!(done.is_ok());
        let scale = gain / self.n_fft as f32;
        let at = frame * self.hop;
        let sums = &mut self.sums[at..at + self.n_fft];
        for ((sum, x), w) in sums.iter_mut().zip(&self.time).zip(&self.window) {
            *sum += x * w * scale;
        }
    }

    /// These samples of the signal put together. They are right once every frame within half a window of
    /// them was added.
    pub fn signal(&self, samples: Range<usize>) -> impl Iterator<Item = f32> {
        let half = self.n_fft / 2;
        let range = samples.start + half..samples.end + half;
        let all = self.sums[range.clone()].iter().zip(&self.overlap[range]);
        all.map(|(sum, overlap)| if *overlap > 1e-8 { sum / overlap } else { 0.0 })
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
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..len).map(|_| random.f32() * 2.0 - 1.0).collect()
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
    fn a_part_of_a_signal_needs_only_the_frames_around_it() {
        let mut stft = Stft::new(512, 128);
        let signal = noise(4096);
        let (mut spectrum, part) = (vec![Complex::default(); stft.bins()], 1000..2000);
        stft.load(signal.iter().copied());
        stft.begin(signal.len());
        // Frames whose window, 256 samples to each side, reaches into the part.
        for frame in (1000 - 256) / 128 + 1..=(2000 + 256) / 128 {
            stft.frame(frame, &mut spectrum);
            stft.add(frame, &mut spectrum, 0.5);
        }
        for (x, y) in signal[part.clone()].iter().zip(stft.signal(part)) {
            assert!((0.5 * x - y).abs() < 1e-6, "{x} {y}");
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
