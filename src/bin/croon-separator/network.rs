//! The networks croon knows, by kind and size. All of them give masks in [0, 1] for mixture spectra.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use crate::layers::{Layers, Mode, channels_last};
use crate::mask;
use crate::rng::Rng;
use crate::spleeter::{self, MaskCombination};
use crate::unet::UnetShape;

/// Kind and size of a network, as manifests and plans name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "architecture", content = "shape", rename_all = "kebab-case")]
pub enum Design {
    UnetMask(UnetShape),
    Spleeter(spleeter::SpleeterShape),
}

impl Design {
    /// What the names of the bundled models stand for.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "unet-mask" => Some(Self::UnetMask(UnetShape::classic())),
            "light" => Some(Self::Spleeter(spleeter::SpleeterShape::published(&["vocals"]))),
            "full" => Some(Self::Spleeter(spleeter::SpleeterShape::filtered())),
            "spleeter" => Some(Self::Spleeter(spleeter::SpleeterShape::published(&[
                "vocals",
                "accompaniment",
            ]))),
            _ => None,
        }
    }

    /// Frames must be a multiple of this.
    pub fn frame_multiple(&self) -> usize {
        match self {
            Self::UnetMask(shape) => shape.frame_multiple(),
            Self::Spleeter(shape) => shape.frame_multiple(),
        }
    }

    /// Whether the weights come with the mean magnitude of music per bin.
    pub fn whitens(&self) -> bool {
        matches!(self, Self::UnetMask(_))
    }

    /// Whether a tensor of a file with both stems is none of this network's, which has the vocals' alone.
    pub fn leaves_out(&self, tensor: &str) -> bool {
        match self {
            Self::UnetMask(_) => false,
            Self::Spleeter(shape) => {
                let stem = tensor.split('.').next().unwrap_or_default();
                stem == "accompaniment" && !shape.stems.iter().any(|known| known == stem)
            }
        }
    }

    /// Whether a [`crate::wiener`] filter follows the masks.
    pub fn is_filtered(&self) -> bool {
        match self {
            Self::UnetMask(_) => false,
            Self::Spleeter(shape) => shape.estimate == MaskCombination::Wiener,
        }
    }

    /// Whether the weights of an untrusted manifest may be laid out in memory.
    pub fn is_sane(&self) -> bool {
        match self {
            Self::UnetMask(shape) => shape.is_sane(),
            Self::Spleeter(shape) => shape.is_sane(),
        }
    }
}

#[derive(Debug)]
pub struct Network {
    pub design: Design,
    pub layers: Layers,
}

impl Network {
    pub fn new(design: Design, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x756e_6574);
        let layers = match &design {
            Design::UnetMask(shape) => shape.fresh(&mut rng),
            Design::Spleeter(shape) => shape.fresh(&mut rng),
        };
        Self { design, layers }
    }

    /// Masks `[batch, 2, wanted frames, 2048]` in [0, 1] for mixture spectra `[batch, 2, frames, 2048]`, as
    /// floats, computed in `kind`. `whitening` is the mean magnitude of music per bin.
    pub fn masks(
        &self,
        (re, im): (&Tensor, &Tensor),
        whitening: &Tensor,
        mode: Mode,
        kind: Kind,
        wanted: Range<i64>,
    ) -> Result<Tensor, TchError> {
        match &self.design {
            Design::UnetMask(shape) => {
                let input = tch::no_grad(|| {
                    let magnitude = mask::magnitude(re, im)?;
                    let level = match shape.level_reach {
                        Some(reach) => mask::moving_level(&magnitude, reach)?,
                        None => mask::level(&magnitude)?,
                    };
                    mask::features(re, im, magnitude, &level, whitening)
                })?;
                mask::unfold(&shape.planes(&self.layers, &input, mode, kind, wanted)?)
            }
            Design::Spleeter(shape) => shape.masks(&self.layers, (re, im), mode, kind, &wanted),
        }
    }

    /// The same function with its batch normalisations folded away, for [`Mode::Folded`] alone.
    pub fn folded(&self) -> Result<Self, TchError> {
        let layers = match &self.design {
            Design::UnetMask(shape) => {
                let mut layers = self.layers.folded(|name| name.starts_with("up"))?;
                shape.arrange(&mut layers)?;
                layers
            }
            Design::Spleeter(shape) => shape.folded(&self.layers)?,
        };
        Ok(Self {
            design: self.design.clone(),
            layers,
        })
    }

    /// Takes over the weights of another network: one of the same size, or one with more stems.
    ///
    /// # Errors
    /// A tensor that has no place here, by name.
    pub fn adopt(&mut self, other: &Self) -> Result<(), TchError> {
        let groups = [
            (&mut self.layers.parameters, &other.layers.parameters),
            (&mut self.layers.statistics, &other.layers.statistics),
        ];
        for (mine, theirs) in groups {
            for (name, tensor) in theirs.iter().filter(|(name, _)| !self.design.leaves_out(name)) {
                match mine.get_mut(name) {
                    Some(place) if place.size() == tensor.size() => *place = tensor.f_detach_copy()?,
                    _ => {
                        let misfit =
                            format!("the tensor {name} of size {:?} has no place in it", tensor.size());
                        return Err(TchError::Shape(misfit));
                    }
                }
            }
        }
        Ok(())
    }

    /// The same weights on another device and in another kind, laid out as its convolutions read them, so
    /// that no pass has to convert them.
    pub fn on(&self, device: Device, kind: Kind) -> Result<Self, TchError> {
        let mut moved = self.share();
        for tensor in moved.layers.parameters.values_mut() {
            *tensor = tensor.f_to_device_(device, kind, false, false)?;
            if tensor.dim() == 4 {
                *tensor = channels_last(tensor)?;
            }
        }
        Ok(moved)
    }

    /// The same tensors under another owner, for another thread.
    pub fn share(&self) -> Self {
        Self {
            design: self.design.clone(),
            layers: self.layers.share(),
        }
    }
}
