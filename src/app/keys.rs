//! From a key to an action: overlays first, then the map of the screen.

use tui_input::{Input, InputRequest};

use super::act::act;
use super::editor::Wish;
use super::list::Cursor;
use super::{App, Effect, editor, outputs, queueing, sources};
use crate::action::{Action, Screen};
use crate::keymap::{Code, Key, Lookup};

/// What lies over the screen; at most one thing does.
#[derive(Debug, Default)]
pub enum Overlay {
    #[default]
    None,
    Help,
    /// A sentence too long for its line, all of it: heading and words.
    Whole {
        heading: String,
        words: String,
    },
    Prompt(Prompt),
    /// A question: `y` does it, every other key leaves it.
    Confirm {
        words: String,
        yes: Box<Effect>,
    },
    /// Where lyrics made here are written.
    SaveLyrics(Wish),
    /// The chooser of outputs.
    Outputs,
    /// The chooser of lyrics.
    Sources(Cursor),
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Go to what matches.
    Find,
    /// Show only what matches.
    Filter,
    /// Who sings the selected song of the queue.
    Singer,
    /// The file to write the queue into.
    SaveList,
    /// The list to read.
    LoadList,
}

/// A line being typed.
#[derive(Debug)]
pub struct Prompt {
    pub ask: Ask,
    pub input: Input,
    /// What Esc brings back.
    cursor: Cursor,
    text: String,
}

pub(super) fn open_prompt(app: &mut App, ask: Ask, effects: &mut Vec<Effect>) {
    app.go(Screen::Library, effects);
    let text = match ask {
        Ask::Find => String::new(),
        Ask::Filter => app.tracks.filter.clone(),
        Ask::Singer | Ask::SaveList | Ask::LoadList => return,
    };
    app.overlay = Overlay::Prompt(Prompt {
        ask,
        input: Input::new(text.clone()),
        cursor: app.tracks.cursor,
        text,
    });
}

/// A prompt that leaves the screen as it is.
pub(super) fn open_line(app: &mut App, ask: Ask, text: String) {
    app.overlay = Overlay::Prompt(Prompt {
        ask,
        input: Input::new(text.clone()),
        cursor: app.tracks.cursor,
        text,
    });
}

pub(super) fn key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let key = key.normal();
    match app.overlay {
        Overlay::Prompt(_) => return prompt_key(app, key, effects),
        Overlay::Help => return help_key(app, key, effects),
        Overlay::Whole { .. } => return whole_key(app, key, effects),
        Overlay::Confirm { .. } => return confirm_key(app, key, effects),
        Overlay::SaveLyrics(_) => {
            if !through(app, key, effects) {
                editor::saving_key(app, key, effects);
            }
            return;
        }
        Overlay::Outputs => {
            if !through(app, key, effects) {
                outputs::key(app, key, effects);
            }
            return;
        }
        Overlay::Sources(_) => {
            if !through(app, key, effects) {
                sources::key(app, key, effects);
            }
            return;
        }
        Overlay::None => {}
    }
    app.pending.push(key);
    match app.keymap.look_up(app.screen, &app.pending) {
        Lookup::Unfinished => {}
        Lookup::Action(action) => {
            app.pending.clear();
            act(app, action, effects);
        }
        Lookup::Nothing => {
            // the last key may begin something new: `g /`
            let retry = app.pending.len() > 1;
            app.pending.clear();
            if retry {
                self::key(app, key, effects);
            }
        }
    }
}

/// Actions that work whatever lies over the screen.
fn through(app: &mut App, key: Key, effects: &mut Vec<Effect>) -> bool {
    match app.keymap.look_up(app.screen, &[key]) {
        Lookup::Action(action @ (Action::Suspend | Action::Redraw)) => act(app, action, effects),
        _ => return false,
    }
    true
}

/// Any key closes it; the one for another try tries again, as on the line below it.
fn whole_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    if through(app, key, effects) {
        return;
    }
    app.overlay = Overlay::None;
    if let Lookup::Action(action @ (Action::RetryJob | Action::Quit)) = app.keymap.look_up(app.screen, &[key])
        && (action == Action::RetryJob || key.ctrl)
    {
        act(app, action, effects);
    }
}

fn confirm_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    if through(app, key, effects) {
        return;
    }
    if let Overlay::Confirm { yes, .. } = std::mem::take(&mut app.overlay)
        && matches!(key.code, Code::Char('y' | 'Y'))
        && !key.ctrl
    {
        effects.push(*yes);
    }
}

