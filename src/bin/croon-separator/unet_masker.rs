//! The masks of `unet-mask` on a processor: its input is made frame by frame while a spectrum lies in the cache.

use std::ops::Range;

use tch::{Device, Kind, TchError, Tensor};

use crate::layers::{INPUTS, Layers, Mode, OUTPUTS};
use crate::mask::{BINS, ROWS};
use crate::masker::Masker;
use crate::model::{Model, WINDOW_FRAMES};
use crate::slices::{floats, floats_mut, sum};
use crate::unet::UnetShape;
use croon::audio::dsp::stft::Complex;

const BINS_SEEN: usize = BINS as usize;
const ROWS_SEEN: usize = ROWS as usize;
/// Magnitudes of L, R and L - R of a frame.
const MAGNITUDES: usize = 3 * BINS_SEEN;
/// Frames that become the network's input at once, so that they stay in the cache between its steps.
const BLOCK: usize = 16;

/// The network with the buffers of one window; one per thread.
pub struct UnetMasker {
    shape: UnetShape,
    layers: Layers,
    mode: Mode,
    /// 4 over the whitening curve.
    sharpness: Vec<f32>,
    /// `[frames, 3, 2048]`
    magnitudes: Tensor,
    /// Mean magnitude of each frame.
    levels: Vec<f32>,
    /// `[1, frames, 512, 9]`
    input: Tensor,
    /// `[1, frames wanted, 512, 6]`
    planes: Tensor,
}

impl UnetMasker {
    pub fn new(shape: &UnetShape, model: &Model, mode: Mode) -> Result<Self, TchError> {
        let mut whitening = vec![0.0_f32; BINS_SEEN];
        model.whitening.f_copy_data(&mut whitening, BINS_SEEN)?;
        let options = (Kind::Float, Device::Cpu);
        let frames = WINDOW_FRAMES as i64;
        Ok(Self {
            shape: shape.clone(),
            layers: model.network.layers.share(),
            mode,
            sharpness: whitening.iter().map(|x| 4.0 / x).collect(),
            magnitudes: Tensor::f_zeros([frames, 3, BINS], options)?,
            levels: vec![0.0; WINDOW_FRAMES],
            input: Tensor::f_zeros([1, frames, ROWS, INPUTS], options)?,
            planes: Tensor::new(),
        })
    }

    /// The network's input from the magnitudes, as [`crate::mask`] defines it.
    fn features(&mut self) -> Result<(), TchError> {
        let levels = moving(&self.levels, self.shape.level_reach);
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
}

impl Masker for UnetMasker {
    fn see(&mut self, frame: usize, left: &[Complex<f32>], right: &[Complex<f32>]) {
        let range = frame * MAGNITUDES..(frame + 1) * MAGNITUDES;
        let out = &mut floats_mut(&mut self.magnitudes)[range];
        magnitude(left, right, out);
        self.levels[frame] = sum(&out[..2 * BINS_SEEN]) / (2 * BINS_SEEN) as f32;
    }

    fn compute(&mut self, wanted: Range<usize>) -> Result<(), TchError> {
        self.features()?;
        self.planes = tch::no_grad(|| {
            let input = self.input.f_permute([0, 3, 1, 2])?;
            let wanted = wanted.start as i64..wanted.end as i64;
            let planes = self
                .shape
                .planes(&self.layers, &input, self.mode, Kind::Float, wanted)?;
            planes.f_permute([0, 2, 3, 1])?.f_contiguous()
        })?;
        Ok(())
    }

    fn mask(&self, frame: usize, left: &mut [Complex<f32>], right: &mut [Complex<f32>]) {
        let size = ROWS_SEEN * OUTPUTS as usize;
        let mask = &floats(&self.planes)[frame * size..(frame + 1) * size];
        mask_frame(left, mask, 0);
        mask_frame(right, mask, 1);
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
