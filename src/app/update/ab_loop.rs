//! The A-B loop: a part of the playing song gone over until it sits. The song on the deck holds it as
//! a pair of seconds.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::deck::{DeckSong, Stage};
use crate::song_settings::Change;

/// Seconds; a shorter loop is a buzz.
pub const SHORTEST: f64 = 0.1;

/// A loop begins where the song is heard.
pub(super) fn set_in(app: &mut App, effects: &mut Vec<Effect>) {
    let at = app.deck.seconds;
    let out = app
        .keymap
        .key_name(app.view.screen, crate::action::Action::LoopOut);
    let Some(song) = playing(app) else {
        return app.toast("a loop belongs to a song, and nothing plays yet");
    };
    let out = match (song.looped, out) {
        (Some((_, to)), _) if to - at >= SHORTEST => {
            set(app, Some((at, to)), effects);
            return app.toast(format!("loop {} to {}", shown(at), shown(to)));
        }
        (_, Some(key)) => format!(": {key} where it ends"),
        (_, None) => String::new(),
    };
    song.loop_in = Some(at);
    if song.looped.is_some() {
        set(app, None, effects);
    }
    app.toast(format!("a loop begins at {}{out}", shown(at)));
}

/// A loop ends where the song is heard; without a beginning, the loop there is goes.
pub(super) fn set_out(app: &mut App, effects: &mut Vec<Effect>) {
    let at = app.deck.seconds;
    let key = app
        .keymap
        .key_name(app.view.screen, crate::action::Action::LoopIn);
    let Some(song) = playing(app) else {
        return app.toast("a loop belongs to a song, and nothing plays yet");
    };
    let Some(from) = song.loop_in else {
        let text = match (song.looped, key) {
            (Some(_), _) => "no loop: the song goes on".into(),
            (None, Some(key)) => format!("first {key} where the loop begins"),
            (None, None) => "no loop is begun".into(),
        };
        if song.looped.is_some() {
            set(app, None, effects);
        }
        return app.toast(text);
    };
    if at - from < SHORTEST {
        return app.toast(format!(
            "a loop is at least {SHORTEST} s long: this one would begin at {} and end at {}",
            shown(from),
            shown(at)
        ));
    }
    song.loop_in = None;
    set(app, Some((from, at)), effects);
    app.toast(format!("loop {} to {}", shown(from), shown(at)));
}

/// The loop of a song whose turn has come, if it has one.
pub(super) fn begin(app: &App, effects: &mut Vec<Effect>) {
    if let Some(looped @ Some(_)) = app.deck.song.as_ref().map(|song| song.looped) {
        effects.push(Effect::SetLoop(looped));
    }
}

/// Going behind the end of the loop leaves it; from before it, the song comes into it again.
pub(super) fn leave(app: &mut App, seconds: f64, effects: &mut Vec<Effect>) {
    let behind = |song: &&mut DeckSong| song.looped.is_some_and(|(_, to)| seconds >= to);
    if playing(app).filter(behind).is_some() {
        set(app, None, effects);
        app.toast("the loop is left");
    }
}

pub(crate) fn set(app: &mut App, looped: Option<(f64, f64)>, effects: &mut Vec<Effect>) {
    if let Some(song) = playing(app) {
        song.looped = looped;
        if looped.is_some() {
            song.loop_in = None;
        }
        effects.push(Effect::SetLoop(looped));
        app.remember(Change::Loop(looped));
    }
}

pub(crate) fn playing(app: &mut App) -> Option<&mut DeckSong> {
    app.deck.song.as_mut().filter(|song| song.stage == Stage::Ready)
}

/// `1:02.3`
fn shown(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}
