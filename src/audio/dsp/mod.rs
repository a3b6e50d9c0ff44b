//! Signal processing without files or devices: resampling, spectra, loudness, time-stretching and
//! vocal activity.

pub(crate) mod formants;
pub mod loudness;
pub mod resample;
pub mod stft;
pub mod time_stretch;
pub mod vocal_activity;
