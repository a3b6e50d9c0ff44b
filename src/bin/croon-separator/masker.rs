//! The interface of networks that run frame by frame on the CPU.

use std::ops::Range;

use tch::TchError;

use croon::audio::dsp::stft::Complex;

/// A network on the CPU. It receives the spectrum of a window frame by frame and then masks frames of it.
pub trait Masker: Send {
    /// Receives frame number `frame` of a window as one spectrum per channel. All frames of the window come
    /// before [`Self::compute`].
    fn see(&mut self, frame: usize, left: &[Complex<f32>], right: &[Complex<f32>]);

    /// Computes the masks of these frames.
    ///
    /// # Errors
    /// The error of libtorch, usually lack of memory.
    fn compute(&mut self, wanted: Range<usize>) -> Result<(), TchError>;

    /// Receives the spectrum of a frame again after its mask was computed. All wanted frames come before the
    /// first [`Self::mask`].
    fn learn(&mut self, _frame: usize, _left: &[Complex<f32>], _right: &[Complex<f32>]) {}

    /// Reduces a frame's spectrum to its vocals. `frame` counts from the first wanted one.
    fn mask(&self, frame: usize, left: &mut [Complex<f32>], right: &mut [Complex<f32>]);
}
