//! The network `unet-mask`: a U-Net over magnitude spectrograms that gives a soft mask in [0, 1].
//! Strided encoder, mirrored decoder, skip connections. Spectra are `[batch, channel, frame, bin]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use crate::rng::Rng;

/// Size of the network; stored in the manifest of its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Channels after each encoder level; each halves frames and bins.
    pub encoder: Vec<i64>,
    /// Channels of the decoder at full resolution.
    pub top: i64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            encoder: vec![24, 48, 64, 96, 128, 128],
            top: 16,
        }
    }
}

impl Shape {
    /// Frames must be a multiple of this.
    pub fn frame_multiple(&self) -> usize {
        1 << self.encoder.len()
    }
}

/// Input planes: three sub-bands of |L|, |R| and |L - R|.
pub const INPUTS: i64 = 9;
/// Output planes: three sub-bands of the masks of L and R.
pub const OUTPUTS: i64 = 6;
const BATCH_NORM_EPS: f64 = 1e-5;
/// Share of a new batch in the running statistics.
const BATCH_NORM_MOMENTUM: f64 = 0.02;

/// Named tensors; ordered, so that two runs walk them alike.
pub type Tensors = BTreeMap<String, Tensor>;

/// How a forward pass treats batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The batch's own statistics, and the running ones follow.
    Train,
    /// The running statistics.
    Evaluate,
    /// They are folded into the convolutions already.
    Folded,
}

/// Parameters that the optimiser moves, and the running statistics beside them.
#[derive(Debug)]
pub struct Unet {
    pub shape: Shape,
    pub parameters: Tensors,
    pub statistics: Tensors,
}

