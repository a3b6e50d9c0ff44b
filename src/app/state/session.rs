//! What is written for the next session: settings, queue, position and history.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::app::state::queue::Queue;
use crate::app::state::queue::entry::item;
use crate::app::state::sort_order::Sort;
use crate::m3u::ListItem;
use crate::request::Repeat;

/// What croon remembers from one session to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionSettings {
    /// Vocal level for songs that have none of their own, percent.
    pub level: u8,
    /// Master volume, percent.
    pub volume: u8,
    /// The order of the Library.
    pub sort: Sort,
    /// Readings under the lines.
    pub readings: bool,
}

/// What croon remembers of the outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputSettings {
    /// The one chosen by hand; none: as configured, or the system's default.
    pub chosen: Option<String>,
    /// How late each of them is heard, by name; those that are not have no entry.
    pub delays_ms: BTreeMap<String, u32>,
}

/// The queue as it is written down.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionQueue {
    pub items: Vec<ListItem>,
    pub repeat: Repeat,
    /// While shuffled: positions in `items` in the order without.
    pub unshuffled: Option<Vec<usize>>,
    /// Singers by their last turns.
    pub turns: Vec<(String, u64)>,
}

/// Where the music stood.
#[derive(Debug, Clone, PartialEq)]
pub struct ResumePoint {
    pub path: PathBuf,
    /// `Artist - Title`.
    pub name: String,
    pub singer: Option<String>,
    pub seconds: f64,
}

/// A song that was sung.
#[derive(Debug, Clone, PartialEq)]
pub struct SungSong {
    /// Seconds since the Unix epoch.
    pub at: i64,
    pub path: PathBuf,
    /// `Artist - Title`.
    pub name: String,
    pub singer: Option<String>,
}

/// What the last session left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Session {
    pub queue: SessionQueue,
    pub resume: Option<ResumePoint>,
    /// The newest first.
    pub history: Vec<SungSong>,
}

impl SessionQueue {
    pub(crate) fn of(queue: &Queue) -> Self {
        Self {
            items: queue.entries().iter().map(item).collect(),
            repeat: queue.repeat(),
            unshuffled: queue.unshuffled(),
            turns: queue.rotation().to_list(),
        }
    }
}

/// What is written for the next session, and what the last one left.
#[derive(Debug)]
pub struct SessionState {
    /// Where the last session ended, until something plays.
    pub resume: Option<ResumePoint>,
    /// The song list that was named last, for the next prompt.
    pub(crate) list_name: String,
    /// `Queue::changes` when the queue was last written.
    pub(crate) saved_queue_changes: u64,
    /// The position that was last written.
    pub(crate) saved_resume: Option<ResumePoint>,
    /// The song was playing when its position was last written.
    pub(crate) saved_playing: bool,
}

impl SessionState {
    pub(crate) fn new(saved_queue_changes: u64) -> Self {
        Self {
            resume: None,
            list_name: String::new(),
            saved_queue_changes,
            saved_resume: None,
            saved_playing: false,
        }
    }
}