fn help_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    if through(app, key, effects) {
        return;
    }
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => app.help_scroll += 1,
        (Code::Up | Code::Char('k'), false) => app.help_scroll = app.help_scroll.saturating_sub(1),
        (Code::PageDown | Code::Char(' '), _) | (Code::Char('d'), true) => {
            app.help_scroll += app.list_rows() / 2
        }
        (Code::PageUp, _) | (Code::Char('u'), true) => {
            app.help_scroll = app.help_scroll.saturating_sub(app.list_rows() / 2);
        }
        (Code::Char('c'), true) => act(app, Action::Quit, effects),
        _ => app.overlay = Overlay::None,
    }
    // a table of some dozen lines: further down is nothing
    app.help_scroll = app.help_scroll.min(crate::keymap::TABLE.len());
}

fn prompt_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    if through(app, key, effects) {
        return;
    }
    let Overlay::Prompt(prompt) = &mut app.overlay else {
        return;
    };
    let request = match (key.code, key.ctrl || key.alt) {
        (Code::Esc, _) | (Code::Char('c'), true) => {
            let Prompt {
                ask, cursor, text, ..
            } = std::mem::replace(prompt, empty());
            app.overlay = Overlay::None;
            if ask == Ask::Filter {
                app.tracks.set_filter(&text);
            }
            app.tracks.cursor = cursor;
            app.tracks.cursor.clamp(app.tracks.shown().len());
            return;
        }
        (Code::Enter, _) => {
            let ask = prompt.ask;
            let text = prompt.input.value().to_owned();
            app.overlay = Overlay::None;
            match ask {
                Ask::Find if !text.is_empty() => app.find = text,
                // an empty search repeats the last one, as in less
                Ask::Find => find_again(app, false),
                Ask::Filter => {}
                ask => queueing::entered(app, ask, &text, effects),
            }
            return;
        }
        (Code::Up | Code::Down, false) if prompt.ask == Ask::Singer => {
            let text = prompt.input.value().to_owned();
            if let Some(other) = queueing::other_singer(app, &text, key.code == Code::Down) {
                open_line(app, Ask::Singer, other);
            }
            return;
        }
        (Code::Up | Code::Down, false) if !matches!(prompt.ask, Ask::Find | Ask::Filter) => return,
        (Code::Up, false) => return app.tracks.cursor.step(-1, app.tracks.shown().len()),
        (Code::Down, false) => return app.tracks.cursor.step(1, app.tracks.shown().len()),
        (Code::Char('u'), true) => InputRequest::DeleteLine,
        (Code::Char('w') | Code::Backspace, true) => InputRequest::DeletePrevWord,
        (Code::Char('a'), true) | (Code::Home, _) => InputRequest::GoToStart,
        (Code::Char('e'), true) | (Code::End, _) => InputRequest::GoToEnd,
        (Code::Char('k'), true) => InputRequest::DeleteTillEnd,
        (Code::Char('h'), true) | (Code::Backspace, _) => InputRequest::DeletePrevChar,
        (Code::Delete, _) => InputRequest::DeleteNextChar,
        (Code::Left, true) => InputRequest::GoToPrevWord,
        (Code::Right, true) => InputRequest::GoToNextWord,
        (Code::Left, _) => InputRequest::GoToPrevChar,
        (Code::Right, _) => InputRequest::GoToNextChar,
        (Code::Char(c), false) if !c.is_control() => InputRequest::InsertChar(c),
        _ => return,
    };
    let changed = prompt.input.handle(request).is_some_and(|changed| changed.value);
    if changed {
        follow_prompt(app);
    }
}

fn empty() -> Prompt {
    Prompt {
        ask: Ask::Find,
        input: Input::default(),
        cursor: Cursor::default(),
        text: String::new(),
    }
}

/// Longer texts than this are a mistake of the clipboard.
const PASTED: usize = 200;

pub(super) fn paste(app: &mut App, text: &str) {
    let Overlay::Prompt(prompt) = &mut app.overlay else {
        return;
    };
    for c in crate::text::printable(text).chars().take(PASTED) {
        prompt.input.handle(InputRequest::InsertChar(c));
    }
    follow_prompt(app);
}

/// The list follows what is typed.
fn follow_prompt(app: &mut App) {
    let Overlay::Prompt(prompt) = &app.overlay else {
        return;
    };
    let text = prompt.input.value().to_owned();
    match prompt.ask {
        Ask::Filter => app.tracks.set_filter(&text),
        Ask::Find => {
            let start = prompt.cursor.at;
            app.tracks.cursor.at = app.tracks.match_from(&text, start, false).unwrap_or(start);
        }
        Ask::Singer | Ask::SaveList | Ask::LoadList => {}
    }
}

/// `n` and `N`.
pub(super) fn find_again(app: &mut App, backwards: bool) {
    let len = app.tracks.shown().len();
    if app.find.is_empty() || len == 0 {
        return;
    }
    let at = app.tracks.cursor.at;
    let start = if backwards {
        (at + len - 1) % len
    } else {
        (at + 1) % len
    };
    match app.tracks.match_from(&app.find, start, backwards) {
        Some(at) => app.tracks.cursor.at = at,
        None => app.say(format!("no song holds \"{}\"", app.find)),
    }
}
