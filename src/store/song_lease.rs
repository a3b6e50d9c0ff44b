//! What an open song holds of the store: its entry among the open songs, and the catalogue that notes
//! what becomes of it.

use std::path::Path;
use std::sync::Arc;

use crate::store::catalogue::CompleteSong;
use crate::store::database;
use crate::store::malloc_trim;
use crate::store::song::Lease;
use crate::store::song_key::StoredSongKey;
use crate::store::song_meta::SongMeta;
use crate::store::store_parts::StoreParts;

/// Keeps its song in the list of open ones; dropped after the song's database was closed.
pub(super) struct SongLease {
    pub parts: Arc<StoreParts>,
    pub key: StoredSongKey,
    /// The number of the song's entry among the open ones.
    pub nth: u64,
}

impl Lease for SongLease {
    fn completed(&self, folder: &Path, meta: SongMeta) {
        let song = CompleteSong {
            bytes: database::bytes_on_disk(folder),
            meta,
        };
        // The song itself says so too: it is noted again when it is next opened.
        if let Err(e) = self
            .parts
            .catalogue
            .mark_complete(&self.key.model, self.key.id, &song)
        {
            tracing::warn!("a complete song could not be noted in the catalogue: {e}");
        }
    }

    fn incomplete(&self) {
        if let Err(e) = self.parts.catalogue.mark_incomplete(&self.key.model, self.key.id) {
            tracing::warn!("a damaged song could not be noted in the catalogue: {e}");
        }
    }
}

impl Drop for SongLease {
    fn drop(&mut self) {
        let mut entries = self.parts.open.hold();
        entries.close(&self.key, self.nth);
        let replaced = entries.is_replaced(&self.key);
        drop(entries);
        if replaced && let Err(e) = self.parts.remove_if_replaced(&self.key) {
            tracing::warn!("vocals of an older model could not be removed: {e}");
        }
        malloc_trim::give_back();
    }
}
