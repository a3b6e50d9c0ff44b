//! AdamW with its moments in plain tensors, so that a training can be stored and picked up exactly,
//! and the moving average of the weights that is what gets published.

use tch::{TchError, Tensor};

use crate::layers::Tensors;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.99;
const EPS: f64 = 1e-8;
const WEIGHT_DECAY: f64 = 1e-2;
/// Gradients longer than this are shortened to it.
const CLIP: f64 = 1.0;
const EMA: f64 = 0.999;

#[derive(Debug, Default)]
pub struct AdamW {
    pub first: Tensors,
    pub second: Tensors,
}

/// Zeros beside each parameter.
fn zeros_like(parameters: &Tensors) -> Result<Tensors, TchError> {
    parameters
        .iter()
        .map(|(key, tensor)| Ok((key.clone(), tensor.f_detach()?.f_zeros_like()?)))
        .collect()
}

impl AdamW {
    pub fn new(parameters: &Tensors) -> Result<Self, TchError> {
        Ok(Self {
            first: zeros_like(parameters)?,
            second: zeros_like(parameters)?,
        })
    }

    /// One step along the gradients that lie in `parameters`, and clears them. `step` counts from 1.
    /// Gives the gradient's length before clipping.
    pub fn step(&mut self, parameters: &mut Tensors, step: u64, rate: f64) -> Result<f64, TchError> {
        let _guard = tch::no_grad_guard();
        let mut lengths = Vec::with_capacity(parameters.len());
        for tensor in parameters.values() {
            let gradient = tensor.f_grad()?;
            if gradient.defined() {
                lengths.push(gradient.f_norm()?);
            }
        }
        // Read once: each number that comes from a card waits until the card is done.
        let length = match lengths.is_empty() {
            true => 0.0,
            false => Tensor::f_stack(&lengths, 0)?.f_norm()?.f_double_value(&[])?,
        };
        if !length.is_finite() {
            return Ok(length);
        }
        let scale = (CLIP / length.max(1e-12)).min(1.0);
        let step = step.min(1 << 30) as i32;
        let (unbias1, unbias2) = (1.0 - BETA1.powi(step), 1.0 - BETA2.powi(step));
        for (key, tensor) in parameters.iter_mut() {
            let mut gradient = tensor.f_grad()?;
            let (Some(first), Some(second)) = (self.first.get_mut(key), self.second.get_mut(key)) else {
                continue;
            };
            if !gradient.defined() {
                continue;
            }
            // In place wherever it goes: the optimiser is all memory traffic.
            let _ = gradient.f_mul_scalar_(scale)?;
            let _ = first.f_lerp_(&gradient, 1.0 - BETA1)?;
            let _ = second.f_lerp_(&gradient.f_square()?, 1.0 - BETA2)?;
            let mut denominator = (&*second / unbias2).f_sqrt()?;
            let _ = denominator.f_add_scalar_(EPS)?;
            // Norms and biases are not decayed: pulling them to zero only changes the scale.
            if key.ends_with(".weight") && !key.contains(".norm.") {
                let _ = tensor.f_mul_scalar_(1.0 - rate * WEIGHT_DECAY)?;
            }
            let _ = tensor.f_addcdiv_(&first.f_mul_scalar(-rate / unbias1)?, &denominator)?;
            let _ = gradient.f_zero_()?;
        }
        Ok(length)
    }
}

/// Moves the average towards `now`; early steps count fully, so that it does not keep the start.
pub fn follow(average: &mut Tensors, now: &Tensors, step: u64) -> Result<(), TchError> {
    let _guard = tch::no_grad_guard();
    let keep = EMA.min(step as f64 / (step as f64 + 10.0));
    for (key, tensor) in now {
        if let Some(average) = average.get_mut(key) {
            let _ = average.f_lerp_(&tensor.f_detach()?, 1.0 - keep)?;
        }
    }
    Ok(())
}

/// Copies that share nothing with the originals.
pub fn copies(tensors: &Tensors) -> Result<Tensors, TchError> {
    tensors
        .iter()
        .map(|(key, tensor)| Ok((key.clone(), tensor.f_detach_copy()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn it_finds_the_bottom_of_a_bowl() {
        let goal = Tensor::from_slice(&[3.0_f32, -2.0]);
        let start = Tensor::zeros([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let mut parameters = Tensors::from([("x.bias".to_owned(), start)]);
        let mut adam = AdamW::new(&parameters).unwrap();
        for step in 1..=500 {
            (&parameters["x.bias"] - &goal)
                .square()
                .sum(Kind::Float)
                .backward();
            adam.step(&mut parameters, step, 0.05).unwrap();
        }
        let worst = (&parameters["x.bias"] - goal).abs().max().double_value(&[]);
        assert!(worst < 0.05, "{worst}");
    }

    #[test]
    fn a_gradient_that_is_no_number_changes_nothing() {
        let start = Tensor::ones([2], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let mut parameters = Tensors::from([("x.weight".to_owned(), start)]);
        let mut adam = AdamW::new(&parameters).unwrap();
        (&parameters["x.weight"] * f64::NAN).sum(Kind::Float).backward();
        assert!(adam.step(&mut parameters, 1, 0.1).unwrap().is_nan());
        assert_eq!(parameters["x.weight"].double_value(&[0]), 1.0);
    }
}
