//! The handle to the store, through which everybody reads and writes it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::song_settings::{Change, SongSettings};
use crate::store::aside::put_aside;
use crate::store::catalogue::{self, Catalogue};
use crate::store::clock::unix_now;
use crate::store::database;
use crate::store::error::StoreError;
use crate::store::lock::OwnerLock;
use crate::store::open_songs::{Entries, OpenSongs};
use crate::store::paths::StorePaths;
use crate::store::song::{Lease, SongStems};
use crate::store::song_key::{StoredSongKey, folder_name};
use crate::store::song_lease::SongLease;
use crate::store::store_parts::StoreParts;
use crate::track::{Track, TrackId};

/// A handle to the store; clones share it. It closes when the last clone and song are dropped.
#[derive(Clone)]
pub struct StemStore {
    pub(super) parts: Arc<StoreParts>,
}

impl std::fmt::Debug for StemStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StemStore")
            .field("paths", &self.parts.paths)
            .finish_non_exhaustive()
    }
}

impl StemStore {
    /// Opens the store, which no other process may have open. A damaged catalogue is put aside
    /// and begun anew: the vocals are found again by their folders.
    pub fn open(paths: &StorePaths, cap_bytes: u64) -> Result<Self, StoreError> {
        let owner = OwnerLock::take(&paths.state)?;
        let folder = paths.catalogue();
        let catalogue = match Catalogue::open(&folder, false) {
            Err(StoreError::Damaged { detail, .. }) => {
                let aside = put_aside(&folder)?;
                tracing::error!(
                    "the catalogue was damaged ({detail}) and begun anew; the old one: {}",
                    aside.display()
                );
                Catalogue::open(&folder, false)?
            }
            other => other?,
        };
        Ok(Self::with(paths, cap_bytes, catalogue, Some(owner)))
    }

    /// As [`Self::open`], but where the disk refuses, a catalogue that lasts only as long as the
    /// program, and the reason. Another croon in the same store stays an error.
    pub fn open_or_volatile(
        paths: &StorePaths,
        cap_bytes: u64,
    ) -> Result<(Self, Option<StoreError>), StoreError> {
        match Self::open(paths, cap_bytes) {
            Ok(store) => Ok((store, None)),
            Err(reason) if reason.is_of_the_disk() => {
                let catalogue = Catalogue::open(&paths.catalogue(), true)?;
                Ok((Self::with(paths, cap_bytes, catalogue, None), Some(reason)))
            }
            Err(other) => Err(other),
        }
    }

