//! What is known of the engine that separates and of the cache that keeps the stems.

use crate::app::state::cache_stats::CacheStats;
use crate::app::state::song_key::SongKey;
use crate::engine_info::EngineInfo;

/// The engine and the cache, besides the jobs themselves.
#[derive(Debug, Default)]
pub struct Separation {
    pub engine: EngineState,
    /// `None` until the cache has been measured.
    pub cache: Option<CacheStats>,
    /// The full cache dropped songs: from now on only requested songs are separated.
    pub(crate) evicted: bool,
    /// The songs of the queue that the jobs were last ordered by.
    pub(crate) prefetched: Vec<SongKey>,
    /// The engine was asked to start before a job needs it.
    pub(crate) warming_up: bool,
    /// The user was told that the engine is slower than the music.
    pub(crate) reported_slow: bool,
}

/// What computes the separation, as far as we know.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum EngineState {
    /// Not needed yet.
    #[default]
    Asleep,
    Up(EngineInfo),
    Down(String),
}
