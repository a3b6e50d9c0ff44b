//! Narrower networks out of wide ones: of each layer of [`crate::spleeter`] the channels that carry most are kept, so
//! that a small network begins its training as a rough copy of a large one instead of as noise.

use std::collections::BTreeMap;

use tch::{Kind, TchError, Tensor};

use crate::layers::Layers;
use crate::spleeter::Shape;

/// The tensors of one stem of `layers`, whose shape is `wide`, cut down to `narrow`, by their names below the stem.
///
/// # Errors
/// A tensor that is not there, by name.
pub fn slim(layers: &Layers, stem: &str, wide: &Shape, narrow: &Shape) -> Result<Layers, TchError> {
    let whole = layers.below(&format!("{stem}."));
    let kept = Kept::choose(&whole, wide, narrow)?;
    let mut slim = Layers::default();
    let groups = [
        (&whole.parameters, &mut slim.parameters),
        (&whole.statistics, &mut slim.statistics),
    ];
    for (from, to) in groups {
        for (key, tensor) in from {
            to.insert(key.clone(), kept.cut(key, tensor)?);
        }
    }
    Ok(slim)
}

/// Channels of each layer's output that are kept, in their order.
struct Kept {
    outputs: BTreeMap<String, Tensor>,
    wide: Shape,
}

impl Kept {
    fn choose(whole: &Layers, wide: &Shape, narrow: &Shape) -> Result<Self, TchError> {
        let mut outputs = BTreeMap::new();
        for level in 0..wide.levels() {
            let name = format!("down{level}");
            let score = carried_down(whole, level, wide)?;
            outputs.insert(name, largest(&score, narrow.encoder[level])?);
            if level > 0 {
                let score = carried_up(whole, level, wide)?;
                outputs.insert(format!("up{level}"), largest(&score, narrow.up_channels(level))?);
            }
        }
        Ok(Self {
            outputs,
            wide: wide.clone(),
        })
    }

    /// A tensor without the channels that are left out.
    fn cut(&self, key: &str, tensor: &Tensor) -> Result<Tensor, TchError> {
        let (name, part) = key.split_once('.').unwrap_or((key, ""));
        let outputs = self.outputs.get(name);
        if part != "weight" {
            return outputs.map_or_else(|| tensor.f_detach_copy(), |kept| tensor.f_index_select(0, kept));
        }
        // Transposed convolutions have their outputs second.
        let is_up = name.starts_with("up");
        let (of_outputs, of_inputs) = if is_up { (1, 0) } else { (0, 1) };
        let mut cut = tensor.f_detach_copy()?;
        if let Some(kept) = outputs {
            cut = cut.f_index_select(of_outputs, kept)?;
        }
        if let Some(kept) = self.inputs(name)? {
            cut = cut.f_index_select(of_inputs, &kept)?;
        }
        cut.f_contiguous()
    }

    /// Which inputs of a layer are kept: outputs of those before it. `None` where it sees what never changes.
    fn inputs(&self, name: &str) -> Result<Option<Tensor>, TchError> {
        let of = |name: String| self.outputs.get(&name);
        let Some(level) = name.chars().next_back().and_then(|digit| digit.to_digit(10)) else {
            return Ok(None);
        };
        let level = level as usize;
        if name.starts_with("down") {
            let before = level.checked_sub(1).and_then(|level| of(format!("down{level}")));
            return Ok(before.map(Tensor::shallow_clone));
        }
        let Some(skip) = of(format!("down{level}")) else {
            return Ok(None);
        };
        match of(format!("up{}", level + 1)) {
            // The result from below lies behind the skip.
            Some(below) => {
                let below = below + self.wide.encoder[level];
                Ok(Some(Tensor::f_cat(&[skip.shallow_clone(), below], 0)?))
            }
            None => Ok(Some(skip.shallow_clone())),
        }
    }
}

/// How much each channel of encoder level `level` moves what reads it: the next level after its normalisation, and
/// the decoder as it is.
fn carried_down(whole: &Layers, level: usize, wide: &Shape) -> Result<Tensor, TchError> {
    let channels = wide.encoder[level];
    let up = whole.weight(&format!("up{level}"))?.f_narrow(0, 0, channels)?;
    let to_decoder = lengths(&up, 0)?;
    let name = format!("down{level}");
    if level + 1 == wide.levels() {
        return Ok(to_decoder);
    }
    let deviation = whole.statistic(&format!("{name}.norm.var"))?.f_sqrt()?;
    let gain = whole.parameter(&format!("{name}.norm.weight"))?.f_abs()?;
    let to_next = lengths(whole.weight(&format!("down{}", level + 1))?, 1)?;
    // Both in shares, since the two readers' scales have nothing to do with each other.
    let share = |x: Tensor| {
        let sum = x.f_sum(Kind::Float)?;
        x.f_div(&sum)
    };
    Ok(share(to_decoder * deviation)? + share(to_next * gain)?)
}

