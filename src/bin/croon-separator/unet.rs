//! The network `unet-mask`: a U-Net over magnitude spectrograms that gives a soft mask in [0, 1]
//! (Jansson et al. 2017). Strided encoder, mirrored decoder, skip connections.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::layers::{INPUTS, Layers, Mode, OUTPUTS, Step, channels_last, leaky};
use crate::rng::Rng;

/// Size of the network; stored in the manifest of its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnetShape {
    /// Channels after each encoder level; each halves the rows.
    pub encoder: Vec<i64>,
    /// Channels of the decoder at full resolution.
    pub top: i64,
    /// Levels that halve the frames too, all of them where nothing is said. The fewer, the shorter the
    /// stretch of music a mask depends on, and the less two overlapping windows can differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halving: Option<usize>,
    /// The input's level is the mean over so many frames before and after each; over the whole window
    /// where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_reach: Option<i64>,
}

/// Kernel and step of a layer.
struct Move {
    kernel: [i64; 2],
    step: Step,
}

impl UnetShape {
    /// The network as published first, small enough for any processor.
    pub fn classic() -> Self {
        Self {
            encoder: vec![24, 48, 64, 96, 128, 128],
            top: 16,
            halving: None,
            level_reach: None,
        }
    }

    fn halves_frames(&self, level: usize) -> bool {
        self.halving.is_none_or(|levels| level < levels)
    }

    fn down(&self, level: usize) -> Move {
        let (kernel, stride, padding) = if self.halves_frames(level) {
            ([5, 5], [2, 2], [2, 2])
        } else {
            ([3, 5], [1, 2], [1, 2])
        };
        let step = Step { stride, padding };
        Move { kernel, step }
    }

    fn up(&self, level: usize) -> Move {
        let (kernel, stride, padding) = if self.halves_frames(level) {
            ([4, 4], [2, 2], [1, 1])
        } else {
            ([1, 4], [1, 2], [0, 1])
        };
        let step = Step { stride, padding };
        Move { kernel, step }
    }

    /// Frames must be a multiple of this.
    pub fn frame_multiple(&self) -> usize {
        let levels = self.encoder.len();
        1 << self.halving.map_or(levels, |halving| halving.min(levels))
    }

    /// Whether the weights of an untrusted manifest may be laid out in memory.
    pub fn is_sane(&self) -> bool {
        let mut channels = self.encoder.iter().chain([&self.top]);
        (1..=8).contains(&self.encoder.len())
            && channels.all(|c| (1..=4096).contains(c))
            && self.level_reach.is_none_or(|reach| (0..=256).contains(&reach))
    }

    /// Channels that decoder `level` puts out: those of the skip it meets.
    fn up_channels(&self, level: usize) -> i64 {
        if level == 0 {
            self.top
        } else {
            self.encoder[level - 1]
        }
    }

    /// Fresh weights, He-style for the leaky encoder.
    pub fn fresh(&self, rng: &mut Rng) -> Layers {
        let mut layers = Layers::default();
        let he = |fan_in: i64| (2.0 / fan_in as f32).sqrt();
        let mut input = INPUTS;
        for (level, &output) in self.encoder.iter().enumerate() {
            let name = format!("down{level}");
            let [frames, rows] = self.down(level).kernel;
            layers.draw(
                &name,
                &[output, input, frames, rows],
                he(input * frames * rows),
                rng,
            );
            layers.norm(&name, output, 1.0);
            input = output;
        }
        for level in (0..self.encoder.len()).rev() {
            let output = self.up_channels(level);
            let name = format!("up{level}");
            let Move { kernel, step } = self.up(level);
            // At a stride of 2, each output sees one place of two in the kernel.
            let seen = kernel[0] / step.stride[0] * kernel[1] / step.stride[1];
            layers.draw(
                &name,
                &[input, output, kernel[0], kernel[1]],
                he(input * seen),
                rng,
            );
            layers.norm(&name, output, 1.0);
            input = if level == 0 { self.top + INPUTS } else { 2 * output };
        }
        layers.draw("head", &[OUTPUTS, input, 3, 3], he(input * 9 * 4), rng);
        layers.bias("head", OUTPUTS, -1.0);
        layers
    }

