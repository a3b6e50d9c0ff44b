//! The queue as it lies in the catalogue between two evenings.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::stem_store::StemStore;
use crate::m3u::ListItem;
use crate::text::printable;

const QUEUE: &str = "queue";

/// A path as it lies in the catalogue: text where it is text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathRecord {
    Text(String),
    Bytes(Vec<u8>),
}

impl PathRecord {
    pub fn of(path: &Path) -> Self {
        path.to_str().map_or_else(
            || Self::Bytes(path.as_os_str().as_bytes().to_vec()),
            |text| Self::Text(text.to_owned()),
        )
    }

    pub fn path(self) -> PathBuf {
        match self {
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => std::ffi::OsString::from_vec(bytes).into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ItemRecord {
    path: PathRecord,
    #[serde(default)]
    name: String,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    singer: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct QueueRecord {
    items: Vec<ItemRecord>,
    repeat: String,
    unshuffled: Option<Vec<usize>>,
    turns: Vec<(String, u64)>,
}

/// What is sung next, as it was left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredQueue {
    pub items: Vec<ListItem>,
    /// `off`, `one` or `all`.
    pub repeat: String,
    /// While shuffled: positions in `items` in the order without.
    pub unshuffled: Option<Vec<usize>>,
    /// Singers by their last turns.
    pub turns: Vec<(String, u64)>,
}

impl StoredQueue {
    /// Puts a list instead of what waits; the turns begin anew.
    pub fn replace(&mut self, items: Vec<ListItem>) {
        self.unshuffled = self.unshuffled.as_ref().map(|_| (0..items.len()).collect());
        self.items = items;
        self.turns.clear();
    }

    /// Puts a list behind what waits.
    pub fn append(&mut self, items: Vec<ListItem>) {
        let first = self.items.len();
        self.items.extend(items);
        if let Some(order) = &mut self.unshuffled {
            order.extend(first..self.items.len());
        }
    }
}

impl StemStore {
    pub fn queue(&self) -> StoredQueue {
        let record: QueueRecord = self.state(QUEUE).unwrap_or_default();
        let items = record.items.into_iter().map(|item| ListItem {
            path: item.path.path(),
            name: printable(&item.name),
            seconds: item.seconds,
            singer: item.singer.map(|name| printable(&name)),
        });
        StoredQueue {
            items: items.collect(),
            repeat: record.repeat,
            unshuffled: record.unshuffled,
            turns: record.turns,
        }
    }

    pub fn save_queue(&self, queue: StoredQueue) -> Result<(), StoreError> {
        let items = queue.items.into_iter().map(|item| ItemRecord {
            path: PathRecord::of(&item.path),
            name: item.name,
            seconds: item.seconds,
            singer: item.singer,
        });
        let record = QueueRecord {
            items: items.collect(),
            repeat: queue.repeat,
            unshuffled: queue.unshuffled,
            turns: queue.turns,
        };
        self.save_state(QUEUE, &record)
    }
}
