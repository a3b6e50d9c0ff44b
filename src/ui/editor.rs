//! The words being timed: the rows around the hand with their stamps, the voice of the line as a wave
//! with the stamps under it, and where the song is.

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::App;
use crate::app::state::deck::DeckSong;
use crate::app::state::editor::{Editor, SaveLyricsRequest, SheetRow};
use crate::lyrics::Millis;
use crate::ui::canvas::Canvas;
use crate::ui::position::position;
use crate::ui::text;
use crate::vocal_timing::Of;

/// Milliseconds across the wave, and how much of it lies before the place that is heard.
const WINDOW_MS: Millis = 6_000;
const BEFORE_MS: Millis = 1_500;
/// Cells of a stamp and the space behind it.
const STAMP: usize = 11;

/// Rows of each part; what has no room is 0.
struct EditorLayout {
    heading: usize,
    rows: usize,
    rule: usize,
    wave: usize,
    stamps: usize,
    position: usize,
}

impl EditorLayout {
    fn of(height: usize) -> Self {
        let mut left = height;
        let mut take = |wish: usize, spare: usize| {
            let taken = if left >= wish + spare { wish } else { 0 };
            left -= taken;
            taken
        };
        let mut rows = take(1, 0);
        let wave = take(1, 0);
        let stamps = take(1, 0);
        let heading = take(1, 0);
        rows += take(2, 0);
        let position = take(1, 0);
        let rule = take(1, 2);
        rows += take(2, 0);
        let taller = (left / 4).min(5);
        left -= taller;
        Self {
            heading,
            rows: rows + left,
            rule,
            wave: wave + taller,
            stamps,
            position,
        }
    }
}

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let (Some(editor), Some(song)) = (&app.editor, &app.deck.song) else {
        return;
    };
    let room = EditorLayout::of(canvas.height());
    let mut y = 0;
    if room.heading > 0 {
        heading(editor, song, canvas);
        y += 1;
    }
    if editor.sheet.rows.is_empty() {
        nothing(app, canvas, y);
    } else {
        rows(editor, canvas, y, room.rows);
    }
    y += room.rows;
    let now = (app.deck.position_at(app.now_ms()) * 1000.0) as Millis;
    let from = if app.deck.is_moving() {
        now
    } else {
        resting(editor, now)
    } - BEFORE_MS;
    if room.rule > 0 {
        canvas.rule(y, heard(song));
        y += 1;
    }
    wave(song, canvas, y, room.wave, from, now);
    y += room.wave;
    if room.stamps > 0 {
        stamps(editor, canvas, y, from, now);
        y += 1;
    }
    if room.position > 0 {
        position(app, canvas, y);
    }
}

/// Where the wave stands in a pause: at the stamp in the hand.
fn resting(editor: &Editor, now: Millis) -> Millis {
    editor
        .held()
        .and_then(|held| editor.sheet.stamp(held))
        .unwrap_or(now)
}

fn heading(editor: &Editor, song: &DeckSong, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (timed, all) = editor.sheet.timed();
    let mut about = format!(
        "{}   {timed} of {all} lines have times",
        if editor.by_words {
            "word by word"
        } else {
            "line by line"
        },
    );
    if song.key_tempo.tempo() != 100 {
        about += &format!("   tempo {} %", song.key_tempo.tempo());
    }
    if editor.is_changed() {
        about += "   not saved";
    }
    let room = canvas.width().saturating_sub(text::width(&about) + 4);
    let (title, about) = if room >= 10 {
        (text::cut(&song.title, room, canvas.glyphs().cut), about)
    } else {
        let short = format!("{timed}/{all}");
        let room = canvas.width().saturating_sub(short.len() + 4);
        (text::cut(&song.title, room, canvas.glyphs().cut), short)
    };
    let taken = text::width(&title) + 2;
    canvas.line(0, Span::styled(format!(" {title}"), theme.title()));
    canvas.line_right(0, Span::styled(format!("{about} "), theme.dim()), taken);
}

fn nothing(app: &App, canvas: &mut Canvas, y: usize) {
    let key = app
        .keymap
        .key_name(Screen::Editor, Action::LeaveEditor)
        .unwrap_or_default();
    let words = format!(
        "No words yet. Paste them here, one line as it is sung to a row (Ctrl-Shift-V in most terminals); \
         text with times is taken with them. {key} leaves."
    );
    canvas.wrap(y, 4, &words, canvas.theme.dim());
}

