//! Browsing the lyrics while the song goes on. The screen returns to the current line by itself.

use crate::action::Screen;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::lyrics_view::LyricsBrowsing;
use crate::app::update::lyrics;

/// Without another step the screen returns to the current line after this long.
const BACK_MS: u64 = 5_000;

impl App {
    /// The line that is shown instead of the current one.
    pub fn browsed_line(&self) -> Option<usize> {
        let song = self.deck.song.as_ref()?;
        let looking = self
            .lyrics_view
            .browsing
            .filter(|looking| looking.play_id == song.play_id)?;
        (looking.line < song.lyrics.shown()?.lines.len()).then_some(looking.line)
    }

    /// When the screen returns to the current line.
    pub(crate) fn browsing_wake(&self) -> Option<u64> {
        self.lyrics_view.browsing.map(|looking| looking.until_ms)
    }
}

/// Scrolls the lyrics by `lines`, which is negative for earlier lines.
pub(super) fn scroll(app: &mut App, lines: isize) {
    let Some(moment) = app.lyrics_moment().filter(|_| app.view.screen == Screen::Sing) else {
        return app.toast_no_lyrics();
    };
    let song = app.deck.song.as_ref();
    let Some((play_id, count)) = song.and_then(|song| Some((song.play_id, song.lyrics.shown()?.lines.len())))
    else {
        return;
    };
    let line = app.browsed_line().unwrap_or(moment.line);
    let line = line.saturating_add_signed(lines).min(count.saturating_sub(1));
    app.lyrics_view.browsing = Some(LyricsBrowsing {
        line,
        play_id,
        until_ms: app.now_ms + BACK_MS,
    });
}

/// Stops browsing the lyrics. Returns `false` if the current line was already shown.
pub(super) fn stop_browsing(app: &mut App) -> bool {
    app.lyrics_view.browsing.take().is_some()
}

/// Stops browsing when its time is over. Returns `true` if the screen changes.
pub(super) fn expire(app: &mut App) -> bool {
    let now = app.now_ms;
    app.lyrics_view
        .browsing
        .take_if(|looking| looking.until_ms <= now)
        .is_some()
}

/// Continues the song from the browsed line.
pub(super) fn sing_browsed(app: &mut App, effects: &mut Vec<Effect>) {
    match app.browsed_line() {
        Some(line) => {
            app.lyrics_view.browsing = None;
            lyrics::go_to(app, line, effects);
        }
        None if app.lyrics_moment().is_some() => {
            let key = app
                .keymap
                .key_name(app.view.screen, crate::action::Action::LookOn);
            let key = key.unwrap_or_else(|| "the wheel".into());
            app.toast(format!("look at another line first: {key}"));
        }
        None => app.toast_no_lyrics(),
    }
}
