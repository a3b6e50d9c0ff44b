//! Decisions about the deck: what plays, from where, and what follows.

use std::path::Path;

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::message::payload::{LoadedSong, NextUp};
use crate::app::queries;
use crate::app::state::deck::{DeckSong, NextSong, Stage};
use crate::app::state::priority::Priority;
use crate::app::state::song_key::SongKey;
use crate::app::state::vocal_map::VocalMap;
use crate::app::update::next_up::{self, drop_next};
use crate::app::update::{ab_loop, autosave, find_lyrics, redo, separation, song_settings};
use crate::track::StemState;

/// The next song is made ready when so little is left of this one, and of what a cross-fade takes.
const AHEAD_SECONDS: f64 = 15.0;
/// At this tempo, the fastest, a second of listening takes so many of the song.
const FASTEST: f64 = 1.5;

/// Plays a song from `start`; `automatic`: no hand chose it, so if it can't play, the next one does.
pub(super) fn play(app: &mut App, key: SongKey, start: f64, automatic: bool, effects: &mut Vec<Effect>) {
    play_turn(app, NextSong::library(key), start, automatic, effects);
}

/// As [`play`], of a song that may come from the queue.
pub(super) fn play_turn(
    app: &mut App,
    next: NextSong,
    start: f64,
    automatic: bool,
    effects: &mut Vec<Effect>,
) {
    autosave::save(app, true, effects);
    drop_next(app, effects);
    let Some(entry) = app.tracks.get(next.key) else {
        return;
    };
    let mut song = DeckSong::new(app.deck.new_play_id(), next.key, start, &entry.track);
    song.automatic = automatic;
    (song.origin, song.singer) = (next.origin, next.singer);
    effects.push(Effect::Load {
        path: entry.track.path.clone(),
        id: entry.track.id,
    });
    let left = app.deck.song.replace(song);
    next_up::arrive(app, left);
    app.deck.playing = true;
    app.deck.seconds = start;
    want_voice(app);
}

/// The song on the deck is what the separator should work on, if it is not done with it.
fn want_voice(app: &mut App) {
    app.jobs.end_playing_priority();
    let Some(key) = app.deck.song.as_ref().map(|song| song.key) else {
        return;
    };
    if app
        .tracks
        .get(key)
        .is_some_and(|entry| entry.stems != StemState::Ready)
    {
        separation::request(app, key, Priority::Playing);
    }
}

/// Near the end of a song the next one is opened, so that no gap is heard.
fn plan_next(app: &mut App, effects: &mut Vec<Effect>) {
    let ahead = AHEAD_SECONDS + app.settings.crossfade_seconds * FASTEST;
    let near = match app.deck.duration() {
        Some(duration) => duration - app.deck.seconds < ahead,
        None => app.deck.seconds > 1.0,
    };
    let given = app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.stage == Stage::Ready);
    if !near || !given || !app.deck.playing || queries::holds_ended_song(app) {
        return;
    }
    let wanted = queries::song_after_end(app);
    let planned = match (&wanted, &app.deck.next) {
        (Some(wanted), Some(next)) => wanted.is(next),
        (None, None) => true,
        _ => false,
    };
    if planned {
        return;
    }
    drop_next(app, effects);
    let Some(wanted) = wanted else { return };
    let Some(entry) = app.tracks.get(wanted.key) else {
        return;
    };
    let mut next = DeckSong::new(app.deck.new_play_id(), wanted.key, 0.0, &entry.track);
    next.automatic = true;
    (next.origin, next.singer) = (wanted.origin, wanted.singer);
    effects.push(Effect::Load {
        path: entry.track.path.clone(),
        id: entry.track.id,
    });
    app.deck.next = Some(next);
}

