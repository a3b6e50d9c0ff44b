//! The waveforms of a song: the loudest samples of vocals and accompaniment, which the store keeps
//! beside each segment and the screens draw.

/// Points of each waveform in a segment.
pub const WAVE_POINTS: usize = 64;

/// The loudest sample in each of [`WAVE_POINTS`] equal parts of a segment: 0 is silence, 255 is full
/// scale or above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peaks {
    pub vocals: [u8; WAVE_POINTS],
    pub instrumental: [u8; WAVE_POINTS],
}

impl Default for Peaks {
    fn default() -> Self {
        Self {
            vocals: [0; WAVE_POINTS],
            instrumental: [0; WAVE_POINTS],
        }
    }
}
