//! The network of one stem of `spleeter` on a processor. libtorch computes the large convolutions, at the speed of its
//! matrix products; what lies between them is one pass over memory each, written here, that leaves its result where
//! and how the next convolution reads it.

use std::ops::Range;

use tch::{Device, Kind, TchError, Tensor};

use crate::layers::{Layers, channels_last};
use crate::model::WINDOW_FRAMES;
use crate::slices::{floats, floats_mut};
use crate::spleeter::{self, SpleeterShape};

const BINS_SEEN: usize = spleeter::BINS_SEEN as usize;
const SIDES: usize = spleeter::SIDES as usize;
/// Values of a frame that the network sees, and of its masks: left and right.
pub const SEEN: usize = SIDES * BINS_SEEN;

/// The network of one stem.
pub struct Stem {
    encoder: Vec<Down>,
    decoder: Vec<Up>,
    top: Top,
    head: HeadLayer,
}

/// A convolution and its input, with a border of zeros that stays.
struct Down {
    weight: Tensor,
    bias: Tensor,
    /// `[1, frames + 3, bins + 3, channels]`
    input: Tensor,
    /// How the input is made of what the convolution before gives; magnitudes at the first.
    norm: Option<Norm>,
}

/// A transposed convolution and what joins its result with a skip.
struct Up {
    weight: Tensor,
    bias: Tensor,
    norm: Norm,
    /// Frames of the level above that are needed.
    above: Range<i64>,
    /// Frames of this level that are computed.
    below: Range<i64>,
    /// `[1, frames above, bins, channels of the skip and of this]`
    joined: Tensor,
}

/// The last transposed convolution, whose single channel libtorch's own is slow at: a matrix product and sums.
struct Top {
    /// `[25, channels]`
    weight: Tensor,
    bias: f32,
    norm: Norm,
    above: Range<i64>,
    below: Range<i64>,
}

/// The dilated 4 by 4 convolution from one plane to the logits of two masks.
struct HeadLayer {
    /// `[side][tap]`
    taps: [[f32; 16]; SIDES],
    bias: [f32; SIDES],
    wanted: Range<i64>,
}

/// Scale and shift of each channel.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Norm {
    fn of(layers: &Layers, name: &str) -> Result<Self, TchError> {
        let values = |part: &str| values(layers.parameter(&format!("{name}.{part}"))?);
        Ok(Self {
            scale: values("scale")?,
            shift: values("shift")?,
        })
    }
}

impl Stem {
    pub fn new(
        stem: &str,
        shape: &SpleeterShape,
        layers: &Layers,
        wanted: &Range<i64>,
    ) -> Result<Self, TchError> {
        let part = |name: &str, part: &str| layers.parameter(&format!("{stem}.{name}.{part}"));
        let zeros = |size: &[i64]| Tensor::f_zeros(size, (Kind::Float, Device::Cpu));
        let levels = shape.levels();
        let frames = WINDOW_FRAMES as i64;
        let mut encoder = Vec::with_capacity(levels);
        let mut channels = spleeter::SIDES;
        for (level, &output) in shape.encoder.iter().enumerate() {
            let name = format!("down{level}");
            let norm = level
                .checked_sub(1)
                .map(|before| Norm::of(layers, &format!("{stem}.down{before}")));
            encoder.push(Down {
                weight: channels_last(part(&name, "weight")?)?,
                bias: part(&name, "bias")?.shallow_clone(),
                input: zeros(&[
                    1,
                    (frames >> level) + 3,
                    (spleeter::BINS_SEEN >> level) + 3,
                    channels,
                ])?,
                norm: norm.transpose()?,
            });
            channels = output;
        }
        let needed = shape.needed(wanted, frames);
        let mut decoder = Vec::with_capacity(levels - 1);
        for level in (1..levels).rev() {
            let name = format!("up{level}");
            let (above, bins) = (needed[level].clone(), spleeter::BINS_SEEN >> level);
            decoder.push(Up {
                weight: channels_last(part(&name, "weight")?)?,
                bias: part(&name, "bias")?.shallow_clone(),
                norm: Norm::of(layers, &format!("{stem}.{name}"))?,
                joined: zeros(&[1, above.end - above.start, bins, shape.up_inputs(level - 1)])?,
                above,
                below: needed[level + 1].clone(),
            });
        }
        // [channels, 1, 5, 5] to one row per place of the kernel.
        let kernel = part("up0", "weight")?;
        let top = Top {
            weight: kernel
                .f_reshape([kernel.size()[0], -1])?
                .f_transpose(0, 1)?
                .f_contiguous()?,
            bias: values(part("up0", "bias")?)?[0],
            norm: Norm::of(layers, &format!("{stem}.up0"))?,
            above: needed[0].clone(),
            below: needed[1].clone(),
        };
        let taps = values(part("head", "weight")?)?;
        let bias = values(part("head", "bias")?)?;
        let head = HeadLayer {
            taps: std::array::from_fn(|side| std::array::from_fn(|tap| taps[side * 16 + tap])),
            bias: std::array::from_fn(|side| bias[side]),
            wanted: wanted.clone(),
        };
        Ok(Self {
            encoder,
            decoder,
            top,
            head,
        })
    }

