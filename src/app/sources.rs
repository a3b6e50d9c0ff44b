//! Which of a song's lyrics are sung from: what was found for it, and the chooser of another.

use std::path::PathBuf;
use std::sync::Arc;

use super::list::Cursor;
use super::{App, Effect, Overlay, act, lyrics};
use crate::action::Action;
use crate::keymap::{Code, Key};
use crate::lyrics::cdg::Graphics;
use crate::lyrics::{Lyrics, Offer, Online, Pick, Wanted};
use crate::song_memory::Change;

/// What was found for a song.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WordsFound {
    pub path: PathBuf,
    pub lyrics: Option<Arc<Lyrics>>,
    /// In place of them, where pictures are what is sung from.
    pub graphics: Option<Arc<Graphics>>,
    /// Everything the song could be sung with, best first, and which of it the lyrics are.
    pub offers: Vec<Offer>,
    pub chosen: usize,
    pub online: Online,
    /// A file that looks like this song's lyrics and can't be used, in one sentence.
    pub refused: Option<String>,
}

/// A line of the chooser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The best there is, whatever comes.
    Auto,
    Offer(Offer),
    /// Ask the LRCLIB server.
    Ask(Online),
}

/// The lines for the song on the deck; one for the automatic choice alone where nothing was found.
pub fn lines(app: &App) -> Vec<Line> {
    let mut lines = vec![Line::Auto];
    if let Some(song) = &app.deck.song {
        lines.extend(song.words.offers.iter().cloned().map(Line::Offer));
        if !matches!(song.words.online, Online::Off | Online::Here) {
            lines.push(Line::Ask(song.words.online.clone()));
        }
    }
    lines
}

/// The line that is in force, and the offer that is shown.
pub fn in_force(app: &App) -> (Line, Option<&Offer>) {
    let Some(song) = &app.deck.song else {
        return (Line::Auto, None);
    };
    let shown = song.words.offers.get(song.words.chosen);
    let picked = song.memory.lyrics_from.as_ref();
    let offer = shown.filter(|offer| picked == Some(&offer.pick));
    (offer.cloned().map_or(Line::Auto, Line::Offer), shown)
}

/// The wish for the words of the song on the deck, playing or next.
pub(super) fn wish(app: &App, is_song: bool) -> Option<Effect> {
    let song = if is_song { &app.deck.song } else { &app.deck.next };
    let song = song.as_ref()?;
    let entry = app.tracks.get(song.key)?;
    Some(Effect::FindLyrics(Wanted {
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
pub(super) fn found(app: &mut App, found: WordsFound) {
    if let Some(reason) = &found.refused {
        app.trouble(reason.clone());
    }
    let asked = app.deck.song.as_ref().map(|song| song.words.online.clone());
    let plays = app.tracks.key(&found.path).is_some_and(|key| app.deck.plays(key));
    match &found.online {
        Online::Failed(reason) => app.trouble(reason.clone()),
        Online::Nothing if plays && asked == Some(Online::Asking) => {
            app.say("LRCLIB has no lyrics of this song");
        }
        _ => {}
    }
    lyrics::show_found(app, found);
    if let Overlay::Sources(cursor) = &app.overlay {
        let mut cursor = *cursor;
        cursor.clamp(lines(app).len());
        app.overlay = Overlay::Sources(cursor);
    }
}

/// `L`: the chooser, on the line that is in force.
pub(super) fn open(app: &mut App) {
    if app.deck.song.is_none() {
        return app.say("lyrics belong to a song, and nothing plays yet");
    }
    let lines = lines(app);
    if lines.len() == 1 {
        return lyrics::nothing(app);
    }
    let now = in_force(app).0;
    let at = lines.iter().position(|line| *line == now).unwrap_or(0);
    app.overlay = Overlay::Sources(Cursor { at, offset: 0 });
}

pub(super) fn key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let lines = lines(app);
    let Overlay::Sources(cursor) = &mut app.overlay else {
        return;
    };
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => cursor.step(1, lines.len()),
        (Code::Up | Code::Char('k'), false) => cursor.step(-1, lines.len()),
        (Code::Enter, _) => {
            let line = lines.into_iter().nth(cursor.at);
            app.overlay = Overlay::None;
            match line {
                Some(Line::Auto) => choose(app, None, effects),
                Some(Line::Offer(offer)) => choose(app, Some(offer.pick), effects),
                Some(Line::Ask(Online::Asking)) => app.say("LRCLIB is being asked"),
                Some(Line::Ask(_)) => ask(app, effects),
                None => {}
            }
        }
        (Code::Char('c'), true) => act::act(app, Action::Quit, effects),
        _ => app.overlay = Overlay::None,
    }
}

/// Sings from these from now on, whenever this song is sung.
fn choose(app: &mut App, pick: Option<Pick>, effects: &mut Vec<Effect>) {
    app.remember(Change::LyricsFrom(pick));
    effects.extend(wish(app, true));
}

/// Asks the server, and sings from its lyrics if it has some.
fn ask(app: &mut App, effects: &mut Vec<Effect>) {
    app.remember(Change::LyricsFrom(Some(Pick::lrclib())));
    if let Some(Effect::FindLyrics(mut wanted)) = wish(app, true) {
        wanted.ask = true;
        effects.push(Effect::FindLyrics(wanted));
        app.say("LRCLIB is asked for the words of this song");
    }
}
