//! The catalogue: known tracks, settings and use of each song, which songs are complete, and the
//! small state of the program. One sled database that stays open.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::database;
use super::error::StoreError;
use super::song::SongMeta;
use crate::track::{FileStamp, Tags, Track, TrackId};

/// What a listener chose for one song.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SongSettings {
    /// Level of the singer, 0 to 1; nothing where it was never moved for this song.
    pub vocal_level: Option<f32>,
    /// Seconds by which the lyrics are shown later.
    pub lyrics_offset: Option<f64>,
    /// Semitones above the recording's key.
    pub key: Option<f32>,
    /// 1 is the recording's.
    pub tempo: Option<f32>,
}

/// How a song is used: decides what goes first when space runs short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SongUse {
    /// Seconds since the Unix epoch; 0 where never.
    pub last_sung: i64,
    pub times_sung: u32,
    pub pinned: bool,
}

/// The index entry of a complete song.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
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
    kept: sled::Tree,
    uses: sled::Tree,
    settings: sled::Tree,
    state: sled::Tree,
}

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
        Ok(Self {
            folder: folder.to_owned(),
            volatile,
            tracks: tree("tracks")?,
            kept: tree("kept")?,
            uses: tree("uses")?,
            settings: tree("settings")?,
            state: tree("state")?,
            database,
        })
    }

    pub fn tracks(&self) -> Result<Vec<Track>, StoreError> {
        let mut tracks = Vec::new();
        for entry in &self.tracks {
            let (path, value) = entry.map_err(|e| self.fault(e))?;
            match serde_json::from_slice::<TrackRecord>(&value) {
                Ok(record) => tracks.push(record.with_path(Path::new(OsStr::from_bytes(&path)).into())),
                // Of an older or newer croon: the next scan reads the file again.
                Err(e) => tracing::warn!("a track of the catalogue is unreadable and left out: {e}"),
            }
        }
        Ok(tracks)
    }

    pub fn remember<'a>(&self, tracks: impl IntoIterator<Item = &'a Track>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for track in tracks {
            batch.insert(
                track.path.as_os_str().as_bytes(),
                self.json(&TrackRecord::of(track))?,
            );
        }
        self.write(|| self.tracks.apply_batch(batch))
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
            self.tracks.apply_batch(batch)
        })
    }

    pub fn settings(&self, id: TrackId) -> SongSettings {
        self.get(&self.settings, &id.0).unwrap_or_default()
    }

    pub fn save_settings(&self, id: TrackId, settings: &SongSettings) -> Result<(), StoreError> {
        self.put(&self.settings, &id.0, settings)
    }

    pub fn song_use(&self, id: TrackId) -> SongUse {
        self.get(&self.uses, &id.0).unwrap_or_default()
    }

    pub fn uses(&self) -> HashMap<TrackId, SongUse> {
        let uses = self.uses.iter().flatten().filter_map(|(key, value)| {
            Some((
                TrackId(key.as_ref().try_into().ok()?),
                serde_json::from_slice(&value).ok()?,
            ))
        });
        uses.collect()
    }

    pub fn change_use(&self, id: TrackId, change: impl FnOnce(&mut SongUse)) -> Result<(), StoreError> {
        let mut song = self.song_use(id);
        change(&mut song);
        self.put(&self.uses, &id.0, &song)
    }

    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.get(&self.state, key.as_bytes())
    }

    pub fn save_state<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.put(&self.state, key.as_bytes(), value)
    }

    pub fn kept(&self, model: &str, id: TrackId) -> Option<Kept> {
        self.get(&self.kept, &kept_key(model, id))
    }

    pub fn kept_under(&self, model: &str) -> HashSet<TrackId> {
        let keys = self.kept.scan_prefix(kept_prefix(model)).keys().flatten();
        keys.filter_map(|key| Some(TrackId(*key.last_chunk::<16>()?)))
            .collect()
    }

    pub fn keep(&self, model: &str, id: TrackId, kept: &Kept) -> Result<(), StoreError> {
        self.put(&self.kept, &kept_key(model, id), kept)
    }

    /// On the disk when it returns: the folder may be removed after it.
    pub fn unkeep(&self, model: &str, id: TrackId) -> Result<(), StoreError> {
        let was = self.kept.remove(kept_key(model, id)).map_err(|e| self.fault(e))?;
        if was.is_some() { self.flush() } else { Ok(()) }
    }

    pub fn count_tracks(&self) -> usize {
        self.tracks.len()
    }

    pub fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(drop).map_err(|e| self.fault(e))
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
        work().map(drop).map_err(|e| self.fault(e))
    }

    fn json<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(value).map_err(|e| StoreError::from_io(&self.folder, e.into()))
    }

    fn fault(&self, fault: sled::Error) -> StoreError {
        StoreError::from_sled(&self.folder, fault)
    }
}

/// Ends in a byte that no model key has, so that "a" is no prefix of "ab".
fn kept_prefix(model: &str) -> Vec<u8> {
    let mut prefix = model.as_bytes().to_vec();
    prefix.push(0);
    prefix
}

fn kept_key(model: &str, id: TrackId) -> Vec<u8> {
    let mut key = kept_prefix(model);
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
