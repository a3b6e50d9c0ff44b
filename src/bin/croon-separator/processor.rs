//! The path of a window of music through a processor: transform, features, masks, gate and back, each
//! frame as long as it lies in the cache; libtorch computes the network.

use croon::audio::stft::{Complex, Stft};
use tch::{Device, Kind, TchError, Tensor};

use crate::extent::Extent;
use crate::layers::Mode;
use crate::mask::{BINS, ROWS};
use crate::model::{Model, SPECTRUM_FRAMES, WINDOW, WINDOW_FRAMES};
use crate::network::{INPUTS, OUTPUTS};
use crate::take::{HOP, N_FFT, SPECTRUM_BINS};

const BINS_SEEN: usize = BINS as usize;
const ROWS_SEEN: usize = ROWS as usize;
/// Magnitudes of L, R and L - R of a frame.
const MAGNITUDES: usize = 3 * BINS_SEEN;
/// Frames that become the network's input at once, so that they stay in the cache between its steps.
const BLOCK: usize = 16;

/// A model on the processor with the buffers of one window; one per thread.
pub struct Processor {
    model: Model,
    mode: Mode,
    extent: Extent,
    sides: [Side; 2],
    /// 4 over the whitening curve.
    sharpness: Vec<f32>,
    /// `[frames, 3, 2048]`
    magnitudes: Tensor,
    /// `[1, frames, 512, 9]`
    input: Tensor,
}

/// One channel: its transform and its spectrum, frame by frame.
struct Side {
    stft: Stft,
    spectrum: Vec<Complex<f32>>,
}

impl Processor {
    pub fn new(model: Model, mode: Mode, extent: Extent) -> Result<Self, TchError> {
        let side = || Side {
            stft: Stft::new(N_FFT, HOP),
            spectrum: vec![Complex::default(); SPECTRUM_FRAMES * SPECTRUM_BINS],
        };
        let mut whitening = vec![0.0_f32; BINS_SEEN];
        model.whitening.f_copy_data(&mut whitening, BINS_SEEN)?;
        let options = (Kind::Float, Device::Cpu);
        let frames = WINDOW_FRAMES as i64;
        Ok(Self {
            model,
            mode,
            extent,
            sides: [side(), side()],
            sharpness: whitening.iter().map(|x| 4.0 / x).collect(),
            magnitudes: Tensor::f_zeros([frames, 3, BINS], options)?,
            input: Tensor::f_zeros([1, frames, ROWS, INPUTS], options)?,
        })
    }

    /// The vocals of a window, interleaved stereo.
    pub fn separate(&mut self, window: &[f32]) -> Result<Vec<f32>, TchError> {
        let levels = self.transform(window);
        self.features(&levels)?;
        let masks = self.extent.masks();
        let planes = tch::no_grad(|| {
            let input = self.input.f_permute([0, 3, 1, 2])?;
            let wanted = masks.start as i64..masks.end as i64;
            let planes = self
                .model
                .network
                .forward_within(&input, self.mode, Kind::Float, wanted)?;
            planes.f_permute([0, 2, 3, 1])?.f_contiguous()
        })?;
        let gains = self.apply(floats(&planes));
        Ok(self.sound(window.len(), &gains))
    }

    /// Spectra of both channels and the magnitudes of the frames that the network sees; gives the mean
    /// magnitude of each of those.
    fn transform(&mut self, window: &[f32]) -> Vec<f32> {
        for (channel, side) in self.sides.iter_mut().enumerate() {
            side.stft.load(window.iter().skip(channel).step_by(2).copied());
        }
        let [left, right] = &mut self.sides;
        let frames = left
            .spectrum
            .chunks_exact_mut(SPECTRUM_BINS)
            .zip(right.spectrum.chunks_exact_mut(SPECTRUM_BINS));
        let mut magnitudes = floats_mut(&mut self.magnitudes).chunks_exact_mut(MAGNITUDES);
        let mut levels = Vec::with_capacity(WINDOW_FRAMES);
        for (frame, (l, r)) in frames.enumerate() {
            left.stft.frame(frame, l);
            right.stft.frame(frame, r);
            if let Some(out) = magnitudes.next() {
                magnitude(l, r, out);
                levels.push(sum(&out[..2 * BINS_SEEN]) / (2 * BINS_SEEN) as f32);
            }
        }
        levels
    }

    /// The network's input from the magnitudes, as [`crate::mask`] defines it.
    fn features(&mut self, levels: &[f32]) -> Result<(), TchError> {
        let levels = moving(levels, self.model.network.design.level_reach());
        let mut input = floats_mut(&mut self.input).chunks_exact_mut(BLOCK * ROWS_SEEN * INPUTS as usize);
        for (block, levels) in levels.chunks(BLOCK).enumerate() {
            let from = (block * BLOCK) as i64;
            let mut part = self.magnitudes.f_narrow(0, from, levels.len() as i64)?;
            for (frame, level) in floats_mut(&mut part).chunks_exact_mut(MAGNITUDES).zip(levels) {
                let scale = level.recip();
                for plane in frame.chunks_exact_mut(BINS_SEEN) {
                    for (x, sharpness) in plane.iter_mut().zip(&self.sharpness) {
                        *x *= scale * sharpness;
                    }
                }
            }
            let _ = tch::no_grad(|| part.f_log1p_())?;
            if let Some(input) = input.next() {
                let rows = input.chunks_exact_mut(ROWS_SEEN * INPUTS as usize);
                for (frame, rows) in floats(&part).chunks_exact(MAGNITUDES).zip(rows) {
                    fold(frame, rows);
                }
            }
        }
        Ok(())
    }

