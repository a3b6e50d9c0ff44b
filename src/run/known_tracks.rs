//! What the catalogue knows of songs, and what the library's news write into it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::app::{FoundSong, SongHistory};
use crate::jobs::stored;
use crate::library::{AUDIO_ENDINGS, LibraryEvent, is_audio, read_track, stamp_of};
use crate::store::StemStore;
use crate::track::{FileStamp, Track, TrackId};

/// So many songs are asked for one by one.
const FEW: usize = 100;

/// The songs of the catalogue below the folders of this session: on the screen before any disk
/// was searched.
pub fn known_below(store: &StemStore, roots: &[PathBuf]) -> HashMap<PathBuf, Track> {
    let tracks = store.tracks().unwrap_or_else(|error| {
        tracing::error!("{error}");
        Vec::new()
    });
    let below = |path: &Path| roots.iter().any(|root| path.starts_with(root));
    tracks
        .into_iter()
        .filter(|track| below(&track.path))
        .map(|track| (track.path.clone(), track))
        .collect()
}

/// With the store's word on whose vocals are whole.
pub fn found(store: &StemStore, tracks: Vec<Track>) -> Vec<FoundSong> {
    let stored = stored::listing(store);
    let is_ready = |id: Option<TrackId>| id.is_some_and(|id| stored.ready.contains(&id));
    // a whole library at once is quicker read in one go than song by song
    let all = (tracks.len() > FEW).then(|| (store.all_song_settings(), store.added()));
    let past = |track: &Track| {
        let (song_settings, added) = match &all {
            Some((all_song_settings, added)) => (
                track.id.and_then(|id| all_song_settings.get(&id)).cloned(),
                added.get(&track.path).copied(),
            ),
            None => (
                track.id.map(|id| store.song_settings(id)),
                store.added_at(&track.path),
            ),
        };
        let past = SongHistory {
            added: added.unwrap_or(0),
            ..SongHistory::default()
        };
        past.with(&song_settings.unwrap_or_default())
    };
    tracks
        .into_iter()
        .map(|track| FoundSong {
            ready: is_ready(track.id),
            older: track.id.and_then(|id| stored.older.get(&id)).cloned(),
            past: past(&track),
            track,
        })
        .collect()
}

/// A song from anywhere on the disk, or in a sentence why it is none.
pub fn fetched(store: &StemStore, path: &Path) -> Result<FoundSong, String> {
    let shown = crate::text::printable(&path.to_string_lossy());
    let whole = std::fs::canonicalize(path).map_err(|error| format!("{shown} cannot be opened: {error}"))?;
    if whole.is_dir() {
        return Err(format!(
            "{shown} is a folder, and one song can be played at a time; add the folder to the queue instead"
        ));
    }
    if !is_audio(&whole) {
        return Err(format!(
            "{shown} is no song that croon knows by its name; it plays {}",
            AUDIO_ENDINGS.join(", ")
        ));
    }
    let stamp = stamp_of(&whole).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let mut found = found(store, vec![read_track(&whole, stamp)]);
    found.pop().ok_or_else(|| format!("{shown} cannot be read"))
}

/// Writes down what the library tells, and only what the catalogue does not say already.
pub struct KnownTracks {
    pub store: StemStore,
    stamps: HashMap<PathBuf, FileStamp>,
}

impl KnownTracks {
    pub fn new(store: StemStore, known: &HashMap<PathBuf, Track>) -> Self {
        let stamps = known
            .iter()
            .map(|(path, track)| (path.clone(), track.stamp))
            .collect();
        Self { store, stamps }
    }

    pub fn note(&mut self, event: &LibraryEvent) {
        let noted = match event {
            LibraryEvent::Found(tracks) => {
                let news: Vec<&Track> = tracks
                    .iter()
                    .filter(|track| self.stamps.get(&track.path) != Some(&track.stamp))
                    .collect();
                self.stamps
                    .extend(news.iter().map(|track| (track.path.clone(), track.stamp)));
                self.store.remember_many(news)
            }
            LibraryEvent::Gone(paths) => {
                self.stamps.retain(|path, _| !paths.contains(path));
                self.store.forget_many(paths.iter().map(PathBuf::as_path))
            }
            LibraryEvent::Moved { from, to } => {
                if let Some(stamp) = self.stamps.remove(from) {
                    self.stamps.insert(to.clone(), stamp);
                }
                self.store.rename(from, to)
            }
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!("the catalogue could not be written: {error}");
        }
    }
}
