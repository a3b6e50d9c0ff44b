//! Requests lyrics for the songs on the deck, and shows what was found.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::queries::lyrics_choices;
use crate::app::state::song_lyrics::FoundLyrics;
use crate::app::update::offset_suggestion;
use crate::lyrics::{LyricsRequest, Online};

/// Lyrics came for a song.
pub(super) fn show_found(app: &mut App, found: FoundLyrics) {
    let Some(key) = app.tracks.key(&found.path) else {
        return;
    };
    let songs = [&mut app.deck.song, &mut app.deck.next];
    for song in songs.into_iter().flatten().filter(|song| song.key == key) {
        song.lyrics.set_found(&found);
        song.lyrics.estimate_times(&song.vocals, song.duration);
        offset_suggestion::suggest(song);
    }
}

/// The wish for the words of the song on the deck, playing or next.
pub(super) fn request(app: &App, is_song: bool) -> Option<Effect> {
    let song = if is_song { &app.deck.song } else { &app.deck.next };
    let song = song.as_ref()?;
    let entry = app.tracks.get(song.key)?;
    Some(Effect::FindLyrics(LyricsRequest {
        path: entry.track.path.clone(),
        id: song.id,
        artist: entry.track.artist().to_owned(),
        title: entry.track.title(),
        album: entry.track.tags.album.clone(),
        duration: song.duration,
        pick: song.memory.lyrics_from.clone(),
        ask: false,
    }))
}

/// Words came for a song.
pub(super) fn lyrics_found(app: &mut App, found: FoundLyrics) {
    if let Some(reason) = &found.refused {
        app.add_notice(reason.clone());
    }
    let asked = app.deck.song.as_ref().map(|song| song.lyrics.online.clone());
    let plays = app.tracks.key(&found.path).is_some_and(|key| app.deck.plays(key));
    match &found.online {
        Online::Failed(reason) => app.add_notice(reason.clone()),
        Online::Nothing if plays && asked == Some(Online::Asking) => {
            app.toast("LRCLIB has no lyrics of this song");
        }
        _ => {}
    }
    self::show_found(app, found);
    if let Overlay::LyricsPicker(cursor) = &app.overlay {
        let mut cursor = *cursor;
        cursor.clamp(lyrics_choices(app).len());
        app.overlay = Overlay::LyricsPicker(cursor);
    }
}
