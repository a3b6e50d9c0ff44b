//! A network with what it needs beside its weights.

use std::ops::Range;

use tch::{Device, Kind, TchError, Tensor};

use crate::gate::Gate;
use crate::layers::Mode;
use crate::mask::BINS;
use crate::network::Network;
use crate::recording::{HOP, SPECTRUM_BINS};
use croon::separate::segment::Grid;

/// The cut of songs, shared with the player.
pub const GRID: Grid = Grid::STANDARD;
pub const WINDOW: usize = GRID.window;
/// Frames of a window's spectrum.
pub const SPECTRUM_FRAMES: usize = WINDOW / HOP + 1;
/// Frames of a window that a network sees. The spectrum's last one, half outside and far from the core,
/// is left out for a number that halves often.
pub const WINDOW_FRAMES: usize = WINDOW / HOP;

#[derive(Debug)]
pub struct Model {
    pub network: Network,
    /// Mean magnitude of music per bin: what is divided out of every input. Ones where the network does not
    /// ask for it.
    pub whitening: Tensor,
    /// What closes where hardly anything passes the mask.
    pub gate: Option<Gate>,
    pub device: Device,
}

impl Model {
    /// The same tensors under another owner, for another thread: a tensor may be sent but not lent.
    pub fn share(&self) -> Self {
        Self {
            network: self.network.share(),
            whitening: self.whitening.shallow_clone(),
            gate: self.gate,
            device: self.device,
        }
    }

    /// Masks `[batch, 2, frames, 2048]` for mixture spectra of the same size.
    /// The network computes in `kind`.
    pub fn masks(&self, re: &Tensor, im: &Tensor, mode: Mode, kind: Kind) -> Result<Tensor, TchError> {
        self.masks_within(re, im, mode, kind, 0..re.size()[2])
    }

    /// The masks of these frames alone.
    pub fn masks_within(
        &self,
        re: &Tensor,
        im: &Tensor,
        mode: Mode,
        kind: Kind,
        frames: Range<i64>,
    ) -> Result<Tensor, TchError> {
        self.network.masks((re, im), &self.whitening, mode, kind, frames)
    }

    /// The same model on another device, its network in another kind.
    pub fn on(&self, device: Device, kind: Kind) -> Result<Self, TchError> {
        tch::no_grad(|| {
            Ok(Self {
                network: self.network.on(device, kind)?,
                whitening: self.whitening.f_to_device(device)?,
                gate: self.gate,
                device,
            })
        })
    }
}

/// `[batch, 2, frames, 2048]` from planes `[batch][channel][frame][2049]`.
pub fn spectrum(plane: &[f32], frames: usize, device: Device) -> Result<Tensor, TchError> {
    let bytes: &[u8] = bytes_of(plane);
    let size = [-1, 2, frames as i64, SPECTRUM_BINS as i64];
    let whole = Tensor::f_from_data_size(bytes, &[plane.len() as i64], Kind::Float)?.f_reshape(size)?;
    whole.f_to_device(device)?.f_narrow(3, 0, BINS)
}

/// The memory of a slice of floats, for tch's constructor that reports errors instead of panicking.
fn bytes_of(values: &[f32]) -> &[u8] {
    // SAFETY: f32 has no padding and any byte is a valid u8; the length covers exactly the slice.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}
