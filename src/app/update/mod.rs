//! Applies events to the state, the only way it changes, and returns the effects.

pub mod ab_loop;
pub mod actions;
pub mod autosave;
pub mod damage;
pub mod find_lyrics;
pub mod jobs;
pub mod keys;
pub mod levels;
pub mod library;
pub mod lists;
pub mod lyrics;
pub mod lyrics_editor;
pub mod lyrics_picker;
pub mod lyrics_scroll;
pub mod mouse;
pub mod next_up;
pub mod offset_suggestion;
pub mod outputs;
pub mod playback;
pub mod prefetch;
pub mod prompt;
pub mod queue;
pub mod redo;
pub mod remote;
pub mod romanization;
pub mod save_lyrics;
pub mod screens;
pub mod separation;
pub mod session;
pub mod song_settings;
pub mod transport;

use std::collections::HashSet;

use crate::action::Screen;
use crate::app::app::App;
use crate::app::message::{Effect, Event};
use crate::app::state::deck::{DeckSong, Stage};
use crate::app::state::job_queue::StopReason;
use crate::app::state::scan_progress::ScanProgress;
use crate::app::state::separation::EngineState;
use crate::app::state::song_history::SongHistory;
use crate::app::state::song_key::SongKey;
use crate::track::StemState;

/// Applies an event to the state and returns the effects that the services have to carry out.
pub fn update(app: &mut App, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    let near = matches!(event, Event::Key(_) | Event::SongsFound(_));
    let changed = handle_event(app, event, &mut effects);
    separation::sync_jobs(app, &mut effects);
    session::save(app, &mut effects);
    if near {
        prefetch::warm(app, &mut effects);
    }
    levels::sync_solo(app, &mut effects);
    offset_suggestion::request_analysis(app, &mut effects);
    lyrics_editor::sync_editor(app, &mut effects);
    outputs::forget_lost_output(app);
    romanization::request_romanization(app, &mut effects);
    keep_cursors_in_view(app);
    app.view.dirty |= changed || !effects.is_empty();
    effects
}

/// Keeps the selected line of each list in view.
fn keep_cursors_in_view(app: &mut App) {
    let rows = app.list_rows();
    let shown = app.tracks.shown().len();
    app.tracks.cursor.follow(shown, rows);
    let queued = app.queue.len();
    app.queue.cursor.follow(queued, rows);
    let sung = app.history.songs.len();
    app.history.cursor.follow(sung, rows);
    let lines = app.jobs.len();
    app.jobs.cursor.follow(lines, rows);
}