/// `0:12.340`, right-aligned; a stamp that is none yet as a dash.
fn stamp(at: Option<Millis>) -> String {
    let text = at.map_or_else(
        || "-   ".into(),
        |ms| format!("{}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000),
    );
    text::pad_left(&text, STAMP - 2, "")
}

fn rows(editor: &Editor, canvas: &mut Canvas, y: usize, count: usize) {
    let all = &editor.sheet.rows;
    let current = editor.row();
    // the row under the hand stands at a third, as the current line does on Sing
    let first = current
        .saturating_sub(count / 3)
        .min(all.len().saturating_sub(count));
    let narrow = canvas.width() < 40;
    for (number, row) in all.iter().enumerate().skip(first).take(count) {
        let theme = canvas.theme;
        let here = number == current;
        let mut spans = Vec::new();
        if !narrow {
            let style = if row.start().is_some() {
                theme.good()
            } else {
                theme.dim()
            };
            spans.push(Span::styled(format!("{}  ", stamp(row.start())), style));
        }
        let room = canvas.width().saturating_sub(if narrow { 0 } else { STAMP } + 1);
        if here {
            spans.extend(parts(editor, row, number, room, canvas));
        } else {
            let style = if row.is_worded() {
                Style::new()
            } else {
                theme.dim()
            };
            spans.push(Span::styled(
                text::cut(&row.text, room, canvas.glyphs().cut),
                style,
            ));
        }
        canvas.line(y + number - first, spans);
    }
}

/// The row under the hand: what is stamped, the word that is next, the rest.
fn parts(editor: &Editor, row: &SheetRow, number: usize, room: usize, canvas: &Canvas) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    let cursor = (editor.cursor.row == number).then_some(editor.cursor.part);
    // what finds no room is left out at the start, so that the next word is seen
    let mut skip = 0;
    if let Some(part) = cursor {
        let end = row.parts.get(part).map_or(0, |part| part.at.end);
        while skip < part && text::width(&row.text[row.parts[skip].at.start..end]) > room.saturating_sub(2) {
            skip += 1;
        }
    }
    let mut spans = Vec::new();
    let mut at = row
        .parts
        .get(skip)
        .map_or(0, |part| if skip == 0 { 0 } else { part.at.start });
    if skip > 0 {
        spans.push(Span::styled(canvas.glyphs().cut, theme.dim()));
    }
    for (index, part) in row.parts.iter().enumerate().skip(skip) {
        spans.push(Span::raw(row.text[at..part.at.start].to_owned()));
        let whole_row = !editor.by_words && cursor.is_some();
        let style = match (cursor == Some(index) || whole_row, part.stamp) {
            (true, _) => theme.selected(),
            (false, Some(_)) => theme.sung(),
            (false, None) => theme.strong(),
        };
        spans.push(Span::styled(row.text[part.at.clone()].to_owned(), style));
        at = part.at.end;
    }
    spans.push(Span::raw(row.text[at..].to_owned()));
    spans
}

/// What the wave shows.
fn heard(song: &DeckSong) -> &'static str {
    match song.lyrics.trace().map(|trace| trace.of()) {
        Some(Of::Vocals) => "the singer",
        Some(Of::Mixture) => "the whole music: the singer is not separated yet",
        None if song.vocals.stored().0 > 0 => "the singer, as far as separated",
        None => "not listened to yet",
    }
}

/// How loud it is in a stretch, from 0 to 1; None where nothing is known.
fn loudness(song: &DeckSong, from: Millis, to: Millis) -> Option<f32> {
    match song.lyrics.trace() {
        Some(trace) => trace.loudness(from, to),
        None => {
            let (vocals, _) = song.vocals.loudness(from as f64 / 1000.0, to as f64 / 1000.0)?;
            Some((f32::from(vocals) / 255.0).powf(0.6))
        }
    }
}

/// The column of a moment, if the wave shows it.
fn column(ms: Millis, from: Millis, width: usize) -> Option<usize> {
    let at = (ms - from) as f64 / WINDOW_MS as f64 * width as f64;
    (0.0..width as f64).contains(&at).then_some(at as usize)
}

fn wave(song: &DeckSong, canvas: &mut Canvas, y: usize, rows: usize, from: Millis, now: Millis) {
    let width = canvas.width();
    let head = column(now, from, width);
    let moment = |column: usize| from + (column as f64 / width as f64 * WINDOW_MS as f64) as Millis;
    for column in 0..width {
        let loud = (moment(column) >= 0)
            .then(|| loudness(song, moment(column), moment(column + 1).max(moment(column) + 1)))
            .flatten();
        let style = if Some(column) == head {
            canvas.theme.vocals().add_modifier(Modifier::REVERSED)
        } else {
            canvas.theme.vocals()
        };
        for row in 0..rows {
            let above = rows - 1 - row;
            let glyph = match loud {
                Some(share) => {
                    let eighths = (f64::from(share) * rows as f64 * 8.0).round() as usize;
                    let least = usize::from(above == 0);
                    canvas.glyphs().levels[eighths.saturating_sub(above * 8).clamp(least, 8)]
                }
                None if above == 0 => canvas.glyphs().unknown,
                None => " ",
            };
            canvas.line_at(column, y + row, Span::styled(glyph, style));
        }
    }
}

