//! The songs that come next, in the order they are sung, with who sings them; and what was sung.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::state::queue::{QueueEntry, Repeat};
use crate::app::{App, PointerTarget};
use crate::ui::canvas::Canvas;
use crate::ui::{library, text};

/// Cells of the column with the singer, and from which width on it stands.
const SINGER_CELLS: usize = 12;
const SINGER_FROM: usize = 60;

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    if app.history.shown {
        return sung(app, canvas);
    }
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
    let cells = singer_cells(app, canvas.width());
    let mut y = 0;
    if canvas.height() >= 6 {
        let mut words = summary(app);
        if let Some(turns) = rotation(app, canvas.width().saturating_sub(text::width(&words) + 2)) {
            words += &turns;
        }
        canvas.line(
            0,
            Span::raw(text::cut(&words, canvas.width(), canvas.glyphs().cut)),
        );
        let who = if cells > 0 { "singer" } else { "" };
        let heading = text::pad(who, cells, "");
        let heading = format!("{}{heading}", library::heading(canvas.width() - cells));
        canvas.line(1, Span::styled(heading, canvas.theme.dim()));
        y = 2;
    }
    let rows = canvas.height() - y;
    let first = app.queue.cursor.view(len, rows);
    for (row, at) in (first..len).take(rows).enumerate() {
        let selected = at == app.queue.cursor.at;
        let Some(entry) = app.queue.entries().get(at) else {
            continue;
        };
        let line = line(app, entry, selected, cells, canvas);
        canvas.line(y + row, line);
        canvas.spot(0, y + row, canvas.width(), PointerTarget::Row(at));
        if selected {
            canvas.paint(y + row, canvas.theme.selected());
        }
    }
}

fn singer_cells(app: &App, width: usize) -> usize {
    let named = app.queue.entries().iter().any(|entry| entry.singer.is_some());
    if named && width >= SINGER_FROM {
        SINGER_CELLS
    } else {
        0
    }
}

/// ` 3 songs, 12 min   repeat all   shuffled`
fn summary(app: &App) -> String {
    let seconds: f64 = app.queue.entries().iter().filter_map(|entry| entry.seconds).sum();
    let mut words = format!(" {}, {}", text::songs(app.queue.len()), text::about(seconds));
    if app.queue.repeat() != Repeat::Off {
        words += &format!("   repeat {}", app.queue.repeat().word());
    }
    if app.queue.is_shuffled() {
        words += "   shuffled";
    }
    let missing = app
        .queue
        .entries()
        .iter()
        .filter(|entry| !entry.is_playable())
        .count();
    if missing > 0 {
        words += &format!("   {} not there", text::count(missing));
    }
    words
}

/// `  rotation: ana, ben   next for ben in 3:41`, as much of it as fits.
pub(super) fn rotation(app: &App, cells: usize) -> Option<String> {
    let singers = app.queue.singers();
    let mut words = format!("  rotation: {}", singers.join(", "));
    if singers.is_empty() || text::width(&words) > cells {
        return None;
    }
    let left = app.deck.duration().unwrap_or(0.0) - app.deck.seconds;
    let mut wait = app
        .deck
        .song
        .as_ref()
        .map_or(0.0, |song| left.max(0.0) / song.key_tempo.speed());
    for entry in app.queue.entries().iter().filter(|entry| entry.is_playable()) {
        if let Some(name) = &entry.singer {
            let next = format!("   next for {name} in {}", text::time(wait));
            if text::width(&words) + text::width(&next) <= cells {
                words += &next;
            }
            break;
        }
        wait += entry.seconds.unwrap_or(0.0);
    }
    Some(words)
}

fn line(app: &App, entry: &QueueEntry, selected: bool, cells: usize, canvas: &Canvas) -> Vec<Span<'static>> {
    let width = canvas.width() - cells;
    let mark = canvas.glyphs().cut;
    let track = entry.key.and_then(|key| Some((key, app.tracks.get(key)?)));
    let mut spans = match track {
        Some((key, track)) => library::song_row(app, track, key, selected, canvas, width),
        None => {
            let sign = if selected { canvas.glyphs().selected } else { " " };
            let path = crate::text::printable(&entry.path.to_string_lossy());
            let words = text::pad(
                &format!("{}: missing, {path}", entry.name),
                width.saturating_sub(2),
                mark,
            );
            vec![Span::styled(format!("{sign} {words}"), canvas.theme.bad())]
        }
    };
    if entry.broken && track.is_some() {
        spans = spans
            .into_iter()
            .map(|span| span.style(canvas.theme.bad()))
            .collect();
    }
    if cells > 0 {
        let name = entry.singer.as_deref().unwrap_or("");
        spans.push(Span::styled(text::pad(name, cells, mark), canvas.theme.strong()));
    }
    spans
}

/// What was sung, the newest first.
fn sung(app: &App, canvas: &mut Canvas) {
    let len = app.history.songs.len();
    let back = app.keymap.key_name(Screen::Queue, Action::History);
    let back = back
        .map(|key| format!("   {key} shows what comes"))
        .unwrap_or_default();
    let heading = format!(" sung: {}{back}", text::songs(len));
    canvas.line(0, Span::styled(heading, canvas.theme.dim()));
    let rows = canvas.height().saturating_sub(1);
    let first = app.history.cursor.view(len, rows);
    let width = canvas.width();
    for (row, at) in (first..len).take(rows).enumerate() {
        let Some(song) = app.history.songs.get(at) else {
            continue;
        };
        canvas.spot(0, 1 + row, canvas.width(), PointerTarget::Row(at));
        let selected = at == app.history.cursor.at;
        let sign = if selected { canvas.glyphs().selected } else { " " };
        let cells = if width >= SINGER_FROM { SINGER_CELLS } else { 0 };
        let when = text::pad_left(&ago(app, song.at), 14, "");
        let name = text::pad(&song.name, width.saturating_sub(18 + cells), canvas.glyphs().cut);
        let singer = text::pad(song.singer.as_deref().unwrap_or(""), cells, canvas.glyphs().cut);
        let style = if app.tracks.key(&song.path).is_some() {
            Style::new()
        } else {
            canvas.theme.dim()
        };
        canvas.line(
            1 + row,
            vec![
                Span::styled(format!("{sign} {name}"), style),
                Span::styled(singer, canvas.theme.strong()),
                Span::styled(when, canvas.theme.dim()),
            ],
        );
        if selected {
            canvas.paint(1 + row, canvas.theme.selected());
        }
    }
}

/// How long ago, roughly.
fn ago(app: &App, at: i64) -> String {
    let now = app.now_unix();
    let seconds = now.saturating_sub(at).max(0);
    match seconds {
        0..120 => "just now".into(),
        120..86_400 => format!("{} ago", text::about(seconds as f64)),
        86_400..172_800 => "a day ago".into(),
        _ => format!("{} days ago", text::count((seconds / 86_400) as usize)),
    }
}
