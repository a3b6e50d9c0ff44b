//! Leaving a screen, and leaving croon.

use crate::action::Screen;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::update::{autosave, lyrics_scroll, session};

pub(super) fn quit(app: &mut App, effects: &mut Vec<Effect>) {
    autosave::save(app, true, effects);
    autosave::save_draft(app, true, effects);
    // the position to the second
    app.session.saved_resume = None;
    session::save(app, effects);
    effects.push(Effect::Quit);
}

pub(crate) fn back(app: &mut App, effects: &mut Vec<Effect>) {
    if app.view.screen == Screen::Sing && lyrics_scroll::stop_browsing(app) {
        return;
    }
    if app.view.screen != Screen::Library {
        let to = if app.view.previous_screen == app.view.screen {
            Screen::Library
        } else {
            app.view.previous_screen
        };
        app.show_screen(to, effects);
        // twice Esc does not swing between two screens
        app.view.previous_screen = Screen::Library;
    } else if app.tracks.is_filtered() {
        app.tracks.set_filter("");
    } else {
        app.view.search_text.clear();
    }
}
