//! The masks of `spleeter` on a processor: the window's level, the networks of its stems, and what they say together.

use std::ops::Range;

use tch::TchError;

use crate::layers::Mode;
use crate::masker::Masker;
use crate::model::{Model, WINDOW_FRAMES};
use crate::output_region::OutputRegion;
use crate::recording::SPECTRUM_BINS;
use crate::slices::sum;
use crate::spleeter::{self, EPSILON, LEVEL, MaskCombination, SpleeterShape, TOP_BINS};
use crate::spleeter_stem::{SEEN, Stem};
use crate::wiener::Wiener;
use croon::audio::dsp::stft::Complex;

const BINS_SEEN: usize = spleeter::BINS_SEEN as usize;
const SIDES: usize = spleeter::SIDES as usize;
/// Values of a frame's masks: left and right.
const MASKS: usize = SIDES * SPECTRUM_BINS;

/// The networks with the buffers of one window; one per thread.
pub struct SpleeterMasker {
    stems: Vec<Stem>,
    /// `[frames, 1024, 2]`
    magnitudes: Vec<f32>,
    /// `[frames wanted, 2, 2049]`
    masks: Vec<f32>,
    estimate: MaskCombination,
    wiener: Wiener,
}

impl SpleeterMasker {
    pub fn new(
        shape: &SpleeterShape,
        model: &Model,
        mode: Mode,
        region: &OutputRegion,
    ) -> Result<Self, TchError> {
        let folded;
        let layers = if mode == Mode::Folded {
            &model.network.layers
        } else {
            folded = shape.folded(&model.network.layers)?;
            &folded
        };
        let wanted = region.masks();
        let wanted = wanted.start as i64..wanted.end as i64;
        let stem = |name: &String| Stem::new(name, shape, layers, &wanted);
        Ok(Self {
            stems: shape.stems.iter().map(stem).collect::<Result<_, _>>()?,
            magnitudes: vec![0.0; WINDOW_FRAMES * SEEN],
            masks: Vec::new(),
            estimate: shape.estimate,
            wiener: Wiener::new(SPECTRUM_BINS),
        })
    }

    /// Mean magnitude of each frame.
    fn levels(&self) -> Vec<f32> {
        let frames = self.magnitudes.chunks_exact(SEEN);
        frames.map(|frame| sum(frame) / SEEN as f32).collect()
    }

    /// Puts frames of the music where [`spleeter::mirrored`] says so.
    fn mirror(&mut self, sources: &[usize]) {
        for (frame, &source) in sources
            .iter()
            .enumerate()
            .filter(|(frame, source)| frame != *source)
        {
            let source = source * SEEN..(source + 1) * SEEN;
            self.magnitudes.copy_within(source, frame * SEEN);
        }
    }
}

/// What every magnitude is multiplied with, so that their [`crate::mask::weighted_level`] is [`LEVEL`].
fn scale(levels: &[f32]) -> f32 {
    let levels = levels.iter().copied().map(f64::from);
    let (sum, squares) = levels.fold((0.0, 0.0), |(sum, squares), level| {
        (sum + level, squares + level * level)
    });
    if squares > 0.0 {
        (LEVEL * sum / squares) as f32
    } else {
        1.0
    }
}

impl Masker for SpleeterMasker {
    fn see(&mut self, frame: usize, left: &[Complex<f32>], right: &[Complex<f32>]) {
        let out = self.magnitudes[frame * SEEN..].chunks_exact_mut(SIDES);
        for ((out, l), r) in out.zip(&left[..BINS_SEEN]).zip(&right[..BINS_SEEN]) {
            out[0] = (l.re * l.re + l.im * l.im).sqrt();
            out[1] = (r.re * r.re + r.im * r.im).sqrt();
        }
    }

    fn compute(&mut self, wanted: Range<usize>) -> Result<(), TchError> {
        let levels = self.levels();
        let scale = scale(&levels);
        if let Some(sources) = spleeter::mirrored(&levels) {
            self.mirror(&sources);
        }
        let magnitudes = &self.magnitudes;
        let masks = self
            .stems
            .iter_mut()
            .map(|stem| tch::no_grad(|| stem.masks(magnitudes, scale)));
        let mut masks = masks.collect::<Result<Vec<_>, _>>()?.into_iter();
        let mut vocals = masks.next().unwrap_or_default();
        if let Some(accompaniment) = masks.next() {
            combine(&mut vocals, &accompaniment, self.estimate);
        }
        self.masks = extend(&vocals);
        self.wiener.clear();
        debug_assert_eq!(self.masks.len(), wanted.len() * MASKS);
        Ok(())
    }

    fn learn(&mut self, frame: usize, left: &[Complex<f32>], right: &[Complex<f32>]) {
        if self.estimate == MaskCombination::Wiener {
            self.wiener.learn([left, right], sides(&self.masks, frame));
        }
    }

    fn mask(&self, frame: usize, left: &mut [Complex<f32>], right: &mut [Complex<f32>]) {
        let masks = sides(&self.masks, frame);
        if self.estimate == MaskCombination::Wiener {
            self.wiener.filter(left, right, masks);
            return;
        }
        for (spectrum, mask) in [left, right].into_iter().zip(masks) {
            spectrum.iter_mut().zip(mask).for_each(|(x, mask)| *x *= mask);
        }
    }
}

/// The masks of both sides of a frame.
fn sides(masks: &[f32], frame: usize) -> [&[f32]; 2] {
    let (left, right) = masks[frame * MASKS..(frame + 1) * MASKS].split_at(SPECTRUM_BINS);
    [left, right]
}

/// The vocals' mask out of those of both stems, in its place; see [`MaskCombination`].
fn combine(vocals: &mut [f32], accompaniment: &[f32], estimate: MaskCombination) {
    let epsilon = EPSILON as f32;
    let pairs = vocals.iter_mut().zip(accompaniment);
    match estimate {
        MaskCombination::Share => pairs.for_each(|(v, a)| {
            let power = *v * *v + epsilon;
            *v = power / (power + a * a + epsilon);
        }),
        MaskCombination::Wiener => pairs.for_each(|(v, a)| *v = 0.5 * (*v + 1.0 - a)),
    }
}

/// Masks `[frames, 2, 2049]` of masks `[frames, 2, 1024]`: above counts the mean of the topmost.
fn extend(masks: &[f32]) -> Vec<f32> {
    let mut all = Vec::with_capacity(masks.len() / BINS_SEEN * SPECTRUM_BINS);
    for mask in masks.chunks_exact(BINS_SEEN) {
        let top = &mask[BINS_SEEN - TOP_BINS as usize..];
        all.extend_from_slice(mask);
        let above = top.iter().sum::<f32>() / top.len() as f32;
        all.extend(std::iter::repeat_n(above, SPECTRUM_BINS - BINS_SEEN));
    }
    all
}
