//! What each action does.

use super::board::{Line, Stopping, Wish};
use super::deck::Stage;
use super::fader::{FULL, STEP, nudged};
use super::keys::{Ask, Overlay, find_again, open_prompt};
use super::turn::{self, Next};
use super::{
    App, Effect, Saved, Sort, editor, kept, looking, looping, lyrics, memory, outputs, playback, queueing,
    readings, separation, sort, sources, transport,
};
use crate::action::{Action, Screen};
use crate::key_tempo::KeyTempo;
use crate::song_memory::Change;
use crate::track::StemState;

pub(super) fn act(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => quit(app, effects),
        Action::Help => {
            app.help_scroll = 0;
            app.overlay = Overlay::Help;
        }
        Action::Find => open_prompt(app, Ask::Find, effects),
        Action::Filter => open_prompt(app, Ask::Filter, effects),
        Action::Library => app.go(Screen::Library, effects),
        Action::Queue => app.go(Screen::Queue, effects),
        Action::Sing => app.go(Screen::Sing, effects),
        Action::Jobs => app.go(Screen::Jobs, effects),
        Action::ToggleJobs if app.screen == Screen::Jobs => app.go(app.before, effects),
        Action::ToggleJobs => app.go(Screen::Jobs, effects),
        Action::NextScreen => app.go(Screen::from_index(app.screen.index() + 1), effects),
        Action::PreviousScreen => app.go(
            Screen::from_index(app.screen.index() + Screen::ALL.len() - 1),
            effects,
        ),
        Action::Back => back(app, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),

        Action::PlayPause => transport::play_pause(app, effects),
        Action::SeekBack => transport::seek_by(app, -app.settings.seek_seconds, effects),
        Action::SeekForward => transport::seek_by(app, app.settings.seek_seconds, effects),
        Action::SeekBackFar => transport::seek_by(app, -app.settings.seek_far_seconds, effects),
        Action::SeekForwardFar => transport::seek_by(app, app.settings.seek_far_seconds, effects),
        Action::Restart => transport::seek_to(app, 0.0, effects),
        Action::PreviousSong => transport::previous(app, effects),
        Action::NextSong => transport::next(app, effects),
        Action::VolumeDown => volume(app, nudged(app.volume, false, STEP, FULL), effects),
        Action::VolumeUp => volume(app, nudged(app.volume, true, STEP, FULL), effects),
        Action::Outputs => outputs::open(app, effects),
        Action::Mute => {
            app.muted = !app.muted;
            effects.push(Effect::SetVolume(app.gain()));
        }

        Action::VocalsDown => vocals(app, effects, |fader| fader.nudge(false, STEP)),
        Action::VocalsUp => vocals(app, effects, |fader| fader.nudge(true, STEP)),
        Action::VocalsDownFine => vocals(app, effects, |fader| fader.nudge(false, 1)),
        Action::VocalsUpFine => vocals(app, effects, |fader| fader.nudge(true, 1)),
        Action::VocalsToggle => vocals(app, effects, super::Fader::toggle),
        Action::VocalsSolo => solo(app),

        Action::KeyDown => key_tempo(app, effects, |song| song.transposed(false)),
        Action::KeyUp => key_tempo(app, effects, |song| song.transposed(true)),
        Action::TempoDown => key_tempo(app, effects, |song| song.hastened(false)),
        Action::TempoUp => key_tempo(app, effects, |song| song.hastened(true)),
        Action::KeyTempoReset => key_tempo(app, effects, |_| KeyTempo::default()),

        Action::NextLine => lyrics::step(app, true, effects),
        Action::PreviousLine => lyrics::step(app, false, effects),
        Action::RepeatLine => lyrics::repeat(app, effects),
        Action::LookOn => looking::look(app, 1),
        Action::LookBack => looking::look(app, -1),
        Action::SingLine => looking::sing(app, effects),
        Action::LyricsSooner => lyrics::offset(app, false),
        Action::LyricsLater => lyrics::offset(app, true),
        Action::LyricsSource => sources::open(app),
        Action::Readings => readings::toggle(app),
        Action::EditLyrics => editor::open(app, effects),
        Action::Tap
        | Action::EndLine
        | Action::StepBack
        | Action::StampSooner
        | Action::StampLater
        | Action::StampSoonerFar
        | Action::StampLaterFar
        | Action::HearLine
        | Action::ByWords
        | Action::DeleteLine
        | Action::ClearStamp
        | Action::UndoStamp
        | Action::RedoStamp
        | Action::NextRow
        | Action::PreviousRow
        | Action::NextWord
        | Action::PreviousWord
        | Action::SaveLyrics
        | Action::LeaveEditor => editor::act(app, action, effects),
        Action::TakeOffset => lyrics::take_suggestion(app),
        Action::LoopIn => looping::set_in(app, effects),
        Action::LoopOut => looping::set_out(app, effects),

        Action::Down => step(app, 1),
        Action::Up => step(app, -1),
        Action::HalfPageDown => step(app, (app.list_rows() / 2).max(1) as isize),
        Action::HalfPageUp => step(app, -((app.list_rows() / 2).max(1) as isize)),
        Action::Top => step(app, isize::MIN + 1),
        Action::Bottom => step(app, isize::MAX),
        Action::ToPlaying => to_playing(app),
        Action::SingThis => sing_this(app, effects),

        Action::SortArtist => sort::by(app, Sort::Artist),
        Action::SortTitle => sort::by(app, Sort::Title),
        Action::SortAdded => sort::by(app, Sort::Added),
        Action::SortPlays => sort::by(app, Sort::Plays),
        Action::SortSung => sort::by(app, Sort::Sung),
        Action::Pin => sort::pin(app, effects),
        Action::FindNext => find_again(app, false),
        Action::FindPrevious => find_again(app, true),
        Action::AddToQueue => queueing::enqueue(app, false),
        Action::PlayNext => queueing::enqueue(app, true),
        Action::Separate => {
            if let Some(key) = app.selected() {
                if app
                    .tracks
                    .get(key)
                    .is_some_and(|entry| entry.stems == StemState::Ready && entry.older.is_none())
                {
                    app.say(format!("{} is ready already", app.title(key)));
                } else {
                    separation::ask(app, key, Wish::Asked);
                    app.say(format!("{} is separated next", app.title(key)));
                }
            }
        }
        Action::SeparateShown => {
            let shown = app.tracks.shown().to_vec();
            separation::ask_all(app, &shown);
        }
        Action::Rescan => {
            app.scan.running = true;
            effects.push(Effect::Rescan);
        }

        Action::MoveDown => shift(app, true),
        Action::MoveUp => shift(app, false),
        Action::Remove => queueing::remove(app),
        Action::ClearQueue => queueing::clear(app),
        Action::Undo => queueing::undo(app),
        Action::Shuffle => queueing::shuffle(app),
        Action::Repeat => queueing::repeat(app),
        Action::Singer => queueing::ask_singer(app),
        Action::SaveList => queueing::ask_list(app, Ask::SaveList),
        Action::LoadList => queueing::ask_list(app, Ask::LoadList),
        Action::History => queueing::show_sung(app),
        Action::CancelJob => cancel(app, effects),
        Action::RetryJob => retry(app),
        Action::RetryAll => {
            let failed: Vec<_> = app.board.failed.iter().map(|f| f.key).collect();
            separation::ask_all(app, &failed);
        }
    }
}

