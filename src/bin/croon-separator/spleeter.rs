//! The network `spleeter` (Hennequin et al. 2020): a U-Net per stem over the magnitudes of L and R below 11 kHz,
//! each giving a soft mask. The published weights are those of [`SpleeterShape::published`]; `import` brings them.
//!
//! It is the design of [`crate::unet`] in its original form. Kernels of 5 by 5 halve frames and bins six times with
//! TensorFlow's "same" padding, one place before and two after. The skips are what the convolutions give, before
//! their normalisation; the decoder rectifies first and normalises then. The bottleneck has no normalisation.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use crate::layers::{Layers, Mode, channels_last, leaky};
use crate::mask::{self, BINS};
use crate::rng::Rng;

/// Bins the network sees, from 0 Hz to 11 kHz.
pub const BINS_SEEN: i64 = 1024;
/// Above them counts the mean mask of so many bins below.
pub const TOP_BINS: i64 = 128;
/// The level that a window is brought to before the network sees it, see [`mask::weighted_level`]. The network was
/// trained on music as it is and knows levels, but a song's vocals must not depend on how loud a file is. This is
/// the median over 119 excerpts of MUSDB18, at which it does as well as at their own levels.
pub const LEVEL: f64 = 2.9;
/// Keeps the ratio of two silent estimates at a half.
pub const EPSILON: f64 = 1e-10;

const KERNEL: i64 = 5;
const HEAD: i64 = 4;
const HEAD_DILATION: i64 = 2;
/// Channels of a magnitude spectrum, and masks of a stem: left and right.
pub const SIDES: i64 = 2;

/// Size of the network; stored in the manifest of its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpleeterShape {
    /// The stems that have a network, the vocals first. Alone, the vocals' own mask counts; with the
    /// accompaniment's beside it, what [`Self::estimate`] makes of both.
    pub stems: Vec<String>,
    /// Channels after each encoder level; each halves frames and bins.
    pub encoder: Vec<i64>,
    /// How the masks of both stems become one estimate of the vocals.
    #[serde(default, skip_serializing_if = "MaskCombination::is_share")]
    pub estimate: MaskCombination,
}

/// How the masks of voice and accompaniment become one estimate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskCombination {
    /// The voice's share of both powers, as published.
    #[default]
    Share,
    /// The mean of the voice's mask and of what the accompaniment's leaves, and a [`crate::wiener`] filter after it.
    Wiener,
}

impl MaskCombination {
    fn is_share(&self) -> bool {
        *self == Self::Share
    }
}

impl SpleeterShape {
    /// The size of the published networks, for one stem or both.
    pub fn published(stems: &[&str]) -> Self {
        Self {
            stems: stems.iter().map(|stem| (*stem).to_owned()).collect(),
            encoder: vec![16, 32, 64, 128, 256, 512],
            estimate: MaskCombination::Share,
        }
    }

    /// Both published networks, their agreement and the filter.
    pub fn filtered() -> Self {
        Self {
            estimate: MaskCombination::Wiener,
            ..Self::published(&["vocals", "accompaniment"])
        }
    }

    pub fn levels(&self) -> usize {
        self.encoder.len()
    }

    /// Frames must be a multiple of this.
    pub fn frame_multiple(&self) -> usize {
        1 << self.levels()
    }

    /// Whether the weights of an untrusted manifest may be laid out in memory.
    pub fn is_sane(&self) -> bool {
        let stems: Vec<&str> = self.stems.iter().map(String::as_str).collect();
        matches!(stems[..], ["vocals"] | ["vocals", "accompaniment"])
            && (2..=7).contains(&self.levels())
            && self.encoder.iter().all(|channels| (1..=4096).contains(channels))
            && (self.stems.len() == 2 || self.estimate == MaskCombination::Share)
    }

    /// Channels that decoder `level` puts out: those of the skip it meets, and one plane at the top.
    pub fn up_channels(&self, level: usize) -> i64 {
        if level == 0 { 1 } else { self.encoder[level - 1] }
    }

    /// Channels that decoder `level` takes in.
    pub fn up_inputs(&self, level: usize) -> i64 {
        let below = self.encoder[level];
        if level + 1 == self.levels() {
            below
        } else {
            2 * below
        }
    }

    /// Fresh weights, He-style.
    pub fn fresh(&self, rng: &mut Rng) -> Layers {
        let mut layers = Layers::default();
        let he = |fan_in: i64| (2.0 / fan_in as f32).sqrt();
        for stem in &self.stems {
            let mut input = SIDES;
            for (level, &output) in self.encoder.iter().enumerate() {
                let name = format!("{stem}.down{level}");
                let size = [output, input, KERNEL, KERNEL];
                layers.draw(&name, &size, he(input * KERNEL * KERNEL), rng);
                layers.bias(&name, output, 0.0);
                if level + 1 < self.levels() {
                    layers.norm(&name, output, 1.0);
                }
                input = output;
            }
            for level in (0..self.levels()).rev() {
                let (input, output) = (self.up_inputs(level), self.up_channels(level));
                let name = format!("{stem}.up{level}");
                // At a stride of 2, each output sees one place of four in the kernel.
                let seen = KERNEL * KERNEL / 4;
                layers.draw(&name, &[input, output, KERNEL, KERNEL], he(input * seen), rng);
                layers.bias(&name, output, 0.0);
                layers.norm(&name, output, 1.0);
            }
            let head = format!("{stem}.head");
            layers.draw(&head, &[SIDES, 1, HEAD, HEAD], he(HEAD * HEAD), rng);
            layers.bias(&head, SIDES, 0.0);
        }
        layers
    }

