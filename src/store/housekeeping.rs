//! Keeping the store within its size and in order: stats, verify, prune, clear.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Serialize;

use crate::store::database::bytes_on_disk;
use crate::store::error::StoreError;
use crate::store::paths::StorePaths;
use crate::store::song_key::StoredSongKey;
use crate::store::stem_store::StemStore;
use crate::track::TrackId;

/// What the store holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stats {
    pub cache: PathBuf,
    pub state: PathBuf,
    /// Bytes of all vocals on the disk.
    pub bytes: u64,
    pub cap_bytes: u64,
    pub songs: usize,
    /// This and what follows: nothing where the catalogue could not be asked.
    pub complete: Option<usize>,
    pub pinned: Option<usize>,
    /// Seconds of vocals in the complete songs.
    pub seconds: f64,
    pub known_tracks: Option<usize>,
    pub catalogue_bytes: u64,
    pub models: Vec<ModelStats>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ModelStats {
    pub model: String,
    pub songs: usize,
    pub bytes: u64,
}

/// What a check of everything found.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Verified {
    pub songs: usize,
    pub segments: usize,
    pub damaged: Vec<DamageReport>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamageReport {
    pub model: String,
    pub track: String,
    /// Dropped, to be separated again.
    pub segments: Vec<u32>,
    pub reason: Option<String>,
}

/// What was evicted to get under the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pruned {
    pub songs: usize,
    pub bytes: u64,
    /// Bytes that remain.
    pub left: u64,
    /// Bytes over the cap that pins and open songs keep.
    pub over: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cleared {
    pub songs: usize,
    pub bytes: u64,
    /// Songs left: pinned or open.
    pub left: usize,
}

/// A song's folder as it lies on the disk, whatever the catalogue says.
struct OnDisk {
    key: StoredSongKey,
    folder: PathBuf,
    bytes: u64,
    changed: i64,
}

impl StemStore {
    /// Bytes of all stored vocals.
    pub fn used(&self) -> u64 {
        self.on_disk().iter().map(|song| song.bytes).sum()
    }

    /// Bytes that can be stored before a song has to go. Songs nobody asked for should stop at
    /// nothing: evicting for them would separate the same songs again and again.
    pub fn room(&self) -> u64 {
        self.cap().saturating_sub(self.used())
    }

    pub fn stats(&self) -> Stats {
        let catalogue = &self.parts.catalogue;
        let songs = self.on_disk();
        let complete: Vec<_> = songs
            .iter()
            .filter_map(|song| catalogue.complete_song(&song.key.model, song.key.id))
            .collect();
        Stats {
            complete: Some(complete.len()),
            seconds: complete
                .iter()
                .map(|song| song.meta.frames as f64 / f64::from(song.meta.rate.max(1)))
                .sum(),
            pinned: Some(
                catalogue
                    .all_song_settings()
                    .values()
                    .filter(|song| song.pinned)
                    .count(),
            ),
            known_tracks: Some(catalogue.count_tracks()),
            ..count(&self.parts.paths, self.cap(), &songs)
        }
    }

    /// Reads every block of every song; what does not read back is dropped and separated again.
    /// `progress` gets songs done and songs in all.
    pub fn verify(&self, mut progress: impl FnMut(usize, usize)) -> Verified {
        let songs = self.on_disk();
        let mut found = Verified {
            songs: songs.len(),
            ..Verified::default()
        };
        let all = songs.len();
        for (done, OnDisk { key, .. }) in songs.into_iter().enumerate() {
            progress(done, all);
            // Opening drops what the database as a whole could not recover, and says so.
            let (segments, reason) = match self.open_checked(&key) {
                Ok((song, reason)) => {
                    found.segments += song.count() as usize;
                    (song.verify(), reason)
                }
                Err(e) => (Vec::new(), Some(e.to_string())),
            };
            if !segments.is_empty() || reason.is_some() {
                let (model, track) = (key.model, key.id.to_string());
                found.damaged.push(DamageReport {
                    model,
                    track,
                    segments,
                    reason,
                });
            }
        }
        progress(all, all);
        found
    }

    /// Evicts the least recently sung songs until the vocals fit under the cap. Pinned and open
    /// songs stay.
    ///
    /// # Errors
    /// When a song's folder or the catalogue cannot be changed on the disk.
    pub fn prune(&self) -> Result<Pruned, StoreError> {
        self.prune_unless(|_| false)
    }

