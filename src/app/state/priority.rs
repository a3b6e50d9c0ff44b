//! Why a song is separated, and how urgent that is.

use crate::app::state::song_key::SongKey;

/// Why a song is separated; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// It is playing.
    Playing,
    /// It is in the queue.
    Queued,
    /// The user requested it.
    Requested,
    /// It was found in a music folder.
    Found,
    /// A better model than the one that separated it is in use.
    Redo,
}

impl Priority {
    /// The user waits for it. Jobs of other priorities must not evict anything from the cache.
    pub fn is_requested(self) -> bool {
        self < Self::Found
    }
}

/// Smaller comes first: by priority, then the newest request.
pub(super) type Rank = (Priority, i64);

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitingJob {
    pub key: SongKey,
    pub priority: Priority,
    pub(super) rank: Rank,
    /// Length of its audio in seconds, 0 while unknown.
    pub seconds: f64,
}
