//! Saves the session for the next start: the queue, the position in the song, and what was sung. The settings of
//! each song are saved by [`song_settings`](super::song_settings).

use std::path::PathBuf;

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::deck::Stage;
use crate::app::state::queue::entry::{self, item, queued};
use crate::app::state::queue::rotation::Rotation;
use crate::app::state::session::{ResumePoint, Session, SessionQueue};
use crate::app::update::next_up;
use crate::m3u::ListItem;

/// The position is written down when it moved by so much.
const POSITION_SECONDS: f64 = 5.0;
/// Songs of the history kept in mind.
pub const HISTORY: usize = 500;

impl App {
    /// The queue as a list of songs.
    pub fn queue_items(&self) -> Vec<ListItem> {
        self.queue.entries().iter().map(item).collect()
    }
}

pub(super) fn restore(app: &mut App, restored: Session, effects: &mut Vec<Effect>) {
    let Session {
        queue,
        resume,
        history,
    } = restored;
    let entries = queue.items.into_iter().map(queued).collect();
    let turns = Rotation::from_list(queue.turns);
    app.queue.restore(entries, queue.unshuffled, turns, queue.repeat);
    app.session.saved_resume.clone_from(&resume);
    app.session.resume = resume;
    app.history.songs = history;
    self::look_for_missing(app, effects);
    app.session.saved_queue_changes = app.queue.changes();
}

/// Writes down what changed: the queue at once, the position now and then.
pub(super) fn save(app: &mut App, effects: &mut Vec<Effect>) {
    if app.queue.changes() != app.session.saved_queue_changes {
        app.session.saved_queue_changes = app.queue.changes();
        effects.push(Effect::SaveQueue(Box::new(SessionQueue::of(&app.queue))));
    }
    let now = now(app);
    let same = match (&now, &app.session.saved_resume) {
        (Some(now), Some(saved)) => {
            now.path == saved.path
                && now.singer == saved.singer
                && (now.seconds - saved.seconds).abs() < POSITION_SECONDS
                && app.deck.playing == app.session.saved_playing
        }
        (None, None) => true,
        _ => false,
    };
    if !same {
        app.session.saved_resume.clone_from(&now);
        app.session.saved_playing = app.deck.playing;
        effects.push(Effect::SaveResumePoint(now));
    }
}

/// Where the music stands; nothing where it came to rest.
fn now(app: &App) -> Option<ResumePoint> {
    let Some(song) = &app.deck.song else {
        return app.session.resume.clone();
    };
    let path = &app.tracks.get(song.key)?.track.path;
    (song.stage != Stage::Over).then(|| ResumePoint {
        path: path.clone(),
        name: entry::name(&song.artist, &song.title),
        singer: song.singer.clone(),
        seconds: app.deck.seconds,
    })
}

/// Entries that the library does not have may lie outside its folders.
pub(super) fn look_for_missing(app: &mut App, effects: &mut Vec<Effect>) {
    next_up::refresh(app);
    let missing = app.queue.entries().iter().filter(|entry| entry.key.is_none());
    let paths: Vec<PathBuf> = missing.map(|entry| entry.path.clone()).collect();
    if !paths.is_empty() {
        effects.push(Effect::FindFiles(paths));
    }
}