/// Applies one event; returns `true` if something on the screen changed.
fn handle_event(app: &mut App, event: Event, effects: &mut Vec<Effect>) -> bool {
    match event {
        Event::Key(key) => keys::handle_key(app, key, effects),
        Event::Pointer(touch) => mouse::handle_pointer(app, touch, effects),
        Event::Paste(text) if app.view.screen == Screen::Editor => lyrics_editor::paste(app, &text),
        Event::Paste(text) => prompt::paste(app, &text),
        Event::Resize { columns, rows } => (app.view.columns, app.view.rows) = (columns, rows),
        Event::Resumed => effects.push(Effect::Redraw),
        Event::Tick { now_ms } => {
            app.now_ms = app.now_ms.max(now_ms);
            app.deck.tick(app.now_ms);
            autosave::save(app, false, effects);
            autosave::save_draft(app, false, effects);
            let expired = app.toasts.expire(now_ms);
            let back = lyrics_scroll::expire(app);
            let face = app.lyrics_frame();
            let sung = face.is_some() && app.lyrics_view.shown_frame != face;
            app.lyrics_view.shown_frame = face;
            return expired || sung || back || (app.view.screen == Screen::Editor && app.deck.is_moving());
        }
        Event::Quit => screens::quit(app, effects),
        Event::Request(wish) => remote::handle_request(app, wish, effects),

        Event::SongsFound(_)
        | Event::SongsGone(_)
        | Event::SongMoved { .. }
        | Event::Scanning { .. }
        | Event::ScanDone { .. } => {
            library(app, event, effects);
        }
        Event::Notice(text) => {
            app.add_notice(text);
        }
        Event::Toast(text) => app.toast(text),

        Event::SessionRestored(restored) => session::restore(app, *restored, effects),
        Event::ListRead {
            items,
            left_out,
            instead,
        } => queue::list_read(app, items, left_out, instead, effects),
        Event::ListExists { path } => queue::list_exists(app, path),
        Event::QueuedAs { from, to } => {
            app.queue.rename(&from, &to);
            next_up::refresh(app);
        }
        Event::Sung(sung) => {
            let at = sung.at;
            app.tracks.update_history(&sung.path, |past| SongHistory {
                plays: past.plays.saturating_add(1),
                last_sung: past.last_sung.max(at),
                ..past
            });
            app.history.songs.insert(0, sung);
            app.history.songs.truncate(session::HISTORY);
        }

        Event::EngineUp(info) => {
            app.separation.engine = EngineState::Up(info);
            app.separation.warming_up = false;
            app.jobs.paused = None;
        }
        Event::ModelChanged { ready, older } => redo::model_changed(app, &ready, &older),
        Event::EngineDown { reason } => {
            app.toast_problem(reason.clone());
            app.jobs.paused = Some(reason.clone());
            app.separation.engine = EngineState::Down(reason);
        }
        Event::JobStarted { path } => separation::progress(app, &path, 0, 0, 0.0),
        Event::Identified { path, id } => {
            if let Some(entry) = app.tracks.find(&path) {
                entry.track.id = Some(id);
            }
            return false;
        }
        Event::JobProgress {
            path,
            done,
            total,
            speed,
        } => separation::progress(app, &path, done, total, speed),
        Event::SegmentStored { path, segment, peaks } => {
            return separation::stored(app, &path, segment, peaks, effects);
        }
        Event::SegmentLost { path, segment } => separation::lost(app, &path, segment),
        Event::EngineAsleep => {
            if matches!(app.separation.engine, EngineState::Up(_)) {
                app.separation.engine = EngineState::Asleep;
            }
        }
        Event::JobFinished { path, already } => {
            separation::finished(app, &path, already, effects);
        }
        Event::JobFailed { path, reason } => separation::failed(app, &path, reason),
        Event::JobCancelled { path } => separation::cancelled(app, &path),

        Event::Loaded(loaded) => playback::loaded(app, *loaded, effects),
        Event::Lyrics(found) => find_lyrics::lyrics_found(app, *found),
        Event::Romanized {
            path,
            lyrics,
            readings,
        } => romanization::found(app, &path, &lyrics, readings),
        Event::Draft { song, draft } => lyrics_editor::opened(app, &song, draft.as_deref(), effects),
        Event::LyricsWritten { song, file } => save_lyrics::written(app, &song, &file, effects),
        Event::LyricsExist(refused) => save_lyrics::exists(app, *refused),
        Event::VocalsAnalysed { path, trace } => offset_suggestion::analysis_done(app, &path, trace),
        Event::LoadFailed { path, reason } => playback::load_failed(app, &path, &reason, effects),
        Event::PlayerStarted { play_id, duration } => playback::started(app, play_id, duration, effects),
        Event::PlayerEnded { play_id } => playback::ended(app, play_id, effects),
        Event::PlayerFailed { play_id, reason } => playback::failed(app, play_id, &reason, effects),
        Event::PlayerDamaged { play_id, at, seconds } => damage::damage_met(app, play_id, at, seconds),
        Event::Position { play_id, seconds } => return playback::position(app, play_id, seconds, effects),
        Event::Output(output) => outputs::output_changed(app, output, effects),
        Event::Outputs(names) => outputs::listed(app, names),

        Event::CacheStats(stats) => separation::cache(app, stats, effects),
        Event::Evicted(ids) => {
            app.separation.evicted |= !ids.is_empty();
            effects.push(Effect::ReadCacheStats);
            let ids: HashSet<_> = ids.into_iter().collect();
            for key in app.tracks.all().to_vec() {
                let entry = app
                    .tracks
                    .get_mut(key)
                    .filter(|e| e.track.id.is_some_and(|id| ids.contains(&id)));
                if let Some(entry) = entry.filter(|e| e.stems == StemState::Ready) {
                    // not separated again unasked: the cache would go round in circles
                    entry.stems = StemState::New;
                    entry.older = None;
                    app.jobs.forget_waiting(key);
                }
            }
        }
    }
    true
}

fn library(app: &mut App, event: Event, effects: &mut Vec<Effect>) {
    match event {
        Event::SongsFound(found) => {
            let added = app.tracks.add(found);
            separation::songs_found(app, &added.new, &added.changed);
            next_up::refresh(app);
        }
        Event::SongsGone(paths) => {
            let gone: HashSet<_> = app.tracks.remove(&paths).into_iter().collect();
            forget_songs(app, &gone, effects);
        }
        Event::SongMoved { from, to } => {
            app.queue.rename(&from, &to);
            if let Some(replaced) = app.tracks.rename(&from, &to) {
                forget_songs(app, &HashSet::from([replaced]), effects);
            }
            next_up::refresh(app);
            // a load under way asks for a file that is no more
            let key = app.tracks.key(&to);
            for song in [&app.deck.song, &app.deck.next].into_iter().flatten() {
                if Some(song.key) == key && song.stage == Stage::Loading {
                    effects.push(Effect::Load {
                        path: to.clone(),
                        id: song.id,
                    });
                }
            }
        }
        Event::Scanning { files } => app.scan = ScanProgress { running: true, files },
        Event::ScanDone { files } => {
            app.scan = ScanProgress {
                running: false,
                files,
            }
        }
        _ => {}
    }
}

/// Songs that are gone leave the jobs. In the queue they wait until they return, and one that plays
/// continues because its file is open.
fn forget_songs(app: &mut App, gone: &HashSet<SongKey>, effects: &mut Vec<Effect>) {
    next_up::refresh(app);
    app.jobs.forget(gone);
    if app
        .jobs
        .running
        .as_ref()
        .is_some_and(|running| gone.contains(&running.key))
    {
        separation::stop(app, StopReason::ForGood, effects);
    }
    if app
        .deck
        .next
        .as_ref()
        .is_some_and(|next| gone.contains(&next.key))
    {
        app.deck.next = None;
        effects.push(Effect::QueueNext(None));
    }
    let loading = |song: &DeckSong| gone.contains(&song.key) && song.stage == Stage::Loading;
    if app.deck.song.as_ref().is_some_and(loading) {
        next_up::give_back(app);
        app.deck.song = None;
        app.deck.playing = false;
        effects.push(Effect::Stop);
    }
}