    /// Multiplies the spectra by their masks, `[frames][512][6]`, and gives the gate's gain for each of the
    /// frames heard.
    fn apply(&mut self, planes: &[f32]) -> Vec<f32> {
        let heard = self.extent.heard.clone();
        let masks = planes.chunks_exact(ROWS_SEEN * OUTPUTS as usize);
        let last = masks.clone().next_back();
        let mut mixture = vec![0.0_f64; heard.len()];
        let mut passed = mixture.clone();
        for (channel, side) in self.sides.iter_mut().enumerate() {
            let range = heard.start * SPECTRUM_BINS..heard.end * SPECTRUM_BINS;
            let frames = side.spectrum[range].chunks_exact_mut(SPECTRUM_BINS);
            // The last frame of a window, which the network does not see, goes with its neighbour.
            let masks = masks.clone().chain(last);
            for (((frame, mask), mixture), passed) in frames.zip(masks).zip(&mut mixture).zip(&mut passed) {
                if self.model.gate.is_some() {
                    *mixture += power(frame);
                    mask_frame(frame, mask, channel);
                    *passed += power(frame);
                } else {
                    mask_frame(frame, mask, channel);
                }
            }
        }
        let open = || vec![1.0; heard.len()];
        self.model
            .gate
            .map_or_else(open, |gate| gate.gains(&passed, &mixture))
    }

    /// The samples of the extent from the masked spectra; silence beside them.
    fn sound(&mut self, len: usize, gains: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; len];
        let samples = self.extent.samples.clone();
        for (channel, side) in self.sides.iter_mut().enumerate() {
            side.stft.begin(WINDOW);
            let frames = side.spectrum.chunks_exact_mut(SPECTRUM_BINS).enumerate();
            for (frame, spectrum) in frames.take(self.extent.frames.end).skip(self.extent.frames.start) {
                let gain = gains[frame - self.extent.heard.start];
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

/// Level of each frame: the mean over those within `reach`, the ones outside the window counted as silent,
/// or over all of them; 1 where that is silence.
fn moving(levels: &[f32], reach: Option<i64>) -> Vec<f32> {
    let mean = |around: &[f32], count: usize| {
        let mean = around.iter().map(|x| f64::from(*x)).sum::<f64>() / count as f64;
        if mean > 0.0 { mean as f32 } else { 1.0 }
    };
    let Some(reach) = reach.map(|reach| reach as usize) else {
        return vec![mean(levels, levels.len().max(1)); levels.len()];
    };
    (0..levels.len())
        .map(|frame| {
            let around = frame.saturating_sub(reach)..(frame + reach + 1).min(levels.len());
            mean(&levels[around], 2 * reach + 1)
        })
        .collect()
}

fn magnitude(left: &[Complex<f32>], right: &[Complex<f32>], out: &mut [f32]) {
    let (l, rest) = out.split_at_mut(BINS_SEEN);
    let (r, s) = rest.split_at_mut(BINS_SEEN);
    let outs = l.iter_mut().zip(r).zip(s);
    for (((l, r), s), (a, b)) in outs.zip(left.iter().zip(right)) {
        let side = a - b;
        *l = (a.re * a.re + a.im * a.im).sqrt();
        *r = (b.re * b.re + b.im * b.im).sqrt();
        *s = (side.re * side.re + side.im * side.im).sqrt();
    }
}

/// A frame's three planes to nine of 512 rows, channels last.
fn fold(frame: &[f32], rows: &mut [f32]) {
    let (l, rest) = frame.split_at(BINS_SEEN);
    let (r, s) = rest.split_at(BINS_SEEN);
    for (row, out) in rows.chunks_exact_mut(INPUTS as usize).enumerate() {
        for (channel, plane) in [l, r, s].into_iter().enumerate() {
            let high = 2 * (ROWS_SEEN + row);
            out[channel] = plane[row];
            out[3 + channel] = plane[ROWS_SEEN + row];
            out[6 + channel] = 0.5 * (plane[high] + plane[high + 1]);
        }
    }
}

/// Multiplies a channel's frame by its masks, `[512][6]`. The bin at 22.05 kHz, which the network did not
/// see, goes with its neighbour.
fn mask_frame(spectrum: &mut [Complex<f32>], mask: &[f32], channel: usize) {
    let rows = || mask.chunks_exact(OUTPUTS as usize);
    let (low, rest) = spectrum.split_at_mut(ROWS_SEEN);
    let (middle, high) = rest.split_at_mut(ROWS_SEEN);
    for ((low, middle), row) in low.iter_mut().zip(middle).zip(rows()) {
        *low *= row[channel];
        *middle *= row[2 + channel];
    }
    for (pair, row) in high.chunks_mut(2).zip(rows().chain(rows().next_back())) {
        pair.iter_mut().for_each(|x| *x *= row[4 + channel]);
    }
}

/// Sum in several strands, which a processor adds side by side.
fn sum(values: &[f32]) -> f32 {
    let mut strands = [0.0_f32; 16];
    let chunks = values.chunks_exact(strands.len());
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        strands.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    strands.iter().sum::<f32>() + rest
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

/// The values of a tensor of floats that lies in one piece in the processor's memory.
fn floats(tensor: &Tensor) -> &[f32] {
    assert!(tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous());
    // SAFETY: the assertion says that so many floats lie there, and they live as long as the tensor. Whoever
    // changes them needs the tensor or a view of it, and this borrow is held for single steps only, between
    // which and libtorch's calls nothing else runs on this thread; no other thread has these tensors.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// The same for writing.
fn floats_mut(tensor: &mut Tensor) -> &mut [f32] {
    assert!(tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous());
    // SAFETY: as above; the tensor is borrowed exclusively.
    unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) }
}
