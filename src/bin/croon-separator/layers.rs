//! The tensors of a network by name, and the layers that are made of them. A layer called `x` owns
//! `x.weight`, and where a batch normalisation follows it `x.norm.weight`, `x.norm.bias` and the running
//! statistics `x.norm.mean` and `x.norm.var`. Planes are `[batch, channel, frame, row]`, and everything
//! computes in the kind of its input: weights kept as floats follow a half-precision input.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

use crate::rng::Rng;

/// Added to the variance before its root is taken.
pub const BATCH_NORM_EPS: f64 = 1e-5;
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

/// Where a convolution's kernel goes.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub stride: [i64; 2],
    pub padding: [i64; 2],
}

impl Step {
    /// Keeps the size with an odd square kernel.
    pub const fn same(kernel: i64) -> Self {
        Self {
            stride: [1, 1],
            padding: [kernel / 2, kernel / 2],
        }
    }
}

/// Parameters that the optimiser moves, and the running statistics beside them.
#[derive(Debug, Default)]
pub struct Layers {
    pub parameters: Tensors,
    pub statistics: Tensors,
}

impl Layers {
    /// A weight drawn from a normal distribution, from our own generator so that a seed means the same
    /// on every device.
    pub fn draw(&mut self, name: &str, size: &[i64], deviation: f32, rng: &mut Rng) {
        let values: Vec<f32> = (0..size.iter().product())
            .map(|_| rng.normal(0.0, deviation))
            .collect();
        self.parameters.insert(
            format!("{name}.weight"),
            Tensor::from_slice(&values).reshape(size),
        );
    }

    pub fn bias(&mut self, name: &str, channels: i64, value: f64) {
        let bias = Tensor::full([channels], value, (Kind::Float, Device::Cpu));
        self.parameters.insert(format!("{name}.bias"), bias);
    }

    /// The normalisation after layer `name`, whose gain begins at `gain`.
    pub fn norm(&mut self, name: &str, channels: i64, gain: f64) {
        let options = (Kind::Float, Device::Cpu);
        let parameters = &mut self.parameters;
        parameters.insert(
            format!("{name}.norm.weight"),
            Tensor::full([channels], gain, options),
        );
        parameters.insert(format!("{name}.norm.bias"), Tensor::zeros([channels], options));
        let statistics = &mut self.statistics;
        statistics.insert(format!("{name}.norm.mean"), Tensor::zeros([channels], options));
        statistics.insert(format!("{name}.norm.var"), Tensor::ones([channels], options));
    }

    /// Convolution `name` with its normalisation, where it has one.
    pub fn conv(&self, name: &str, x: &Tensor, step: Step, mode: Mode) -> Result<Tensor, TchError> {
        let (weight, bias) = self.of(name, x.kind())?;
        let y = x.f_conv2d(&weight, bias, step.stride, step.padding, [1, 1], 1)?;
        self.normalise(name, y, mode)
    }

    /// Transposed convolution `name` with its normalisation, where it has one.
    pub fn transposed(&self, name: &str, x: &Tensor, step: Step, mode: Mode) -> Result<Tensor, TchError> {
        let (weight, bias) = self.of(name, x.kind())?;
        let y = x.f_conv_transpose2d(&weight, bias, step.stride, step.padding, [0, 0], 1, [1, 1])?;
        self.normalise(name, y, mode)
    }

    /// Convolution `name` without padding and without what may follow it.
    pub fn conv_alone(
        &self,
        name: &str,
        x: &Tensor,
        stride: [i64; 2],
        dilation: [i64; 2],
    ) -> Result<Tensor, TchError> {
        let (weight, bias) = self.of(name, x.kind())?;
        x.f_conv2d(&weight, bias, stride, [0, 0], dilation, 1)
    }

    /// Transposed convolution `name` without what may follow it.
    pub fn transposed_alone(
        &self,
        name: &str,
        x: &Tensor,
        stride: [i64; 2],
        padding: [i64; 2],
    ) -> Result<Tensor, TchError> {
        let (weight, bias) = self.of(name, x.kind())?;
        x.f_conv_transpose2d(&weight, bias, stride, padding, [0, 0], 1, [1, 1])
    }

    /// Applies the normalisation of layer `name`. In [`Mode::Folded`] it is the scale and shift that
    /// [`Self::norm_as_scale`] gave.
    pub fn normalised(&self, name: &str, x: Tensor, mode: Mode) -> Result<Tensor, TchError> {
        if mode != Mode::Folded {
            return self.normalise(name, x, mode);
        }
        let plane = |part: &str| {
            get(&self.parameters, &format!("{name}.{part}"))?
                .f_to_kind(x.kind())?
                .f_reshape([1, -1, 1, 1])
        };
        plane("shift")?.f_addcmul(&x, &plane("scale")?)
    }