    /// Mask planes `[batch, 6, wanted frames, 512]` in [0, 1] for input planes `[batch, 9, frames, 512]`, as
    /// floats, computed in `kind`.
    pub fn planes(
        &self,
        layers: &Layers,
        input: &Tensor,
        mode: Mode,
        kind: Kind,
        wanted: Range<i64>,
    ) -> Result<Tensor, TchError> {
        let input = channels_last(&input.f_to_kind(kind)?)?;
        let planes = self.forward(layers, &input, mode, wanted)?;
        planes.f_to_kind(Kind::Float)?.f_sigmoid_()
    }

    /// Mask planes before the sigmoid, `[batch, 6, wanted frames, 512]`, for input planes
    /// `[batch, 9, frames, 512]`. What the frames wanted do not depend on is not computed: the encoder looks
    /// far around, the decoder only at its neighbours.
    fn forward(
        &self,
        layers: &Layers,
        input: &Tensor,
        mode: Mode,
        wanted: Range<i64>,
    ) -> Result<Tensor, TchError> {
        let mut skips = Vec::with_capacity(self.encoder.len());
        let mut x = input.shallow_clone();
        for level in 0..self.encoder.len() {
            skips.push(x.shallow_clone());
            x = leaky(&layers.conv(&format!("down{level}"), &x, self.down(level).step, mode)?)?;
        }
        // Frames of each level that the level above it needs, the head first.
        let mut needed = Vec::with_capacity(skips.len() + 1);
        needed.push(within(wanted.start - 1..wanted.end + 1, input.size()[2]));
        for level in 0..skips.len() {
            let above = needed[level].clone();
            let below = skips.get(level + 1).unwrap_or(&x).size()[2];
            needed.push(if self.halves_frames(level) {
                within((above.start - 1).div_euclid(2)..above.end / 2 + 1, below)
            } else {
                above
            });
        }
        x = narrow(&x, &needed[skips.len()], 0)?;
        for (level, skip) in skips.into_iter().enumerate().rev() {
            let first = needed[level + 1].start * if self.halves_frames(level) { 2 } else { 1 };
            let up = layers.transposed(&format!("up{level}"), &x, self.up(level).step, mode)?;
            let up = narrow(&up, &needed[level], first)?.f_relu_()?;
            let skip = narrow(&skip, &needed[level], 0)?;
            if level == 0 && mode == Mode::Folded {
                let planes = paired_head(layers, &up, &skip)?;
                return narrow(&planes, &wanted, needed[0].start);
            }
            x = Tensor::f_cat(&[up, skip], 1)?;
        }
        narrow(
            &layers.conv("head", &x, Step::same(3), mode)?,
            &wanted,
            needed[0].start,
        )
    }

    /// Brings folded weights into the form that [`Self::forward`] reads them in. The head gives six planes,
    /// and processors compute sixteen at a time: taking two rows at once it gives twelve. What it reads is
    /// not joined first either, since the sum of two small results is less to write than one large input.
    pub fn arrange(&self, layers: &mut Layers) -> Result<(), TchError> {
        let Some(head) = layers.parameters.remove("head.weight") else {
            return Ok(());
        };
        let (up, skip) = (self.top, INPUTS);
        for (name, from, count) in [("head.up.weight", 0, up), ("head.input.weight", up, skip)] {
            let weight = head.f_narrow(1, from, count)?;
            let rows = [
                weight.f_constant_pad_nd([0, 1])?,
                weight.f_constant_pad_nd([1, 0])?,
            ];
            layers.parameters.insert(name.into(), Tensor::f_cat(&rows, 0)?);
        }
        if let Some(bias) = layers.parameters.remove("head.bias") {
            layers
                .parameters
                .insert("head.up.bias".into(), bias.f_repeat([2])?);
        }
        Ok(())
    }
}

