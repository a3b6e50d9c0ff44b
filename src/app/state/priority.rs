//! Who wants a song separated, and how urgent that is.

use crate::app::state::song_key::SongKey;

/// Why a song is to be separated; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody listens to it.
    Playing,
    /// It stands in the queue.
    Queued,
    /// Asked for by hand.
    Requested,
    /// Found in a music folder.
    Found,
    /// Its vocals are of a model that is not as good as the one in use.
    Redo,
}

impl Priority {
    /// Somebody waits for it; the others must not push anything out of the cache.
    pub fn is_requested(self) -> bool {
        self < Self::Found
    }
}

/// Smaller comes first: the wish, then the newest.
pub(super) type Rank = (Priority, i64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitingJob {
    pub key: SongKey,
    pub priority: Priority,
    pub(super) rank: Rank,
    /// Seconds of audio, as far as known.
    pub seconds: f64,
}
