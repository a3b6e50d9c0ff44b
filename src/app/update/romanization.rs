//! Readings under the lines: whether they are wanted, of which lyrics, and what came of it.

use std::path::Path;
use std::sync::Arc;

use crate::app::app::App;
use crate::app::message::Effect;
use crate::lyrics::Lyrics;
use crate::lyrics::romanization::{Readings, wanted};

/// `f`: on or off, for all songs.
pub(super) fn toggle(app: &mut App) {
    app.lyrics_view.shows_romanization = !app.lyrics_view.shows_romanization;
    app.autosave.settings_changed_ms = Some(app.now_ms);
    let words = match (app.lyrics_view.shows_romanization, lyrics_of(app)) {
        (false, _) => "readings off".to_owned(),
        (true, None) => return app.toast_no_lyrics(),
        (true, Some(lyrics)) => match wanted(&lyrics) {
            Some(kind) => format!("readings: {}", kind.name()),
            None => "readings on; this song needs none".to_owned(),
        },
    };
    app.toasts.replace_info(app.now_ms, "readings", words);
}

fn lyrics_of(app: &App) -> Option<Arc<Lyrics>> {
    app.deck.song.as_ref()?.lyrics.found().cloned()
}

/// Asks for the readings of the song on the deck, once.
pub(super) fn request_romanization(app: &mut App, effects: &mut Vec<Effect>) {
    if !app.lyrics_view.shows_romanization {
        return;
    }
    let Some(song) = &mut app.deck.song else { return };
    let Some(lyrics) = song.lyrics.request_romanization() else {
        return;
    };
    let path = app.tracks.get(song.key).map(|entry| entry.track.path.clone());
    if let (Some(kind), Some(path)) = (wanted(&lyrics), path) {
        effects.push(Effect::Romanize { path, lyrics, kind });
    }
}

/// Readings came, of these lyrics.
pub(super) fn found(
    app: &mut App,
    path: &Path,
    lyrics: &Arc<Lyrics>,
    readings: Result<Arc<Readings>, String>,
) {
    let readings = match readings {
        Ok(readings) => readings,
        Err(reason) => return app.add_notice(reason),
    };
    let Some(key) = app.tracks.key(path) else { return };
    if let Some(song) = app.deck.song.as_mut().filter(|song| song.key == key) {
        song.lyrics.set_romanization(lyrics, readings);
    }
}
