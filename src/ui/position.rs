//! Where in the song it is, what of it the singer can be taken out of, and the loop.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::state::deck::DeckSong;
use crate::app::{App, PointerTarget};
use crate::track::StemState;
use crate::ui::canvas::Canvas;
use crate::ui::text;

/// The bar from start to end: what was played, the place itself, what is to come, dotted where the
/// singer cannot be taken out yet; a loop between brackets.
pub(super) fn position(app: &App, canvas: &mut Canvas, y: usize) {
    let now = text::time(app.deck.seconds);
    let Some(duration) = app.deck.duration() else {
        return canvas.line(y, Span::raw(format!(" {now}")));
    };
    let end = text::time(duration);
    let cells = canvas.width().saturating_sub(now.len() + end.len() + 4);
    if cells < 4 {
        return canvas.line(y, Span::raw(format!(" {now}/{end}")));
    }
    let cell = |seconds: f64| ((seconds / duration).clamp(0.0, 1.0) * (cells - 1) as f64) as usize;
    let song = app.deck.song.as_ref();
    let marks = song.map(|song| {
        let from = song.looped.map(|(from, _)| from).or(song.loop_in);
        (from.map(cell), song.looped.map(|(_, to)| cell(to)))
    });
    let (from, to) = marks.unwrap_or_default();
    let ready = |at: usize| {
        let middle = (at as f64 + 0.5) / cells as f64 * duration;
        song.is_some_and(|song| song.vocals.ready_at(middle))
    };
    canvas.spot(now.len() + 2, y, cells, PointerTarget::Position);
    let (glyphs, head) = (canvas.glyphs(), cell(app.deck.seconds));
    let mut spans = vec![Span::raw(format!(" {now} "))];
    for at in 0..cells {
        let (glyph, style): (&str, Style) = match at {
            _ if at == head => (glyphs.head, canvas.theme.title()),
            _ if Some(at) == from => ("[", canvas.theme.title()),
            _ if Some(at) == to => ("]", canvas.theme.title()),
            _ if at < head => (glyphs.played, canvas.theme.strong()),
            _ if ready(at) => (glyphs.to_come, canvas.theme.dim()),
            _ => (glyphs.not_ready, canvas.theme.dim()),
        };
        match spans.last_mut().filter(|last| last.style == style) {
            Some(last) => last.content.to_mut().push_str(glyph),
            None => spans.push(Span::styled(glyph, style)),
        }
    }
    spans.push(Span::raw(format!(" {end} ")));
    canvas.line(y, spans);
}

/// What is said of vocals that a model made which is not as good as the one in use.
pub(super) fn older_words(app: &App, model: &str) -> String {
    let redone = if app.settings.redo { ", will be redone" } else { "" };
    format!(", separated with {model}{redone}")
}

/// Which parts of the song have their vocals, and why not the others.
pub(super) fn stems(app: &App, song: &DeckSong, canvas: &mut Canvas, y: usize) {
    let theme = canvas.theme;
    let state = app
        .tracks
        .get(song.key)
        .map(|entry| entry.stems.clone())
        .unwrap_or_default();
    let older = app.tracks.get(song.key).and_then(|entry| entry.older.as_deref());
    let (words, style) = if song.vocals.complete {
        let model = older.map(|model| older_words(app, model));
        (format!("ready{}", model.unwrap_or_default()), theme.good())
    } else {
        match state {
            StemState::Ready => ("ready".into(), theme.good()),
            StemState::Separating(share) => {
                let running = app
                    .jobs
                    .running
                    .as_ref()
                    .filter(|running| running.key == song.key);
                let speed = running.map_or(0.0, |running| running.speed);
                let speed = if speed > 0.0 {
                    format!(", {speed:.1} times real time")
                } else {
                    String::new()
                };
                let until = song.vocals.ready_until(app.deck.seconds).map(text::time);
                let until = until
                    .map(|until| format!(", good until {until}"))
                    .unwrap_or_default();
                (
                    format!("separating {:.0} %{until}{speed}", (share * 100.0).floor()),
                    theme.vocals(),
                )
            }
            StemState::Queued => match &app.jobs.paused {
                Some(reason) => (format!("not separated: {reason}"), theme.bad()),
                None => ("waits to be separated".into(), theme.dim()),
            },
            StemState::New => ("not separated".into(), theme.dim()),
            StemState::Failed(reason) => (format!("not separated: {reason}"), theme.bad()),
        }
    };
    let width = canvas.width();
    let words = text::cut(
        &words,
        (width / 2).max(width.saturating_sub(34)),
        canvas.glyphs().cut,
    );
    let cells = width.saturating_sub(text::width(&words) + 11);
    let mut spans = vec![Span::styled(" stems ", theme.dim())];
    if cells >= 6 {
        let count = song.vocals.segments.len();
        let stored = |cell: usize| {
            let here = |segment: usize| song.vocals.segments.get(segment).is_some_and(Option::is_some);
            let (first, last) = (cell * count / cells, ((cell + 1) * count).div_ceil(cells));
            song.vocals.complete || (count > 0 && (first..last).all(here))
        };
        for cell in 0..cells {
            let (glyph, style) = if stored(cell) {
                (canvas.glyphs().full, theme.good())
            } else {
                (canvas.glyphs().empty, theme.dim())
            };
            spans.push(Span::styled(glyph, style));
        }
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled(words, style));
    canvas.line(y, spans);
}
