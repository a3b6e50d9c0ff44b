//! What happened to a song before: when it was added, how often and when it was sung.

use crate::song_settings::SongSettings;

/// What became of a song before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SongHistory {
    /// Its vocals are never evicted.
    pub pinned: bool,
    /// How often it was sung.
    pub plays: u32,
    /// When last, in seconds since the Unix epoch; 0 where never.
    pub last_sung: i64,
    /// When croon first saw the file, in seconds since the Unix epoch; 0 where nobody knows.
    pub added: i64,
}

impl SongHistory {
    /// With what is remembered of the song.
    pub fn with(self, memory: &SongSettings) -> Self {
        Self {
            pinned: memory.pinned,
            plays: memory.plays,
            last_sung: memory.last_sung,
            ..self
        }
    }
}
