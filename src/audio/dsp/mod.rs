//! TODO

pub(crate) mod formants;
pub mod loudness;
pub mod resample;
pub mod stft;
pub mod time_stretch;
pub mod vocal_activity;
