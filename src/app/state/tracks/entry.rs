//! One song of the Library and what croon knows of it.

use crate::app::state::damage::TrackDamage;
use crate::app::state::song_history::SongHistory;
use crate::track::{StemState, Track};

/// A song and what we know of it.
#[derive(Debug, Clone)]
pub struct TrackEntry {
    pub track: Track,
    pub stems: StemState,
    /// The model its vocals are of, where they should be made again with a better one; until then they are
    /// [`StemState::Ready`].
    pub older: Option<String>,
    /// It could not be played; the automatic next song skips it.
    pub unplayable: bool,
    /// The part of it that could not be read while it played.
    pub damage: TrackDamage,
    pub history: SongHistory,
    /// Small letters of artist, title and album: what songs are sorted and found by.
    pub search_text: Box<str>,
}

impl TrackEntry {
    /// How far a separation is; vocals that are only made again stay ready meanwhile.
    pub(in crate::app) fn set_stems(&mut self, stems: StemState) {
        if self.older.is_none() {
            self.stems = stems;
        }
    }
}