/// The same of decoder level `level`, which the next one up reads behind the skip.
fn carried_up(whole: &Layers, level: usize, wide: &Shape) -> Result<Tensor, TchError> {
    let channels = wide.up_channels(level);
    let gain = whole.parameter(&format!("up{level}.norm.weight"))?.f_abs()?;
    let reader = whole.weight(&format!("up{}", level - 1))?;
    Ok(lengths(&reader.f_narrow(0, channels, channels)?, 0)? * gain)
}

/// Length of a weight's part for each index along a dimension.
fn lengths(weight: &Tensor, dimension: i64) -> Result<Tensor, TchError> {
    let others: Vec<i64> = (0..weight.dim() as i64)
        .filter(|other| *other != dimension)
        .collect();
    weight
        .f_detach()?
        .f_square()?
        .f_sum_dim_intlist(&others[..], false, Kind::Float)?
        .f_sqrt()
}

/// Indices of the `count` largest, in rising order.
fn largest(score: &Tensor, count: i64) -> Result<Tensor, TchError> {
    let (_, indices) = score.f_topk(count.min(score.size()[0]), 0, true, false)?;
    Ok(indices.f_sort(0, false)?.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::layers::Mode;
    use crate::mask::BINS;
    use crate::network::{Design, Network};
    use tch::Device;

    fn shape(encoder: &[i64]) -> Shape {
        Shape {
            encoder: encoder.to_vec(),
            ..Shape::published(&["vocals"])
        }
    }

    #[test]
    fn channels_that_nobody_reads_are_left_out_and_nothing_changes() {
        tch::set_num_threads(1);
        tch::manual_seed(9);
        let (wide, narrow) = (shape(&[6, 8, 10, 12, 14, 16]), shape(&[5, 6, 8, 9, 10, 12]));
        let mut network = Network::new(Design::Spleeter(wide.clone()), 2);
        let _guard = tch::no_grad_guard();
        let parameters = &network.layers.parameters;
        let weight = |name: String| &parameters[&format!("vocals.{name}.weight")];
        for level in 0..wide.levels() {
            // Every other channel from the first on, as many as are too many.
            let (has, keeps) = (wide.encoder[level], narrow.encoder[level]);
            for dead in (0..has - keeps).map(|n| 2 * n % has) {
                let mut silence = |x: &Tensor, dimension: i64, at: i64| {
                    let _ = x.narrow(dimension, at, 1).zero_();
                };
                silence(weight(format!("up{level}")), 0, dead);
                if level + 1 < wide.levels() {
                    silence(weight(format!("down{}", level + 1)), 1, dead);
                    // What the decoder's next level down gives has as many channels.
                    silence(weight(format!("up{level}")), 0, has + dead);
                }
            }
        }
        for tensor in network.layers.statistics.values_mut() {
            *tensor = tensor.rand_like() + 0.5;
        }
        let mut small = Network::new(Design::Spleeter(narrow.clone()), 7);
        small.adopt(&network).unwrap();
        assert!(small.layers.sizes() == Network::new(Design::Spleeter(narrow), 1).layers.sizes());
        let spectrum = || Tensor::randn([1, 2, 64, BINS], (Kind::Float, Device::Cpu));
        let (re, im) = (spectrum(), spectrum());
        let masks = |network: &Network| {
            let ones = Tensor::ones([BINS], (Kind::Float, Device::Cpu));
            network
                .masks((&re, &im), &ones, Mode::Evaluate, Kind::Float, 0..64)
                .unwrap()
        };
        let (large, small) = (masks(&network), masks(&small));
        let off = (&large - &small).abs().max().double_value(&[]);
        assert!(off < 1e-5, "{off}");
        assert!(large.std(true).double_value(&[]) > 1e-3);
    }

    #[test]
    fn all_channels_of_a_network_are_the_network() {
        let wide = shape(&[4, 5, 6, 7]);
        let network = Network::new(Design::Spleeter(wide.clone()), 2);
        let same = slim(&network.layers, "vocals", &wide, &wide).unwrap();
        let whole = network.layers.below("vocals.");
        assert_eq!(same.sizes(), whole.sizes());
        for (key, tensor) in &whole.parameters {
            assert!(tensor.equal(&same.parameters[key]), "{key}");
        }
    }
}
