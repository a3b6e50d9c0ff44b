//! Which songs are open in this process: each has one handle that everybody shares, and none of
//! them is evicted.

use std::collections::{HashMap, HashSet};
use std::path::Path;
// lock: who opens, closes or evicts a song must agree with everybody who does the same on another
// thread, and opening takes milliseconds of disk work that no atomic can cover. It is taken at
// those three moments only; reading and writing a song that is open never touches it.
use crate::store::catalogue::Kept;
use crate::store::database;
use crate::store::error::StoreError;
use crate::store::malloc_trim;
use crate::store::song::{SongMeta, SongStems};
use crate::store::{House, StemStore};
use crate::track::TrackId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A song under a model: the model's folder name and the recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SongKey {
    pub model: String,
    pub id: TrackId,
}

#[derive(Default)]
pub(super) struct OpenSongs {
    entries: Mutex<Entries>, // lock: see above
}

#[derive(Default)]
pub(super) struct Entries {
    open: HashMap<SongKey, Entry>,
    /// Vocals that those of another model replaced while they were open: they go when they are closed.
    replaced: HashSet<SongKey>,
    opened_so_far: u64,
}

struct Entry {
    song: Weak<SongStems>,
    /// Tells the entry of a song being closed from the one of the same song opened anew.
    nth: u64,
}

impl OpenSongs {
    /// Nobody opens or closes a song while this is held; so whoever holds it may not drop one.
    pub fn hold(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Open, or not yet closed to the end.
    pub fn contains(&self, key: &SongKey) -> bool {
        self.open.contains_key(key)
    }

    pub fn mark_replaced(&mut self, key: SongKey) {
        self.replaced.insert(key);
    }

    pub fn is_replaced(&self, key: &SongKey) -> bool {
        self.replaced.contains(key)
    }

    pub fn forget_replaced(&mut self, key: &SongKey) {
        self.replaced.remove(key);
    }

    pub fn find(&self, key: &SongKey) -> Option<Arc<SongStems>> {
        self.open.get(key)?.song.upgrade()
    }

    pub fn open(&mut self, house: &Arc<House>, key: &SongKey) -> Result<Arc<SongStems>, StoreError> {
        if let Some(song) = self.find(key) {
            return Ok(song);
        }
        self.opened_so_far += 1;
        let nth = self.opened_so_far;
        let hold = || OpenSong {
            house: house.clone(),
            key: key.clone(),
            nth,
        };
        let song = Arc::new(SongStems::open(&house.song_folder(key), hold)?);
        self.open.insert(
            key.clone(),
            Entry {
                song: Arc::downgrade(&song),
                nth,
            },
        );
        Ok(song)
    }
}

/// Keeps its song in the list of open ones; dropped after the song's database was closed.
pub(super) struct OpenSong {
    house: Arc<House>,
    key: SongKey,
    nth: u64,
}

impl OpenSong {
    pub fn completed(&self, folder: &Path, meta: SongMeta) {
        let kept = Kept {
            bytes: database::bytes_on_disk(folder),
            meta,
        };
        // The song itself says so too: it is noted again when it is next opened.
        if let Err(e) = self.house.catalogue.keep(&self.key.model, self.key.id, &kept) {
            tracing::warn!("a complete song could not be noted in the catalogue: {e}");
        }
    }

    pub fn incomplete(&self) {
        if let Err(e) = self.house.catalogue.unkeep(&self.key.model, self.key.id) {
            tracing::warn!("a damaged song could not be noted in the catalogue: {e}");
        }
    }
}

impl Drop for OpenSong {
    fn drop(&mut self) {
        let mut entries = self.house.open.hold();
        if entries
            .open
            .get(&self.key)
            .is_some_and(|entry| entry.nth == self.nth)
        {
            entries.open.remove(&self.key);
        }
        let replaced = entries.is_replaced(&self.key);
        drop(entries);
        if replaced {
            let store = StemStore {
                house: self.house.clone(),
            };
            if let Err(e) = store.remove_if_replaced(&self.key) {
                tracing::warn!("vocals of an older model could not be removed: {e}");
            }
        }
        malloc_trim::give_back();
    }
}
