//! What each action does.

use crate::action::{Action, SEEK_FAR_SECONDS, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::{Overlay, PromptKind};
use crate::app::state::deck::NextSong;
use crate::app::state::fader::{FULL, Fader, STEP, nudged};
use crate::app::state::job_queue::JobLine;
use crate::app::state::priority::Priority;
use crate::app::state::sort_order::Sort;
use crate::app::update::jobs::{cancel, retry, whole_reason};
use crate::app::update::levels::{key_tempo, solo, vocals, volume};
use crate::app::update::lists::{step, to_playing};
use crate::app::update::prompt::{find_again, open_prompt};
use crate::app::update::screens::{back, quit};
use crate::app::update::{
    ab_loop, library, lyrics, lyrics_editor, lyrics_picker, lyrics_scroll, next_up, offset_suggestion,
    outputs, playback, queue, romanization, separation, transport,
};
use crate::key_tempo::KeyTempo;
use crate::track::StemState;

pub(super) fn apply(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => quit(app, effects),
        Action::Help => {
            app.view.help_scroll = 0;
            app.overlay = Overlay::Help;
        }
        Action::Find => open_prompt(app, PromptKind::Find, effects),
        Action::Filter => open_prompt(app, PromptKind::Filter, effects),
        Action::Library => app.show_screen(Screen::Library, effects),
        Action::Queue => app.show_screen(Screen::Queue, effects),
        Action::Sing => app.show_screen(Screen::Sing, effects),
        Action::Jobs => app.show_screen(Screen::Jobs, effects),
        Action::ToggleJobs if app.view.screen == Screen::Jobs => {
            app.show_screen(app.view.previous_screen, effects)
        }
        Action::ToggleJobs => app.show_screen(Screen::Jobs, effects),
        Action::NextScreen => app.show_screen(Screen::from_index(app.view.screen.index() + 1), effects),
        Action::PreviousScreen => app.show_screen(
            Screen::from_index(app.view.screen.index() + Screen::ALL.len() - 1),
            effects,
        ),
        Action::Back => back(app, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),

        Action::PlayPause => transport::play_pause(app, effects),
        Action::SeekBack => transport::seek_by(app, -app.settings.seek_seconds, effects),
        Action::SeekForward => transport::seek_by(app, app.settings.seek_seconds, effects),
        Action::SeekBackFar => transport::seek_by(app, -SEEK_FAR_SECONDS, effects),
        Action::SeekForwardFar => transport::seek_by(app, SEEK_FAR_SECONDS, effects),
        Action::Restart => transport::seek_to(app, 0.0, effects),
        Action::PreviousSong => transport::previous(app, effects),
        Action::NextSong => transport::next(app, effects),
        Action::VolumeDown => volume(app, nudged(app.levels.volume, false, STEP, FULL), effects),
        Action::VolumeUp => volume(app, nudged(app.levels.volume, true, STEP, FULL), effects),
        Action::Outputs => outputs::open(app, effects),
        Action::Mute => {
            app.levels.muted = !app.levels.muted;
            effects.push(Effect::SetVolume(app.levels.volume_gain()));
        }

        Action::VocalsDown => vocals(app, effects, |fader| fader.nudge(false, STEP)),
        Action::VocalsUp => vocals(app, effects, |fader| fader.nudge(true, STEP)),
        Action::VocalsDownFine => vocals(app, effects, |fader| fader.nudge(false, 1)),
        Action::VocalsUpFine => vocals(app, effects, |fader| fader.nudge(true, 1)),
        Action::VocalsToggle => vocals(app, effects, Fader::toggle),
        Action::VocalsSolo => solo(app),

        Action::KeyDown => key_tempo(app, effects, |song| song.transposed(false)),
        Action::KeyUp => key_tempo(app, effects, |song| song.transposed(true)),
        Action::TempoDown => key_tempo(app, effects, |song| song.hastened(false)),
        Action::TempoUp => key_tempo(app, effects, |song| song.hastened(true)),
        Action::KeyTempoReset => key_tempo(app, effects, |_| KeyTempo::default()),

        Action::NextLine => lyrics::step(app, true, effects),
        Action::PreviousLine => lyrics::step(app, false, effects),
        Action::RepeatLine => lyrics::repeat(app, effects),
        Action::LookOn => lyrics_scroll::scroll(app, 1),
        Action::LookBack => lyrics_scroll::scroll(app, -1),
        Action::SingLine => lyrics_scroll::sing_browsed(app, effects),
        Action::LyricsSooner => lyrics::offset(app, false),
        Action::LyricsLater => lyrics::offset(app, true),
        Action::LyricsSource => lyrics_picker::open(app),
        Action::Readings => romanization::toggle(app),
        Action::EditLyrics => lyrics_editor::open(app, effects),
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
        | Action::LeaveEditor => lyrics_editor::apply(app, action, effects),
        Action::TakeOffset => offset_suggestion::accept(app),
        Action::LoopIn => ab_loop::set_in(app, effects),
        Action::LoopOut => ab_loop::set_out(app, effects),

        Action::Down => step(app, 1),
        Action::Up => step(app, -1),
        Action::HalfPageDown => step(app, (app.list_rows() / 2).max(1) as isize),
        Action::HalfPageUp => step(app, -((app.list_rows() / 2).max(1) as isize)),
        Action::Top => step(app, isize::MIN + 1),
        Action::Bottom => step(app, isize::MAX),
        Action::ToPlaying => to_playing(app),
        Action::SingThis => sing_selected(app, effects),

        Action::SortArtist => library::sort_by(app, Sort::Artist),
        Action::SortTitle => library::sort_by(app, Sort::Title),
        Action::SortAdded => library::sort_by(app, Sort::Added),
        Action::SortPlays => library::sort_by(app, Sort::Plays),
        Action::SortSung => library::sort_by(app, Sort::Sung),
        Action::Pin => library::pin(app, effects),
        Action::FindNext => find_again(app, false),
        Action::FindPrevious => find_again(app, true),
        Action::AddToQueue => queue::enqueue(app, false),
        Action::PlayNext => queue::enqueue(app, true),
        Action::Separate => {
            if let Some(key) = app.selected() {
                if app
                    .tracks
                    .get(key)
                    .is_some_and(|entry| entry.stems == StemState::Ready && entry.older.is_none())
                {
                    app.toast(format!("{} is ready already", app.title(key)));
                } else {
                    separation::request(app, key, Priority::Requested);
                    app.toast(format!("{} is separated next", app.title(key)));
                }
            }
        }
        Action::SeparateShown => {
            let shown = app.tracks.shown().to_vec();
            separation::request_all(app, &shown);
        }
        Action::Rescan => {
            app.scan.running = true;
            effects.push(Effect::Rescan);
        }

        Action::MoveDown => shift(app, true),
        Action::MoveUp => shift(app, false),
        Action::Remove => queue::remove(app),
        Action::ClearQueue => queue::clear(app),
        Action::Undo => queue::undo(app),
        Action::Shuffle => queue::shuffle(app),
        Action::Repeat => queue::repeat(app),
        Action::Singer => queue::ask_singer(app),
        Action::SaveList => queue::ask_list(app, PromptKind::SaveList),
        Action::LoadList => queue::ask_list(app, PromptKind::LoadList),
        Action::History => queue::show_sung(app),
        Action::CancelJob => cancel(app, effects),
        Action::RetryJob => retry(app),
        Action::RetryAll => {
            let failed: Vec<_> = app.jobs.failed.iter().map(|f| f.key).collect();
            separation::request_all(app, &failed);
        }
    }
}

