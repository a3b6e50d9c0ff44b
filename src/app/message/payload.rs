//! Larger payloads of events and effects.

use std::path::PathBuf;

use crate::key_tempo::KeyTempo;
use crate::song_settings::SongSettings;
use crate::track::TrackId;
use crate::waveform::Peaks;

/// Everything that is known about a song before it plays.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedSong {
    pub path: PathBuf,
    /// `None` if there is no cache: the song plays without separation.
    pub id: Option<TrackId>,
    pub memory: SongSettings,
    pub duration: Option<f64>,
    /// Length of a segment's core, in seconds.
    pub segment_seconds: f64,
    /// The peaks of each segment, `None` for those whose vocals are not stored. Empty if unknown.
    pub segments: Vec<Option<Peaks>>,
    /// All segments are stored.
    pub complete: bool,
    /// The model that separated them, if they should be separated again with a better one.
    pub older: Option<String>,
    /// Where the song begins and ends in its audio, in seconds, if its lyrics file says so.
    pub begins: f64,
    pub ends: Option<f64>,
}

/// The song that follows the playing one.
#[derive(Debug, Clone, PartialEq)]
pub struct NextUp {
    pub play_id: u64,
    pub path: PathBuf,
    pub key_tempo: KeyTempo,
    /// Length of the crossfade from the playing song, in seconds.
    pub crossfade: f64,
}