/// The stamps under the wave, each with its word as far as the next leaves room.
fn stamps(editor: &Editor, canvas: &mut Canvas, y: usize, from: Millis, now: Millis) {
    let width = canvas.width();
    let held = editor.held();
    let mut marks: Vec<(usize, String, Style)> = Vec::new();
    for (number, row) in editor.sheet.rows.iter().enumerate() {
        for (index, part) in row.parts.iter().enumerate() {
            let Some(at) = part.stamp.and_then(|ms| column(ms, from, width)) else {
                continue;
            };
            let is_held = held.is_some_and(|held| (held.row, held.part) == (number, index));
            let style = if is_held {
                canvas.theme.title()
            } else {
                canvas.theme.sung()
            };
            let word = format!("{}{}", canvas.glyphs().side, &row.text[part.at.clone()]);
            marks.push((at, word, style));
        }
        let end = row.end.and_then(|ms| column(ms, from, width));
        marks.extend(end.map(|at| (at, "]".to_owned(), canvas.theme.dim())));
    }
    marks.sort_by_key(|(at, ..)| *at);
    for (number, (at, word, style)) in marks.iter().enumerate() {
        let until = marks.get(number + 1).map_or(width, |next| next.0);
        let shown = text::cut(word, until.saturating_sub(*at), "");
        canvas.line_at(*at, y, Span::styled(shown, *style));
    }
    // the place that is heard, where no stamp stands
    if let Some(head) = column(now, from, width).filter(|head| marks.iter().all(|mark| mark.0 != *head)) {
        canvas.line_at(head, y, Span::styled(canvas.glyphs().head, canvas.theme.title()));
    }
}

/// Where the lyrics may be written: the paths, and what is left out.
pub(super) fn saving(wish: &SaveLyricsRequest, canvas: &mut Canvas) {
    let mut y = canvas.height().min(3) / 2;
    for line in saving_words(wish) {
        let rows = canvas.height().saturating_sub(y);
        y += canvas.wrap(y, rows, &line, Style::new());
        y += usize::from(canvas.height() > 10);
    }
}

/// The same in sentences.
pub(super) fn saving_words(wish: &SaveLyricsRequest) -> Vec<String> {
    let path = |path: &std::path::Path| crate::text::printable(&path.to_string_lossy());
    let lines = |count: usize| format!("{count} {}", if count == 1 { "line" } else { "lines" });
    let mut words = vec![format!(
        "Write {} with their times into a file?",
        lines(wish.lines)
    )];
    if wish.left_out > 0 {
        words.push(format!(
            "Left out, for want of a time: {}; the draft keeps them.",
            lines(wish.left_out)
        ));
    }
    match &wish.own {
        Some(own) => words.push(format!("y  {}", path(own))),
        None => words.push("croon's own folder: not yet, the song is not known well enough".into()),
    }
    words.push(format!("b  {}", path(&wish.beside)));
    words
}

/// The row under the hand, for those who hear the screen.
pub(super) fn told(editor: &Editor) -> Option<String> {
    let row = editor.sheet.rows.get(editor.row())?;
    let next = editor
        .sheet
        .part(editor.cursor)
        .map(|part| &row.text[part.at.clone()]);
    let next = next.filter(|_| editor.cursor.row == editor.row());
    let next = next.map(|word| format!(", next: {word}")).unwrap_or_default();
    Some(format!("{} {}{next}", stamp(row.start()).trim(), row.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_and_no_more() {
        for height in 0..100 {
            let room = EditorLayout::of(height);
            let used = room.heading + room.rows + room.rule + room.wave + room.stamps + room.position;
            assert_eq!(used, height);
        }
        let usual = EditorLayout::of(19);
        assert!(
            usual.rows >= 8 && usual.wave >= 3 && usual.rule == 1,
            "{} {}",
            usual.rows,
            usual.wave
        );
        assert_eq!((EditorLayout::of(1).rows, EditorLayout::of(2).wave), (1, 1));
    }

    #[test]
    fn moments_lie_in_their_columns() {
        assert_eq!(column(1_000, 1_000, 60), Some(0));
        assert_eq!(column(1_000 + WINDOW_MS - 1, 1_000, 60), Some(59));
        assert_eq!(
            (column(999, 1_000, 60), column(1_000 + WINDOW_MS, 1_000, 60)),
            (None, None)
        );
    }
}
