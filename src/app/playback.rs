//! Decisions about the deck: what plays, from where, and what follows.

use std::path::Path;

use super::board::Wish;
use super::deck::{Song, Stage, Voiceprint};
use super::event::{Loaded, NextUp};
use super::tracks::SongKey;
use super::{App, Effect, act, looping, memory, separation};
use crate::track::StemState;

/// The next song is made ready when so little is left of this one.
const AHEAD_SECONDS: f64 = 15.0;
/// `previous` within this time goes to the song before, later to the start of this one.
const RESTART_SECONDS: f64 = 5.0;

/// Plays a song from `start`; `automatic`: no hand chose it, so if it can't play, the next one does.
pub(super) fn play(app: &mut App, key: SongKey, start: f64, automatic: bool, effects: &mut Vec<Effect>) {
    act::save(app, true, effects);
    drop_next(app, effects);
    let Some(entry) = app.tracks.get(key) else { return };
    let mut song = Song::new(app.deck.fresh_token(), key, start, &entry.track);
    song.automatic = automatic;
    effects.push(Effect::Load {
        path: entry.track.path.clone(),
        id: entry.track.id,
    });
    app.deck.song = Some(song);
    app.deck.playing = true;
    app.deck.seconds = start;
    want_voice(app);
}

/// The song on the deck is what the separator should work on, if it is not done with it.
fn want_voice(app: &mut App) {
    app.board.no_longer_playing();
    let Some(key) = app.deck.song.as_ref().map(|song| song.key) else {
        return;
    };
    if app
        .tracks
        .get(key)
        .is_some_and(|entry| entry.stems != StemState::Ready)
    {
        separation::ask(app, key, Wish::Playing);
    }
}

pub(super) fn drop_next(app: &mut App, effects: &mut Vec<Effect>) {
    if app
        .deck
        .next
        .take()
        .is_some_and(|next| next.stage == Stage::Given)
    {
        effects.push(Effect::QueueNext(None));
    }
}

/// What follows the playing song.
pub fn follower(app: &App) -> Option<SongKey> {
    let playable = |key: &SongKey| app.tracks.get(*key).is_some_and(|entry| !entry.unplayable);
    let queued = app.queue.iter().copied().find(playable);
    queued.or_else(|| app.tracks.neighbour(app.deck.song.as_ref()?.key, 1))
}

/// Near the end of a song the next one is opened, so that no gap is heard.
fn plan_next(app: &mut App, effects: &mut Vec<Effect>) {
    let near = match app.deck.duration() {
        Some(duration) => duration - app.deck.seconds < AHEAD_SECONDS,
        None => app.deck.seconds > 1.0,
    };
    let given = app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.stage == Stage::Given);
    if !near || !given || !app.deck.playing {
        return;
    }
    let wanted = follower(app);
    if app.deck.next.as_ref().map(|next| next.key) == wanted {
        return;
    }
    drop_next(app, effects);
    let Some(entry) = wanted.and_then(|key| Some((key, app.tracks.get(key)?))) else {
        return;
    };
    let (key, entry) = entry;
    let mut next = Song::new(app.deck.fresh_token(), key, 0.0, &entry.track);
    next.automatic = true;
    effects.push(Effect::Load {
        path: entry.track.path.clone(),
        id: entry.track.id,
    });
    app.deck.next = Some(next);
}