fn sing_selected(app: &mut App, effects: &mut Vec<Effect>) {
    if app.view.screen == Screen::Jobs
        && let Some((heading, words)) = whole_reason(app)
    {
        app.overlay = Overlay::FullText { heading, text: words };
        return;
    }
    let Some(key) = app.selected() else {
        if app.view.screen == Screen::Queue && !(app.queue.is_empty() && app.history.songs.is_empty()) {
            app.toast("the file is not there: it is sung as soon as it is back");
        }
        return;
    };
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = false;
    }
    next_up::refresh(app);
    let queued = (app.view.screen == Screen::Queue && !app.history.shown)
        .then(|| app.queue.selected().and_then(NextSong::queued))
        .flatten();
    if let Some(next) = queued {
        playback::play_turn(app, next, 0.0, false, effects);
    } else if !app.deck.plays(key) {
        playback::play(app, key, 0.0, false, effects);
    } else if !app.deck.is_moving() {
        transport::play_pause(app, effects);
    }
    app.show_screen(Screen::Sing, effects);
}

fn shift(app: &mut App, down: bool) {
    let step = if down { 1 } else { -1 };
    match app.view.screen {
        Screen::Queue => queue::shift(app, down),
        Screen::Jobs => {
            if let Some(JobLine::Waiting(at)) = app.jobs.selected()
                && app.jobs.shift(at, down)
            {
                app.jobs.cursor.step(step, app.jobs.len());
            }
        }
        Screen::Library | Screen::Sing | Screen::Editor => {}
    }
}