    /// The same function with each normalisation as one scale and one shift, for [`Mode::Folded`].
    pub fn folded(&self, layers: &Layers) -> Result<Layers, TchError> {
        let mut folded = Layers::default();
        for (key, tensor) in &layers.parameters {
            if !key.contains(".norm.") {
                folded.parameters.insert(key.clone(), tensor.f_detach_copy()?);
            } else if let Some(name) = key.strip_suffix(".norm.weight") {
                let (scale, shift) = layers.norm_as_scale(name)?;
                folded.parameters.insert(format!("{name}.scale"), scale);
                folded.parameters.insert(format!("{name}.shift"), shift);
            }
        }
        Ok(folded)
    }

    /// The mask of one stem before the sigmoid, `[batch, 2, wanted frames, 1024]`, for magnitudes
    /// `[batch, 2, frames, 1024]`. What the frames wanted do not depend on is not computed.
    fn forward(
        &self,
        layers: &Layers,
        stem: &str,
        input: &Tensor,
        mode: Mode,
        wanted: &Range<i64>,
    ) -> Result<Tensor, TchError> {
        let mut skips = Vec::with_capacity(self.levels());
        let mut x = input.shallow_clone();
        for level in 0..self.levels() {
            let name = format!("{stem}.down{level}");
            let raw = layers.conv_alone(&name, &x.f_constant_pad_nd([1, 2, 1, 2])?, [2, 2], [1, 1])?;
            if level + 1 < self.levels() {
                x = leaky(&layers.normalised(&name, raw.shallow_clone(), mode)?)?;
            }
            skips.push(raw);
        }
        let needed = self.needed(wanted, input.size()[2]);
        let mut x = narrow(&skips[self.levels() - 1], &needed[self.levels()], 0)?;
        for level in (0..self.levels()).rev() {
            let name = format!("{stem}.up{level}");
            let up = layers.transposed_alone(&name, &x, [2, 2], [1, 1])?;
            // One frame and one bin too many.
            let up = up.f_narrow(3, 0, up.size()[3] - 1)?;
            let up = narrow(&up, &needed[level], 2 * needed[level + 1].start)?;
            let up = layers.normalised(&name, up.f_relu()?, mode)?;
            x = if level == 0 {
                up
            } else {
                Tensor::f_cat(&[narrow(&skips[level - 1], &needed[level], 0)?, up], 1)?
            };
        }
        // The head looks three places around; past the ends of the window lie zeros.
        let frames = input.size()[2];
        let (before, after) = (
            needed[0].start - (wanted.start - 3),
            (wanted.end + 3) - needed[0].end,
        );
        debug_assert!(before >= 0 && after >= 0 && needed[0].end <= frames);
        let padded = x.f_constant_pad_nd([3, 3, before, after])?;
        layers.conv_alone(
            &format!("{stem}.head"),
            &padded,
            [1, 1],
            [HEAD_DILATION, HEAD_DILATION],
        )
    }

    /// Frames of each decoder level that the wanted ones depend on, those of the top first; `frames` is the
    /// length of the window.
    pub fn needed(&self, wanted: &Range<i64>, frames: i64) -> Vec<Range<i64>> {
        let mut needed = Vec::with_capacity(self.levels() + 1);
        needed.push((wanted.start - 3).max(0)..(wanted.end + 3).min(frames));
        for level in 0..self.levels() {
            let above = needed[level].clone();
            let start = above.start.div_euclid(2) - 1;
            let end = (above.end - 1).div_euclid(2) + 2;
            needed.push(start.max(0)..end.min(frames >> (level + 1)));
        }
        needed
    }

    /// Masks `[batch, 2, wanted frames, 2048]` for spectra `[batch, 2, frames, 2048]`. The networks compute in
    /// `kind`.
    pub fn masks(
        &self,
        layers: &Layers,
        (re, im): (&Tensor, &Tensor),
        mode: Mode,
        kind: Kind,
        wanted: &Range<i64>,
    ) -> Result<Tensor, TchError> {
        let input = tch::no_grad(|| {
            let seen = |x: &Tensor| x.f_narrow(3, 0, BINS_SEEN);
            let magnitude = mask::magnitude(&seen(re)?, &seen(im)?)?;
            let level = mask::weighted_level(&magnitude)?;
            let magnitude = mirror_silence(magnitude)?;
            channels_last(&(magnitude * LEVEL / level).f_to_kind(kind)?)
        })?;
        extend(&self.combined(&self.stem_masks(layers, &input, mode, wanted)?)?)
    }

