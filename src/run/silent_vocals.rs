//! Stands in for the vocals of a song that has none.

use crate::audio::Vocals;

/// Vocals that are always silent: the song plays as the original.
pub struct SilentVocals;

impl Vocals for SilentVocals {
    fn rate(&self) -> u32 {
        44_100
    }

    fn read(&mut self, _start: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        false
    }
}
