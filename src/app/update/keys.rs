//! From a key to an action: overlays first, then the map of the screen.

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::update::actions::act;
use crate::app::update::prompt::{prompt_key, through};
use crate::app::update::{lyrics_picker, outputs, save_lyrics};
use crate::keymap::{Code, Key, Lookup};

pub(super) fn key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let key = key.normal();
    match app.overlay {
        Overlay::Prompt(_) => return prompt_key(app, key, effects),
        Overlay::Help => return help_key(app, key, effects),
        Overlay::Whole { .. } => return whole_key(app, key, effects),
        Overlay::Confirm { .. } => return confirm_key(app, key, effects),
        Overlay::SaveLyrics(_) => {
            if !through(app, key, effects) {
                save_lyrics::key(app, key, effects);
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
                lyrics_picker::key(app, key, effects);
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
