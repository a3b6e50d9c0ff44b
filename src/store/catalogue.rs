//! The catalogue: known tracks, what is remembered of each song, which songs are complete, and the
//! small state of the program. One sled database that stays open.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::audio::dsp::loudness::Loudness;
use crate::song_settings::SongSettings;
use crate::store::error::StoreError;
use crate::store::song_meta::SongMeta;
use crate::store::song_settings::{self, SettingsRecord};
use crate::store::{clock, database};
use crate::track::{FileStamp, Tags, Track, TrackId};

/// The index entry of a complete song.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct CompleteSong {
    pub bytes: u64,
    pub meta: SongMeta,
}

/// A track without its path, which is the key: a path need not be text.
#[derive(Serialize, Deserialize)]
struct TrackRecord {
    stamp: FileStamp,
    id: Option<TrackId>,
    tags: Tags,
    duration: Option<f64>,
    rate: u32,
    channels: u16,
}

pub(super) struct Catalogue {
    database: sled::Db,
    folder: PathBuf,
    volatile: bool,
    tracks: sled::Tree,
    /// When each path was first remembered, in seconds since the Unix epoch; stays when the file goes, for
    /// a disk that is brought back brings nothing new.
    added: sled::Tree,
    complete_songs: sled::Tree,
    song_settings: sled::Tree,
    state: sled::Tree,
    loudness: sled::Tree,
}

/// Where an older croon kept what `song_settings` holds now.
const OLD_SETTINGS: &str = "settings";
const OLD_USES: &str = "uses";
/// Values of `song_settings` that are no record at all, before they are written over.
const UNREAD: &str = "memory-unread";

impl Catalogue {
    pub fn open(folder: &Path, volatile: bool) -> Result<Self, StoreError> {
        // A thread of its own writes settings down: a fader move must not wait for the disk.
        let tuning = database::Tuning {
            cache_bytes: 16 << 20,
            flush_every_ms: Some(1000),
            volatile,
        };
        let database = database::open(folder, tuning)?;
        let tree = |name| {
            database
                .open_tree(name)
                .map_err(|e| StoreError::from_sled(folder, e))
        };
        let catalogue = Self {
            folder: folder.to_owned(),
            volatile,
            tracks: tree("tracks")?,
            added: tree("added")?,
            complete_songs: tree("kept")?,
            song_settings: tree("memory")?,
            state: tree("state")?,
            loudness: tree("loudness")?,
            database,
        };
        if let Err(e) = catalogue.take_over_old_records() {
            // They stay where they are: the next start tries again.
            tracing::warn!("what an older croon remembered of songs could not be taken over: {e}");
        }
        Ok(catalogue)
    }

    /// Moves what an older croon kept in two places into `song_settings`. Every step may be the last: a song
    /// leaves its old places after its new record is written, and a record there is not replaced.
    fn take_over_old_records(&self) -> Result<(), StoreError> {
        let error = |e| self.error(e);
        let names = self.database.tree_names();
        let old = |name: &str| {
            let there = names.iter().any(|there| there.as_ref() == name.as_bytes());
            there.then(|| self.database.open_tree(name)).transpose()
        };
        let (settings, uses) = (old(OLD_SETTINGS).map_err(error)?, old(OLD_USES).map_err(error)?);
        let trees: Vec<&sled::Tree> = [&settings, &uses].into_iter().flatten().collect();
        let mut songs = HashSet::new();
        for key in trees.iter().flat_map(|tree| tree.iter().keys()) {
            songs.insert(key.map_err(error)?);
        }
        let read = |tree: &Option<sled::Tree>, key: &[u8]| -> Option<SettingsRecord> {
            serde_json::from_slice(&tree.as_ref()?.get(key).ok()??).ok()
        };
        for key in songs {
            let (chosen, used) = (read(&settings, &key), read(&uses, &key));
            if chosen.is_none() && used.is_none() {
                continue;
            }
            if !self.song_settings.contains_key(&key).map_err(error)? {
                let mut record = SettingsRecord::new();
                song_settings::write(
                    &mut record,
                    &song_settings::of_old_records(chosen.as_ref(), used.as_ref()),
                );
                self.put(&self.song_settings, &key, &record)?;
            }
            for tree in &trees {
                tree.remove(&key).map_err(error)?;
            }
        }
        Ok(())
    }