    /// Masks `[frames wanted, 2, 1024]` for magnitudes `[frames, 1024, 2]`, these times `scale`.
    pub fn masks(&mut self, magnitudes: &[f32], scale: f32) -> Result<Vec<f32>, TchError> {
        let mut skips: Vec<Tensor> = Vec::with_capacity(self.encoder.len());
        for down in &mut self.encoder {
            match (skips.last(), &down.norm) {
                (Some(raw), Some(norm)) => {
                    let channels = norm.scale.len();
                    fill(&mut down.input, floats(&inner(raw)?), |x, out| {
                        leaky(x, norm, channels, out)
                    });
                }
                _ => fill(&mut down.input, magnitudes, |x, out| {
                    out.iter_mut().zip(x).for_each(|(out, x)| *out = scale * x);
                }),
            }
            let input = down.input.f_permute([0, 3, 1, 2])?;
            skips.push(input.f_conv2d(&down.weight, Some(&down.bias), [2, 2], [0, 0], [1, 1], 1)?);
        }
        let Some(mut x) = skips.pop() else {
            return Err(TchError::Shape("a network without levels".into()));
        };
        let deepest = self.decoder.first().map_or(&self.top.below, |up| &up.below);
        x = x.f_narrow(2, deepest.start, deepest.end - deepest.start)?;
        for up in &mut self.decoder {
            let skip = skips
                .pop()
                .ok_or_else(|| TchError::Shape("a level without a skip".into()))?;
            let raw = x.f_conv_transpose2d(&up.weight, Some(&up.bias), [2, 2], [1, 1], [0, 0], 1, [1, 1])?;
            up.join(&skip, &raw)?;
            x = up.joined.f_permute([0, 3, 1, 2])?;
        }
        let plane = self.top.plane(&x)?;
        Ok(self.head.masks(&plane, &self.top.above))
    }
}

/// Copies rows of `[frames, bins, channels]` through `write` into the inside of a buffer with its border.
fn fill(buffer: &mut Tensor, from: &[f32], write: impl Fn(&[f32], &mut [f32])) {
    let size = buffer.size();
    let (row, channels) = (size[2] * size[3], size[3]);
    let (row, channels) = (row as usize, channels as usize);
    let inside = row - 3 * channels;
    let rows = floats_mut(buffer).chunks_exact_mut(row).skip(1);
    for (out, from) in rows.zip(from.chunks_exact(inside)) {
        write(from, &mut out[channels..channels + inside]);
    }
}

/// The leaky rectifier, slope 0.2, of each channel scaled and shifted.
fn leaky(x: &[f32], norm: &Norm, channels: usize, out: &mut [f32]) {
    for (out, x) in out.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        for (((out, x), scale), shift) in out.iter_mut().zip(x).zip(&norm.scale).zip(&norm.shift) {
            let y = x * scale + shift;
            *out = y.max(0.2 * y);
        }
    }
}

impl Up {
    /// Skip and rectified, normalised result beside each other. `raw` has one frame and one bin too many at the
    /// end of each side and begins at twice the first frame of its input.
    fn join(&mut self, skip: &Tensor, raw: &Tensor) -> Result<(), TchError> {
        let (skip, raw) = (inner(skip)?, inner(raw)?);
        let bins = self.joined.size()[2] as usize;
        let (of_skip, of_raw) = (skip.size()[3] as usize, raw.size()[3] as usize);
        let raw_row = raw.size()[2] as usize * of_raw;
        let first = (self.above.start - 2 * self.below.start) as usize;
        let skips = floats(&skip)[self.above.start as usize * bins * of_skip..].chunks_exact(bins * of_skip);
        let raws = floats(&raw)[first * raw_row..].chunks_exact(raw_row);
        let joined = floats_mut(&mut self.joined).chunks_exact_mut(bins * (of_skip + of_raw));
        for ((joined, skip), raw) in joined.zip(skips).zip(raws) {
            let raw = raw[..bins * of_raw].chunks_exact(of_raw);
            let joined = joined.chunks_exact_mut(of_skip + of_raw);
            for ((joined, skip), raw) in joined.zip(skip.chunks_exact(of_skip)).zip(raw) {
                let (left, right) = joined.split_at_mut(of_skip);
                left.copy_from_slice(skip);
                let norm = self.norm.scale.iter().zip(&self.norm.shift);
                for ((out, x), (scale, shift)) in right.iter_mut().zip(raw).zip(norm) {
                    *out = x.max(0.0) * scale + shift;
                }
            }
        }
        Ok(())
    }
}

