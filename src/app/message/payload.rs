//! The facts that events and effects carry.

use std::path::PathBuf;

use crate::key_tempo::KeyTempo;
use crate::song_settings::SongSettings;
use crate::track::TrackId;
use crate::waveform::Peaks;

/// What there is to know about a song before it plays.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub path: PathBuf,
    /// None where no cache can be had: the song plays as it is.
    pub id: Option<TrackId>,
    pub memory: SongSettings,
    pub duration: Option<f64>,
    /// Length of one segment's core.
    pub segment_seconds: f64,
    /// One per segment of the song: its peaks, where its vocals are stored. Empty if unknown.
    pub segments: Vec<Option<Peaks>>,
    /// All segments are stored.
    pub complete: bool,
    /// The model they are of, where they should be made again with a better one.
    pub older: Option<String>,
    /// Where the song begins and ends in its audio, in seconds, where its text says so.
    pub begins: f64,
    pub ends: Option<f64>,
}

/// The song that follows the playing one.
#[derive(Debug, Clone, PartialEq)]
pub struct NextUp {
    pub token: u64,
    pub path: PathBuf,
    pub key_tempo: KeyTempo,
    /// Seconds over which it comes in over the end of the playing one.
    pub crossfade: f64,
}