/// The head on rows in pairs: `[batch, 6, frames, 512]` out of the last decoder level and the input beside
/// it, `[batch, channels, frames, 512]`.
fn paired_head(layers: &Layers, up: &Tensor, input: &Tensor) -> Result<Tensor, TchError> {
    let step = Step {
        stride: [1, 2],
        padding: [1, 1],
    };
    let mut pairs = layers.conv("head.up", up, step, Mode::Folded)?;
    let pairs = pairs.f_add_(&layers.conv("head.input", input, step, Mode::Folded)?)?;
    // Twelve channels of a pair of rows lie in memory as six of the first and six of the second.
    let size = pairs.size();
    pairs
        .f_permute([0, 2, 3, 1])?
        .f_reshape([size[0], size[2], 2 * size[3], OUTPUTS])?
        .f_permute([0, 3, 1, 2])
}

/// The part of a range that lies in `0..frames`.
fn within(range: Range<i64>, frames: i64) -> Range<i64> {
    range.start.max(0)..range.end.min(frames)
}

/// Frames `wanted` of planes whose first frame is number `first`.
fn narrow(x: &Tensor, wanted: &Range<i64>, first: i64) -> Result<Tensor, TchError> {
    if wanted.end - wanted.start == x.size()[2] {
        return Ok(x.shallow_clone());
    }
    x.f_narrow(2, wanted.start - first, wanted.end - wanted.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Design;
    use crate::network::Network;
    use tch::Device;

    fn networks() -> Vec<Network> {
        let shape = |halving| UnetShape {
            encoder: vec![6, 6, 8, 8, 8, 8],
            top: 4,
            halving,
            level_reach: None,
        };
        [None, Some(3), Some(0)]
            .map(|halving| Network::new(Design::UnetMask(shape(halving)), 11))
            .into()
    }

    fn planes(network: &Network, input: &Tensor, mode: Mode, wanted: Range<i64>) -> Tensor {
        let Design::UnetMask(shape) = &network.design else {
            unreachable!()
        };
        shape
            .planes(&network.layers, input, mode, Kind::Float, wanted)
            .unwrap()
    }

    fn worst(a: &Tensor, b: &Tensor) -> f64 {
        assert_eq!(a.size(), b.size());
        (a - b).abs().max().double_value(&[])
    }

    #[test]
    fn a_part_of_the_frames_is_what_it_is_in_the_whole() {
        tch::manual_seed(1);
        let input = Tensor::rand([2, INPUTS, 128, 512], (Kind::Float, Device::Cpu));
        for network in networks() {
            let folded = tch::no_grad(|| network.folded()).unwrap();
            for (network, mode) in [(network, Mode::Evaluate), (folded, Mode::Folded)] {
                let whole = planes(&network, &input, mode, 0..128);
                for part in [0..128, 0..1, 127..128, 17..42, 40..101, 64..128] {
                    let alone = planes(&network, &input, mode, part.clone());
                    let off = worst(&alone, &whole.narrow(2, part.start, part.end - part.start));
                    assert!(off < 1e-6, "{part:?}: {off}");
                }
            }
        }
    }

    #[test]
    fn folding_and_arranging_change_the_form_and_not_the_function() {
        tch::manual_seed(2);
        let input = Tensor::rand([1, INPUTS, 64, 512], (Kind::Float, Device::Cpu));
        for network in networks() {
            let folded = tch::no_grad(|| network.folded()).unwrap();
            let before = planes(&network, &input, Mode::Evaluate, 0..64);
            let after = planes(&folded, &input, Mode::Folded, 0..64);
            assert!(worst(&before, &after) < 1e-5, "{}", worst(&before, &after));
        }
    }
}
