//! What the screens and the rules may ask of the state without changing it.

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::state::deck::{DeckSong, NextSong, SongOrigin};
use crate::app::state::song_key::SongKey;
use crate::app::state::song_lyrics::LyricsChoice;
use crate::lyrics::{Lyrics, Millis, Offer, Online};
use crate::output_state::OutputState;
use crate::request::Repeat;

/// The song that is edited, while it is the one on the deck.
pub(crate) fn edited_song(app: &App) -> Option<&DeckSong> {
    let editor = app.editor.as_ref()?;
    app.deck.song.as_ref().filter(|song| song.key == editor.song)
}

/// The song was heard to its end: while its words are timed it waits there instead of making way.
pub(in crate::app) fn holds_ended_song(app: &App) -> bool {
    edited_song(app).is_some()
}

/// Names of the song for the file.
pub(super) fn set_lyrics_tags(lyrics: &mut Lyrics, app: &App) {
    let Some(song) = edited_song(app) else { return };
    let shown = song.lyrics.shown();
    lyrics.title = Some(song.title.clone()).filter(|title| !title.is_empty());
    lyrics.artist = Some(song.artist.clone()).filter(|artist| !artist.is_empty());
    lyrics.language = shown.and_then(|lyrics| lyrics.language.clone());
    lyrics.voices = shown.map(|lyrics| lyrics.voices.clone()).unwrap_or_default();
}

/// `lyrics 150 ms later`; nothing where they are not moved.
pub fn offset_text(ms: i32) -> Option<String> {
    match ms {
        0 => None,
        later @ 1.. => Some(format!("lyrics {later} ms later")),
        sooner => Some(format!("lyrics {} ms sooner", -sooner)),
    }
}

pub(crate) fn offset_change_text(later: Millis) -> String {
    offset_text(later as i32).unwrap_or_default()
}

/// `lyrics 350 ms later? y`; nothing where nothing is offered.
pub fn offset_suggestion_text(app: &App) -> Option<String> {
    let suggested = app.deck.song.as_ref()?.lyrics.suggested?;
    let key = app.keymap.key_name(Screen::Sing, Action::TakeOffset)?;
    Some(format!("{}? {key}", offset_change_text(suggested)))
}

/// The name of the output that is heard now.
pub fn current_output(app: &App) -> Option<&str> {
    match &app.outputs.current {
        Some(OutputState::Device { name, .. }) => Some(name),
        _ => None,
    }
}

/// What follows the playing song.
pub fn next_song(app: &App) -> Option<SongKey> {
    Some(self::song_after_end(app)?.key)
}

/// The lines for the song on the deck; one for the automatic choice alone where nothing was found.
pub fn lyrics_choices(app: &App) -> Vec<LyricsChoice> {
    let mut choices = vec![LyricsChoice::Auto];
    if let Some(song) = &app.deck.song {
        choices.extend(song.lyrics.offers.iter().cloned().map(LyricsChoice::Offer));
        if !matches!(song.lyrics.online, Online::Off | Online::Here) {
            choices.push(LyricsChoice::Ask(song.lyrics.online.clone()));
        }
    }
    choices
}

/// The line that is in force, and the offer that is shown.
pub fn chosen_lyrics(app: &App) -> (LyricsChoice, Option<&Offer>) {
    let Some(song) = &app.deck.song else {
        return (LyricsChoice::Auto, None);
    };
    let shown = song.lyrics.offers.get(song.lyrics.chosen);
    let picked = song.memory.lyrics_from.as_ref();
    let offer = shown.filter(|offer| picked == Some(&offer.pick));
    (
        offer.cloned().map_or(LyricsChoice::Auto, LyricsChoice::Offer),
        shown,
    )
}

/// What begins when the playing song ends.
pub(super) fn song_after_end(app: &App) -> Option<NextSong> {
    if app.queue.repeat() == Repeat::One
        && let Some(again) = again(app)
    {
        return Some(again);
    }
    song_after_skip(app)
}

/// What `>` leads to: a song repeated for ever is left.
pub(super) fn song_after_skip(app: &App) -> Option<NextSong> {
    if let Some(next) = app.queue.first().and_then(NextSong::queued) {
        return Some(next);
    }
    let song = app.deck.song.as_ref()?;
    let round = app.queue.repeat() == Repeat::All;
    if round && matches!(song.origin, SongOrigin::Queue(_)) {
        // it would go to the end of the queue, and there is nothing else in it
        return again(app);
    }
    let after = if app.queue.is_shuffled() {
        app.tracks.neighbour_mixed(song.key, app.settings.seed, round)
    } else {
        app.tracks.neighbour(song.key, 1)
    };
    let after = after.or_else(|| round.then(|| app.tracks.first_playable()).flatten());
    after.map(NextSong::library)
}

fn again(app: &App) -> Option<NextSong> {
    let song = app.deck.song.as_ref()?;
    let playable = app.tracks.get(song.key).is_some_and(|entry| !entry.unplayable);
    playable.then(|| NextSong {
        key: song.key,
        origin: SongOrigin::Again,
        singer: song.singer.clone(),
    })
}
