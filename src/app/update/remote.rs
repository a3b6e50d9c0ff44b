//! What a request from outside does: the same as the key that means it, and an answer in words for
//! the one who asked. Every request is answered once.

use std::path::Path;

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::message::{Effect, RequestResult};
use crate::app::overlay::Overlay;
use crate::app::queries;
use crate::app::state::deck::Stage;
use crate::app::state::song_key::SongKey;
use crate::app::update::{actions, autosave, levels, next_up, playback, queue, screens, transport};
use crate::key_tempo::{FASTEST, KEY_RANGE, KeyTempo, SLOWEST};
use crate::request::{Request, Target};
use crate::song_settings::LOUDEST_LEVEL as LOUDEST;

pub(super) fn handle_request(app: &mut App, request: Request, effects: &mut Vec<Effect>) {
    let at = effects.len();
    let answer = reply_to(app, request, effects);
    // before what ends croon
    effects.insert(at, Effect::Reply(answer));
}

fn reply_to(app: &mut App, request: Request, effects: &mut Vec<Effect>) -> RequestResult {
    match request {
        Request::Play => play(app, effects),
        Request::Pause => pause(app, effects),
        Request::Toggle if app.deck.is_moving() => pause(app, effects),
        Request::Toggle => play(app, effects),
        Request::Stop => {
            stop(app, effects);
            Ok("stopped".into())
        }
        Request::Next => next(app, effects),
        Request::Previous => {
            title_on_deck(app)?;
            transport::previous(app, effects);
            title_on_deck(app)
        }
        Request::Seek(change) => {
            title_on_deck(app)?;
            match change {
                Target::To(seconds) => transport::seek_to(app, seconds, effects),
                Target::By(seconds) => transport::seek_by(app, seconds, effects),
            }
            let whole = app.deck.seconds as u64;
            Ok(format!("at {}:{:02}", whole / 60, whole % 60))
        }
        Request::Vocals(change) => {
            levels::vocals(app, effects, |fader| {
                fader.set(change.apply(fader.level().into(), 0, LOUDEST.into()) as u8);
            });
            Ok(vocals_text(app))
        }
        Request::ToggleVocals => {
            actions::apply(app, Action::VocalsToggle, effects);
            Ok(vocals_text(app))
        }
        Request::Key(change) => {
            let range = i32::from(KEY_RANGE);
            key_tempo(app, effects, |song| {
                let key = change.apply(song.key().into(), -range, range);
                KeyTempo::new(key as i8, song.tempo())
            })
        }
        Request::Tempo(change) => key_tempo(app, effects, |song| {
            let tempo = change.apply(song.tempo().into(), SLOWEST.into(), FASTEST.into());
            KeyTempo::new(song.key(), tempo as u8)
        }),
        Request::Volume(change) => {
            let percent = change.apply(app.levels.volume.into(), 0, 100) as u8;
            levels::volume(app, percent, effects);
            Ok(volume_text(app))
        }
        Request::Mute => {
            actions::apply(app, Action::Mute, effects);
            Ok(volume_text(app))
        }
        Request::Repeat(repeat) => {
            app.queue.set_repeat(repeat);
            Ok(queue::repeat_text(repeat).into())
        }
        Request::Shuffle(shuffled) => {
            if app.queue.is_shuffled() != shuffled {
                queue::shuffle(app);
            }
            Ok(queue::shuffle_text(shuffled).into())
        }
        Request::Add(path) => add(app, &path),
        Request::PlayFile(path) => play_file(app, &path, effects),
        Request::Open(path) if app.deck.is_moving() => add(app, &path),
        Request::Open(path) => play_file(app, &path, effects),
        Request::Quit => {
            screens::quit(app, effects);
            Ok("croon ends".into())
        }
    }
}

/// The title of the song on the deck, or why there is nothing to do.
fn title_on_deck(app: &App) -> RequestResult {
    let song = app.deck.song.as_ref().map(|song| song.title.clone());
    song.ok_or_else(|| "no song is on the deck; play one first (`croon ctl play FILE`)".into())
}

fn vocals_text(app: &App) -> String {
    format!("the singer is at {} %", app.levels.fader.level())
}

fn volume_text(app: &App) -> String {
    if app.levels.muted {
        "muted".into()
    } else {
        format!("volume {} %", app.levels.volume)
    }
}

fn play(app: &mut App, effects: &mut Vec<Effect>) -> RequestResult {
    if !app.deck.is_moving() {
        // the first song of all is the one that was asked for, before the one under the cursor
        match queries::song_after_end(app).filter(|_| app.deck.song.is_none()) {
            Some(next) => playback::play_turn(app, next, 0.0, true, effects),
            None => transport::play_pause(app, effects),
        }
    }
    match title_on_deck(app) {
        Ok(title) => Ok(format!("{title} plays")),
        Err(_) => Err("there is no song to play; add one (`croon ctl play FILE`)".into()),
    }
}

fn pause(app: &mut App, effects: &mut Vec<Effect>) -> RequestResult {
    let title = title_on_deck(app)?;
    if app.deck.is_moving() {
        transport::play_pause(app, effects);
    }
    Ok(format!("{title} waits"))
}

/// Silence, and from the start the next time.
fn stop(app: &mut App, effects: &mut Vec<Effect>) {
    if app.deck.song.is_none() {
        return;
    }
    autosave::save(app, true, effects);
    next_up::drop_next(app, effects);
    effects.push(Effect::Stop);
    app.deck.seconds = 0.0;
    playback::stop_at_end(app);
}

fn next(app: &mut App, effects: &mut Vec<Effect>) -> RequestResult {
    if app.deck.song.is_none() {
        return play(app, effects);
    }
    if queries::song_after_skip(app).is_none() {
        return Err("this is the last song".into());
    }
    transport::next(app, effects);
    Ok(format!("{} plays", title_on_deck(app)?))
}

/// Key and tempo are the song's own, and until it is open nobody knows what they were.
fn key_tempo(
    app: &mut App,
    effects: &mut Vec<Effect>,
    change: impl FnOnce(KeyTempo) -> KeyTempo,
) -> RequestResult {
    title_on_deck(app)?;
    if app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.stage == Stage::Loading)
    {
        return Err("the song is still being opened; ask again in a moment".into());
    }
    levels::key_tempo(app, effects, change);
    let song = app.deck.song.as_ref().map(|song| song.key_tempo);
    let song = song.unwrap_or_default();
    Ok(format!("key {:+}, tempo {} %", song.key(), song.tempo()))
}

fn known(app: &App, path: &Path) -> Result<SongKey, String> {
    app.tracks
        .key(path)
        .ok_or_else(|| format!("{} is no song of this croon", crate::track::file_title(path)))
}

fn add(app: &mut App, path: &Path) -> RequestResult {
    let key = known(app, path)?;
    let at = queue::add(app, key, false);
    let said = format!("{} is number {} of the queue", app.title(key), at + 1);
    app.toast(said.clone());
    Ok(said)
}

fn play_file(app: &mut App, path: &Path, effects: &mut Vec<Effect>) -> RequestResult {
    let key = known(app, path)?;
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = false;
    }
    if !app.deck.plays(key) {
        playback::play(app, key, 0.0, false, effects);
    } else if !app.deck.is_moving() {
        transport::play_pause(app, effects);
    }
    // as Enter does it, but never from under the hand of somebody who is typing
    if matches!(app.overlay, Overlay::None) {
        app.show_screen(Screen::Sing, effects);
    }
    Ok(format!("{} plays", app.title(key)))
}
