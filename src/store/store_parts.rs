//! The parts of an open store, which its handles and the songs open in it share.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use crate::store::aside::leftover;
use crate::store::catalogue::Catalogue;
use crate::store::error::StoreError;
use crate::store::lock::OwnerLock;
use crate::store::open_songs::OpenSongs;
use crate::store::paths::StorePaths;
use crate::store::song_key::StoredSongKey;

pub(super) struct StoreParts {
    pub paths: StorePaths,
    pub cap_bytes: AtomicU64,
    pub catalogue: Catalogue,
    pub open: OpenSongs,
    // Last: given back after everything above is closed.
    pub _owner: Option<OwnerLock>,
}

impl StoreParts {
    pub fn song_folder(&self, key: &StoredSongKey) -> PathBuf {
        self.paths.stems().join(&key.model).join(key.id.to_string())
    }

    /// Returns `false` if the song is open. First it counts as not complete, then its folder gets a name
    /// that no song has, then it is removed: a crash between leaves nothing half there.
    pub fn evict(&self, key: &StoredSongKey, folder: &Path) -> Result<bool, StoreError> {
        let entries = self.open.hold();
        if entries.contains(key) {
            return Ok(false);
        }
        self.catalogue.mark_incomplete(&key.model, key.id)?;
        let going = leftover(folder);
        std::fs::rename(folder, &going).map_err(|e| StoreError::from_io(folder, e))?;
        drop(entries);
        std::fs::remove_dir_all(&going).map_err(|e| StoreError::from_io(&going, e))?;
        Ok(true)
    }

    /// Removes vocals that were replaced, unless they are open.
    pub fn remove_if_replaced(&self, key: &StoredSongKey) -> Result<(), StoreError> {
        let replaced = self.open.hold().is_replaced(key);
        if replaced && self.evict(key, &self.song_folder(key))? {
            self.open.hold().forget_replaced(key);
        }
        Ok(())
    }
}
