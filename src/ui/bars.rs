//! The rows around every screen: tabs above; status and prompt below.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::queries::next_song;
use crate::app::state::fader::FaderPosition;
use crate::app::state::job_queue::StopReason;
use crate::app::state::toasts::{Severity, Toast};
use crate::app::{App, EngineState, PointerTarget, Prompt, PromptKind, ResumePoint};
use crate::output_state::OutputState;
use crate::ui::canvas::Canvas;
use crate::ui::text;

pub(super) fn tabs(app: &App, canvas: &mut Canvas) {
    let narrow = canvas.width() < 60;
    let mut spans = Vec::new();
    let mut taken = 0;
    for screen in Screen::ALL {
        let number = match screen {
            Screen::Queue => app.queue.len(),
            Screen::Jobs => app.jobs.waiting().len() + usize::from(app.jobs.running.is_some()),
            Screen::Library | Screen::Sing | Screen::Editor => 0,
        };
        // the editor lies over Sing
        let open = screen == app.view.screen || screen == Screen::Sing && app.view.screen == Screen::Editor;
        let mut label = format!("{} {}", screen.index() + 1, screen.name());
        if narrow && !open {
            label.truncate(1);
        } else if number > 0 {
            label += &format!(" {}", text::count(number));
        }
        let (left, right) = if open { ("[", "]") } else { (" ", " ") };
        let style = if open {
            canvas.theme.strong()
        } else {
            canvas.theme.dim()
        };
        let label = format!("{left}{label}{right} ");
        canvas.spot(taken, 0, text::width(&label), PointerTarget::Tab(screen));
        taken += text::width(&label);
        spans.push(Span::styled(label, style));
    }
    canvas.line(0, spans);
    let mut right = vec![
        Span::styled("singer ", canvas.theme.dim()),
        Span::styled(format!("{} %", app.levels.fader.level()), canvas.theme.vocals()),
    ];
    if app.levels.muted {
        right.push(Span::styled("  muted ", canvas.theme.bad()));
    } else {
        right.push(Span::styled(
            format!("  vol {} % ", app.levels.volume),
            canvas.theme.dim(),
        ));
    }
    let cells: usize = right.iter().map(Span::width).sum();
    if let Some(moved) = moved(app, canvas.width().saturating_sub(taken + cells)) {
        right.insert(0, Span::styled(moved, canvas.theme.strong()));
    }
    canvas.line_right(0, right, taken);
}

/// Key and tempo of the song where they are not the recording's, at most so many cells wide.
fn moved(app: &App, cells: usize) -> Option<String> {
    let song = app.deck.song.as_ref()?.key_tempo;
    let (key, tempo) = (text::signed(song.key()), song.tempo());
    let words = [
        format!("key {key}  tempo {tempo} %  "),
        format!("{key} {tempo}%  "),
    ];
    words
        .into_iter()
        .find(|words| !song.is_recording() && words.len() <= cells)
}

/// `full`, `mine`, `off`.
pub(super) fn voice_word(voice: FaderPosition) -> &'static str {
    match voice {
        FaderPosition::Full => "full",
        FaderPosition::Mine => "mine",
        FaderPosition::Off => "off",
    }
}

/// ` ▶ Title - Artist  1:02 / 4:12`
pub(super) fn now_playing(app: &App, canvas: &Canvas, cells: usize) -> Vec<Span<'static>> {
    let Some(song) = &app.deck.song else {
        return match &app.session.resume {
            Some(resume) => last_time(app, resume, canvas, cells),
            None => vec![Span::styled(" nothing plays", canvas.theme.dim())],
        };
    };
    let glyph = if app.deck.is_moving() {
        canvas.glyphs().playing
    } else {
        canvas.glyphs().paused
    };
    let mut name = song.title.clone();
    if !song.artist.is_empty() {
        name += &format!(" - {}", song.artist);
    }
    let time = match app.deck.duration() {
        Some(duration) => format!("{} / {}", text::time(app.deck.seconds), text::time(duration)),
        None => text::time(app.deck.seconds),
    };
    let room = cells.saturating_sub(text::width(&time) + 5);
    let name = text::cut(&name, room.max(8), canvas.glyphs().cut);
    vec![
        Span::raw(format!(" {glyph} ")),
        Span::styled(name, canvas.theme.strong()),
        Span::raw(format!("  {time}")),
    ]
}

