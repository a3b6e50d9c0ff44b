//! Which songs are open in this process: each has one handle that everybody shares, and none of
//! them is evicted.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::store::error::StoreError;
use crate::store::song::{Lease, SongStems};
use crate::store::song_key::StoredSongKey;

#[derive(Default)]
pub(super) struct OpenSongs {
    // lock: who opens, closes or evicts a song must agree with everybody who does the same on another
    // thread, and opening takes milliseconds of disk work that no atomic can cover. It is taken at
    // those three moments only; reading and writing a song that is open never touches it.
    entries: Mutex<Entries>,
}

#[derive(Default)]
pub(super) struct Entries {
    open: HashMap<StoredSongKey, OpenEntry>,
    /// Vocals that those of another model replaced while they were open: they go when they are closed.
    replaced: HashSet<StoredSongKey>,
    opened_so_far: u64,
}

struct OpenEntry {
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
    pub fn contains(&self, key: &StoredSongKey) -> bool {
        self.open.contains_key(key)
    }

    pub fn mark_replaced(&mut self, key: StoredSongKey) {
        self.replaced.insert(key);
    }

    pub fn is_replaced(&self, key: &StoredSongKey) -> bool {
        self.replaced.contains(key)
    }

    pub fn forget_replaced(&mut self, key: &StoredSongKey) {
        self.replaced.remove(key);
    }

    pub fn find(&self, key: &StoredSongKey) -> Option<Arc<SongStems>> {
        self.open.get(key)?.song.upgrade()
    }

    /// The song, opened in its folder unless it is open. `lease` makes the song's entry in this list
    /// from its number.
    pub fn open(
        &mut self,
        key: &StoredSongKey,
        folder: &Path,
        lease: impl FnOnce(u64) -> Box<dyn Lease>,
    ) -> Result<Arc<SongStems>, StoreError> {
        if let Some(song) = self.find(key) {
            return Ok(song);
        }
        self.opened_so_far += 1;
        let nth = self.opened_so_far;
        let song = Arc::new(SongStems::open(folder, || lease(nth))?);
        self.open.insert(
            key.clone(),
            OpenEntry {
                song: Arc::downgrade(&song),
                nth,
            },
        );
        Ok(song)
    }

    /// The song of this number is closed; one opened anew meanwhile stays.
    pub fn close(&mut self, key: &StoredSongKey, nth: u64) {
        if self.open.get(key).is_some_and(|entry| entry.nth == nth) {
            self.open.remove(key);
        }
    }
}
