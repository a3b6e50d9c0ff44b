//! Decisions about jobs: what waits, what runs, what makes way.

use std::path::Path;

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::cache_stats::CacheStats;
use crate::app::state::deck::DeckSong;
use crate::app::state::job_queue::StopReason;
use crate::app::state::priority::Priority;
use crate::app::state::separation::EngineState;
use crate::app::state::song_key::SongKey;
use crate::app::update::{prefetch, redo};
use crate::track::{StemState, stored_bytes};
use crate::waveform::Peaks;

/// Tries again after the engine could not be had or song after song failed alike. Not while the job
/// that met it is still ending: its failure would then count as the song's.
pub(super) fn unpause(app: &mut App) {
    if app.jobs.running.is_some() {
        return;
    }
    if app.jobs.paused.take().is_some() && matches!(app.separation.engine, EngineState::Down(_)) {
        app.separation.engine = EngineState::Asleep;
    }
}

/// Somebody wants this song separated.
pub(super) fn request(app: &mut App, key: SongKey, priority: Priority) {
    unpause(app);
    let Some(entry) = app.tracks.get_mut(key) else {
        return;
    };
    let seconds = entry.track.duration.unwrap_or(0.0);
    if !app.jobs.is_running(key) {
        entry.set_stems(StemState::Queued);
    }
    app.jobs.request(key, priority, seconds);
}

/// Somebody wants all of these, in this order.
pub(super) fn request_all(app: &mut App, keys: &[SongKey]) {
    unpause(app);
    let mut songs = Vec::new();
    for key in keys {
        let Some(entry) = app.tracks.get_mut(*key) else {
            continue;
        };
        if entry.stems == StemState::Ready {
            continue;
        }
        if !app.jobs.is_running(*key) {
            entry.stems = StemState::Queued;
        }
        songs.push((*key, entry.track.duration.unwrap_or(0.0)));
    }
    app.toast(format!("{} songs are separated next", songs.len()));
    app.jobs.request_all(songs);
}

/// New files: they wait, unless the user separates by hand.
pub(super) fn songs_found(app: &mut App, new: &[SongKey], changed: &[SongKey]) {
    for key in changed {
        app.jobs.forget_waiting(*key);
        app.jobs.forget_failed(*key);
    }
    redo::found(app, new);
    redo::found(app, changed);
    if !app.settings.auto_separate {
        return;
    }
    let mut waiting = Vec::new();
    for key in new.iter().chain(changed) {
        if app.jobs.is_running(*key) {
            continue;
        }
        let Some(entry) = app.tracks.get_mut(*key) else {
            continue;
        };
        if entry.stems == StemState::New {
            entry.stems = StemState::Queued;
            waiting.push((
                *key,
                entry.track.stamp.modified_ns,
                entry.track.duration.unwrap_or(0.0),
            ));
        }
    }
    app.jobs.add_found(waiting);
}

/// Tells the running job to stop.
pub(super) fn stop(app: &mut App, why: StopReason, effects: &mut Vec<Effect>) {
    if let Some(running) = &mut app.jobs.running {
        if running.stopping.is_none() {
            effects.push(Effect::CancelJob);
        }
        running.stopping = Some(why);
    }
}

impl App {
    /// Songs nobody asked for wait because the cache has no room for the next of them: it would
    /// push out another one, and a library larger than the cache would be separated for ever.
    pub fn waits_for_cache(&self) -> bool {
        self.jobs
            .first_unrequested()
            .is_some_and(|first| !fits(self.separation.cache, self.separation.evicted, first.seconds))
    }
}

/// True if a song of this length can be stored without another having to go, as far as known.
fn fits(cache: Option<CacheStats>, pushed_out: bool, seconds: f64) -> bool {
    let wants = stored_bytes(Some(seconds));
    !pushed_out && cache.is_none_or(|cache| cache.bytes.saturating_add(wants) <= cache.cap_bytes)
}

/// The cache was added up. At the first time a job nobody asked for may run already.
pub(super) fn cache(app: &mut App, stats: CacheStats, effects: &mut Vec<Effect>) {
    let first = app.separation.cache.replace(stats).is_none();
    let unasked = app
        .jobs
        .running
        .as_ref()
        .filter(|running| !running.priority.is_requested());
    if first
        && unasked.is_some_and(|running| !fits(app.separation.cache, app.separation.evicted, running.seconds))
    {
        stop(app, StopReason::Later, effects);
    }
}

