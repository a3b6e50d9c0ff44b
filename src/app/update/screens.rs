//! Leaving a screen, and leaving croon.

use crate::action::Screen;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::update::{autosave, lyrics_scroll, session};

pub(super) fn quit(app: &mut App, effects: &mut Vec<Effect>) {
    autosave::save(app, true, effects);
    autosave::save_draft(app, true, effects);
    // the position to the second
    app.now_saved = None;
    session::save(app, effects);
    effects.push(Effect::Quit);
}

pub(crate) fn back(app: &mut App, effects: &mut Vec<Effect>) {
    if app.screen == Screen::Sing && lyrics_scroll::stop_browsing(app) {
        return;
    }
    if app.screen != Screen::Library {
        let to = if app.before == app.screen {
            Screen::Library
        } else {
            app.before
        };
        app.show_screen(to, effects);
        // twice Esc does not swing between two screens
        app.before = Screen::Library;
    } else if app.tracks.is_filtered() {
        app.tracks.set_filter("");
    } else {
        app.find.clear();
    }
}
