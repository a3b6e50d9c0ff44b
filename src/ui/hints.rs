//! The last row: what works here, from the live keymap.

use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::state::job_queue::JobLine;
use crate::app::{App, Overlay, PromptKind};
use crate::keymap::{KeyScope, KeymapRow, TABLE};
use crate::ui::canvas::Canvas;
use crate::ui::text;

/// Actions whose keys stand side by side in the hints: `↑↓ singer`.
const PAIRS: &[(Action, Action)] = &[
    (Action::VocalsUp, Action::VocalsDown),
    (Action::SeekBack, Action::SeekForward),
    (Action::MoveDown, Action::MoveUp),
    (Action::NextLine, Action::PreviousLine),
    (Action::NextRow, Action::PreviousRow),
    (Action::StampSooner, Action::StampLater),
];

/// The name of a key as short as it can be read.
pub(super) fn short(name: &str, canvas: &Canvas) -> String {
    if canvas.glyphs().rule == "-" {
        return name.to_owned();
    }
    let shift = name.strip_prefix("Shift-");
    let arrow = match shift.unwrap_or(name) {
        "Up" => "↑",
        "Down" => "↓",
        "Left" => "←",
        "Right" => "→",
        _ => return name.to_owned(),
    };
    format!("{}{arrow}", if shift.is_some() { "Shift-" } else { "" })
}

/// What works here, from the live map; as many as fit, help last in any case.
pub(super) fn hints(app: &App, canvas: &mut Canvas) {
    if !matches!(app.overlay, Overlay::None) {
        let retry;
        let words = match &app.overlay {
            Overlay::Help => " j k scroll   any other key closes",
            Overlay::Outputs => " j k choose   Enter use it   Left Right delay   any other key closes",
            Overlay::LyricsPicker(_) => " j k choose   Enter sing from it   any other key closes",
            Overlay::FullText { .. } => match app.keymap.key_name(app.view.screen, Action::RetryJob) {
                Some(key) => {
                    retry = format!(" {key} try again   any other key closes");
                    &retry
                }
                None => " any key closes",
            },
            Overlay::SaveLyrics(_) => " y croon's own folder   b beside the song   any other key: not now",
            Overlay::Confirm { .. } => " y yes   any other key: no",
            Overlay::Prompt(prompt) if !matches!(prompt.kind, PromptKind::Find | PromptKind::Filter) => {
                " Enter does it   Esc leaves it"
            }
            Overlay::None | Overlay::Prompt(_) => {
                " type to search   Up Down choose   Enter keep   Esc take back"
            }
        };
        return canvas.line(0, Span::styled(words, canvas.theme.dim()));
    }
    let hint = |action: Action| -> Option<(String, &'static str)> {
        let row = TABLE.iter().find(|row| row.action == action)?;
        let mut keys = short(&app.keymap.key_name(app.view.screen, action)?, canvas);
        if let Some(other) = PAIRS.iter().find(|(a, _)| *a == action)
            && let Some(other) = app.keymap.key_name(app.view.screen, other.1)
        {
            keys += &short(&other, canvas);
        }
        let wrong = matches!(app.jobs.selected(), Some(JobLine::Failed(_) | JobLine::Notice(_)));
        let word = match action {
            // where Enter shows what is wrong
            Action::SingThis if wrong && app.view.screen == Screen::Jobs => "all of it",
            _ => row.hint,
        };
        (!word.is_empty()).then_some((keys, word))
    };
    let last = hint(Action::Help);
    let mut room = canvas
        .width()
        .saturating_sub(1 + last.as_ref().map_or(0, |(k, w)| text::width(k) + w.len() + 3));
    let mut shown = Vec::new();
    if !app.view.pending_keys.is_empty() {
        shown.push((crate::keymap::show_keys(&app.view.pending_keys), "..."));
    }
    // what is special here comes first
    let mut rows: Vec<&KeymapRow> = TABLE.iter().filter(|row| row.action != Action::Help).collect();
    rows.sort_by_key(|row| {
        let own = app
            .keymap
            .keys_for(app.view.screen, row.action)
            .any(|b| b.scope != KeyScope::EVERYWHERE && b.scope != KeyScope::ALWAYS);
        (!own, row.action != Action::Find)
    });
    for row in rows {
        let Some((keys, word)) = hint(row.action) else {
            continue;
        };
        let cells = text::width(&keys) + 1 + word.len() + 2;
        if cells <= room {
            room -= cells;
            shown.push((keys, word));
        }
    }
    shown.extend(last);
    let mut spans = vec![Span::raw(" ")];
    for (keys, word) in shown {
        spans.push(Span::styled(keys, canvas.theme.strong()));
        spans.push(Span::styled(format!(" {word}  "), canvas.theme.dim()));
    }
    canvas.line(0, spans);
}