    fn with(paths: &StorePaths, cap_bytes: u64, catalogue: Catalogue, owner: Option<OwnerLock>) -> Self {
        let parts = StoreParts {
            paths: paths.clone(),
            cap_bytes: AtomicU64::new(cap_bytes),
            catalogue,
            open: OpenSongs::default(),
            _owner: owner,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The song's vocals under a model; an empty place for them where there are none yet, or where
    /// what is there cannot be read.
    pub fn song(&self, model_key: &str, id: TrackId) -> Result<Arc<SongStems>, StoreError> {
        self.open_checked(&StoredSongKey {
            model: folder_name(model_key),
            id,
        })
        .map(|(song, _)| song)
    }

    /// The song, and what was wrong with it if it had to be begun anew or has lost something.
    pub(super) fn open_checked(
        &self,
        key: &StoredSongKey,
    ) -> Result<(Arc<SongStems>, Option<String>), StoreError> {
        let folder = self.parts.song_folder(key);
        let mut entries = self.parts.open.hold();
        let lease = |nth| -> Box<dyn Lease> {
            Box::new(SongLease {
                parts: self.parts.clone(),
                key: key.clone(),
                nth,
            })
        };
        let open = |entries: &mut Entries| entries.open(key, &folder, lease);
        let (song, damage) = match open(&mut entries) {
            Err(StoreError::Damaged { detail, .. }) => {
                tracing::error!(
                    "stored vocals were damaged ({detail}) and are begun anew: {}",
                    folder.display()
                );
                self.parts.catalogue.mark_incomplete(&key.model, key.id)?;
                std::fs::remove_dir_all(&folder).map_err(|e| StoreError::from_io(&folder, e))?;
                (open(&mut entries)?, Some(detail))
            }
            other => (other?, None),
        };
        drop(entries);
        let lost = self.note(key, &song);
        Ok((song, damage.or(lost)))
    }

    /// As [`Self::song`], but nothing is made where there is nothing.
    pub fn song_if_stored(&self, model_key: &str, id: TrackId) -> Result<Option<Arc<SongStems>>, StoreError> {
        let key = StoredSongKey {
            model: folder_name(model_key),
            id,
        };
        if self.parts.song_folder(&key).join("db").is_file() {
            self.song(model_key, id).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The songs whose vocals are all there, without opening any.
    pub fn complete(&self, model_key: &str) -> HashSet<TrackId> {
        let model = folder_name(model_key);
        let mut complete = self.parts.catalogue.complete_under(&model);
        // Somebody may have emptied the cache folder by hand.
        let folders: HashSet<TrackId> = std::fs::read_dir(self.parts.paths.stems().join(&model))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        complete.retain(|id| folders.contains(id));
        complete
    }

    /// Every track known from earlier scans.
    pub fn tracks(&self) -> Result<Vec<Track>, StoreError> {
        self.parts.catalogue.tracks()
    }

    pub fn remember(&self, track: &Track) -> Result<(), StoreError> {
        self.parts.catalogue.remember([track])
    }

    /// One write for many tracks.
    pub fn remember_many<'a>(&self, tracks: impl IntoIterator<Item = &'a Track>) -> Result<(), StoreError> {
        self.parts.catalogue.remember(tracks)
    }

    pub fn forget(&self, path: &Path) -> Result<(), StoreError> {
        self.parts.catalogue.forget([path])
    }

    pub fn forget_many<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), StoreError> {
        self.parts.catalogue.forget(paths)
    }

    /// A track keeps its identity under its new name.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.parts.catalogue.rename(from, to)
    }

    /// What is remembered of a song; nothing of one never touched.
    pub fn song_settings(&self, id: TrackId) -> SongSettings {
        self.parts.catalogue.song_settings(id)
    }

    /// Notes changes to a song, level, key and tempo for this singer. Within a second on the disk; it
    /// does not wait for it.
    pub fn remember_song(
        &self,
        id: TrackId,
        singer: Option<&str>,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        self.parts.catalogue.change_settings(id, |song| {
            changes
                .iter()
                .for_each(|change| song.apply(singer, change.clone()));
        })
    }

    /// A piece of the program's own state, such as the volume.
    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.parts.catalogue.state(key)
    }

    pub fn save_state<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.parts.catalogue.save_state(key, value)
    }

    /// It was sung, now: among the last to be evicted.
    pub fn sung(&self, id: TrackId) -> Result<(), StoreError> {
        self.remember_song(id, None, &[Change::Sung(unix_now())])
    }

    /// What is remembered of all songs.
    pub fn all_song_settings(&self) -> HashMap<TrackId, SongSettings> {
        self.parts.catalogue.all_song_settings()
    }

    /// When each file was first remembered, in seconds since the Unix epoch.
    pub fn added(&self) -> HashMap<PathBuf, i64> {
        self.parts.catalogue.added()
    }

    pub fn added_at(&self, path: &Path) -> Option<i64> {
        self.parts.catalogue.added_at(path)
    }

    /// A pinned song is never evicted.
    pub fn pin(&self, id: TrackId, pinned: bool) -> Result<(), StoreError> {
        self.remember_song(id, None, &[Change::Pinned(pinned)])
    }

    pub fn set_cap(&self, cap_bytes: u64) {
        self.parts.cap_bytes.store(cap_bytes, Ordering::Relaxed);
    }

    pub fn cap(&self) -> u64 {
        self.parts.cap_bytes.load(Ordering::Relaxed)
    }

    pub fn paths(&self) -> &StorePaths {
        &self.parts.paths
    }

    /// Waits until the catalogue is on the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.parts.catalogue.flush()
    }

    /// Brings the catalogue's view of a song in line with what the song itself says; returns what
    /// is wrong where a song that was complete no longer is.
    fn note(&self, key: &StoredSongKey, song: &SongStems) -> Option<String> {
        let noted = self.parts.catalogue.complete_song(&key.model, key.id).is_some();
        let (written, lost) = match song.meta().filter(|_| song.is_complete()) {
            Some(meta) if !noted => {
                let bytes = database::bytes_on_disk(song.folder());
                (
                    self.parts.catalogue.mark_complete(
                        &key.model,
                        key.id,
                        &catalogue::CompleteSong { bytes, meta },
                    ),
                    None,
                )
            }
            None if noted => {
                let lost = "it was complete once, and part of it is gone";
                (
                    self.parts.catalogue.mark_incomplete(&key.model, key.id),
                    Some(lost.to_owned()),
                )
            }
            _ => return None,
        };
        if let Err(e) = written {
            tracing::warn!("the catalogue could not be brought up to date: {e}");
        }
        lost
    }
}
