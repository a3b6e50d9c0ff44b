//! Sound: files in, samples out. PCM is interleaved stereo `f32`, one frame = one sample of each
//! channel; positions are frames (`u64`) or seconds (`f64`), and names say which.

pub mod decode;
pub mod feeder;
pub mod flac;
pub mod identity;
pub mod mixer;
pub mod player;
pub mod resample;
pub mod stft;
pub mod write;
