//! What the transport keys do to the song on the deck: pause, seek, next, previous.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::queries;
use crate::app::state::deck::{NextSong, Stage};
use crate::app::update::ab_loop::{self, SHORTEST, playing, set};
use crate::app::update::playback::{play, play_turn};

/// `previous` within this time goes to the song before, later to the start of this one.
const RESTART_SECONDS: f64 = 5.0;

pub(super) fn play_pause(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(song) = &app.deck.song else {
        if resume(app, effects) {
            return;
        }
        if let Some(key) = app.selected().or_else(|| app.tracks.selected()) {
            play(app, key, 0.0, false, effects);
        }
        return;
    };
    let (key, stage) = (song.key, song.stage);
    match stage {
        Stage::Over => play(app, key, 0.0, false, effects),
        Stage::Loading => app.deck.playing = !app.deck.playing,
        Stage::Ready => {
            app.deck.playing = !app.deck.playing;
            effects.push(if app.deck.playing {
                Effect::Resume
            } else {
                Effect::Pause
            });
        }
    }
}

/// Resumes where the last session ended.
fn resume(app: &mut App, effects: &mut Vec<Effect>) -> bool {
    let Some(resume) = app.session.resume.take() else {
        return false;
    };
    let Some(key) = app.tracks.key(&resume.path) else {
        app.toast_problem(format!("{} is not there any more", resume.name));
        return false;
    };
    let next = NextSong {
        singer: resume.singer,
        ..NextSong::library(key)
    };
    play_turn(app, next, resume.seconds, false, effects);
    app.show_screen(crate::action::Screen::Sing, effects);
    true
}

pub(super) fn seek_by(app: &mut App, seconds: f64, effects: &mut Vec<Effect>) {
    seek_to(app, app.deck.seconds + seconds, effects);
}

pub(super) fn seek_to(app: &mut App, seconds: f64, effects: &mut Vec<Effect>) {
    // the last half second stays, so that a seek too far is not the next song
    let last = app
        .deck
        .duration()
        .map_or(f64::MAX, |duration| (duration - 0.5).max(0.0));
    let seconds = seconds.clamp(0.0, last);
    let Some(song) = &mut app.deck.song else { return };
    let key = song.key;
    match song.stage {
        Stage::Over => return play(app, key, seconds, false, effects),
        Stage::Loading => song.start = seconds,
        Stage::Ready => {
            ab_loop::leave(app, seconds, effects);
            effects.push(Effect::Seek { seconds });
        }
    }
    app.deck.seconds = seconds;
    if app.jobs.is_running(key) {
        effects.push(Effect::FocusJob { seconds });
    }
}

pub(super) fn next(app: &mut App, effects: &mut Vec<Effect>) {
    if app.deck.song.is_none() {
        return play_pause(app, effects);
    }
    match queries::song_after_skip(app) {
        Some(next) => play_turn(app, next, 0.0, true, effects),
        None => app.toast("this is the last song"),
    }
}

pub(super) fn previous(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(key) = app.deck.song.as_ref().map(|song| song.key) else {
        return;
    };
    match app.tracks.neighbour(key, -1) {
        Some(before) if app.deck.seconds < RESTART_SECONDS => play(app, before, 0.0, false, effects),
        _ => seek_to(app, 0.0, effects),
    }
}

/// Goes round between two moments, such as those of a line, with so many seconds before it, and begins
/// there. Nothing happens where that is too short.
pub fn repeat(app: &mut App, from: f64, to: f64, pre_roll: f64, effects: &mut Vec<Effect>) {
    let end = app.deck.duration().unwrap_or(f64::MAX);
    let (from, to) = ((from - pre_roll.max(0.0)).max(0.0), to.min(end));
    if playing(app).is_none() || from.is_nan() || to.is_nan() || to - from < SHORTEST {
        return;
    }
    set(app, Some((from, to)), effects);
    self::seek_to(app, from, effects);
}
