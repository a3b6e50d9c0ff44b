//! The keys that work on this screen, written from the live map.

use ratatui::style::Style;
use ratatui::text::Span;

use super::canvas::Canvas;
use super::{hints, text};
use crate::app::App;
use crate::keymap::{Group, TABLE, show_keys};

/// One line of the help: keys and meaning, or a heading with no keys.
pub type HelpLine = (String, String);

/// All lines for the screen that is open, group by group.
pub fn lines(app: &App) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        let mut rows = Vec::new();
        for row in TABLE.iter().filter(|row| row.group == group) {
            let keys: Vec<_> = app
                .keymap
                .keys_for(app.view.screen, row.action)
                .map(|b| show_keys(&b.keys))
                .collect();
            if !keys.is_empty() {
                rows.push((keys.join("  "), row.help_text(app.settings.seek_seconds)));
            }
        }
        if !rows.is_empty() {
            if !lines.is_empty() {
                lines.push((String::new(), String::new()));
            }
            lines.push((String::new(), group.title().to_owned()));
            lines.extend(rows);
        }
    }
    lines
}

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    canvas.rule(0, &format!("keys on this screen: {}", app.view.screen.name()));
    let changes = app.keymap.changes();
    let foot = usize::from(!changes.is_empty() && canvas.height() > 6);
    let rows = canvas.height().saturating_sub(2 + foot);
    let lines = lines(app);
    let columns = (canvas.width() / 38).clamp(1, 3);
    let cells = canvas.width() / columns;
    // columns are filled evenly; what is longer than the screen is scrolled in all of them
    let per_column = lines.len().div_ceil(columns).max(rows.min(lines.len()));
    let scroll = app.view.help_scroll.min(per_column.saturating_sub(rows));
    for column in 0..columns {
        let from = column * per_column;
        for row in 0..rows.min(per_column.saturating_sub(scroll)) {
            let Some((keys, words)) = lines.get(from + scroll + row) else {
                break;
            };
            let spans = if keys.is_empty() {
                vec![Span::styled(format!(" {words}"), canvas.theme.title())]
            } else {
                let keys: Vec<_> = keys.split("  ").map(|key| hints::short(key, canvas)).collect();
                vec![
                    Span::styled(
                        format!("  {} ", text::pad(&keys.join("  "), 13, "")),
                        canvas.theme.strong(),
                    ),
                    Span::styled(
                        text::cut(words, cells.saturating_sub(17), canvas.glyphs().cut),
                        Style::new(),
                    ),
                ]
            };
            canvas.line_at(column * cells, 1 + row, spans);
        }
    }
    if per_column > rows {
        let words = format!(" {} of {} ", scroll + rows.min(per_column), per_column);
        canvas.line_right(1 + rows, Span::styled(words, canvas.theme.dim()), 0);
    }
    if foot > 0 {
        let line = format!(" changed by you: {}", changes.join("   "));
        let line = text::cut(&line, canvas.width(), canvas.glyphs().cut);
        canvas.line(canvas.height() - 1, Span::styled(line, canvas.theme.dim()));
    }
}
