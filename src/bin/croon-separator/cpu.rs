//! The path of a window of music through a processor: transform, masks, gate and back, each frame as long as it
//! lies in the cache; libtorch computes the network.

use tch::TchError;

use crate::gate::Gate;
use crate::layers::Mode;
use crate::masker::Masker;
use crate::model::{Model, SPECTRUM_FRAMES, WINDOW, WINDOW_FRAMES};
use crate::network::Design;
use crate::output_region::OutputRegion;
use crate::recording::{HOP, N_FFT, SPECTRUM_BINS};
use crate::spleeter_masker::SpleeterMasker;
use crate::unet_masker::UnetMasker;
use croon::audio::dsp::stft::{Complex, Stft};

/// A model on the processor with the buffers of one window; one per thread.
pub struct Cpu {
    masker: Box<dyn Masker>,
    gate: Option<Gate>,
    region: OutputRegion,
    sides: [CpuSide; 2],
}

/// One channel: its transform and its spectrum, frame by frame.
struct CpuSide {
    stft: Stft,
    spectrum: Vec<Complex<f32>>,
}

impl Cpu {
    pub fn new(model: Model, mode: Mode, region: OutputRegion) -> Result<Self, TchError> {
        let side = || CpuSide {
            stft: Stft::new(N_FFT, HOP),
            spectrum: vec![Complex::default(); SPECTRUM_FRAMES * SPECTRUM_BINS],
        };
        let masker: Box<dyn Masker> = match &model.network.design {
            Design::UnetMask(shape) => Box::new(UnetMasker::new(shape, &model, mode)?),
            Design::Spleeter(shape) => Box::new(SpleeterMasker::new(shape, &model, mode, &region)?),
        };
        Ok(Self {
            masker,
            gate: model.gate,
            region,
            sides: [side(), side()],
        })
    }

    /// The vocals of a window, interleaved stereo.
    pub fn separate(&mut self, window: &[f32]) -> Result<Vec<f32>, TchError> {
        self.transform(window);
        self.masker.compute(self.region.masks())?;
        let gains = self.apply();
        Ok(self.sound(window.len(), &gains))
    }

    /// Spectra of both channels; the network sees all but the last frame.
    fn transform(&mut self, window: &[f32]) {
        for (channel, side) in self.sides.iter_mut().enumerate() {
            side.stft.load(window.iter().skip(channel).step_by(2).copied());
        }
        let [left, right] = &mut self.sides;
        let frames = left
            .spectrum
            .chunks_exact_mut(SPECTRUM_BINS)
            .zip(right.spectrum.chunks_exact_mut(SPECTRUM_BINS));
        for (frame, (l, r)) in frames.enumerate() {
            left.stft.frame(frame, l);
            right.stft.frame(frame, r);
            if frame < WINDOW_FRAMES {
                self.masker.see(frame, l, r);
            }
        }
    }

    /// Masks the spectra and gives the gate's gain for each of the frames heard.
    fn apply(&mut self) -> Vec<f32> {
        let heard = self.region.heard.clone();
        let last = self.region.masks().len() - 1;
        let mut mixture = vec![0.0_f64; heard.len()];
        let mut passed = mixture.clone();
        let range = heard.start * SPECTRUM_BINS..heard.end * SPECTRUM_BINS;
        let [left, right] = &mut self.sides;
        let frames = left.spectrum[range.clone()]
            .chunks_exact(SPECTRUM_BINS)
            .zip(right.spectrum[range.clone()].chunks_exact(SPECTRUM_BINS));
        for (frame, (left, right)) in frames.enumerate().take(last + 1) {
            self.masker.learn(frame, left, right);
        }
        let frames = left.spectrum[range.clone()]
            .chunks_exact_mut(SPECTRUM_BINS)
            .zip(right.spectrum[range].chunks_exact_mut(SPECTRUM_BINS));
        for (frame, (left, right)) in frames.enumerate() {
            // The last frame of a window, which the network does not see, goes with its neighbour.
            let masked = frame.min(last);
            if self.gate.is_some() {
                mixture[frame] = power(left) + power(right);
                self.masker.mask(masked, left, right);
                passed[frame] = power(left) + power(right);
            } else {
                self.masker.mask(masked, left, right);
            }
        }
        let open = || vec![1.0; heard.len()];
        self.gate.map_or_else(open, |gate| gate.gains(&passed, &mixture))
    }

    /// The samples of the extent from the masked spectra; silence beside them.
    fn sound(&mut self, len: usize, gains: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; len];
        let samples = self.region.samples.clone();
        for (channel, side) in self.sides.iter_mut().enumerate() {
            side.stft.begin(WINDOW);
            let frames = side.spectrum.chunks_exact_mut(SPECTRUM_BINS).enumerate();
            for (frame, spectrum) in frames.take(self.region.frames.end).skip(self.region.frames.start) {
                let gain = gains[frame - self.region.heard.start];
                side.stft.add(frame, spectrum, gain);
            }
            let part = out[2 * samples.start..2 * samples.end]
                .iter_mut()
                .skip(channel)
                .step_by(2);
            for (out, x) in part.zip(side.stft.signal(samples.clone())) {
                *out = x;
            }
        }
        out
    }
}

fn power(spectrum: &[Complex<f32>]) -> f64 {
    let mut strands = [0.0_f32; 16];
    for chunk in spectrum.chunks(strands.len() / 2) {
        for (sums, x) in strands.chunks_exact_mut(2).zip(chunk) {
            sums[0] += x.re * x.re;
            sums[1] += x.im * x.im;
        }
    }
    strands.iter().map(|x| f64::from(*x)).sum()
}