impl Top {
    /// The plane `[frames above, 1024]` of the deepest map `[1, channels, frames below, 512]`.
    fn plane(&self, x: &Tensor) -> Result<Vec<f32>, TchError> {
        let x = inner(x)?;
        let (frames, half) = (x.size()[1] as usize, x.size()[2] as usize);
        let rows = x.f_reshape([-1, x.size()[3]])?;
        // One plane of frames by 512 for each of the kernel's 25 places.
        let places = self.weight.f_matmul(&rows.f_transpose(0, 1)?)?;
        let places = floats(&places);
        let place = |frame: usize, tap: usize| {
            let start = tap * frames * half + frame * half;
            &places[start..start + half]
        };
        let (scale, shift) = (self.norm.scale[0], self.norm.shift[0]);
        let mut plane = Vec::with_capacity((self.above.end - self.above.start) as usize * 2 * half);
        let (mut even, mut odd) = (vec![0.0_f32; half], vec![0.0_f32; half]);
        for frame in self.above.clone() {
            even.fill(self.bias);
            odd.fill(self.bias);
            // Frame o of the output takes place k of input i where o = 2 i + k - 1.
            for k in 0..5_i64 {
                let twice = frame + 1 - k;
                let from = twice.div_euclid(2);
                if twice.rem_euclid(2) != 0 || !self.below.contains(&from) {
                    continue;
                }
                let from = (from - self.below.start) as usize;
                let tap = |bin: usize| place(from, k as usize * 5 + bin);
                add(&mut even, tap(1));
                add(&mut even[1..], &tap(3)[..half - 1]);
                add(&mut odd[..half - 1], &tap(0)[1..]);
                add(&mut odd, tap(2));
                add(&mut odd[1..], &tap(4)[..half - 1]);
            }
            for (even, odd) in even.iter().zip(&odd) {
                plane.push(even.max(0.0) * scale + shift);
                plane.push(odd.max(0.0) * scale + shift);
            }
        }
        Ok(plane)
    }
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

impl HeadLayer {
    /// Masks `[frames wanted, 2, 1024]` from the plane's frames `above`; zeros lie around the plane.
    fn masks(&self, plane: &[f32], above: &Range<i64>) -> Vec<f32> {
        let mut masks = vec![0.0_f32; (self.wanted.end - self.wanted.start) as usize * SEEN];
        for (frame, masks) in self.wanted.clone().zip(masks.chunks_exact_mut(SEEN)) {
            for (side, mask) in masks.chunks_exact_mut(BINS_SEEN).enumerate() {
                mask.fill(self.bias[side]);
            }
            for tap in 0..16 {
                let from = frame + 2 * (tap as i64 / 4) - 3;
                if !above.contains(&from) {
                    continue;
                }
                let from = (from - above.start) as usize * BINS_SEEN;
                let from = &plane[from..from + BINS_SEEN];
                // Bin b takes bin b + shift.
                let shift = 2 * (tap % 4) as isize - 3;
                for (side, mask) in masks.chunks_exact_mut(BINS_SEEN).enumerate() {
                    let weight = self.taps[side][tap];
                    let (to, from) = if shift < 0 {
                        (&mut mask[shift.unsigned_abs()..], from)
                    } else {
                        (&mut mask[..], &from[shift.unsigned_abs()..])
                    };
                    to.iter_mut().zip(from).for_each(|(to, x)| *to += weight * x);
                }
            }
            masks.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp()));
        }
        masks
    }
}

/// `[1, frames, bins, channels]` of planes that lie so in memory, as convolutions of such planes do.
fn inner(planes: &Tensor) -> Result<Tensor, TchError> {
    planes.f_permute([0, 2, 3, 1])?.f_contiguous()
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let mut values = vec![0.0_f32; tensor.numel()];
    tensor
        .f_to_kind(Kind::Float)?
        .f_copy_data(&mut values, tensor.numel())?;
    Ok(values)
}
