//! What is remembered of the song on the deck: noted at once, stored when the hand has rested, and
//! whether it was sung or only begun.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::deck::DeckSong;
use crate::app::state::queue::entry;
use crate::song_settings::{Change, SongSettings};

/// A song counts as sung once so much of it was heard, or half of it.
const SUNG_SECONDS: f64 = 240.0;
/// Positions further apart than this are a jump, not time that was heard.
const JUMP_SECONDS: f64 = 2.0;

impl App {
    /// Something of the song on the deck was changed by hand; it is stored once the hand rests.
    pub(super) fn remember(&mut self, change: Change) {
        let Some(song) = &mut self.deck.song else { return };
        song.unsaved.retain(|earlier| !earlier.is_undone_by(&change));
        song.unsaved.push(change.clone());
        note(song, change);
        self.autosave.song_changed_ms = Some(self.now_ms);
    }
}

fn note(song: &mut DeckSong, change: Change) {
    let singer = song.singer.as_deref();
    song.memory.apply(singer, change);
    song.key_tempo = song.memory.key_tempo(singer);
}

/// What the store says of a song, under what was changed while it was asked.
pub(super) fn loaded(song: &mut DeckSong, memory: SongSettings) {
    song.memory = memory;
    song.key_tempo = song.memory.key_tempo(song.singer.as_deref());
    for change in song.unsaved.clone() {
        note(song, change);
    }
    song.looped = song.memory.loop_seconds;
}

/// Stores what was changed of the song on the deck.
pub(super) fn save(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(song) = &mut app.deck.song else { return };
    let known = app.tracks.get(song.key).and_then(|entry| entry.track.id);
    let Some(id) = song.id.or(known).filter(|_| !song.unsaved.is_empty()) else {
        return;
    };
    effects.push(Effect::SaveSongSettings {
        id,
        singer: song.singer.clone(),
        changes: std::mem::take(&mut song.unsaved),
    });
}

/// The song plays at `seconds` now: what lies between was heard.
pub(super) fn count_heard(app: &mut App, seconds: f64, effects: &mut Vec<Effect>) {
    let duration = app.deck.duration();
    let step = seconds - app.deck.seconds;
    let Some(song) = &mut app.deck.song else { return };
    if !(0.0..JUMP_SECONDS).contains(&step) {
        return;
    }
    song.heard += step;
    let enough = duration.map_or(SUNG_SECONDS, |duration| (duration / 2.0).min(SUNG_SECONDS));
    if song.sung || song.heard < enough {
        return;
    }
    song.sung = true;
    let Some(entry) = app.tracks.get(song.key) else {
        return;
    };
    effects.push(Effect::Sung {
        id: song.id,
        path: entry.track.path.clone(),
        name: entry::name(&song.artist, &song.title),
        singer: song.singer.clone(),
    });
}