/// ` last time: Artist - Title at 1:02, Space goes on`
fn last_time(app: &App, resume: &ResumePoint, canvas: &Canvas, cells: usize) -> Vec<Span<'static>> {
    let key = app.keymap.key_name(app.view.screen, Action::PlayPause);
    let how = key.map(|key| format!(", {key} goes on")).unwrap_or_default();
    let rest = format!(" at {}{how}", text::time(resume.seconds));
    let room = cells.saturating_sub(text::width(&rest) + 13);
    let name = text::cut(&resume.name, room.max(8), canvas.glyphs().cut);
    vec![
        Span::styled(" last time: ", canvas.theme.dim()),
        Span::styled(name, canvas.theme.strong()),
        Span::raw(rest),
    ]
}

/// The Sing screen shows the song itself; here what follows it.
fn up_next(app: &App, canvas: &Canvas) -> Vec<Span<'static>> {
    let Some(key) = next_song(app).filter(|_| app.deck.song.is_some()) else {
        return Vec::new();
    };
    let title = text::cut(&app.title(key), canvas.width() / 3, canvas.glyphs().cut);
    vec![Span::styled(" next: ", canvas.theme.dim()), Span::raw(title)]
}

/// What goes on behind: the worst first.
fn behind(app: &App, canvas: &Canvas) -> Option<(String, Style)> {
    let theme = canvas.theme;
    if let (Some(_), Some(key)) = (
        &app.jobs.paused,
        app.keymap.key_name(app.view.screen, Action::ToggleJobs),
    ) {
        return Some((format!("separation stands still ({key}: why)"), theme.bad()));
    }
    if let Some(running) = &app.jobs.running {
        let word = if running.stopping == Some(StopReason::ForGood) {
            "stopping"
        } else {
            "separating"
        };
        let mut line = format!("{word} {} %", running.percent());
        if running.speed > 0.0 {
            line += &format!("  {:.1}x", running.speed);
        }
        if let EngineState::Up(info) = &app.separation.engine {
            line += &format!("  {}", info.device);
        }
        match app.jobs.waiting().len() {
            0 => {}
            n => line += &format!("  {} wait", text::count(n)),
        }
        return Some((line, theme.good()));
    }
    if let (true, Some(key)) = (
        app.waits_for_cache(),
        app.keymap.key_name(app.view.screen, Action::ToggleJobs),
    ) {
        return Some((format!("cache full ({key}: what to do)"), theme.vocals()));
    }
    if app.scan.running {
        return Some((
            format!("looking for songs: {} files", text::count(app.scan.files)),
            theme.dim(),
        ));
    }
    match app.jobs.failed.len() {
        0 => None,
        n => Some((format!("{} failed", text::songs(n)), theme.bad())),
    }
}

/// A message as it is shown.
fn words(toast: &Toast) -> String {
    let mark = if toast.severity == Severity::Problem {
        "! "
    } else {
        ""
    };
    format!("{mark}{}", toast.text)
}

/// True if the message of the moment does not fit into one line.
pub(super) fn is_long(app: &App, cells: u16) -> bool {
    let room = usize::from(cells).saturating_sub(2);
    app.toasts
        .shown()
        .is_some_and(|toast| text::width(&words(toast)) > room)
}

