//! Whose song comes next, and the way of an entry from the queue to the deck and back.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::deck::{DeckSong, SongOrigin, Stage};
use crate::request::Repeat;

/// A song is on the deck now, and this one left: its entry leaves the queue, and what left goes to the
/// end while all is repeated.
pub(super) fn arrive(app: &mut App, left: Option<DeckSong>) {
    app.session.resume = None;
    let Some(song) = &mut app.deck.song else { return };
    if let Some(left) = left
        .as_ref()
        .filter(|left| left.key == song.key && left.id.is_some())
    {
        // the store was asked before the last changes were written
        song.memory = left.memory.clone();
    }
    let left = left.map(|left| left.origin).unwrap_or_default();
    match std::mem::take(&mut song.origin) {
        SongOrigin::Again => song.origin = left,
        other => {
            if let (SongOrigin::Queue(taken), Repeat::All) = (left, app.queue.repeat()) {
                app.queue.send_to_end(taken.entry);
            }
            song.origin = match other {
                SongOrigin::Waiting(place) => app
                    .queue
                    .take(place)
                    .map_or(SongOrigin::Library, SongOrigin::Queue),
                other => other,
            };
        }
    }
}

/// The song on the deck came to nothing: its entry goes back.
pub(super) fn give_back(app: &mut App) {
    let Some(song) = app.deck.song.as_mut().filter(|song| song.heard == 0.0) else {
        return;
    };
    if let SongOrigin::Queue(taken) = std::mem::take(&mut song.origin) {
        app.queue.put_back(taken);
        refresh(app);
    }
}

/// Looks again which entries of the queue are songs of the library.
pub(super) fn refresh(app: &mut App) {
    let tracks = &app.tracks;
    app.queue.resolve(|path| {
        let key = tracks.key(path)?;
        Some((key, tracks.get(key)?.unplayable))
    });
}

pub(super) fn drop_next(app: &mut App, effects: &mut Vec<Effect>) {
    if app
        .deck
        .next
        .take()
        .is_some_and(|next| next.stage == Stage::Ready)
    {
        effects.push(Effect::QueueNext(None));
    }
}