pub(super) fn loaded(app: &mut App, loaded: LoadedSong, effects: &mut Vec<Effect>) {
    let Some(key) = app.tracks.key(&loaded.path) else {
        return;
    };
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.track.id = loaded.id.or(entry.track.id);
        if loaded.complete {
            entry.stems = StemState::Ready;
            entry.older = loaded.older.clone();
        } else if entry.stems == StemState::Ready {
            // the cache lost it: evicted, or damaged
            entry.stems = StemState::New;
            entry.older = None;
        }
    }
    app.tracks
        .update_history(&loaded.path, |past| past.with(&loaded.memory));
    if loaded.complete && loaded.older.is_none() {
        app.jobs.forget_waiting(key);
    }
    redo::first(app, key);
    let voice = VocalMap {
        segment_seconds: loaded.segment_seconds,
        segments: loaded.segments,
        complete: loaded.complete,
    };
    let waits = |song: &DeckSong| song.key == key && song.stage == Stage::Loading;
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
            song.vocals = voice.clone();
            song.lyrics.estimate_times(&song.vocals, song.duration);
        }
        return;
    };
    song.stage = Stage::Ready;
    song.id = loaded.id;
    song_settings::loaded(song, loaded.memory);
    song.duration = loaded.duration.or(song.duration);
    song.ends = loaded.ends.filter(|ends| *ends > loaded.begins);
    if song.start <= 0.0 && is_song {
        song.start = loaded.begins.max(0.0);
        app.deck.seconds = song.start;
    }
    song.vocals = voice;
    song.lyrics.estimate_times(&song.vocals, song.duration);
    give_to_player(app, is_song, effects);
}

/// Hands a loaded song to the player, and asks for its words.
fn give_to_player(app: &mut App, is_song: bool, effects: &mut Vec<Effect>) {
    let slot = if is_song { &app.deck.song } else { &app.deck.next };
    let unsought = slot.as_ref().is_some_and(|song| !song.lyrics.searched);
    let words = unsought.then(|| find_lyrics::request(app, is_song)).flatten();
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
    let (play_id, path, start) = (song.play_id, entry.track.path.clone(), song.start);
    let key_tempo = song.key_tempo;
    if !is_song {
        // a song that comes again goes round as it was made
        let again = app.deck.song.as_ref().is_some_and(|now| now.key == song.key);
        let crossfade = if again {
            0.0
        } else {
            app.settings.crossfade_seconds
        };
        effects.push(Effect::QueueNext(Some(NextUp {
            play_id,
            path,
            key_tempo,
            crossfade,
        })));
        return;
    }
    use_level(app, effects);
    effects.push(Effect::Play {
        play_id,
        path,
        start,
        key_tempo,
    });
    if !app.deck.playing {
        effects.push(Effect::Pause);
    }
    ab_loop::begin(app, effects);
    want_voice(app);
}

/// The fader goes where this song wants it.
fn use_level(app: &mut App, effects: &mut Vec<Effect>) {
    let own = app
        .deck
        .song
        .as_ref()
        .and_then(|song| song.memory.level(song.singer.as_deref()));
    app.levels.fader.set(own.unwrap_or(app.levels.default_level));
    effects.push(Effect::SetLevel(app.levels.fader.gain()));
}

pub(super) fn load_failed(app: &mut App, path: &Path, reason: &str, effects: &mut Vec<Effect>) {
    let Some(key) = app.tracks.key(path) else { return };
    let waits = |song: &&DeckSong| song.key == key && song.stage == Stage::Loading;
    let play_id = [&app.deck.song, &app.deck.next]
        .into_iter()
        .flatten()
        .find(waits)
        .map(|song| song.play_id);
    if let Some(play_id) = play_id {
        failed(app, play_id, reason, effects);
    }
}

/// A song can't be played (further).
pub(super) fn failed(app: &mut App, play_id: u64, reason: &str, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.song_by_play_id(play_id) else {
        return;
    };
    let (key, automatic) = (song.key, song.automatic || song.stage == Stage::Ready);
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = true;
    }
    next_up::refresh(app);
    app.add_notice(format!("{} can't be played: {reason}", app.title(key)));
    if app.deck.next.as_ref().is_some_and(|next| next.play_id == play_id) {
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
        next_up::give_back(app);
        advance(app, effects);
    } else {
        next_up::give_back(app);
        effects.push(Effect::Stop);
        stop_at_end(app);
    }
}

