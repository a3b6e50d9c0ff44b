//! Which of a song's lyrics are sung from: what was found for it, and the chooser of another.

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::queries::{chosen_lyrics, lyrics_choices};
use crate::app::state::cursor::Cursor;
use crate::app::state::song_lyrics::LyricsChoice;
use crate::app::update::find_lyrics::request;
use crate::keymap::{Code, Key};
use crate::lyrics::{Online, Pick};
use crate::song_settings::Change;

/// `L`: the chooser, on the line that is in force.
pub(super) fn open(app: &mut App) {
    if app.deck.song.is_none() {
        return app.toast("lyrics belong to a song, and nothing plays yet");
    }
    let choices = lyrics_choices(app);
    if choices.len() == 1 {
        return app.toast_no_lyrics();
    }
    let now = chosen_lyrics(app).0;
    let at = choices.iter().position(|line| *line == now).unwrap_or(0);
    app.overlay = Overlay::LyricsPicker(Cursor { at, offset: 0 });
}

/// Handles a key while the picker is open; returns the action that it means besides.
pub(super) fn handle_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) -> Option<Action> {
    let choices = lyrics_choices(app);
    let Overlay::LyricsPicker(cursor) = &mut app.overlay else {
        return None;
    };
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => cursor.step(1, choices.len()),
        (Code::Up | Code::Char('k'), false) => cursor.step(-1, choices.len()),
        (Code::Enter, _) => {
            let line = choices.into_iter().nth(cursor.at);
            app.overlay = Overlay::None;
            match line {
                Some(LyricsChoice::Auto) => choose(app, None, effects),
                Some(LyricsChoice::Offer(offer)) => choose(app, Some(offer.pick), effects),
                Some(LyricsChoice::Ask(Online::Asking)) => app.toast("LRCLIB is being asked"),
                Some(LyricsChoice::Ask(_)) => ask_lrclib(app, effects),
                None => {}
            }
        }
        (Code::Char('c'), true) => return Some(Action::Quit),
        _ => app.overlay = Overlay::None,
    }
    None
}

/// Sings from these from now on, whenever this song is sung.
fn choose(app: &mut App, pick: Option<Pick>, effects: &mut Vec<Effect>) {
    app.remember(Change::LyricsFrom(pick));
    effects.extend(request(app, true));
}

/// Asks the server, and sings from its lyrics if it has some.
pub(crate) fn ask_lrclib(app: &mut App, effects: &mut Vec<Effect>) {
    app.remember(Change::LyricsFrom(Some(Pick::lrclib())));
    if let Some(Effect::FindLyrics(mut wanted)) = request(app, true) {
        wanted.ask = true;
        effects.push(Effect::FindLyrics(wanted));
        app.toast("LRCLIB is asked for the words of this song");
    }
}