/// After every event: an urgent wish stops a lesser job, and a free worker gets the next one.
pub(super) fn sync_jobs(app: &mut App, effects: &mut Vec<Effect>) {
    prefetch::follow_queue(app);
    if app.jobs.should_yield() {
        stop(app, StopReason::Later, effects);
    }
    let (tracks, cache, pushed_out) = (&app.tracks, app.separation.cache, app.separation.evicted);
    let Some(running) = app.jobs.start_next(
        |next| next.priority.is_requested() || fits(cache, pushed_out, next.seconds),
        |key| tracks.get(key).map(|entry| entry.track.path.clone()),
    ) else {
        return;
    };
    let (key, path) = (running.key, running.path.clone());
    let from_seconds = if app.deck.plays(key) {
        app.deck.seconds
    } else {
        0.0
    };
    let Some(entry) = app.tracks.get_mut(key) else {
        return;
    };
    entry.set_stems(StemState::Separating(0.0));
    effects.push(Effect::StartJob {
        path,
        id: entry.track.id,
        from_seconds,
    });
}

/// True if this is the file of the running job.
fn runs(app: &App, path: &Path) -> bool {
    app.jobs
        .running
        .as_ref()
        .is_some_and(|running| running.path == path)
}

pub(super) fn progress(app: &mut App, path: &Path, done: u32, total: u32, speed: f32) {
    if !runs(app, path) {
        return;
    }
    let Some(running) = &mut app.jobs.running else {
        return;
    };
    (running.done, running.total) = (done.min(total), total);
    running.speed = if speed.is_finite() { speed.max(0.0) } else { 0.0 };
    let (key, speed) = (running.key, running.speed);
    let pace = app.deck.song.as_ref().map(|song| song.key_tempo.speed());
    let slow = speed > 0.0 && running.done >= SURE && pace.is_some_and(|pace| f64::from(speed) < pace);
    if slow
        && app.deck.plays(key)
        && app.deck.playing
        && !std::mem::replace(&mut app.separation.reported_slow, true)
    {
        toast_slow_engine(app, speed);
    }
    if let EngineState::Up(info) = &mut app.separation.engine
        && speed > 0.0
    {
        info.speed = f64::from(speed);
    }
    if let Some(entry) = app.tracks.get_mut(key) {
        let share = if total == 0 {
            0.0
        } else {
            done.min(total) as f32 / total as f32
        };
        entry.set_stems(StemState::Separating(share));
    }
}

/// The fastest of the bundled models.
const LIGHT: &str = "light";
/// Segments after which the speed is believed.
const SURE: u32 = 3;

fn toast_slow_engine(app: &mut App, speed: f32) {
    let small = matches!(&app.separation.engine, EngineState::Up(info) if info.model == LIGHT);
    let pause = app.keymap.key_name(app.view.screen, Action::PlayPause);
    let remedy = match pause {
        _ if !small => {
            "the model `light` is faster: model = \"light\" under [separation] in config.toml".into()
        }
        Some(key) => format!("{key} pauses while it works ahead"),
        None => "a pause lets it work ahead".into(),
    };
    app.toast_problem(format!(
        "the engine is slower than the song ({speed:.1} times real time), so the singer comes back in places; {remedy}"
    ));
}

/// Seconds around the playhead in which vocals that became known are read again: what is decoded
/// ahead and the fade, and some more for a position told a moment ago.
const BEHIND: f64 = 0.5;
const AHEAD: f64 = 1.5;

pub(super) fn stored(
    app: &mut App,
    path: &Path,
    segment: u32,
    peaks: Option<Peaks>,
    effects: &mut Vec<Effect>,
) -> bool {
    // the worker's name first: the file may have moved since
    let running = app
        .jobs
        .running
        .as_ref()
        .filter(|running| running.path == path)
        .map(|running| running.key);
    let Some(key) = running.or_else(|| app.tracks.key(path)) else {
        return false;
    };
    if app.tracks.get(key).is_some_and(|entry| entry.older.is_some()) {
        // made again: what plays is not exchanged in its middle
        return false;
    }
    for song in [&mut app.deck.song, &mut app.deck.next].into_iter().flatten() {
        if song.key == key {
            song.vocals.store(segment, peaks);
            song.lyrics.estimate_times(&song.vocals, song.duration);
        }
    }
    let at = app.deck.seconds;
    let heard = app.deck.song.as_ref().filter(|song| song.key == key);
    let soon = |song: &DeckSong| {
        let turns = song.looped.filter(|(_, to)| at <= *to && at + AHEAD > *to);
        song.vocals.reaches(segment, at - BEHIND, at + AHEAD)
            || turns.is_some_and(|(from, _)| song.vocals.reaches(segment, from, from + AHEAD))
    };
    if heard.is_some_and(soon) {
        effects.push(Effect::RefreshVocals);
    }
    app.deck.plays(key)
}

