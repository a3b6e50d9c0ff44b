//! TODO

use std::ops::Range;

use tch::TchError;

use croon::audio::dsp::stft::Complex;

/// A network on the processor: sees the spectrum of a window frame by frame and then masks frames of it.
pub trait Masker: Send {
    /// Takes in frame number `frame` of a window, [`SPECTRUM_BINS`] bins of each channel. Every frame below
    /// [`WINDOW_FRAMES`] is seen before [`Self::compute`].
    fn see(&mut self, frame: usize, left: &[Complex<f32>], right: &[Complex<f32>]);

    /// Computes the masks of these frames.
    ///
    /// # Errors
    /// What libtorch says, which is lack of memory.
    fn compute(&mut self, wanted: Range<usize>) -> Result<(), TchError>;

    /// Takes in the spectrum of a frame again, once its mask is known. Every frame wanted comes before the first
    /// [`Self::mask`].
    fn learn(&mut self, _frame: usize, _left: &[Complex<f32>], _right: &[Complex<f32>]) {}

    /// Leaves of a frame's spectrum what is voice. `frame` counts from the first one wanted.
    fn mask(&self, frame: usize, left: &mut [Complex<f32>], right: &mut [Complex<f32>]);
}
