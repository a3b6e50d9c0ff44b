//! The second stage of a separation: a U-Net of [`crate::unet`]'s kind that sees the mixture and what two networks of
//! [`crate::spleeter`]'s kind take for voice and for accompaniment in it, and moves the mask that both agree on.
//!
//! It looks where those do not: at the difference of left and right, at the full band, and, being trained on complex
//! spectra, at where the mixture's phase is too wrong for the voice to pass whole.

use std::ops::Range;

use tch::{Kind, TchError, Tensor};

use crate::layers::{Layers, Mode};
use crate::mask;
use crate::network::{INPUTS, OUTPUTS};
use crate::unet::Shape;

/// Input planes: those of `unet-mask`, and three sub-bands of the masks of voice and accompaniment, L and R.
pub const PLANES: i64 = INPUTS + 2 * OUTPUTS;
/// Names of its layers among those of the whole network begin so.
pub const PREFIX: &str = "refine.";
/// How near to 0 and 1 a mask may come, so that it can be moved at all.
pub const MARGIN: f64 = 1e-4;

/// Masks `[batch, 2, wanted frames, 2048]` for spectra `[batch, 2, frames, 2048]` and masks of the voice and of the
/// accompaniment of the same size.
#[allow(clippy::too_many_arguments)] // what a network is, what it sees, and how it computes
pub fn masks(
    shape: &Shape,
    layers: &Layers,
    (re, im): (&Tensor, &Tensor),
    whitening: &Tensor,
    [voice, rest]: [&Tensor; 2],
    mode: Mode,
    kind: Kind,
    wanted: Range<i64>,
) -> Result<Tensor, TchError> {
    let (input, agreed) = tch::no_grad(|| {
        let features = shape.features(re, im, whitening)?;
        let input = Tensor::f_cat(&[features, mask::fold(voice)?, mask::fold(rest)?], 1)?;
        let part = |x: &Tensor| x.f_narrow(2, wanted.start, wanted.end - wanted.start);
        let agreed = (part(voice)? + 1.0 - part(rest)?) * 0.5;
        Ok::<_, TchError>((input, agreed.f_logit(MARGIN)?))
    })?;
    let moved = shape.logits(layers, &input, mode, kind, wanted)?;
    (agreed + mask::unfold(&moved)?).f_sigmoid()
}
