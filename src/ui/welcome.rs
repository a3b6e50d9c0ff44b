//! The first screen of somebody who has no songs here yet.

use ratatui::text::Span;

use super::canvas::Canvas;
use super::text;
use crate::action::{Action, Screen};
use crate::app::App;
use crate::text::printable;

/// There is nothing to list.
pub(super) fn wanted(app: &App) -> bool {
    app.tracks.all().is_empty()
}

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut lines: Vec<(String, ratatui::style::Style)> = Vec::new();
    let plain = ratatui::style::Style::new();
    lines.push(("Welcome to croon.".into(), theme.title()));
    lines.push((
        "Nothing is sent anywhere; nothing is changed in your music folders.".into(),
        plain,
    ));
    lines.push((String::new(), plain));
    match app.settings.folders.as_slice() {
        [] => lines.push(("No music folder is set.".into(), theme.bad())),
        folders => {
            let found = if app.scan.running {
                format!(
                    "Looking for songs, {} files so far, in",
                    text::count(app.scan.files)
                )
            } else {
                format!("No songs among the {} files in", text::count(app.scan.files))
            };
            lines.push((found, plain));
            for folder in folders.iter().take(6) {
                lines.push((
                    format!("    {}", printable(&folder.to_string_lossy())),
                    theme.strong(),
                ));
            }
        }
    }
    lines.push((String::new(), plain));
    lines.push((
        "To sing from another folder, start      croon ~/Songs".into(),
        plain,
    ));
    if !app.settings.config_file.as_os_str().is_empty() {
        let file = printable(&app.settings.config_file.to_string_lossy());
        lines.push((
            "To keep it, write under [library]       folders = [\"~/Songs\"]".into(),
            plain,
        ));
        lines.push((format!("in {file}"), theme.dim()));
    }
    lines.push((String::new(), plain));
    lines.push((
        "Songs appear here as they are found, and new ones as you copy them in.".into(),
        plain,
    ));
    lines.push((
        "Each is separated in the background and can be sung at once.".into(),
        plain,
    ));
    lines.push((String::new(), plain));
    let key = |action| {
        app.keymap
            .key_name(Screen::Library, action)
            .unwrap_or_else(|| "-".into())
    };
    let keys = format!(
        "{} sing   {} {} less or more of the singer   {} help   {} quit",
        key(Action::SingThis),
        key(Action::VocalsDown),
        key(Action::VocalsUp),
        key(Action::Help),
        key(Action::Quit)
    );
    lines.push((keys, theme.strong()));
    for trouble in app.jobs.notices.iter().rev().take(3) {
        lines.push((format!("! {trouble}"), theme.bad()));
    }
    let top = usize::from(canvas.height() > lines.len() + 1);
    let mut y = top;
    for (line, style) in lines {
        if line.starts_with("! ") {
            y += canvas.wrap(y, 3, &line, style);
            continue;
        }
        let line = text::cut(&line, canvas.width().saturating_sub(2), canvas.glyphs().cut);
        canvas.line_at(2, y, Span::styled(line, style));
        y += 1;
    }
}
