//! What is done ahead of need: the queue is separated in its order, and the engine started.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::separation::EngineState;
use crate::app::state::song_key::SongKey;
use crate::app::update::redo;
use crate::track::StemState;

/// Songs of the queue that are separated before what was only asked for or found.
const QUEUED: usize = 8;

/// What is sung next is separated next, in the queue's order.
pub(super) fn follow_queue(app: &mut App) {
    let next = app.deck.next.as_ref().map(|next| next.key);
    let queue = next.into_iter().chain(app.queue.songs()).take(QUEUED);
    let wanted: Vec<SongKey> = queue.collect();
    if wanted == app.separation.prefetched {
        return;
    }
    app.separation.prefetched.clone_from(&wanted);
    let (mut songs, mut again) = (Vec::new(), Vec::new());
    for key in wanted {
        let runs = app.jobs.is_running(key);
        let Some(entry) = app.tracks.get_mut(key) else {
            continue;
        };
        match entry.stems {
            StemState::New | StemState::Queued if !runs => entry.stems = StemState::Queued,
            StemState::Separating(_) => {}
            _ => {
                again.push(key);
                continue;
            }
        }
        songs.push((key, entry.track.duration.unwrap_or(0.0)));
    }
    app.jobs.request_queued(songs);
    for key in again.into_iter().rev() {
        redo::first(app, key);
    }
}

/// The engine is started before it is needed: it takes longer to come up than to separate the first
/// part of a song, and Enter is near where a song without its vocals is selected.
pub(super) fn warm(app: &mut App, effects: &mut Vec<Effect>) {
    let asleep = app.separation.engine == EngineState::Asleep && !app.separation.warming_up;
    if !asleep || app.jobs.running.is_some() || app.jobs.paused.is_some() {
        return;
    }
    let selected = app.selected().and_then(|key| app.tracks.get(key));
    if selected.is_some_and(|entry| matches!(entry.stems, StemState::New | StemState::Queued)) {
        app.separation.warming_up = true;
        effects.push(Effect::WarmUpEngine);
    }
}
