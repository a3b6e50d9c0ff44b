//! Prompts: what is typed, and what it does to the list while it is typed.

use tui_input::InputRequest;

use crate::action::Screen;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::{Overlay, Prompt, PromptKind};
use crate::app::update::queue;
use crate::keymap::{Code, Key};

pub(super) fn open_prompt(app: &mut App, ask: PromptKind, effects: &mut Vec<Effect>) {
    app.show_screen(Screen::Library, effects);
    let text = match ask {
        PromptKind::Find => String::new(),
        PromptKind::Filter => app.tracks.filter.clone(),
        PromptKind::Singer | PromptKind::SaveList | PromptKind::LoadList => return,
    };
    app.overlay = Overlay::Prompt(Prompt::new(ask, text, app.tracks.cursor));
}

pub(crate) fn handle_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let Overlay::Prompt(prompt) = &mut app.overlay else {
        return;
    };
    let request = match (key.code, key.ctrl || key.alt) {
        (Code::Esc, _) | (Code::Char('c'), true) => {
            let (kind, cursor) = (prompt.kind, prompt.previous_cursor);
            let text = std::mem::take(&mut prompt.previous_text);
            app.overlay = Overlay::None;
            if kind == PromptKind::Filter {
                app.tracks.set_filter(&text);
            }
            app.tracks.cursor = cursor;
            app.tracks.cursor.clamp(app.tracks.shown().len());
            return;
        }
        (Code::Enter, _) => {
            let ask = prompt.kind;
            let text = prompt.input.value().to_owned();
            app.overlay = Overlay::None;
            match ask {
                PromptKind::Find if !text.is_empty() => app.view.search_text = text,
                // an empty search repeats the last one, as in less
                PromptKind::Find => find_again(app, false),
                PromptKind::Filter => {}
                ask => queue::prompt_entered(app, ask, &text, effects),
            }
            return;
        }
        (Code::Up | Code::Down, false) if prompt.kind == PromptKind::Singer => {
            let text = prompt.input.value().to_owned();
            if let Some(other) = queue::other_singer(app, &text, key.code == Code::Down) {
                app.overlay = Overlay::Prompt(Prompt::new(PromptKind::Singer, other, app.tracks.cursor));
            }
            return;
        }
        (Code::Up | Code::Down, false) if !matches!(prompt.kind, PromptKind::Find | PromptKind::Filter) => {
            return;
        }
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
        apply_typed_text(app);
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
    apply_typed_text(app);
}

/// The list follows what is typed.
fn apply_typed_text(app: &mut App) {
    let Overlay::Prompt(prompt) = &app.overlay else {
        return;
    };
    let text = prompt.input.value().to_owned();
    match prompt.kind {
        PromptKind::Filter => app.tracks.set_filter(&text),
        PromptKind::Find => {
            let start = prompt.previous_cursor.at;
            app.tracks.cursor.at = app.tracks.match_from(&text, start, false).unwrap_or(start);
        }
        PromptKind::Singer | PromptKind::SaveList | PromptKind::LoadList => {}
    }
}

/// `n` and `N`.
pub(super) fn find_again(app: &mut App, backwards: bool) {
    let len = app.tracks.shown().len();
    if app.view.search_text.is_empty() || len == 0 {
        return;
    }
    let at = app.tracks.cursor.at;
    let start = if backwards {
        (at + len - 1) % len
    } else {
        (at + 1) % len
    };
    match app.tracks.match_from(&app.view.search_text, start, backwards) {
        Some(at) => app.tracks.cursor.at = at,
        None => app.toast(format!("no song holds \"{}\"", app.view.search_text)),
    }
}