    pub fn tracks(&self) -> Result<Vec<Track>, StoreError> {
        let mut tracks = Vec::new();
        for entry in &self.tracks {
            let (path, value) = entry.map_err(|e| self.error(e))?;
            match serde_json::from_slice::<TrackRecord>(&value) {
                Ok(record) => tracks.push(record.with_path(Path::new(OsStr::from_bytes(&path)).into())),
                // Of an older or newer croon: the next scan reads the file again.
                Err(e) => tracing::warn!("a track of the catalogue is unreadable and left out: {e}"),
            }
        }
        Ok(tracks)
    }

    pub fn remember<'a>(&self, tracks: impl IntoIterator<Item = &'a Track>) -> Result<(), StoreError> {
        let (mut batch, mut new) = (sled::Batch::default(), sled::Batch::default());
        let now = clock::unix_now().to_be_bytes();
        for track in tracks {
            let path = track.path.as_os_str().as_bytes();
            batch.insert(path, self.json(&TrackRecord::of(track))?);
            if !self.added.contains_key(path).map_err(|e| self.error(e))? {
                new.insert(path, &now);
            }
        }
        self.write(|| {
            self.added
                .apply_batch(new)
                .and_then(|()| self.tracks.apply_batch(batch))
        })
    }

    pub fn forget<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        paths
            .into_iter()
            .for_each(|path| batch.remove(path.as_os_str().as_bytes()));
        self.write(|| self.tracks.apply_batch(batch))
    }

    /// The record goes along with the file; a file that is not known stays unknown.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (from.as_os_str().as_bytes(), to.as_os_str().as_bytes());
        self.write(|| {
            let Some(record) = self.tracks.get(from)? else {
                return Ok(());
            };
            let mut batch = sled::Batch::default();
            batch.remove(from);
            batch.insert(to, record);
            if let Some(added) = self.added.get(from)? {
                self.added.insert(to, added)?;
            }
            self.tracks.apply_batch(batch)
        })
    }

    pub fn added_at(&self, path: &Path) -> Option<i64> {
        let value = self.added.get(path.as_os_str().as_bytes()).ok()??;
        Some(i64::from_be_bytes(value.as_ref().try_into().ok()?))
    }

    pub fn added(&self) -> HashMap<PathBuf, i64> {
        let all = self.added.iter().flatten().filter_map(|(path, value)| {
            let at = i64::from_be_bytes(value.as_ref().try_into().ok()?);
            Some((Path::new(OsStr::from_bytes(&path)).into(), at))
        });
        all.collect()
    }

    pub fn song_settings(&self, id: TrackId) -> SongSettings {
        let record: Option<SettingsRecord> = self.get(&self.song_settings, &id.0);
        record
            .map(|record| song_settings::read(&record))
            .unwrap_or_default()
    }

    pub fn all_song_settings(&self) -> HashMap<TrackId, SongSettings> {
        let songs = self.song_settings.iter().flatten().filter_map(|(key, value)| {
            let record: SettingsRecord = serde_json::from_slice(&value).ok()?;
            Some((
                TrackId(key.as_ref().try_into().ok()?),
                song_settings::read(&record),
            ))
        });
        songs.collect()
    }

    pub fn change_settings(
        &self,
        id: TrackId,
        change: impl FnOnce(&mut SongSettings),
    ) -> Result<(), StoreError> {
        let stored = self.song_settings.get(id.0).map_err(|e| self.error(e))?;
        let mut record = SettingsRecord::new();
        if let Some(stored) = stored {
            match serde_json::from_slice(&stored) {
                Ok(whole) => record = whole,
                Err(_) => {
                    let aside = self.database.open_tree(UNREAD).map_err(|e| self.error(e))?;
                    self.write(|| aside.insert(id.0, stored))?;
                }
            }
        }
        let mut song = song_settings::read(&record);
        change(&mut song);
        song_settings::write(&mut record, &song);
        self.put(&self.song_settings, &id.0, &record)
    }

    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.get(&self.state, key.as_bytes())
    }

    pub fn save_state<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.put(&self.state, key.as_bytes(), value)
    }

    pub fn loudness(&self, id: TrackId) -> Option<Loudness> {
        self.get(&self.loudness, &id.0)
    }

    pub fn save_loudness(&self, id: TrackId, loudness: &Loudness) -> Result<(), StoreError> {
        self.put(&self.loudness, &id.0, loudness)
    }

    pub fn complete_song(&self, model: &str, id: TrackId) -> Option<CompleteSong> {
        self.get(&self.complete_songs, &complete_key(model, id))
    }

    pub fn complete_under(&self, model: &str) -> HashSet<TrackId> {
        let keys = self
            .complete_songs
            .scan_prefix(complete_prefix(model))
            .keys()
            .flatten();
        keys.filter_map(|key| Some(TrackId(*key.last_chunk::<16>()?)))
            .collect()
    }

    pub fn mark_complete(&self, model: &str, id: TrackId, song: &CompleteSong) -> Result<(), StoreError> {
        self.put(&self.complete_songs, &complete_key(model, id), song)
    }

    /// On the disk when it returns: the folder may be removed after it.
    pub fn mark_incomplete(&self, model: &str, id: TrackId) -> Result<(), StoreError> {
        let was = self
            .complete_songs
            .remove(complete_key(model, id))
            .map_err(|e| self.error(e))?;
        if was.is_some() { self.flush() } else { Ok(()) }
    }

    pub fn count_tracks(&self) -> usize {
        self.tracks.len()
    }

    pub fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(drop).map_err(|e| self.error(e))
    }

    fn get<T: DeserializeOwned>(&self, tree: &sled::Tree, key: &[u8]) -> Option<T> {
        let value = tree
            .get(key)
            .inspect_err(|e| tracing::warn!("reading the catalogue failed: {e}"))
            .ok()??;
        serde_json::from_slice(&value).ok()
    }

    fn put<T: Serialize>(&self, tree: &sled::Tree, key: &[u8], value: &T) -> Result<(), StoreError> {
        let value = self.json(value)?;
        self.write(|| tree.insert(key, value))
    }

    fn write<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<(), StoreError> {
        if !self.volatile {
            database::check_space(&self.folder)?;
        }
        work().map(drop).map_err(|e| self.error(e))
    }

    fn json<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(value).map_err(|e| StoreError::from_io(&self.folder, e.into()))
    }

    fn error(&self, error: sled::Error) -> StoreError {
        StoreError::from_sled(&self.folder, error)
    }
}

/// Ends in a byte that no model key has, so that "a" is no prefix of "ab".
fn complete_prefix(model: &str) -> Vec<u8> {
    let mut prefix = model.as_bytes().to_vec();
    prefix.push(0);
    prefix
}

fn complete_key(model: &str, id: TrackId) -> Vec<u8> {
    let mut key = complete_prefix(model);
    key.extend_from_slice(&id.0);
    key
}

impl TrackRecord {
    fn of(track: &Track) -> Self {
        Self {
            stamp: track.stamp,
            id: track.id,
            tags: track.tags.clone(),
            duration: track.duration,
            rate: track.rate,
            channels: track.channels,
        }
    }

    fn with_path(self, path: PathBuf) -> Track {
        let Self {
            stamp,
            id,
            tags,
            duration,
            rate,
            channels,
        } = self;
        Track {
            path,
            stamp,
            id,
            tags,
            duration,
            rate,
            channels,
        }
    }
}
