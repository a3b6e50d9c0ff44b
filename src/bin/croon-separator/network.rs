//! The networks croon knows, by kind and size. All of them take the same planes and give a mask in [0, 1] per plane.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use crate::layers::{Layers, Mode, channels_last};
use crate::rng::Rng;
use crate::unet::Shape;

/// Input planes: three sub-bands of |L|, |R| and |L - R|.
pub const INPUTS: i64 = 9;
/// Output planes: three sub-bands of the masks of L and R.
pub const OUTPUTS: i64 = 6;

/// Kind and size of a network, as manifests and plans name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "architecture", content = "shape", rename_all = "kebab-case")]
pub enum Design {
    UnetMask(Shape),
}

impl Design {
    /// What the names of the bundled models stand for.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "unet-mask" => Some(Self::UnetMask(Shape::classic())),
            "light" => Some(Self::UnetMask(Shape::light())),
            "full" => Some(Self::UnetMask(Shape::full())),
            _ => None,
        }
    }

    /// Frames must be a multiple of this.
    pub fn frame_multiple(&self) -> usize {
        match self {
            Self::UnetMask(shape) => shape.frame_multiple(),
        }
    }

    /// Frames before and after each whose mean is its input's level; the whole window where `None`.
    pub fn level_reach(&self) -> Option<i64> {
        match self {
            Self::UnetMask(shape) => shape.level_reach,
        }
    }

    /// Whether the weights of an untrusted manifest may be laid out in memory.
    pub fn is_sane(&self) -> bool {
        match self {
            Self::UnetMask(shape) => shape.is_sane(),
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
        };
        Self { design, layers }
    }

    /// Mask planes `[batch, 6, frames, 512]` in [0, 1] for input planes `[batch, 9, frames, 512]`, as
    /// floats, computed in `kind`.
    #[cfg(test)]
    pub fn forward(&self, input: &Tensor, mode: Mode, kind: Kind) -> Result<Tensor, TchError> {
        self.forward_within(input, mode, kind, 0..input.size()[2])
    }

    /// The planes of these frames alone.
    pub fn forward_within(
        &self,
        input: &Tensor,
        mode: Mode,
        kind: Kind,
        frames: Range<i64>,
    ) -> Result<Tensor, TchError> {
        let input = channels_last(&input.f_to_kind(kind)?)?;
        let planes = match &self.design {
            Design::UnetMask(shape) => shape.forward(&self.layers, &input, mode, frames)?,
        };
        planes.f_to_kind(Kind::Float)?.f_sigmoid_()
    }

    /// The same function with its batch normalisations folded away, for [`Mode::Folded`] alone.
    pub fn folded(&self) -> Result<Self, TchError> {
        let transposed = |name: &str| match &self.design {
            Design::UnetMask(_) => name.starts_with("up"),
        };
        let mut layers = self.layers.folded(transposed)?;
        match &self.design {
            Design::UnetMask(shape) => shape.arrange(&mut layers)?,
        }
        Ok(Self {
            design: self.design.clone(),
            layers,
        })
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
