//! In the place of the vocals of a song that has none.

use crate::audio::Vocals;

/// Of a song whose stems cannot be looked for: it plays as it is.
pub struct NoVocals;

impl Vocals for NoVocals {
    fn rate(&self) -> u32 {
        44_100
    }

    fn read(&mut self, _start: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        false
    }
}
