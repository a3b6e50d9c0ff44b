//! TODO

use std::path::PathBuf;

use crate::audio::Vocals;
use crate::key_tempo::KeyTempo;

/// What to play.
pub struct Song {
    /// The caller's name for it; events and positions carry it back.
    pub play_id: u64,
    pub path: PathBuf,
    pub vocals: Box<dyn Vocals>,
    /// Seconds into the song.
    pub start: f64,
    /// Brings it to the loudness of the other songs; 1 leaves it as it is. Mixture and vocals alike.
    pub gain: f32,
    /// Where it follows another song: seconds over which it comes in over that one's end; 0 begins where
    /// that one ended.
    pub crossfade: f64,
    pub key_tempo: KeyTempo,
}
