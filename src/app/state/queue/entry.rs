//! One song that waits, and what is done at its end.

use std::path::PathBuf;

use crate::app::state::song_key::SongKey;
use crate::m3u::ListItem;

/// A place in the queue; never given twice.
pub type EntryId = u64;

/// One song that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueEntry {
    pub id: EntryId,
    pub path: PathBuf,
    /// None while the library does not have the file.
    pub key: Option<SongKey>,
    /// It could not be played.
    pub broken: bool,
    /// `Title - Artist`, for when the file is not there.
    pub name: String,
    pub seconds: Option<f64>,
    pub singer: Option<String>,
}

impl QueueEntry {
    pub fn is_playable(&self) -> bool {
        self.key.is_some() && !self.broken
    }
}

/// An entry that left the queue for the deck, and what is needed to put it back.
#[derive(Debug, Clone, PartialEq)]
pub struct DequeuedEntry {
    pub entry: QueueEntry,
    /// Its position in the queue.
    pub(super) at: usize,
    /// The turn that its singer had before.
    pub(super) turn_before: Option<u64>,
}

/// Longer names than this are a mistake of the clipboard.
const LONGEST_NAME: usize = 40;

/// A name as it is shown: harmless, one space between words, not too long.
pub fn tidy_name(name: &str) -> String {
    let name: String = crate::text::printable(name).chars().take(LONGEST_NAME).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn queued(item: ListItem) -> QueueEntry {
    let ListItem {
        path,
        name,
        seconds,
        singer,
    } = item;
    let name = if name.is_empty() {
        crate::track::file_title(&path)
    } else {
        name
    };
    QueueEntry {
        id: 0,
        path,
        key: None,
        broken: false,
        name,
        seconds: seconds.map(f64::from),
        singer,
    }
}

pub(crate) fn item(entry: &QueueEntry) -> ListItem {
    ListItem {
        path: entry.path.clone(),
        name: entry.name.clone(),
        seconds: entry.seconds.map(|seconds| seconds.round() as u32),
        singer: entry.singer.clone(),
    }
}

/// `Artist - Title`
pub(crate) fn name(artist: &str, title: &str) -> String {
    if artist.is_empty() {
        title.to_owned()
    } else {
        format!("{artist} - {title}")
    }
}