pub(super) fn loaded(app: &mut App, loaded: Loaded, effects: &mut Vec<Effect>) {
    let Some(key) = app.tracks.key(&loaded.path) else {
        return;
    };
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.track.id = loaded.id.or(entry.track.id);
        if loaded.complete {
            entry.stems = StemState::Ready;
        } else if entry.stems == StemState::Ready {
            // the cache lost it: evicted, or damaged
            entry.stems = StemState::New;
        }
    }
    if loaded.complete {
        app.board.forget_waiting(key);
    }
    let voice = Voiceprint {
        segment_seconds: loaded.segment_seconds,
        segments: loaded.segments,
        complete: loaded.complete,
    };
    let waits = |song: &Song| song.key == key && song.stage == Stage::Loading;
    let is_song = app.deck.song.as_ref().is_some_and(waits);
    let slot = if is_song {
        &mut app.deck.song
    } else {
        &mut app.deck.next
    };
    let Some(song) = slot.as_mut().filter(|song| waits(song)) else {
        // asked once more because its vocals became known
        for song in [&mut app.deck.song, &mut app.deck.next]
            .into_iter()
            .flatten()
            .filter(|s| s.key == key)
        {
            song.voice = voice.clone();
            song.words.lay(&song.voice, song.duration);
        }
        return;
    };
    song.stage = Stage::Given;
    song.id = loaded.id;
    memory::loaded(song, loaded.memory);
    song.duration = loaded.duration.or(song.duration);
    song.voice = voice;
    song.words.lay(&song.voice, song.duration);
    give(app, is_song, effects);
}

/// Hands a loaded song to the player, and asks for its words.
fn give(app: &mut App, is_song: bool, effects: &mut Vec<Effect>) {
    let slot = if is_song { &app.deck.song } else { &app.deck.next };
    let unsought = slot.as_ref().filter(|song| !song.words.sought);
    let entry = unsought.and_then(|song| app.tracks.get(song.key));
    let words = entry.map(|entry| Effect::FindLyrics {
        path: entry.track.path.clone(),
        artist: entry.track.artist().to_owned(),
        title: entry.track.title(),
    });
    to_player(app, is_song, effects);
    effects.extend(words);
}

fn to_player(app: &mut App, is_song: bool, effects: &mut Vec<Effect>) {
    let slot = if is_song { &app.deck.song } else { &app.deck.next };
    let Some((song, entry)) = slot
        .as_ref()
        .and_then(|song| Some((song, app.tracks.get(song.key)?)))
    else {
        return;
    };
    let (token, path, start) = (song.token, entry.track.path.clone(), song.start);
    let key_tempo = song.key_tempo;
    if !is_song {
        effects.push(Effect::QueueNext(Some(NextUp {
            token,
            path,
            key_tempo,
        })));
        return;
    }
    use_level(app, effects);
    effects.push(Effect::Play {
        token,
        path,
        start,
        key_tempo,
    });
    if !app.deck.playing {
        effects.push(Effect::Pause);
    }
    looping::begin(app, effects);
    want_voice(app);
}

/// The fader goes where this song wants it.
fn use_level(app: &mut App, effects: &mut Vec<Effect>) {
    let own = app
        .deck
        .song
        .as_ref()
        .and_then(|song| song.memory.level(song.singer.as_deref()));
    app.fader.set(own.unwrap_or(app.level));
    effects.push(Effect::SetLevel(app.fader.gain()));
}

pub(super) fn load_failed(app: &mut App, path: &Path, reason: &str, effects: &mut Vec<Effect>) {
    let Some(key) = app.tracks.key(path) else { return };
    let waits = |song: &&Song| song.key == key && song.stage == Stage::Loading;
    let token = [&app.deck.song, &app.deck.next]
        .into_iter()
        .flatten()
        .find(waits)
        .map(|song| song.token);
    if let Some(token) = token {
        failed(app, token, reason, effects);
    }
}

/// A song can't be played (further).
pub(super) fn failed(app: &mut App, token: u64, reason: &str, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.with_token(token) else {
        return;
    };
    let (key, automatic) = (song.key, song.automatic || song.stage == Stage::Given);
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = true;
    }
    app.queue.retain(|queued| *queued != key);
    app.queue_cursor.clamp(app.queue.len());
    app.trouble(format!("{} can't be played: {reason}", app.title(key)));
    if app.deck.next.as_ref().is_some_and(|next| next.token == token) {
        app.deck.next = None;
        if app
            .deck
            .song
            .as_ref()
            .is_some_and(|song| song.stage == Stage::Over)
        {
            advance(app, effects);
        }
    } else if automatic {
        advance(app, effects);
    } else {
        effects.push(Effect::Stop);
        rest(app);
    }
}