/// The message of the moment, over all rows there are; what is cut off of a problem stands on the
/// Jobs screen, so its end is the key that leads there.
pub(super) fn message(app: &App, canvas: &mut Canvas) {
    let Some(toast) = app.toasts.shown() else { return };
    let style = match toast.severity {
        Severity::Info => canvas.theme.strong(),
        Severity::Problem => canvas.theme.bad(),
    };
    let (words, rows) = (words(toast), canvas.height());
    let used = canvas.wrapped_rows(&words);
    canvas.wrap(0, rows, &words, style);
    let key = app.keymap.key_name(app.view.screen, Action::ToggleJobs);
    if used > rows
        && rows > 0
        && toast.severity == Severity::Problem
        && app.view.screen != Screen::Jobs
        && let Some(key) = key
    {
        let cut = canvas.glyphs().cut;
        let end = format!("{cut} {key}: all of it ");
        canvas.line_right(rows - 1, Span::styled(end, style), canvas.width() / 2);
    }
}

/// Why nothing is heard, and the keys that mend it.
fn no_sound(app: &App) -> Option<String> {
    let key = |action| app.keymap.key_name(app.view.screen, action);
    if let Some(gone) = &app.outputs.lost {
        let mut words = format!("{gone} went away, the song waits");
        for (action, does) in [
            (Action::PlayPause, "goes on"),
            (Action::Outputs, "chooses another"),
        ] {
            if let Some(key) = key(action) {
                words += &format!("   {key} {does}");
            }
        }
        return Some(words);
    }
    matches!(app.outputs.current, Some(OutputState::Silent { .. })).then(|| match key(Action::Outputs) {
        Some(key) => format!("no sound, trying again ({key} chooses)"),
        None => "no sound, trying again".into(),
    })
}

pub(super) fn status(app: &App, canvas: &mut Canvas) {
    if app.toasts.shown().is_some() {
        return message(app, canvas);
    }
    let left = if app.view.screen == Screen::Sing && canvas.width() >= 40 {
        up_next(app, canvas)
    } else {
        now_playing(
            app,
            canvas,
            (canvas.width() / 2).max(canvas.width().saturating_sub(44)),
        )
    };
    let taken: usize = left.iter().map(Span::width).sum();
    canvas.line(0, left);
    let mut right = Vec::new();
    let mut room = canvas.width().saturating_sub(taken + 3);
    if let Some(words) = no_sound(app) {
        let words = text::cut(&words, room, canvas.glyphs().cut);
        room = room.saturating_sub(text::width(&words) + 3);
        right.push(Span::styled(words + "   ", canvas.theme.bad()));
    }
    if let Some((line, style)) = behind(app, canvas) {
        right.push(Span::styled(
            text::cut(&line, room, canvas.glyphs().cut) + " ",
            style,
        ));
    }
    canvas.line_right(0, right, taken);
}

/// Returns where the terminal's cursor goes.
pub(super) fn prompt(app: &App, prompt: &Prompt, canvas: &mut Canvas) -> Option<(u16, u16)> {
    let word = match prompt.kind {
        PromptKind::Find => " / ",
        PromptKind::Filter => " filter: ",
        PromptKind::Singer => " who sings: ",
        PromptKind::SaveList => " write the queue into: ",
        PromptKind::LoadList => " add the songs of: ",
    };
    let room = canvas.width().saturating_sub(word.len() + 1);
    let scroll = prompt.input.visual_scroll(room);
    let value = prompt.input.value();
    let mut skipped = 0;
    let shown: String = value
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += text::width(&c.to_string());
            skip
        })
        .collect();
    canvas.line(
        0,
        vec![Span::styled(word, canvas.theme.title()), Span::raw(shown.clone())],
    );
    let hits = match prompt.kind {
        PromptKind::Find | PromptKind::Filter => format!(
            "{}   Enter keeps, Esc takes back ",
            text::songs(app.tracks.shown().len())
        ),
        PromptKind::Singer => "Up Down: names known, empty: nobody ".to_owned(),
        PromptKind::SaveList | PromptKind::LoadList => "a file, .m3u8 ".to_owned(),
    };
    canvas.line_right(
        0,
        Span::styled(hits, canvas.theme.dim()),
        word.len() + text::width(&shown) + 2,
    );
    let x = word.len() + prompt.input.visual_cursor().saturating_sub(scroll);
    let area = canvas.area();
    (x < canvas.width() && area.height > 0).then(|| (area.x + x as u16, area.y))
}