/// The end of the song has been heard.
pub(super) fn stop_at_end(app: &mut App) {
    app.deck.playing = false;
    if let Some(song) = &mut app.deck.song {
        song.stage = Stage::Over;
    }
}

/// Goes on to the next song, or comes to rest.
fn advance(app: &mut App, effects: &mut Vec<Effect>) {
    match queries::song_after_end(app) {
        Some(next) => play_turn(app, next, 0.0, true, effects),
        None => stop_at_end(app),
    }
}

/// The planned song is the one on the deck now.
fn change_over(app: &mut App, effects: &mut Vec<Effect>) {
    autosave::save(app, true, effects);
    let left = app.deck.song.take();
    app.deck.song = app.deck.next.take();
    app.deck.seconds = 0.0;
    next_up::arrive(app, left);
    want_voice(app);
}

pub(super) fn started(app: &mut App, play_id: u64, duration: Option<f64>, effects: &mut Vec<Effect>) {
    if app.deck.next.as_ref().is_some_and(|next| next.play_id == play_id) {
        change_over(app, effects);
        use_level(app, effects);
        if let Some(song) = &mut app.deck.song {
            // moved after the player was told what follows
            let key_tempo = song.memory.key_tempo(song.singer.as_deref());
            if key_tempo != song.key_tempo {
                song.key_tempo = key_tempo;
                effects.push(Effect::SetKeyTempo(key_tempo));
            }
        }
        ab_loop::begin(app, effects);
    }
    if let Some(song) = app.deck.song.as_mut().filter(|song| song.play_id == play_id) {
        song.duration = duration.or(song.duration);
        song.lyrics.estimate_times(&song.vocals, song.duration);
    }
}

pub(super) fn ended(app: &mut App, play_id: u64, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.song.as_mut().filter(|song| song.play_id == play_id) else {
        return;
    };
    song.stage = Stage::Over;
    match &app.deck.next {
        // it begins by itself: `PlayerStarted` comes
        Some(next) if next.stage == Stage::Ready => {}
        // not loaded in time: it becomes the song as soon as it is
        Some(_) => change_over(app, effects),
        None if queries::holds_ended_song(app) => stop_at_end(app),
        None => advance(app, effects),
    }
}

/// The song ends before its audio does, and this is behind its end; not while it goes round.
fn is_over(app: &App, seconds: f64) -> bool {
    let song = app.deck.song.as_ref().filter(|song| song.looped.is_none());
    let ends = song.and_then(|song| song.ends);
    // whoever jumps behind the end wants to hear what is there
    app.deck.playing && ends.is_some_and(|ends| seconds >= ends && app.deck.seconds < ends)
}

/// Goes on as if the audio had ended.
fn over(app: &mut App, effects: &mut Vec<Effect>) {
    drop_next(app, effects);
    if let Some(song) = &mut app.deck.song {
        song.stage = Stage::Over;
    }
    advance(app, effects);
    if !app.deck.playing {
        effects.push(Effect::Stop);
    }
}

/// True if the screen shows a change.
pub(super) fn position(app: &mut App, play_id: u64, seconds: f64, effects: &mut Vec<Effect>) -> bool {
    let heard = app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.play_id == play_id && song.stage == Stage::Ready);
    if !heard || !seconds.is_finite() {
        return false;
    }
    let quarter = |seconds: f64| (seconds * 4.0) as i64;
    let moved = quarter(seconds) != quarter(app.deck.seconds);
    song_settings::count_heard(app, seconds, effects);
    if is_over(app, seconds) {
        over(app, effects);
        return true;
    }
    app.deck.report_position(seconds.max(0.0));
    plan_next(app, effects);
    moved
}