    /// The mask of each stem, `[batch, 2, wanted frames, 1024]`, for magnitudes `[batch, 2, frames, 1024]`.
    fn stem_masks(
        &self,
        layers: &Layers,
        input: &Tensor,
        mode: Mode,
        wanted: &Range<i64>,
    ) -> Result<Vec<Tensor>, TchError> {
        let mask = |stem: &String| {
            let logits = self.forward(layers, stem, input, mode, wanted)?;
            logits.f_to_kind(Kind::Float)?.f_sigmoid()
        };
        self.stems.iter().map(mask).collect()
    }

    /// The vocals' mask out of those of the stems; where there is one, itself.
    fn combined(&self, masks: &[Tensor]) -> Result<Tensor, TchError> {
        match (masks, self.estimate) {
            ([vocals, accompaniment], MaskCombination::Share) => {
                let vocals = vocals.f_square()? + EPSILON;
                let both = accompaniment.f_square()? + EPSILON + &vocals;
                vocals.f_div(&both)
            }
            ([vocals, accompaniment], MaskCombination::Wiener) => Ok((vocals + 1.0 - accompaniment) * 0.5),
            ([vocals], _) => Ok(vocals.shallow_clone()),
            _ => Err(TchError::Shape(format!("masks of {} stems", masks.len()))),
        }
    }
}

/// Where a window reaches beyond the song, the frame that each frame of it shows the networks, by the frames' levels;
/// `None` where it does not. Music that begins out of silence is heard worse than music that goes on: songs they were
/// trained on had no such edges, so the music is mirrored there. What they say of those frames is masked silence.
pub fn mirrored(levels: &[f32]) -> Option<Vec<usize>> {
    /// Frames at an edge that silence and music share.
    const SHARED: usize = 2;
    let sounds = |level: &f32| *level > 0.0;
    let first = levels.iter().position(sounds)?;
    let last = levels.iter().rposition(sounds)?;
    let first = if first > 0 { first + SHARED } else { 0 };
    let last = if last + 1 < levels.len() {
        last.saturating_sub(SHARED)
    } else {
        last
    };
    if last <= first || (first == 0 && last + 1 == levels.len()) {
        return None;
    }
    let span = last - first;
    let fold = |distance: usize| {
        let within = distance % (2 * span);
        within.min(2 * span - within)
    };
    Some(
        (0..levels.len())
            .map(|frame| {
                if frame < first {
                    first + fold(first - frame)
                } else {
                    first + fold(frame - first)
                }
            })
            .collect(),
    )
}

/// Magnitudes `[batch, 2, frames, bins]` with [`mirrored`] frames.
fn mirror_silence(magnitude: Tensor) -> Result<Tensor, TchError> {
    let levels = magnitude.f_mean_dim([1_i64, 3].as_slice(), false, Kind::Float)?;
    let levels = levels.f_to_device(Device::Cpu)?;
    let (examples, frames) = (levels.size()[0], levels.size()[1] as usize);
    let mut rows = vec![0.0_f32; levels.numel()];
    levels.f_contiguous()?.f_copy_data(&mut rows, levels.numel())?;
    let sources: Vec<Option<Vec<usize>>> = rows.chunks_exact(frames).map(mirrored).collect();
    if sources.iter().all(Option::is_none) {
        return Ok(magnitude);
    }
    let example = |(example, source): (i64, Option<Vec<usize>>)| {
        let whole = magnitude.f_narrow(0, example, 1)?;
        let Some(source) = source else {
            return Ok(whole);
        };
        let source: Vec<i64> = source.into_iter().map(|frame| frame as i64).collect();
        let source = Tensor::f_from_slice(&source)?.f_to_device(whole.device())?;
        whole.f_index_select(2, &source)
    };
    let parts = (0..examples).zip(sources).map(example);
    Tensor::f_cat(&parts.collect::<Result<Vec<_>, TchError>>()?, 0)
}

/// Masks of all bins: above the highest one seen counts the mean of the topmost.
fn extend(masks: &Tensor) -> Result<Tensor, TchError> {
    let top = masks.f_narrow(3, BINS_SEEN - TOP_BINS, TOP_BINS)?.f_mean_dim(
        [3_i64].as_slice(),
        true,
        Kind::Float,
    )?;
    let above = top.f_expand([-1, -1, -1, BINS - BINS_SEEN], false)?;
    Tensor::f_cat(&[masks.shallow_clone(), above], 3)
}

/// Frames `wanted` of planes whose first frame is number `first`.
fn narrow(x: &Tensor, wanted: &Range<i64>, first: i64) -> Result<Tensor, TchError> {
    x.f_narrow(2, wanted.start - first, wanted.end - wanted.start)
}

#[cfg(test)]
#[path = "spleeter_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "spleeter_golden.rs"]
mod golden;
