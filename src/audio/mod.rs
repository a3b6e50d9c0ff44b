//! Sound: files in, samples out. PCM is interleaved stereo `f32`, one frame = one sample of each
//! channel; positions are frames (`u64`) or seconds (`f64`), and names say which.

pub mod decode;
pub mod dsp;
pub mod flac;
pub mod frame;
pub mod identity;
pub mod mp3g_zip;
pub mod player;
pub mod write;

/// The sung part of one song, as far as it is known yet.
pub trait Vocals: Send {
    /// Frames per second of what [`read`](Self::read) gives.
    fn rate(&self) -> u32;

    /// Fills `out`, interleaved stereo, from frame `start` of the song; zeros where nothing is
    /// known. True when all of it is.
    fn read(&mut self, start: u64, out: &mut [f32]) -> bool;

    /// More may be known than at the last reading.
    fn refresh(&mut self) {}
}
