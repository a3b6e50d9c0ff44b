//! The facts that events and effects carry.

use std::path::PathBuf;

use crate::app::sort::Past;
use crate::key_tempo::KeyTempo;
use crate::song_memory::SongMemory;
use crate::track::{Track, TrackId};

/// One song of [`Event::Found`](super::Event::Found).
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub track: Track,
    /// Its vocals are whole in the cache.
    pub ready: bool,
    /// The model they are of, where they should be made again with a better one.
    pub older: Option<String>,
    pub past: Past,
}

/// What there is to know about a song before it plays.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub path: PathBuf,
    /// None where no cache can be had: the song plays as it is.
    pub id: Option<TrackId>,
    pub memory: SongMemory,
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

/// Points of each waveform in a segment, as the store keeps them.
pub const WAVE_POINTS: usize = 64;

/// Loudest sample in each such part of a segment, 255 = full scale: what the waveforms are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peaks {
    pub vocals: [u8; WAVE_POINTS],
    pub instrumental: [u8; WAVE_POINTS],
}

/// What computes the separation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EngineInfo {
    /// `cpu`, `cuda:0`.
    pub device: String,
    /// Why this device.
    pub why: String,
    pub model: String,
    /// Why this model; empty where nobody says.
    pub model_why: String,
    /// Measured, in times real time; 0 while unknown.
    pub speed: f32,
}

/// Where the sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Device {
        name: String,
        rate: u32,
        /// What was wanted and is not there; it is taken as soon as it comes.
        instead_of: Option<String>,
    },
    /// It went away while it was heard; the player has paused.
    Lost { name: String, reason: String },
    /// No device: a silent clock keeps everything moving while the player tries again.
    Silent { reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    pub bytes: u64,
    pub cap_bytes: u64,
    pub songs: u64,
    pub pinned: u64,
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
