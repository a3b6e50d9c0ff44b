//! What is being separated, what waits, what failed and why.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::action::Action;
use crate::app::state::job_queue::{JobLine, Priority, RunningJob, StopReason};
use crate::app::{App, EngineState, PointerTarget};
use crate::track::StemState;
use crate::ui::canvas::Canvas;
use crate::ui::text;

/// Rows for what a selected line can only begin, its heading among them.
const DETAIL_ROWS: usize = 6;
/// Rows for one sentence of the head.
const SENTENCE_ROWS: usize = 4;

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let height = canvas.height();
    let mut y = 0;
    if height >= 5 {
        y = head(app, canvas, if height >= 14 { SENTENCE_ROWS } else { 1 });
    }
    let cache = if height >= 12 && app.separation.cache.is_some() {
        2
    } else {
        0
    };
    let detail = detail(app).filter(|_| height >= 10);
    let detail_rows = detail
        .as_ref()
        .map_or(0, |(_, words)| (1 + canvas.wrapped_rows(words)).min(DETAIL_ROWS));
    let rows = height.saturating_sub(y + cache + detail_rows);
    lines(app, canvas, y, rows);
    let mut y = y + rows;
    if let Some((heading, words)) = detail {
        canvas.rule(y, heading);
        canvas.wrap(y + 1, detail_rows - 1, &words, Style::new());
        y += detail_rows;
    }
    if cache > 0 {
        self::cache(app, canvas, y);
    }
}

/// Who separates, what waits, and what keeps it waiting; how many rows that took.
fn head(app: &App, canvas: &mut Canvas, most: usize) -> usize {
    let theme = canvas.theme;
    let mut y = 0;
    let (line, style) = match &app.separation.engine {
        EngineState::Asleep => ("engine: starts with the first job".to_owned(), theme.dim()),
        EngineState::Down(reason) => (format!("no engine: {reason}"), theme.bad()),
        EngineState::Up(info) => {
            let device = format!("device: {} ({})", info.device, info.why);
            let model = match (info.model_why.as_str(), info.speed > 0.0) {
                ("", false) => format!("model: {}", info.model),
                ("", true) => format!("model: {}   {:.1} times real time", info.model, info.speed),
                (why, false) => format!("model: {} ({why})", info.model),
                (why, true) => format!("model: {} ({why}), now {:.1}x", info.model, info.speed),
            };
            let both = format!("{device}   {model}");
            if most == 1 || text::width(&both) + 2 <= canvas.width() {
                (both, theme.strong())
            } else {
                y = sentence(canvas, 0, most, &device, theme.strong());
                (model, theme.strong())
            }
        }
    };
    y += sentence(canvas, y, most, &line, style);
    let again = app.keymap.key_name(app.view.screen, Action::RetryJob);
    if let Some(reason) = &app.jobs.paused {
        // the reason stands above already where it is the engine that is missing
        let mut line = match &app.separation.engine {
            EngineState::Down(down) if down == reason => "separation stands still".to_owned(),
            _ => format!("stands still: {reason}"),
        };
        if let Some(key) = again {
            line = format!("{key} tries again   {line}");
        }
        y += sentence(canvas, y, most, &line, theme.bad());
    }
    if app.waits_for_cache() {
        let line = "cache full: only songs you ask for are separated; raise [cache] size_gb, \
                    or quit and make room with `croon cache prune --to GB`";
        y += sentence(canvas, y, most, line, theme.vocals());
    }
    let waits = app.jobs.waiting().len();
    let left = app.jobs.waiting_seconds();
    let speed = match &app.separation.engine {
        EngineState::Up(info) if info.speed > 0.0 => Some(info.speed),
        _ => None,
    };
    let time = match (waits, speed) {
        (0, _) => String::new(),
        (_, Some(speed)) => {
            format!(
                ", {} of audio: about {}",
                text::about(left),
                text::about(left / speed)
            )
        }
        (_, None) => format!(", {} of audio", text::about(left)),
    };
    let line = format!(
        "done: {}   waiting: {}{time}",
        text::songs(app.jobs.done),
        text::count(waits)
    );
    y + sentence(canvas, y, 1, &line, theme.dim())
}

/// One sentence over as many rows as it needs; how many that were.
fn sentence(canvas: &mut Canvas, y: usize, most: usize, words: &str, style: Style) -> usize {
    if canvas.wrapped_rows(words) > 1 {
        return canvas.wrap(y, most, words, style);
    }
    // as it stands, with its wider gaps
    canvas.line(y, Span::styled(format!(" {words}"), style));
    1
}

/// The heading over the lines of this kind.
fn heading(line: JobLine) -> &'static str {
    match line {
        JobLine::Running => "running",
        JobLine::Waiting(_) => "waiting (a song being sung comes first by itself)",
        JobLine::Failed(_) => "failed",
        JobLine::Notice(_) => "trouble",
    }
}

fn lines(app: &App, canvas: &mut Canvas, y: usize, rows: usize) {
    let board = &app.jobs;
    if board.is_empty() {
        canvas.line(
            y + rows / 3,
            Span::styled(
                "   nothing to do: every song asked for is ready",
                canvas.theme.dim(),
            ),
        );
        return;
    }
    // each kind in the window may cost a row for its heading; with little room there are none
    let headings = rows >= 8;
    let room = if headings { rows - 4 } else { rows };
    let first = board.cursor.view(board.len(), room.max(1));
    let mut row = 0;
    let mut last = None;
    for at in first..board.len() {
        let Some(line) = board.line(at) else { break };
        let kind = heading(line);
        if headings && last != Some(kind) {
            if row + 1 >= rows {
                break;
            }
            canvas.rule(y + row, kind);
            row += 1;
            last = Some(kind);
        }
        if row >= rows {
            break;
        }
        let selected = at == board.cursor.at;
        one(app, canvas, y + row, line, selected);
        canvas.spot(0, y + row, canvas.width(), PointerTarget::Row(at));
        if selected {
            canvas.paint(y + row, canvas.theme.selected());
        }
        row += 1;
    }
}

