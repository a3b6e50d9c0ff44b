//! The songs that come next, in the order they were asked for.

use ratatui::text::Span;

use super::canvas::Canvas;
use super::{library, text};
use crate::action::{Action, Screen};
use crate::app::App;

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let len = app.queue.len();
    if len == 0 {
        let key = app.keymap.key_name(Screen::Library, Action::AddToQueue);
        let how = key
            .map(|key| format!("{key} in the Library adds a song; "))
            .unwrap_or_default();
        let words = format!("the queue is empty: {how}after each song the Library's next one follows");
        canvas.wrap(canvas.height().min(3) / 2, 3, &words, canvas.theme.dim());
        return;
    }
    let mut y = 0;
    if canvas.height() >= 6 {
        let songs = app.queue.iter().filter_map(|key| app.tracks.get(*key));
        let seconds: f64 = songs.filter_map(|entry| entry.track.duration).sum();
        canvas.line(
            0,
            Span::raw(format!(" {}, {}", text::songs(len), text::about(seconds))),
        );
        let heading = library::heading(canvas);
        canvas.line(1, Span::styled(heading, canvas.theme.dim()));
        y = 2;
    }
    let rows = canvas.height() - y;
    let first = app.queue_cursor.view(len, rows);
    for (row, at) in (first..len).take(rows).enumerate() {
        let selected = at == app.queue_cursor.at;
        let Some(entry) = app.tracks.get(app.queue[at]) else {
            continue;
        };
        let line = library::song_row(app, entry, app.queue[at], selected, canvas);
        canvas.line(y + row, line);
        if selected {
            canvas.paint(y + row, canvas.theme.selected());
        }
    }
}
