//! The network `unet-mask`: a U-Net over magnitude spectrograms that gives a soft mask in [0, 1]
//! (Jansson et al. 2017). Strided encoder, mirrored decoder, skip connections.

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::layers::{Layers, Mode, Step, leaky};
use crate::network::{INPUTS, OUTPUTS};
use crate::rng::Rng;

/// Size of the network; stored in the manifest of its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
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

impl Shape {
    /// The network as published first, small enough for any processor.
    pub fn classic() -> Self {
        Self {
            encoder: vec![24, 48, 64, 96, 128, 128],
            top: 16,
            halving: None,
            level_reach: None,
        }
    }

    pub fn light() -> Self {
        Self {
            encoder: vec![32, 64, 96, 128, 192, 192],
            top: 24,
            halving: Some(3),
            level_reach: Some(16),
        }
    }

    pub fn full() -> Self {
        Self {
            encoder: vec![48, 96, 128, 192, 256, 256],
            top: 32,
            halving: Some(3),
            level_reach: Some(16),
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

    /// Mask planes before the sigmoid, `[batch, 6, frames, 512]`, for input planes
    /// `[batch, 9, frames, 512]`.
    pub fn forward(&self, layers: &Layers, input: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let mut skips = Vec::with_capacity(self.encoder.len());
        let mut x = input.shallow_clone();
        for level in 0..self.encoder.len() {
            skips.push(x.shallow_clone());
            x = leaky(&layers.conv(&format!("down{level}"), &x, self.down(level).step, mode)?)?;
        }
        for (level, skip) in skips.into_iter().enumerate().rev() {
            let up = layers
                .transposed(&format!("up{level}"), &x, self.up(level).step, mode)?
                .f_relu()?;
            x = Tensor::f_cat(&[up, skip], 1)?;
        }
        layers.conv("head", &x, Step::same(3), mode)
    }
}