/// A stored part was damaged: it is separated again.
pub(super) fn lost(app: &mut App, path: &Path, segment: u32) {
    let Some(key) = app.tracks.key(path) else { return };
    for song in [&mut app.deck.song, &mut app.deck.next].into_iter().flatten() {
        if song.key == key {
            song.vocals.lose(segment);
        }
    }
    let Some(entry) = app.tracks.get_mut(key) else {
        return;
    };
    if entry.stems == StemState::Ready {
        entry.stems = StemState::New;
        entry.older = None;
        let text = format!(
            "a stored part of {} was damaged and is separated again",
            app.title(key)
        );
        app.toast(text);
        request(
            app,
            key,
            if app.deck.plays(key) {
                Priority::Playing
            } else {
                Priority::Requested
            },
        );
    }
}

pub(super) fn finished(app: &mut App, path: &Path, already: bool, effects: &mut Vec<Effect>) {
    if !runs(app, path) {
        return;
    }
    let Some(running) = app.jobs.finish(false) else {
        return;
    };
    app.jobs.note_success();
    if !already {
        // until it is added up again, which may take longer than the next job's beginning
        if let Some(cache) = &mut app.separation.cache {
            cache.bytes = cache.bytes.saturating_add(stored_bytes(Some(running.seconds)));
        }
        effects.push(Effect::ReadCacheStats);
    }
    if let Some(entry) = app.tracks.get_mut(running.key) {
        entry.stems = StemState::Ready;
        entry.older = None;
    }
    for song in [&mut app.deck.song, &mut app.deck.next].into_iter().flatten() {
        if song.key == running.key {
            let (stored, all) = song.vocals.stored();
            song.vocals.complete = true;
            if stored < all || all == 0 {
                // its vocals were there before we knew its name: they and their peaks are wanted now
                effects.push(Effect::RefreshVocals);
                effects.extend(app.tracks.get(song.key).map(|entry| Effect::Load {
                    path: entry.track.path.clone(),
                    id: entry.track.id,
                }));
            }
        }
    }
    if !already && running.priority.is_requested() {
        app.toast(format!("{} is ready", app.title(running.key)));
    }
}

pub(super) fn failed(app: &mut App, path: &Path, reason: String) {
    if !runs(app, path) {
        return;
    }
    // without an engine no song is at fault: this one waits for it like the others
    let faultless = matches!(app.separation.engine, EngineState::Down(_)) && app.jobs.paused.is_some();
    let Some(running) = app.jobs.finish(faultless) else {
        return;
    };
    let key = running.key;
    if faultless {
        return set_stems(app, key, StemState::Queued);
    }
    let Some(unplayable) = app.tracks.get(key).map(|entry| entry.unplayable) else {
        return;
    };
    set_stems(app, key, StemState::Failed(reason.clone()));
    // of a file that cannot be played either it was said already
    if running.priority.is_requested() && !unplayable {
        app.toast_problem(format!("{}: {reason}", app.title(key)));
    }
    app.jobs.note_failure(key, reason);
    if let Some(halted) = &app.jobs.paused {
        let text = format!("separation stands still, song after song fails alike: {halted}");
        app.toast_problem(text);
    }
}

pub(super) fn cancelled(app: &mut App, path: &Path) {
    if !runs(app, path) {
        return;
    }
    let again = app
        .jobs
        .running
        .as_ref()
        .is_some_and(|r| r.stopping != Some(StopReason::ForGood) && app.tracks.get(r.key).is_some());
    let Some(running) = app.jobs.finish(again) else {
        return;
    };
    set_stems(
        app,
        running.key,
        if again { StemState::Queued } else { StemState::New },
    );
}

fn set_stems(app: &mut App, key: SongKey, stems: StemState) {
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.set_stems(stems);
    }
}