    /// As [`Self::prune`], but this song stays as well.
    ///
    /// # Errors
    /// As [`Self::prune`].
    pub fn prune_sparing(&self, spared: TrackId) -> Result<Pruned, StoreError> {
        self.prune_unless(|id| id == spared)
    }

    fn prune_unless(&self, spared: impl Fn(TrackId) -> bool) -> Result<Pruned, StoreError> {
        self.sweep_leftovers();
        let cap = self.cap();
        let mut songs = self.on_disk();
        let all_song_settings = self.parts.catalogue.all_song_settings();
        let pinned = |song: &OnDisk| {
            all_song_settings
                .get(&song.key.id)
                .is_some_and(|song| song.pinned)
        };
        let sung = |song: &OnDisk| {
            all_song_settings
                .get(&song.key.id)
                .map_or(0, |song| song.last_sung)
        };
        // One that was never sung is as old as its last change.
        songs.sort_by_key(|song| sung(song).max(song.changed));
        let mut left: u64 = songs.iter().map(|song| song.bytes).sum();
        let mut pruned = Pruned::default();
        let stays = |song: &OnDisk| pinned(song) || spared(song.key.id);
        for song in songs.iter().filter(|song| !stays(song)) {
            if left <= cap {
                break;
            }
            if self.evict(song)? {
                left -= song.bytes;
                pruned.songs += 1;
                pruned.bytes += song.bytes;
            }
        }
        pruned.left = left;
        pruned.over = left.saturating_sub(cap);
        Ok(pruned)
    }

    /// Removes all vocals; pinned songs only where asked, open ones never. Tracks, pins and
    /// what is remembered stay.
    pub fn clear(&self, pinned_too: bool) -> Result<Cleared, StoreError> {
        self.sweep_leftovers();
        let mut cleared = Cleared::default();
        let all_song_settings = self.parts.catalogue.all_song_settings();
        for song in self.on_disk() {
            let pinned = all_song_settings
                .get(&song.key.id)
                .is_some_and(|song| song.pinned);
            if (!pinned || pinned_too) && self.evict(&song)? {
                cleared.songs += 1;
                cleared.bytes += song.bytes;
            } else {
                cleared.left += 1;
            }
        }
        Ok(cleared)
    }

    fn evict(&self, song: &OnDisk) -> Result<bool, StoreError> {
        self.parts.evict(&song.key, &song.folder)
    }

    /// Folders of evictions that a crash interrupted.
    fn sweep_leftovers(&self) {
        for model in folders(&self.parts.paths.stems()) {
            for folder in folders(&model) {
                if folder.extension().is_some_and(|end| end == "going") {
                    let _ = std::fs::remove_dir_all(folder);
                }
            }
        }
    }

    fn on_disk(&self) -> Vec<OnDisk> {
        on_disk(&self.parts.paths)
    }
}

/// What can be counted without opening the store, which another croon may hold.
pub fn stats_of_folder(paths: &StorePaths, cap_bytes: u64) -> Stats {
    count(paths, cap_bytes, &on_disk(paths))
}

fn count(paths: &StorePaths, cap_bytes: u64, songs: &[OnDisk]) -> Stats {
    let mut models = BTreeMap::<&str, ModelStats>::new();
    for song in songs {
        let model = models.entry(&song.key.model).or_default();
        model.model.clone_from(&song.key.model);
        model.songs += 1;
        model.bytes += song.bytes;
    }
    Stats {
        cache: paths.cache.clone(),
        state: paths.state.clone(),
        bytes: songs.iter().map(|song| song.bytes).sum(),
        cap_bytes,
        songs: songs.len(),
        catalogue_bytes: bytes_on_disk(&paths.catalogue()),
        models: models.into_values().collect(),
        ..Stats::default()
    }
}

fn on_disk(paths: &StorePaths) -> Vec<OnDisk> {
    let mut songs = Vec::new();
    for model_folder in folders(&paths.stems()) {
        let Some(model) = model_folder.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        for folder in folders(&model_folder) {
            let id = folder
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.parse().ok());
            let Some(id) = id else { continue };
            songs.push(OnDisk {
                key: StoredSongKey {
                    model: model.to_owned(),
                    id,
                },
                bytes: bytes_on_disk(&folder),
                changed: changed(&folder.join("db")),
                folder,
            });
        }
    }
    songs
}

fn folders(below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(below).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn changed(file: &Path) -> i64 {
    let changed = std::fs::metadata(file).and_then(|meta| meta.modified()).ok();
    changed
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_secs() as i64)
}
