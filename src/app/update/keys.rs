//! From a key to an action: overlays first, then the map of the screen.

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::update::actions::apply;
use crate::app::update::{lyrics_picker, outputs, prompt, save_lyrics};
use crate::keymap::{Code, Key, Lookup};

/// Handles a key. This is the only place where a key becomes an action that is applied.
pub(super) fn handle_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let key = key.normal();
    if matches!(app.overlay, Overlay::None) {
        return screen_key(app, key, effects);
    }
    let action = key_for_any_overlay(app, key).or_else(|| overlay_key(app, key, effects));
    if let Some(action) = action {
        apply(app, action, effects);
    }
}

/// The actions that work under every overlay.
fn key_for_any_overlay(app: &App, key: Key) -> Option<Action> {
    match app.keymap.look_up(app.view.screen, &[key]) {
        Lookup::Action(action @ (Action::Suspend | Action::Redraw)) => Some(action),
        _ => None,
    }
}

fn overlay_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) -> Option<Action> {
    match app.overlay {
        Overlay::Prompt(_) => {
            prompt::handle_key(app, key, effects);
            None
        }
        Overlay::Help => help_key(app, key),
        Overlay::FullText { .. } => whole_key(app, key),
        Overlay::Confirm { .. } => {
            confirm_key(app, key, effects);
            None
        }
        Overlay::SaveLyrics(_) => save_lyrics::handle_key(app, key, effects),
        Overlay::Outputs => outputs::handle_key(app, key, effects),
        Overlay::LyricsPicker(_) => lyrics_picker::handle_key(app, key, effects),
        Overlay::None => None,
    }
}

/// Collects keys until they are an action of the screen, or none.
fn screen_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    app.view.pending_keys.push(key);
    match app.keymap.look_up(app.view.screen, &app.view.pending_keys) {
        Lookup::Unfinished => {}
        Lookup::Action(action) => {
            app.view.pending_keys.clear();
            apply(app, action, effects);
        }
        Lookup::Nothing => {
            // the last key may begin something new: `g /`
            let retry = app.view.pending_keys.len() > 1;
            app.view.pending_keys.clear();
            if retry {
                screen_key(app, key, effects);
            }
        }
    }
}

/// Any key closes the whole text; the key that retries a job does so too, as on the screen below.
fn whole_key(app: &mut App, key: Key) -> Option<Action> {
    app.overlay = Overlay::None;
    match app.keymap.look_up(app.view.screen, &[key]) {
        Lookup::Action(Action::RetryJob) => Some(Action::RetryJob),
        Lookup::Action(Action::Quit) if key.ctrl => Some(Action::Quit),
        _ => None,
    }
}

fn confirm_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    if let Overlay::Confirm { yes, .. } = std::mem::take(&mut app.overlay)
        && matches!(key.code, Code::Char('y' | 'Y'))
        && !key.ctrl
    {
        effects.push(*yes);
    }
}

fn help_key(app: &mut App, key: Key) -> Option<Action> {
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => app.view.help_scroll += 1,
        (Code::Up | Code::Char('k'), false) => app.view.help_scroll = app.view.help_scroll.saturating_sub(1),
        (Code::PageDown | Code::Char(' '), _) | (Code::Char('d'), true) => {
            app.view.help_scroll += app.list_rows() / 2
        }
        (Code::PageUp, _) | (Code::Char('u'), true) => {
            app.view.help_scroll = app.view.help_scroll.saturating_sub(app.list_rows() / 2);
        }
        (Code::Char('c'), true) => return Some(Action::Quit),
        _ => app.overlay = Overlay::None,
    }
    // the table has some dozen lines: there is nothing further down
    app.view.help_scroll = app.view.help_scroll.min(crate::keymap::TABLE.len());
    None
}
