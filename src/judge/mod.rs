//! How good a separation is: BSS Eval v4, whole-clip SDR, SI-SDR and leak, for any separator's
//! estimates on songs whose stems are known, and the baselines every figure is to be read beside.
//!
//! Audio is interleaved stereo `f32` at [`RATE`]; every figure is in dB and computed in `f64`.

pub mod baselines;
pub mod bss;
mod correlate;
pub mod leak;
pub mod reference;
pub mod report;
pub mod scores;
pub mod sdr;
mod toeplitz;

/// Frames per second of everything that is judged; other rates are converted when they are read.
pub const RATE: u32 = 44_100;
