//! The chooser of lyrics: where they are from, in which format, with which times, and which are shown.

use ratatui::style::Style;

use crate::app::App;
use crate::app::queries::{chosen_lyrics, lyrics_choices};
use crate::app::state::cursor::Cursor;
use crate::app::state::song_lyrics::LyricsChoice;
use crate::lyrics::{Offer, Online};
use crate::ui::canvas::Canvas;
use crate::ui::picker_row::PickerRow;

pub(super) fn draw(app: &App, cursor: Cursor, canvas: &mut Canvas) {
    canvas.rule(0, "which lyrics");
    let choices = lyrics_choices(app);
    let (now, shown) = chosen_lyrics(app);
    let rows = canvas.height().saturating_sub(2);
    let first = cursor.view(choices.len(), rows);
    for (row, (at, line)) in choices.iter().enumerate().skip(first).take(rows).enumerate() {
        let (name, mut about) = match line {
            LyricsChoice::Auto => ("the best there is".to_owned(), Vec::new()),
            LyricsChoice::Ask(online) => ("LRCLIB".to_owned(), vec![asking(online).to_owned()]),
            LyricsChoice::Offer(offer) => (
                words(offer),
                vec![format!("{}, {}", offer.format, offer.timing.name())],
            ),
        };
        let is_shown = matches!(line, LyricsChoice::Offer(offer) if Some(offer) == shown);
        if *line == now {
            about.push("chosen".into());
        }
        let style = if is_shown {
            canvas.theme.good()
        } else {
            Style::new()
        };
        let choice = PickerRow {
            selected: at == cursor.at,
            in_use: is_shown,
            name: &name,
            style,
            about: &about,
        };
        choice.draw(row + 2, canvas);
    }
}

fn words(offer: &Offer) -> String {
    let source = offer.pick.source.name();
    if offer.pick.name.is_empty() {
        source.to_owned()
    } else {
        format!("{source}: {}", offer.pick.name)
    }
}

fn asking(online: &Online) -> &str {
    match online {
        Online::Unasked => "ask the server for this song",
        Online::Asking => "being asked",
        Online::Nothing => "it has none; ask again",
        Online::Failed(_) => "it could not be asked; try again",
        Online::Off | Online::Here => "",
    }
}
