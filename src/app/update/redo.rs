//! Songs that are separated again, because a better model is in use than the one that made their vocals.
//! The old vocals play until the new ones are whole; the work is done when nothing else waits.

use std::collections::{HashMap, HashSet};

use crate::app::app::App;
use crate::app::state::song_key::SongKey;
use crate::track::{StemState, TrackId};

/// These wait to be separated again, those sung last first; unless the user separates by hand.
pub(super) fn found(app: &mut App, keys: &[SongKey]) {
    if !app.settings.redo {
        return;
    }
    for key in keys {
        let Some(entry) = app.tracks.get(*key).filter(|entry| entry.older.is_some()) else {
            continue;
        };
        let (sung, seconds) = (entry.history.last_sung, entry.track.duration.unwrap_or(0.0));
        app.jobs.add_redo(*key, sung, seconds);
    }
}

/// Somebody sings or queues this song: of those that are separated again it is the first.
pub(super) fn first(app: &mut App, key: SongKey) {
    let now = app.now_unix();
    let entry = app.tracks.get(key).filter(|entry| entry.older.is_some());
    if let Some(entry) = entry.filter(|_| app.settings.redo) {
        let seconds = entry.track.duration.unwrap_or(0.0);
        app.jobs.add_redo_first(key, now, seconds);
    }
}

/// The engine has another model than was thought: whose vocals are whole now, and which are to be made again.
pub(super) fn model_changed(app: &mut App, ready: &HashSet<TrackId>, older: &HashMap<TrackId, String>) {
    app.jobs.forget_redos();
    let keys = app.tracks.all().to_vec();
    for key in &keys {
        let Some(entry) = app.tracks.get_mut(*key) else {
            continue;
        };
        let Some(id) = entry.track.id else { continue };
        entry.older = older.get(&id).cloned();
        let idle = matches!(entry.stems, StemState::New | StemState::Queued);
        if entry.older.is_some() || (ready.contains(&id) && idle) {
            entry.stems = StemState::Ready;
            app.jobs.forget_waiting(*key);
        }
    }
    found(app, &keys);
}
