//! What the keys of the editor do, and when it opens and closes.

use std::path::Path;

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::queries::edited_song;
use crate::app::state::deck::Stage;
use crate::app::state::editor::draft::Draft;
use crate::app::state::editor::sheet::{Sheet, SheetRow};
use crate::app::state::editor::{DRAFT_MS, Editor, MOST_ROWS, PRE_ROLL_MS, RUN_UP_MS};
use crate::app::update::{autosave, offset_suggestion, save_lyrics, transport};
use crate::lyrics::{Millis, read_text};

/// `e`: asks whether work on this song lies about.
pub(in crate::app) fn open(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.song.as_ref().filter(|song| song.stage != Stage::Loading) else {
        return app.toast("the editor times the words of the song that plays, and nothing plays yet");
    };
    if let Some(entry) = app.tracks.get(song.key) {
        effects.push(Effect::OpenDraft {
            song: entry.track.path.clone(),
        });
    }
}

/// The answer: opens on the draft, else on the lyrics as they are shown.
pub(in crate::app) fn opened(app: &mut App, path: &Path, draft: Option<&Draft>, effects: &mut Vec<Effect>) {
    let key = app.tracks.key(path);
    let Some(song) = app.deck.song.as_ref().filter(|song| Some(song.key) == key) else {
        return;
    };
    let found = draft.and_then(Draft::sheet);
    let drafted = found.is_some();
    let sheet = found.unwrap_or_else(|| {
        let later = Millis::from(song.memory.lyrics_offset_ms);
        song.lyrics
            .shown()
            .map(|lyrics| Sheet::of(lyrics, later))
            .unwrap_or_default()
    });
    let mut editor = Editor::new(song.key, path.to_owned(), sheet);
    editor.changed = drafted;
    let unheard = song.lyrics.analysis.trace().is_none();
    let id = song.id;
    app.editor = Some(editor);
    app.show_screen(Screen::Editor, effects);
    if drafted {
        app.toast("this is what you left unsaved");
    }
    if unheard {
        effects.extend(offset_suggestion::request_any_analysis(app, path.to_owned(), id));
    }
    // the next song would begin in the middle of a line
    crate::app::update::next_up::drop_next(app, effects);
}

pub(in crate::app) fn apply(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    let now = (app.deck.position_at(app.now_ms) * 1000.0).round() as Millis;
    let moves = app.deck.is_moving();
    let Some(editor) = app.editor.as_mut() else { return };
    match action {
        Action::Tap if editor.sheet.rows.is_empty() => app.toast("there are no words yet: paste them here"),
        Action::Tap if editor.sheet.part(editor.cursor).is_none() => {
            app.toast("this was the last word; the next row can be chosen with j and k");
        }
        // in a pause the hand means to hear the song, not to stamp one moment again and again
        Action::Tap if !moves => transport::play_pause(app, effects),
        Action::Tap => drop(editor.tap(now)),
        Action::EndLine => drop(editor.end_row(now)),
        Action::StepBack => match editor.step_back() {
            Some(ms) => play_from(app, ms - PRE_ROLL_MS, effects),
            None => app.toast("no stamp lies before this one"),
        },
        Action::StampSooner => nudge_stamp(app, -10),
        Action::StampLater => nudge_stamp(app, 10),
        Action::StampSoonerFar => nudge_stamp(app, -50),
        Action::StampLaterFar => nudge_stamp(app, 50),
        Action::HearLine => {
            let start = editor.sheet.rows.get(editor.row()).and_then(SheetRow::start);
            let before = || editor.held().and_then(|held| editor.sheet.stamp(held));
            let from = start.or_else(before).unwrap_or(0);
            play_from(app, from - RUN_UP_MS, effects);
        }
        Action::ByWords => {
            editor.by_words = !editor.by_words;
            let words = if editor.by_words {
                "word by word"
            } else {
                "line by line"
            };
            app.toast(words);
        }
        Action::DeleteLine => drop(editor.delete_row()),
        Action::ClearStamp => drop(editor.clear()),
        Action::UndoStamp if !editor.undo() => app.toast("nothing to take back"),
        Action::RedoStamp if !editor.redo() => app.toast("nothing was taken back"),
        Action::NextRow => editor.go(false, true),
        Action::PreviousRow => editor.go(false, false),
        Action::NextWord => editor.go(true, true),
        Action::PreviousWord => editor.go(true, false),
        Action::SaveLyrics => save_lyrics::open(app),
        Action::LeaveEditor => leave(app, effects),
        _ => {}
    }
    schedule_draft(app);
}

/// The draft is due once something changed.
fn schedule_draft(app: &mut App) {
    let now = app.now_ms;
    if let Some(editor) = app.editor.as_mut()
        && editor.changed
        && editor.draft_due.is_none()
    {
        editor.draft_due = Some(now + DRAFT_MS);
    }
}

fn nudge_stamp(app: &mut App, by: Millis) {
    let moved = app.editor.as_mut().and_then(|editor| editor.nudge(by));
    match moved {
        Some(ms) => {
            let at = format!("stamp at {}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000);
            app.toasts.replace_info(app.now_ms, "stamp ", at);
        }
        None => app.toast("no stamp to move yet"),
    }
}

/// Plays from there.
fn play_from(app: &mut App, ms: Millis, effects: &mut Vec<Effect>) {
    transport::seek_to(app, ms.max(0) as f64 / 1000.0, effects);
    if !app.deck.is_moving() {
        transport::play_pause(app, effects);
    }
}

fn leave(app: &mut App, effects: &mut Vec<Effect>) {
    autosave::save_draft(app, true, effects);
    if app.editor.take().is_some_and(|editor| editor.changed) {
        let key = app.keymap.key_name(Screen::Sing, Action::EditLyrics);
        let how = key
            .map(|key| format!(": {key} goes on with it"))
            .unwrap_or_default();
        app.toast(format!("not saved as a file; the draft is kept{how}"));
    }
    app.show_screen(Screen::Sing, effects);
}

/// Closes the editor when its song is not the one on the deck any more.
pub(in crate::app) fn sync_editor(app: &mut App, effects: &mut Vec<Effect>) {
    if app.editor.is_some() && edited_song(app).is_none() {
        leave(app, effects);
    } else if app.editor.is_none() && app.view.screen == Screen::Editor {
        app.show_screen(Screen::Sing, effects);
    }
}

/// Text pasted into the terminal: with times it takes the place of everything, without it goes in
/// front of the row under the hand.
pub(in crate::app) fn paste(app: &mut App, text: &str) {
    let read = read_text(text).map(|(lyrics, _)| lyrics);
    let Ok(lyrics) = read else {
        return app.toast("what was pasted holds no words to sing");
    };
    let rows = lyrics.lines.len();
    let Some(editor) = app.editor.as_mut() else { return };
    if editor.sheet.rows.len() + rows > MOST_ROWS {
        return app.toast_problem("that is more text than any song has; nothing was pasted");
    }
    let timed = lyrics.is_timed();
    if timed {
        editor.replace(Sheet::of(&lyrics, 0));
    } else {
        editor.insert(Sheet::of_text(&lyrics));
    }
    let undo = app.keymap.key_name(Screen::Editor, Action::UndoStamp);
    let undo = undo
        .map(|key| format!(" ({key} takes it back)"))
        .unwrap_or_default();
    app.toast(match timed {
        true => format!("{rows} lines with times in place of the others{undo}"),
        false => format!("{rows} lines pasted{undo}"),
    });
    schedule_draft(app);
}