/// The end of the song has been heard.
pub(super) fn rest(app: &mut App) {
    app.deck.playing = false;
    if let Some(song) = &mut app.deck.song {
        song.stage = Stage::Over;
    }
}

/// Goes on to the next song, or comes to rest.
fn advance(app: &mut App, effects: &mut Vec<Effect>) {
    match follower(app) {
        Some(key) => play_follower(app, key, effects),
        None => rest(app),
    }
}

/// Its turn has come: it leaves the queue and plays.
pub(super) fn play_follower(app: &mut App, key: SongKey, effects: &mut Vec<Effect>) {
    unqueue(app, key);
    play(app, key, 0.0, true, effects);
}

fn unqueue(app: &mut App, key: SongKey) {
    if let Some(at) = app.queue.iter().position(|queued| *queued == key) {
        app.queue.remove(at);
        app.queue_cursor.clamp(app.queue.len());
    }
}

pub(super) fn started(app: &mut App, token: u64, duration: Option<f64>, effects: &mut Vec<Effect>) {
    if app.deck.next.as_ref().is_some_and(|next| next.token == token) {
        act::save(app, true, effects);
        app.deck.song = app.deck.next.take();
        app.deck.seconds = 0.0;
        if let Some(key) = app.deck.song.as_ref().map(|song| song.key) {
            unqueue(app, key);
        }
        use_level(app, effects);
        looping::begin(app, effects);
        want_voice(app);
    }
    if let Some(song) = app.deck.song.as_mut().filter(|song| song.token == token) {
        song.duration = duration.or(song.duration);
        song.words.lay(&song.voice, song.duration);
    }
}

pub(super) fn ended(app: &mut App, token: u64, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.song.as_mut().filter(|song| song.token == token) else {
        return;
    };
    song.stage = Stage::Over;
    match app.deck.next.take() {
        // it begins by itself: `PlayerStarted` comes
        Some(next) if next.stage == Stage::Given => app.deck.next = Some(next),
        // not loaded in time: it becomes the song as soon as it is
        Some(next) => {
            act::save(app, true, effects);
            unqueue(app, next.key);
            app.deck.song = Some(next);
            app.deck.seconds = 0.0;
            want_voice(app);
        }
        None => advance(app, effects),
    }
}

/// True if the screen shows a change.
pub(super) fn position(app: &mut App, token: u64, seconds: f64, effects: &mut Vec<Effect>) -> bool {
    let heard = app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.token == token && song.stage == Stage::Given);
    if !heard || !seconds.is_finite() {
        return false;
    }
    let quarter = |seconds: f64| (seconds * 4.0) as i64;
    let moved = quarter(seconds) != quarter(app.deck.seconds);
    memory::heard(app, seconds, effects);
    app.deck.position(seconds.max(0.0));
    plan_next(app, effects);
    moved
}

pub(super) fn play_pause(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(song) = &app.deck.song else {
        if let Some(key) = app.selected().or_else(|| app.tracks.selected()) {
            play(app, key, 0.0, false, effects);
        }
        return;
    };
    let (key, stage) = (song.key, song.stage);
    match stage {
        Stage::Over => play(app, key, 0.0, false, effects),
        Stage::Loading => app.deck.playing = !app.deck.playing,
        Stage::Given => {
            app.deck.playing = !app.deck.playing;
            effects.push(if app.deck.playing {
                Effect::Resume
            } else {
                Effect::Pause
            });
        }
    }
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
        Stage::Given => {
            looping::leave(app, seconds, effects);
            effects.push(Effect::Seek { seconds });
        }
    }
    app.deck.seconds = seconds;
    if app.board.is_running(key) {
        effects.push(Effect::FocusJob { seconds });
    }
}

pub(super) fn next(app: &mut App, effects: &mut Vec<Effect>) {
    if app.deck.song.is_none() {
        return play_pause(app, effects);
    }
    match follower(app) {
        Some(key) => play_follower(app, key, effects),
        None => app.say("this is the last song"),
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