fn one(app: &App, canvas: &mut Canvas, y: usize, line: JobLine, selected: bool) {
    let theme = canvas.theme;
    let sign = if selected { canvas.glyphs().selected } else { " " };
    let title_cells = (canvas.width() * 2 / 5).max(12);
    let title = app.jobs.song(line).map(|key| {
        let name = app
            .tracks
            .get(key)
            .map(|entry| entry.track.artist().to_owned())
            .unwrap_or_default();
        if name.is_empty() {
            app.title(key)
        } else {
            format!("{} - {name}", app.title(key))
        }
    });
    let title = text::pad(&title.unwrap_or_default(), title_cells, canvas.glyphs().cut);
    match line {
        JobLine::Running => {
            let Some(running) = &app.jobs.running else { return };
            let mut spans = vec![Span::raw(format!(" {sign} {title}  "))];
            let tail = tail(app, running);
            let cells = canvas
                .width()
                .saturating_sub(title_cells + tail.len() + 6)
                .min(40);
            if cells >= 4 {
                spans.extend(canvas.bar(running.share(), cells, theme.vocals()));
            }
            spans.push(Span::raw(tail));
            canvas.line(y, spans);
        }
        JobLine::Waiting(at) => {
            let Some(waiting) = app.jobs.waiting().get(at) else {
                return;
            };
            let time = app
                .tracks
                .get(waiting.key)
                .and_then(|entry| entry.track.duration)
                .map(text::time);
            let older = app
                .tracks
                .get(waiting.key)
                .and_then(|entry| entry.older.as_deref());
            let why = match (waiting.priority, older) {
                (Priority::Playing, _) => "being sung".to_owned(),
                (Priority::Queued, _) => "in the queue".to_owned(),
                (Priority::Requested, _) => "asked for".to_owned(),
                (Priority::Found, _) => "found".to_owned(),
                (Priority::Redo, Some(model)) => format!("again, was {model}"),
                (Priority::Redo, None) => "again".to_owned(),
            };
            let time = text::pad_left(&time.unwrap_or_default(), 8, "");
            canvas.line(
                y,
                vec![
                    Span::raw(format!(" {sign} {title}{time}  ")),
                    Span::styled(why, theme.dim()),
                ],
            );
        }
        JobLine::Failed(at) => {
            let Some(failed) = app.jobs.failed.get(at) else {
                return;
            };
            canvas.line(
                y,
                vec![
                    Span::styled(
                        format!(" {} {title}  ", if selected { sign } else { "!" }),
                        theme.bad(),
                    ),
                    Span::raw(text::cut(
                        &failed.reason,
                        canvas.width().saturating_sub(title_cells + 5),
                        canvas.glyphs().cut,
                    )),
                ],
            );
        }
        JobLine::Notice(at) => {
            let Some(trouble) = app.jobs.notices.get(at) else {
                return;
            };
            let sign = if selected { sign } else { "!" };
            canvas.line(
                y,
                vec![
                    Span::styled(format!(" {sign} "), theme.bad()),
                    Span::raw(text::cut(
                        trouble,
                        canvas.width().saturating_sub(3),
                        canvas.glyphs().cut,
                    )),
                ],
            );
        }
    }
}

/// ` 62 %   8.2x   0:06 left`
fn tail(app: &App, running: &RunningJob) -> String {
    match running.stopping {
        Some(StopReason::ForGood) => return "  stopping".into(),
        Some(StopReason::Later) => return "  makes way".into(),
        None => {}
    }
    let mut tail = format!(" {:>3} %", running.percent());
    if running.speed > 0.0 {
        tail += &format!("  {:.1}x", running.speed);
        let seconds = app.tracks.get(running.key).and_then(|entry| entry.track.duration);
        if let Some(seconds) = seconds.filter(|_| running.total > 0) {
            let left = seconds * (1.0 - running.share());
            tail += &format!("  {} left", text::time(left / f64::from(running.speed)));
        }
    }
    tail
}

/// The whole of what the selected line can only begin.
fn detail(app: &App) -> Option<(&'static str, String)> {
    match app.jobs.selected()? {
        JobLine::Failed(at) => Some(("why", app.jobs.failed.get(at)?.reason.clone())),
        JobLine::Notice(at) => Some(("the whole sentence", app.jobs.notices.get(at)?.clone())),
        JobLine::Running | JobLine::Waiting(_) => None,
    }
}

fn cache(app: &App, canvas: &mut Canvas, y: usize) {
    let Some(cache) = app.separation.cache else { return };
    let ready = app.tracks.all().iter().filter_map(|key| app.tracks.get(*key));
    let ready = ready.filter(|entry| entry.stems == StemState::Ready).count();
    let pinned = if cache.pinned > 0 {
        format!(", {} pinned", cache.pinned)
    } else {
        String::new()
    };
    let heading = format!(
        "cache  {} of {}, {} ({} of this library{pinned})",
        text::bytes(cache.bytes),
        text::bytes(cache.cap_bytes),
        text::songs(cache.songs as usize),
        text::count(ready),
    );
    canvas.rule(y, &heading);
    let share = cache.bytes as f64 / cache.cap_bytes.max(1) as f64;
    let mut spans = vec![Span::raw(" ")];
    spans.extend(canvas.bar(share, canvas.width().saturating_sub(2), canvas.theme.band()));
    canvas.line(y + 1, spans);
}