pub(super) fn quit(app: &mut App, effects: &mut Vec<Effect>) {
    save(app, true, effects);
    editor::save_draft(app, true, effects);
    // the position to the second
    app.now_saved = None;
    kept::save(app, effects);
    effects.push(Effect::Quit);
}

fn back(app: &mut App, effects: &mut Vec<Effect>) {
    if app.screen == Screen::Sing && looking::back(app) {
        return;
    }
    if app.screen != Screen::Library {
        let to = if app.before == app.screen {
            Screen::Library
        } else {
            app.before
        };
        app.go(to, effects);
        // twice Esc does not swing between two screens
        app.before = Screen::Library;
    } else if app.tracks.is_filtered() {
        app.tracks.set_filter("");
    } else {
        app.find.clear();
    }
}

pub(super) fn volume(app: &mut App, percent: u8, effects: &mut Vec<Effect>) {
    app.volume = percent;
    app.muted = false;
    app.state_changed = Some(app.now_ms);
    effects.push(Effect::SetVolume(app.gain()));
}

pub(super) fn vocals(app: &mut App, effects: &mut Vec<Effect>, change: impl FnOnce(&mut super::Fader)) {
    change(&mut app.fader);
    app.level = app.fader.level();
    app.state_changed = Some(app.now_ms);
    app.remember(Change::Level(app.level));
    effects.push(Effect::SetLevel(app.fader.gain()));
}

/// The singer alone; heard from where the vocals are known, see `fader::settle`.
fn solo(app: &mut App) {
    let Some(song) = &app.deck.song else {
        return app.say("nothing plays yet, so there is no singer to hear alone");
    };
    let ready = song.voice.ready_at(app.deck.seconds);
    let wanted = !app.fader.solo();
    app.fader.set_solo(wanted.then_some(song.token));
    if wanted && !ready {
        app.say("the singer alone, as soon as this part is separated");
    }
}

/// Key and tempo belong to the song that plays; the next one has its own.
pub(super) fn key_tempo(app: &mut App, effects: &mut Vec<Effect>, change: impl FnOnce(KeyTempo) -> KeyTempo) {
    let Some(song) = &app.deck.song else {
        return app.say("key and tempo belong to a song, and nothing plays yet");
    };
    let changed = change(song.key_tempo);
    if song.stage == Stage::Loading || changed == song.key_tempo {
        return;
    }
    app.remember(Change::KeyTempo(changed));
    effects.push(Effect::SetKeyTempo(changed));
}

