//! Opens a song for the player on a thread of its own: identity, memory, stored vocals,
//! waveforms. One runs; of those that wait the newest goes first, and of too many the oldest go.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::loudness::{self, Loudness, TagGain};
use crate::audio::identity::track_id;
use crate::jobs::loudness::Measuring;
use crate::jobs::stored;
use crate::jobs::vocals::StoredVocals;
use crate::library::{self, Span};
use crate::separate::segment::Grid;
use crate::song_settings::SongSettings;
use crate::store::{SongStems, StemStore};
use crate::track::TrackId;
use crate::waveform::Peaks;

/// A song to open.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub path: PathBuf,
    /// Where it is known already and the file is unchanged.
    pub id: Option<TrackId>,
}

/// What became of a [`Load`]. A wish that newer ones pushed out is not answered.
#[derive(Debug)]
pub enum LoadEvent {
    Opened(Box<OpenedSong>),
    Failed { path: PathBuf, reason: String },
}

/// All there is to know about a song before it plays.
#[derive(Debug)]
pub struct OpenedSong {
    pub path: PathBuf,
    pub id: TrackId,
    pub memory: SongSettings,
    /// What its tags say about its loudness, and what was measured.
    pub tag_gain: Option<TagGain>,
    pub loudness: Option<Loudness>,
    /// Seconds, as the file or the store says.
    pub duration: Option<f64>,
    /// `None` where nothing is stored yet.
    pub stems: Option<Arc<SongStems>>,
    /// One per segment of the song, its waveforms where they are stored; empty where the length is
    /// unknown and nothing is stored.
    pub segments: Vec<Option<Peaks>>,
    pub segment_seconds: f64,
    /// All vocals are stored.
    pub complete: bool,
    /// The model they are of, where the song should be separated again with a better one.
    pub older: Option<String>,
    /// The part of its audio that the song is.
    pub span: Span,
}

impl OpenedSong {
    /// What the song is multiplied by: its loudness gain with `preamp` dB on top, or 1 where songs are
    /// not brought to one loudness. Decided before the first sample, and not touched while the song
    /// plays.
    pub fn gain(&self, preamp: Option<f64>) -> f32 {
        preamp.map_or(1.0, |preamp| loudness::gain(self.tag_gain, self.loudness, preamp))
    }

    /// A reader of this song's vocals, for [`crate::audio::player::song::PlayerSong`].
    pub fn vocals(&self, store: &StemStore) -> StoredVocals {
        StoredVocals::new(store.clone(), self.id, self.stems.clone())
    }
}

/// The opening thread; it ends when this is dropped, after the song it is at.
pub struct SongLoader {
    wishes: Sender<Load>,
}

impl SongLoader {
    pub fn start(store: StemStore, on: impl Fn(LoadEvent) + Send + 'static) -> std::io::Result<Self> {
        let (wishes, inbox) = unbounded();
        thread::Builder::new()
            .name("load".into())
            .spawn(move || run(&store, &inbox, &on))?;
        Ok(Self { wishes })
    }

    pub fn load(&self, load: Load) {
        if self.wishes.send(load).is_err() {
            tracing::error!("the opening thread is gone");
        }
    }
}

/// PendingLoads that may wait: the playing song, the next, and one the listener changed their mind on.
const WAITING: usize = 3;

/// The wishes that wait, the newest last and each song once.
#[derive(Default)]
struct PendingLoads(Vec<Load>);

impl PendingLoads {
    fn add(&mut self, load: Load) {
        self.0.retain(|waiting| waiting.path != load.path);
        if self.0.len() == WAITING {
            self.0.remove(0);
        }
        self.0.push(load);
    }
}

fn run(store: &StemStore, inbox: &Receiver<Load>, on: &dyn Fn(LoadEvent)) {
    let mut wishes = PendingLoads::default();
    // Songs separated before loudness was measured: the next time they have theirs.
    let mut unmeasured: Option<Measuring> = None;
    loop {
        inbox.try_iter().for_each(|load| wishes.add(load));
        let load = match wishes.0.pop() {
            Some(load) => load,
            None if unmeasured.is_some() => {
                match inbox.try_recv() {
                    Ok(load) => wishes.add(load),
                    Err(TryRecvError::Empty) => unmeasured = unmeasured.and_then(|song| song.go_on(store)),
                    Err(TryRecvError::Disconnected) => return,
                }
                continue;
            }
            None => match inbox.recv() {
                Ok(load) => {
                    wishes.add(load);
                    continue;
                }
                Err(_) => return,
            },
        };
        on(match open(store, &load) {
            Ok(opened) => {
                if opened.complete {
                    unmeasured = Measuring::begin(store, &opened.path, opened.id).or(unmeasured);
                }
                LoadEvent::Opened(Box::new(opened))
            }
            Err(error) => LoadEvent::Failed {
                path: load.path,
                reason: error.to_string(),
            },
        });
    }
}

fn open(store: &StemStore, load: &Load) -> Result<OpenedSong, DecodeError> {
    let duration = length(&load.path)?;
    let id = match load.id {
        Some(id) => id,
        None => track_id(&load.path)?,
    };
    let found = stored::stems(store, id).unwrap_or_else(|error| {
        // The song plays as it is; its separation will meet the same fault and show it.
        tracing::warn!(path = %load.path.display(), "stored vocals cannot be used: {error}");
        None
    });
    let older = found.as_ref().and_then(|found| found.older.clone());
    let stems = found.map(|found| found.stems);
    let grid = Grid::STANDARD;
    let mut segments = stems.as_ref().map(|stems| stems.overview()).unwrap_or_default();
    let complete = stems.as_ref().is_some_and(|stems| stems.is_complete());
    let meta = stems.as_ref().and_then(|stems| stems.meta()).filter(|_| complete);
    let duration = match meta {
        Some(meta) => Some(meta.frames as f64 / f64::from(meta.rate.max(1))),
        None => duration,
    };
    if let (false, Some(seconds)) = (complete, duration) {
        let count = grid.segments((seconds * f64::from(grid.rate)).round() as u64) as usize;
        segments.resize(count.max(segments.len()), None);
    }
    Ok(OpenedSong {
        path: load.path.clone(),
        id,
        memory: store.song_settings(id),
        tag_gain: library::tag_gain(&load.path),
        loudness: store.loudness(id),
        duration,
        stems,
        segments,
        segment_seconds: grid.core as f64 / f64::from(grid.rate),
        complete,
        older,
        span: library::sung_span(&load.path),
    })
}

/// What the file says about its length; an error where it cannot be played at all.
fn length(path: &Path) -> Result<Option<f64>, DecodeError> {
    Ok(Decoder::open(path)?.info().duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_sent_back_to_back_all_stay_and_only_the_oldest_of_many_go() {
        let load = |name: &str| Load {
            path: name.into(),
            id: None,
        };
        let names = |wishes: &PendingLoads| {
            wishes
                .0
                .iter()
                .map(|l| l.path.display().to_string())
                .collect::<Vec<_>>()
        };
        let mut wishes = PendingLoads::default();
        for name in ["playing", "next", "playing"] {
            wishes.add(load(name));
        }
        assert_eq!(names(&wishes), ["next", "playing"]);
        for name in ["b", "c"] {
            wishes.add(load(name));
        }
        assert_eq!(names(&wishes), ["playing", "b", "c"]);
    }
}
