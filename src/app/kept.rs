//! What the mind leaves for the next evening besides the memory of each song: the queue, where the
//! music stood, and what was sung.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::queue::{Queue, Queued, Repeat, Turns};
use super::sort::Sort;
use super::{App, Effect};
use crate::m3u::Item;

/// What croon remembers from one evening to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saved {
    /// Vocal level for songs that have none of their own, percent.
    pub level: u8,
    /// Master volume, percent.
    pub volume: u8,
    /// The order of the Library.
    pub sort: Sort,
    /// Readings under the lines.
    pub readings: bool,
}

/// What croon remembers of the outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedOutputs {
    /// The one chosen by hand; none: as configured, or the system's default.
    pub chosen: Option<String>,
    /// How late each of them is heard, by name; those that are not have no entry.
    pub delays_ms: BTreeMap<String, u32>,
}

/// The queue as it is written down.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeptQueue {
    pub items: Vec<Item>,
    pub repeat: Repeat,
    /// While shuffled: positions in `items` in the order without.
    pub unshuffled: Option<Vec<usize>>,
    /// Singers by their last turns.
    pub turns: Vec<(String, u64)>,
}

/// Where the music stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    pub path: PathBuf,
    /// `Artist - Title`.
    pub name: String,
    pub singer: Option<String>,
    pub seconds: f64,
}

/// A song that was sung.
#[derive(Debug, Clone, PartialEq)]
pub struct Sung {
    /// Seconds since the Unix epoch.
    pub at: i64,
    pub path: PathBuf,
    /// `Artist - Title`.
    pub name: String,
    pub singer: Option<String>,
}

/// What the last evening left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Restored {
    pub queue: KeptQueue,
    pub resume: Option<Resume>,
    /// The newest first.
    pub history: Vec<Sung>,
}

/// The position is written down when it moved by so much.
const POSITION_SECONDS: f64 = 5.0;
/// Songs of the history kept in mind.
pub const HISTORY: usize = 500;

pub(super) fn queued(item: Item) -> Queued {
    let Item {
        path,
        name,
        seconds,
        singer,
    } = item;
    let name = if name.is_empty() {
        crate::track::file_title(&path)
    } else {
        name
    };
    Queued {
        place: 0,
        path,
        key: None,
        broken: false,
        name,
        seconds: seconds.map(f64::from),
        singer,
    }
}

pub(super) fn item(entry: &Queued) -> Item {
    Item {
        path: entry.path.clone(),
        name: entry.name.clone(),
        seconds: entry.seconds.map(|seconds| seconds.round() as u32),
        singer: entry.singer.clone(),
    }
}

impl App {
    /// The queue as a list of songs.
    pub fn queue_items(&self) -> Vec<Item> {
        self.queue.entries().iter().map(item).collect()
    }
}

impl KeptQueue {
    fn of(queue: &Queue) -> Self {
        Self {
            items: queue.entries().iter().map(item).collect(),
            repeat: queue.repeat(),
            unshuffled: queue.unshuffled(),
            turns: queue.turns().to_list(),
        }
    }
}

pub(super) fn restore(app: &mut App, restored: Restored, effects: &mut Vec<Effect>) {
    let Restored {
        queue,
        resume,
        history,
    } = restored;
    let entries = queue.items.into_iter().map(queued).collect();
    let turns = Turns::from_list(queue.turns);
    app.queue.restore(entries, queue.unshuffled, turns, queue.repeat);
    app.now_saved.clone_from(&resume);
    app.resume = resume;
    app.history = history;
    super::queueing::look_for_missing(app, effects);
    app.queue_saved = app.queue.changes();
}

/// Writes down what changed: the queue at once, the position now and then.
pub(super) fn save(app: &mut App, effects: &mut Vec<Effect>) {
    if app.queue.changes() != app.queue_saved {
        app.queue_saved = app.queue.changes();
        effects.push(Effect::SaveQueue(Box::new(KeptQueue::of(&app.queue))));
    }
    let now = now(app);
    let same = match (&now, &app.now_saved) {
        (Some(now), Some(saved)) => {
            now.path == saved.path
                && now.singer == saved.singer
                && (now.seconds - saved.seconds).abs() < POSITION_SECONDS
                && app.deck.playing == app.playing_saved
        }
        (None, None) => true,
        _ => false,
    };
    if !same {
        app.now_saved.clone_from(&now);
        app.playing_saved = app.deck.playing;
        effects.push(Effect::SaveNow(now));
    }
}

/// Where the music stands; nothing where it came to rest.
fn now(app: &App) -> Option<Resume> {
    let Some(song) = &app.deck.song else {
        return app.resume.clone();
    };
    let path = &app.tracks.get(song.key)?.track.path;
    (song.stage != super::deck::Stage::Over).then(|| Resume {
        path: path.clone(),
        name: super::queueing::name(&song.artist, &song.title),
        singer: song.singer.clone(),
        seconds: app.deck.seconds,
    })
}
