//! The orders in which the Library can be listed.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::app::state::tracks::entry::TrackEntry;

/// What the songs of the Library are ordered by; equal ones by artist and title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    #[default]
    Artist,
    Title,
    /// The newest first.
    Added,
    /// The most often sung first.
    Plays,
    /// The one sung last first; after those the ones never sung.
    Sung,
}

impl Sort {
    pub const ALL: [Self; 5] = [Self::Artist, Self::Title, Self::Added, Self::Plays, Self::Sung];

    /// As the screen says it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Artist => "by artist",
            Self::Title => "by title",
            Self::Added => "recently added first",
            Self::Plays => "most sung first",
            Self::Sung => "last sung first",
        }
    }

    /// Two songs; equal where only artist and title tell them apart.
    pub(super) fn compare(self, a: &TrackEntry, b: &TrackEntry) -> Ordering {
        let newest = |of: fn(&TrackEntry) -> i64| of(b).cmp(&of(a));
        match self {
            Self::Artist => Ordering::Equal,
            Self::Title => title(a).cmp(title(b)),
            Self::Added => newest(|e| e.history.added).then(newest(|e| e.track.stamp.modified_ns)),
            Self::Plays => newest(|e| e.history.plays.into()),
            Self::Sung => newest(|e| e.history.last_sung),
        }
    }

    /// A song that was just sung may stand elsewhere now.
    pub(crate) fn goes_by_singing(self) -> bool {
        matches!(self, Self::Plays | Self::Sung)
    }
}

/// Of `artist, title, album` in small letters.
pub(crate) fn title(entry: &TrackEntry) -> &str {
    entry.search_text.split('\u{1}').nth(1).unwrap_or("")
}