/// Something changed that is kept for the next evening.
pub(super) fn state_changed(app: &mut App) {
    app.state_changed = Some(app.now_ms);
}

/// Writes down what was changed once the hand has rested, or `now`.
pub(super) fn save(app: &mut App, now: bool, effects: &mut Vec<Effect>) {
    let (now_ms, wait) = (app.now_ms, super::SAVE_MS);
    let due = |changed: &Option<u64>| changed.is_some_and(|at| now || at + wait <= now_ms);
    if now || due(&app.memory_changed) {
        app.memory_changed = None;
        memory::save(app, effects);
    }
    if due(&app.state_changed) {
        app.state_changed = None;
        effects.push(Effect::SaveState(Saved {
            level: app.level,
            volume: app.volume,
            sort: app.tracks.sort(),
            readings: app.readings,
        }));
    }
}

pub(super) fn step(app: &mut App, lines: isize) {
    let (cursor, len) = match app.screen {
        Screen::Library => {
            let len = app.tracks.shown().len();
            (&mut app.tracks.cursor, len)
        }
        Screen::Queue if app.shows_sung => (&mut app.sung_cursor, app.history.len()),
        Screen::Queue => {
            let len = app.queue.len();
            (&mut app.queue.cursor, len)
        }
        Screen::Jobs => {
            let len = app.board.len();
            (&mut app.board.cursor, len)
        }
        Screen::Sing | Screen::Editor => return,
    };
    cursor.step(lines, len);
}

fn to_playing(app: &mut App) {
    if app.screen == Screen::Sing {
        looking::back(app);
        return;
    }
    let Some(key) = app.deck.song.as_ref().map(|song| song.key) else {
        return app.say("nothing plays yet");
    };
    if !app.tracks.select(key) {
        // the filter hides it: what is asked for goes first
        app.tracks.set_filter("");
        app.tracks.select(key);
    }
}

/// What is wrong in the selected line of the Jobs screen, all of it: heading and words.
fn whole_reason(app: &App) -> Option<(String, String)> {
    match app.board.selected() {
        Some(Line::Failed(at)) => {
            let failed = app.board.failed.get(at)?;
            Some((app.title(failed.key), failed.reason.clone()))
        }
        Some(Line::Trouble(at)) => Some(("trouble".into(), app.board.troubles.get(at)?.clone())),
        Some(Line::Running | Line::Waiting(_)) => None,
        None => Some(("separation stands still".into(), app.board.halted.clone()?)),
    }
}

fn sing_this(app: &mut App, effects: &mut Vec<Effect>) {
    if app.screen == Screen::Jobs
        && let Some((heading, words)) = whole_reason(app)
    {
        app.overlay = Overlay::Whole { heading, words };
        return;
    }
    let Some(key) = app.selected() else {
        if app.screen == Screen::Queue && !(app.queue.is_empty() && app.history.is_empty()) {
            app.say("the file is not there: it is sung as soon as it is back");
        }
        return;
    };
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = false;
    }
    turn::refresh(app);
    let queued = (app.screen == Screen::Queue && !app.shows_sung)
        .then(|| app.queue.selected().and_then(Next::queued))
        .flatten();
    if let Some(next) = queued {
        playback::play_turn(app, next, 0.0, false, effects);
    } else if !app.deck.plays(key) {
        playback::play(app, key, 0.0, false, effects);
    } else if !app.deck.moves() {
        transport::play_pause(app, effects);
    }
    app.go(Screen::Sing, effects);
}

fn shift(app: &mut App, down: bool) {
    let step = if down { 1 } else { -1 };
    match app.screen {
        Screen::Queue => queueing::shift(app, down),
        Screen::Jobs => {
            if let Some(Line::Waiting(at)) = app.board.selected()
                && app.board.shift(at, down)
            {
                app.board.cursor.step(step, app.board.len());
            }
        }
        Screen::Library | Screen::Sing | Screen::Editor => {}
    }
}

fn cancel(app: &mut App, effects: &mut Vec<Effect>) {
    match app.board.selected() {
        Some(Line::Running) => separation::stop(app, Stopping::ForGood, effects),
        Some(Line::Waiting(at)) => {
            let Some(key) = app.board.waiting().get(at).map(|w| w.key) else {
                return;
            };
            app.board.forget_waiting(key);
            if let Some(entry) = app.tracks.get_mut(key) {
                entry.set_stems(StemState::New);
            }
        }
        Some(Line::Failed(at)) => {
            app.board.failed.remove(at);
        }
        Some(Line::Trouble(at)) => {
            app.board.troubles.remove(at);
        }
        None => {}
    }
    app.board.cursor.clamp(app.board.len());
}

fn retry(app: &mut App) {
    match app.board.selected() {
        Some(Line::Failed(at)) => {
            let key = app.board.failed[at].key;
            separation::ask(app, key, Wish::Asked);
        }
        _ => separation::wake(app),
    }
}
