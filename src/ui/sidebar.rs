//! The column beside the screen on wide terminals: what plays, what follows, what runs behind.

use ratatui::text::Span;

use crate::app::queries::next_song;
use crate::app::{App, EngineState};
use crate::ui::canvas::Canvas;
use crate::ui::{bars, library, queue, text};

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let (area, side, dim) = (canvas.area(), canvas.glyphs().side, canvas.theme.dim());
    for y in 0..canvas.height() {
        canvas.line(y, Span::styled(side, dim));
    }
    let inner = ratatui::layout::Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    let canvas = &mut canvas.part(inner);
    let mut y = 0;
    canvas.rule(y, "now");
    let line = bars::now_playing(app, canvas, canvas.width());
    canvas.line(y + 1, line);
    let mut fader = vec![Span::styled(" singer ", canvas.theme.vocals())];
    fader.extend(canvas.fader(
        app.levels.fader.level(),
        canvas.width().saturating_sub(16),
        canvas.theme.vocals(),
    ));
    fader.push(Span::styled(
        format!(" {:>3} %", app.levels.fader.level()),
        canvas.theme.vocals(),
    ));
    canvas.line(y + 2, fader);
    y += 4;

    canvas.rule(y, &format!("next, {} in the queue", text::count(app.queue.len())));
    y += 1;
    let follows = if app.queue.is_empty() {
        next_song(app)
    } else {
        None
    };
    let most = (canvas.height() / 3).max(3);
    for key in app.queue.songs().chain(follows).take(most) {
        song(app, key, canvas, y);
        y += 1;
    }
    if let Some(words) = queue::rotation(app, canvas.width()) {
        canvas.line(y, Span::styled(words, dim));
        y += 1;
    }
    if app.queue.is_empty() && follows.is_none() {
        canvas.line(y, Span::styled("  nothing", dim));
        y += 1;
    }
    y += 1;

    let device = match &app.separation.engine {
        EngineState::Up(info) if info.speed > 0.0 => {
            format!("jobs  {}, {:.1} times real time", info.device, info.speed)
        }
        EngineState::Up(info) => format!("jobs  {}", info.device),
        EngineState::Down(_) => "jobs  no engine".into(),
        EngineState::Asleep => "jobs".into(),
    };
    canvas.rule(y, &device);
    y += 1;
    if let Some(running) = &app.jobs.running {
        song(app, running.key, canvas, y);
        let mut bar = vec![Span::raw("  ")];
        bar.extend(canvas.bar(
            running.share(),
            canvas.width().saturating_sub(4),
            canvas.theme.vocals(),
        ));
        canvas.line(y + 1, bar);
        y += 2;
    }
    let troubles = app.jobs.failed.len().min(4) + app.jobs.notices.len().min(2);
    let room = canvas.height().saturating_sub(y + troubles + 3);
    for waiting in app.jobs.waiting().iter().take(room) {
        song(app, waiting.key, canvas, y);
        y += 1;
    }
    let more = app.jobs.waiting().len().saturating_sub(room);
    if more > 0 {
        let left = text::about(app.jobs.waiting_seconds());
        canvas.line(
            y,
            Span::styled(
                format!("  {} more, {left} of audio in all", text::count(more)),
                dim,
            ),
        );
        y += 1;
    }
    if let Some(reason) = &app.jobs.paused {
        y += canvas.wrap(y, 3, reason, canvas.theme.bad());
    }
    for failed in app.jobs.failed.iter().rev().take(4) {
        let line = format!(" ! {}: {}", app.title(failed.key), failed.reason);
        let line = text::cut(&line, canvas.width(), canvas.glyphs().cut);
        canvas.line(y, Span::styled(line, canvas.theme.bad()));
        y += 1;
    }
    for trouble in app.jobs.notices.iter().rev().take(2) {
        let line = text::cut(&format!(" ! {trouble}"), canvas.width(), canvas.glyphs().cut);
        canvas.line(y, Span::styled(line, canvas.theme.bad()));
        y += 1;
    }
}

fn song(app: &App, key: crate::app::state::song_key::SongKey, canvas: &mut Canvas, y: usize) {
    let Some(entry) = app.tracks.get(key) else { return };
    let time = entry.track.duration.map(text::time).unwrap_or_default();
    let (word, style) = library::stems_word(&entry.stems, canvas);
    let room = canvas.width().saturating_sub(2 + 8 + 2 + 8);
    let title = text::pad(&entry.track.title(), room, canvas.glyphs().cut);
    let time = text::pad_left(&time, 8, "");
    canvas.line(
        y,
        vec![
            Span::raw(format!("  {title}{time}  ")),
            Span::styled(text::pad(&word, 8, ""), style),
        ],
    );
}
