//! Moving through the list of the current screen.

use crate::action::Screen;
use crate::app::app::App;
use crate::app::update::lyrics_scroll;

pub(super) fn step(app: &mut App, lines: isize) {
    let (cursor, len) = match app.view.screen {
        Screen::Library => {
            let len = app.tracks.shown().len();
            (&mut app.tracks.cursor, len)
        }
        Screen::Queue if app.history.shown => (&mut app.history.cursor, app.history.songs.len()),
        Screen::Queue => {
            let len = app.queue.len();
            (&mut app.queue.cursor, len)
        }
        Screen::Jobs => {
            let len = app.jobs.len();
            (&mut app.jobs.cursor, len)
        }
        Screen::Sing | Screen::Editor => return,
    };
    cursor.step(lines, len);
}

pub(crate) fn to_playing(app: &mut App) {
    if app.view.screen == Screen::Sing {
        lyrics_scroll::stop_browsing(app);
        return;
    }
    let Some(key) = app.deck.song.as_ref().map(|song| song.key) else {
        return app.toast("nothing plays yet");
    };
    if !app.tracks.select(key) {
        // the filter hides it: what is asked for goes first
        app.tracks.set_filter("");
        app.tracks.select(key);
    }
}