impl Unet {
    /// Fresh weights: He-style for the leaky encoder, drawn from our own generator so that a seed
    /// means the same on every device.
    pub fn new(shape: Shape, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x756e_6574);
        let mut unet = Self {
            shape,
            parameters: Tensors::new(),
            statistics: Tensors::new(),
        };
        let mut input = INPUTS;
        for (level, &output) in unet.shape.encoder.clone().iter().enumerate() {
            unet.draw(
                &format!("down{level}"),
                [output, input, 5, 5],
                input * 25,
                &mut rng,
            );
            unet.norm(&format!("down{level}"), output);
            input = output;
        }
        for level in (0..unet.shape.encoder.len()).rev() {
            let output = unet.up_channels(level);
            // A 4x4 kernel at stride 2: each output sees 2x2 of it.
            unet.draw(&format!("up{level}"), [input, output, 4, 4], input * 4, &mut rng);
            unet.norm(&format!("up{level}"), output);
            input = 2 * output;
        }
        let input = unet.shape.top + INPUTS;
        unet.draw("head", [OUTPUTS, input, 3, 3], input * 9 * 4, &mut rng);
        unet.parameters.insert(
            "head.bias".into(),
            Tensor::full([OUTPUTS], -1.0, (Kind::Float, Device::Cpu)),
        );
        unet
    }

    /// Channels that decoder `level` puts out: those of the skip it meets.
    fn up_channels(&self, level: usize) -> i64 {
        if level == 0 {
            self.shape.top
        } else {
            self.shape.encoder[level - 1]
        }
    }

    fn draw(&mut self, name: &str, size: [i64; 4], fan_in: i64, rng: &mut Rng) {
        let deviation = (2.0 / fan_in as f32).sqrt();
        let values: Vec<f32> = (0..size.iter().product())
            .map(|_| rng.normal(0.0, deviation))
            .collect();
        self.parameters.insert(
            format!("{name}.weight"),
            Tensor::from_slice(&values).reshape(size),
        );
    }

    fn norm(&mut self, name: &str, channels: i64) {
        let options = (Kind::Float, Device::Cpu);
        self.parameters
            .insert(format!("{name}.norm.weight"), Tensor::ones([channels], options));
        self.parameters
            .insert(format!("{name}.norm.bias"), Tensor::zeros([channels], options));
        self.statistics
            .insert(format!("{name}.norm.mean"), Tensor::zeros([channels], options));
        self.statistics
            .insert(format!("{name}.norm.var"), Tensor::ones([channels], options));
    }

    /// Mask planes `[batch, 6, frames, 512]` for input planes `[batch, 9, frames, 512]`.
    pub fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let levels = self.shape.encoder.len();
        let mut skips = Vec::with_capacity(levels);
        let mut x = input.shallow_clone();
        for level in 0..levels {
            skips.push(x.shallow_clone());
            let name = format!("down{level}");
            let y = x.f_conv2d(self.weight(&name)?, self.bias(&name), [2, 2], [2, 2], [1, 1], 1)?;
            x = leaky(&self.normalise(&name, y, mode)?)?;
        }
        for level in (0..levels).rev() {
            let name = format!("up{level}");
            let y = x.f_conv_transpose2d(
                self.weight(&name)?,
                self.bias(&name),
                [2, 2],
                [1, 1],
                [0, 0],
                1,
                [1, 1],
            )?;
            x = self.normalise(&name, y, mode)?.f_relu()?;
            let skip = skips.pop().ok_or_else(|| missing("skip"))?;
            x = Tensor::f_cat(&[x, skip], 1)?;
        }
        x.f_conv2d(self.weight("head")?, self.bias("head"), [1, 1], [1, 1], [1, 1], 1)?
            .f_sigmoid()
    }

    fn normalise(&self, name: &str, x: Tensor, mode: Mode) -> Result<Tensor, TchError> {
        if mode == Mode::Folded {
            return Ok(x);
        }
        let of = |tensors: &Tensors, what: &str| {
            let key = format!("{name}.norm.{what}");
            tensors
                .get(&key)
                .map(Tensor::shallow_clone)
                .ok_or_else(|| missing(&key))
        };
        x.f_batch_norm(
            Some(of(&self.parameters, "weight")?),
            Some(of(&self.parameters, "bias")?),
            Some(of(&self.statistics, "mean")?),
            Some(of(&self.statistics, "var")?),
            mode == Mode::Train,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPS,
            false,
        )
    }

    fn weight(&self, name: &str) -> Result<&Tensor, TchError> {
        let key = format!("{name}.weight");
        self.parameters.get(&key).ok_or_else(|| missing(&key))
    }

    fn bias(&self, name: &str) -> Option<&Tensor> {
        self.parameters.get(&format!("{name}.bias"))
    }

    /// The same function without batch normalisation: its scale and shift move into the convolutions.
    pub fn folded(&self) -> Result<Self, TchError> {
        let mut folded = Self {
            shape: self.shape.clone(),
            parameters: Tensors::new(),
            statistics: Tensors::new(),
        };
        let get = |tensors: &Tensors, key: String| {
            tensors
                .get(&key)
                .map(Tensor::shallow_clone)
                .ok_or_else(|| missing(&key))
        };
        for (key, tensor) in self.parameters.iter().filter(|(key, _)| !key.contains(".norm.")) {
            let Some(name) = key.strip_suffix(".weight").filter(|name| *name != "head") else {
                folded.parameters.insert(key.clone(), tensor.f_detach_copy()?);
                continue;
            };
            let deviation = (get(&self.statistics, format!("{name}.norm.var"))? + BATCH_NORM_EPS).f_sqrt()?;
            let scale = get(&self.parameters, format!("{name}.norm.weight"))? / deviation;
            let shift = get(&self.parameters, format!("{name}.norm.bias"))?
                - get(&self.statistics, format!("{name}.norm.mean"))? * &scale;
            // Output channels come first in a convolution and second in a transposed one.
            let along: [i64; 4] = if name.starts_with("down") {
                [-1, 1, 1, 1]
            } else {
                [1, -1, 1, 1]
            };
            folded
                .parameters
                .insert(key.clone(), tensor * scale.f_reshape(along)?);
            folded.parameters.insert(format!("{name}.bias"), shift);
        }
        Ok(folded)
    }

    /// Every tensor that must have been stored, for comparing with what a file holds.
    pub fn sizes(&self) -> BTreeMap<String, Vec<i64>> {
        self.parameters
            .iter()
            .chain(&self.statistics)
            .map(|(key, tensor)| (key.clone(), tensor.size()))
            .collect()
    }

    pub fn move_to(&mut self, device: Device) -> Result<(), TchError> {
        for tensor in self.parameters.values_mut().chain(self.statistics.values_mut()) {
            *tensor = tensor.f_to_device(device)?;
        }
        Ok(())
    }
}

fn missing(key: &str) -> TchError {
    TchError::Convert(format!("the network has no tensor {key}"))
}

/// Leaky rectifier with slope 0.2: tch binds `leaky_relu` only with torch's own slope, so this is a
/// PReLU whose weight never learns.
fn leaky(x: &Tensor) -> Result<Tensor, TchError> {
    x.f_prelu(&Tensor::from_slice(&[0.2_f32]).f_to_device(x.device())?)
}