    /// Scale and shift per channel that do what the normalisation of layer `name` does.
    pub fn norm_as_scale(&self, name: &str) -> Result<(Tensor, Tensor), TchError> {
        let gain = get(&self.parameters, &format!("{name}.norm.weight"))?;
        let variance = get(&self.statistics, &format!("{name}.norm.var"))?;
        let scale = gain / (variance + BATCH_NORM_EPS).f_sqrt()?;
        let mean = get(&self.statistics, &format!("{name}.norm.mean"))?;
        let shift = get(&self.parameters, &format!("{name}.norm.bias"))? - mean * &scale;
        Ok((scale, shift))
    }

    /// Weight and bias of a layer in the kind its input has.
    fn of(&self, name: &str, kind: Kind) -> Result<(Tensor, Option<Tensor>), TchError> {
        let weight = self.weight(name)?.f_to_kind(kind)?;
        let bias = self.parameters.get(&format!("{name}.bias"));
        Ok((weight, bias.map(|bias| bias.f_to_kind(kind)).transpose()?))
    }

    pub fn weight(&self, name: &str) -> Result<&Tensor, TchError> {
        self.parameter(&format!("{name}.weight"))
    }

    pub fn parameter(&self, key: &str) -> Result<&Tensor, TchError> {
        get(&self.parameters, key)
    }

    fn normalise(&self, name: &str, x: Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let Some(gain) = self.parameters.get(&format!("{name}.norm.weight")) else {
            return Ok(x);
        };
        x.f_batch_norm(
            Some(gain),
            Some(get(&self.parameters, &format!("{name}.norm.bias"))?),
            Some(get(&self.statistics, &format!("{name}.norm.mean"))?),
            Some(get(&self.statistics, &format!("{name}.norm.var"))?),
            mode == Mode::Train,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPS,
            false,
        )
    }

    /// The same function without batch normalisation: its scale and shift move into the convolutions
    /// before it. `transposed` tells the layers whose output channels come second in their weights.
    pub fn folded(&self, transposed: impl Fn(&str) -> bool) -> Result<Self, TchError> {
        let mut folded = Self::default();
        for (key, tensor) in self.parameters.iter().filter(|(key, _)| !key.contains(".norm.")) {
            let name = key.strip_suffix(".weight");
            let has_norm = |name: &&str| self.parameters.contains_key(&format!("{name}.norm.weight"));
            let Some(name) = name.filter(has_norm) else {
                folded.parameters.insert(key.clone(), tensor.f_detach_copy()?);
                continue;
            };
            let (scale, shift) = self.norm_as_scale(name)?;
            let along: [i64; 4] = if transposed(name) {
                [1, -1, 1, 1]
            } else {
                [-1, 1, 1, 1]
            };
            folded
                .parameters
                .insert(key.clone(), tensor * scale.f_reshape(along)?);
            folded.parameters.insert(format!("{name}.bias"), shift);
        }
        Ok(folded)
    }

    /// The same tensors under another owner, for another thread: a tensor may be sent but not lent.
    pub fn share(&self) -> Self {
        let share = |tensors: &Tensors| {
            tensors
                .iter()
                .map(|(key, tensor)| (key.clone(), tensor.shallow_clone()))
                .collect()
        };
        Self {
            parameters: share(&self.parameters),
            statistics: share(&self.statistics),
        }
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

fn get<'t>(tensors: &'t Tensors, key: &str) -> Result<&'t Tensor, TchError> {
    tensors
        .get(key)
        .ok_or_else(|| TchError::Convert(format!("the network has no tensor {key}")))
}

/// Planes whose channels lie together in memory: oneDNN's convolutions are up to half faster on them,
/// and every later layer keeps the order it finds.
pub fn channels_last(x: &Tensor) -> Result<Tensor, TchError> {
    x.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_permute([0, 3, 1, 2])
}

/// Leaky rectifier with slope 0.2, in one pass forwards and one backwards. tch binds `leaky_relu` only with
/// torch's own slope, but its derivative with any: `x` times the derivative at `x` is the rectifier itself.
pub fn leaky(x: &Tensor) -> Result<Tensor, TchError> {
    x.f_detach()?.f_leaky_relu_backward(x, 0.2, false)
}

/// Input planes: three sub-bands of |L|, |R| and |L - R|.
pub const INPUTS: i64 = 9;

/// Output planes: three sub-bands of the masks of L and R.
pub const OUTPUTS: i64 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaky_rectifier_and_its_gradient_have_a_slope_of_a_fifth() {
        let x = Tensor::from_slice(&[-2.0_f32, -0.5, 0.5, 3.0]).set_requires_grad(true);
        let y = leaky(&x).unwrap();
        (&y * Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0]))
            .sum(Kind::Float)
            .backward();
        let values = |x: &Tensor| Vec::<f32>::try_from(x).unwrap();
        assert_eq!(values(&y), [-0.4, -0.1, 0.5, 3.0]);
        assert_eq!(values(&x.grad()), [0.2, 0.4, 3.0, 4.0]);
    }
}
