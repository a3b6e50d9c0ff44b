//! TODO

/// Points of each waveform in a segment, as the store keeps them.
pub const WAVE_POINTS: usize = 64;

/// Loudest sample in each such part of a segment, 255 = full scale: what the waveforms are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peaks {
    pub vocals: [u8; WAVE_POINTS],
    pub instrumental: [u8; WAVE_POINTS],
}
