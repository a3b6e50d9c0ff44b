//! In which order the Library stands, and what is known of a song that orders go by.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::tracks::{Entry, Tracks};
use super::{App, act};
use crate::song_memory::SongMemory;

/// What became of a song before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// Its vocals are never evicted.
    pub pinned: bool,
    /// How often it was sung.
    pub plays: u32,
    /// When last, in seconds since the Unix epoch; 0 where never.
    pub last_sung: i64,
    /// When croon first saw the file, in seconds since the Unix epoch; 0 where nobody knows.
    pub added: i64,
}

impl Past {
    /// With what is remembered of the song.
    pub fn with(self, memory: &SongMemory) -> Self {
        Self {
            pinned: memory.pinned,
            plays: memory.plays,
            last_sung: memory.last_sung,
            ..self
        }
    }
}

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
    pub fn words(self) -> &'static str {
        match self {
            Self::Artist => "by artist",
            Self::Title => "by title",
            Self::Added => "recently added first",
            Self::Plays => "most sung first",
            Self::Sung => "last sung first",
        }
    }

    /// Two songs; equal where only artist and title tell them apart.
    pub(super) fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let newest = |of: fn(&Entry) -> i64| of(b).cmp(&of(a));
        match self {
            Self::Artist => Ordering::Equal,
            Self::Title => title(a).cmp(title(b)),
            Self::Added => newest(|e| e.past.added).then(newest(|e| e.track.stamp.modified_ns)),
            Self::Plays => newest(|e| e.past.plays.into()),
            Self::Sung => newest(|e| e.past.last_sung),
        }
    }

    /// A song that was just sung may stand elsewhere now.
    pub(super) fn goes_by_singing(self) -> bool {
        matches!(self, Self::Plays | Self::Sung)
    }
}

/// Of `artist, title, album` in small letters.
fn title(entry: &Entry) -> &str {
    entry.words.split('\u{1}').nth(1).unwrap_or("")
}

/// `o` and a letter.
pub(super) fn by(app: &mut App, sort: Sort) {
    app.tracks.set_sort(sort);
    app.say(format!("the Library stands {}", sort.words()));
    act::state_changed(app);
}

/// `p`: this song's vocals stay in the cache whatever comes, or may go again.
pub(super) fn pin(app: &mut App, effects: &mut Vec<super::Effect>) {
    let Some(entry) = app.selected().and_then(|key| app.tracks.get_mut(key)) else {
        return;
    };
    entry.past.pinned = !entry.past.pinned;
    let (pinned, title) = (entry.past.pinned, entry.track.title());
    effects.push(super::Effect::Pin {
        path: entry.track.path.clone(),
        id: entry.track.id,
        pinned,
    });
    app.say(if pinned {
        format!("{title} is pinned: its vocals stay in the cache")
    } else {
        format!("{title} is no longer pinned")
    });
}

impl Tracks {
    /// What was remembered of the song at this path is this now.
    pub(super) fn recall(&mut self, path: &std::path::Path, now: impl FnOnce(Past) -> Past) {
        let Some(entry) = self.find(path) else { return };
        let before = entry.past;
        entry.past = now(before);
        let moved = (before.plays, before.last_sung) != (entry.past.plays, entry.past.last_sung);
        if moved && self.sort().goes_by_singing() {
            self.set_sort(self.sort());
        }
    }
}
