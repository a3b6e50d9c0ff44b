//! A song as the player is asked to play it.

use std::path::PathBuf;

use crate::audio::Vocals;
use crate::key_tempo::KeyTempo;

/// A song to play.
pub struct PlayerSong {
    /// The caller's number for this play; events and positions carry it.
    pub play_id: u64,
    pub path: PathBuf,
    pub vocals: Box<dyn Vocals>,
    /// Where to start, in seconds.
    pub start: f64,
    /// Linear gain for mixture and vocals, which brings all songs to the same loudness; 1 leaves the song
    /// unchanged.
    pub gain: f32,
    /// Length of the cross-fade from the previous song, in seconds; 0 starts the song right after the end
    /// of the previous one.
    pub crossfade: f64,
    pub key_tempo: KeyTempo,
}
