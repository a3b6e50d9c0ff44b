//! The words on the Sing screen: the line being sung in the middle, always at the same height, wiped
//! character by character; what was sung above it, what comes below.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::super::canvas::Canvas;
use super::super::text;
use super::letters;
use crate::action::{Action, Screen};
use crate::app::App;
use crate::app::lyrics::{Moment, offset_words};
use crate::lyrics::{Line, Lyrics, Timing, UnderKind};

/// Where things stand in so many rows.
struct Rows {
    current: usize,
    /// Rows the current line may take.
    breadth: usize,
    /// The last row says where the lyrics are from.
    source: bool,
}

impl Rows {
    fn of(rows: usize) -> Self {
        let current = match rows {
            0..=2 => 0,
            3..=6 => 1,
            7..=9 => 3,
            rows => rows / 3,
        };
        let below = rows.saturating_sub(current);
        Self {
            current,
            // something is left for what comes next, but for the smallest
            breadth: if rows <= 2 {
                1
            } else {
                below.saturating_sub(2).clamp(1, 3)
            },
            source: rows >= 7,
        }
    }
}

pub(super) fn draw(app: &App, lyrics: &Lyrics, moment: Moment, canvas: &mut Canvas) {
    let rows = Rows::of(canvas.height());
    let Some(line) = lyrics.lines.get(moment.line) else {
        return;
    };
    let mut bottom = canvas.height();
    if rows.source {
        bottom -= 1;
        source(app, lyrics, canvas, bottom);
    }
    if rows.current > 0 {
        above(lyrics, moment, &rows, canvas);
    }
    let mut y = rows.current;
    let tall = bottom.saturating_sub(y + 3);
    y += match letters::wanted(&line.text, canvas, tall) {
        Some(big) => letters::draw(&big, moment.sung, styles(line, canvas), canvas, y),
        None => current(line, moment, &rows, canvas, y),
    };
    for under in &line.under {
        if y < bottom {
            let dim = canvas.theme.dim();
            let style = match under.kind {
                UnderKind::Translation => dim,
                UnderKind::Backing => dim.add_modifier(Modifier::ITALIC),
            };
            centre(&under.text, style, canvas, y);
            y += 1;
        }
    }
    if bottom > y + 2 {
        y += 1;
    }
    for (count, next) in lyrics.lines.iter().skip(moment.line + 1).enumerate() {
        if y >= bottom {
            break;
        }
        let style = if count == 0 {
            Style::new()
        } else {
            canvas.theme.dim()
        };
        centre(&next.text, style, canvas, y);
        y += 1;
    }
}

/// The line before, and between it and the current one the countdown or who sings.
fn above(lyrics: &Lyrics, moment: Moment, rows: &Rows, canvas: &mut Canvas) {
    let between = rows.current - 1;
    let dim = canvas.theme.dim();
    let line = &lyrics.lines[moment.line];
    let voice = voice(lyrics, line);
    if let Some(seconds) = moment.countdown {
        centre(&countdown(seconds, canvas), canvas.theme.title(), canvas, between);
    } else if !voice.is_empty() && rows.current > 1 {
        centre(
            &voice,
            styles(line, canvas).1.remove_modifier(Modifier::BOLD),
            canvas,
            between,
        );
    }
    let before = match moment.other {
        Some((other, sung)) => Some((other, sung)),
        None => moment.line.checked_sub(1).map(|before| (before, 0.0)),
    };
    let Some((before, sung)) = before else { return };
    let row = match (rows.current, moment.countdown) {
        (1, Some(_)) => return,
        (1, None) => 0,
        (current, _) => current - 2,
    };
    let line = &lyrics.lines[before];
    if moment.other.is_some() {
        wiped(
            line,
            0..line.text.len(),
            sung_bytes(&line.text, sung),
            styles(line, canvas),
            canvas,
            row,
        );
    } else {
        centre(&line.text, dim, canvas, row);
    }
}

/// `... 12`, the dots going one by one in the last seconds.
fn countdown(seconds: f64, canvas: &Canvas) -> String {
    let left = seconds.ceil().clamp(0.0, 9_999.0) as usize;
    let dots = vec![canvas.glyphs().dot; left.min(3)].join(" ");
    if left > 3 { format!("{dots}  {left}") } else { dots }
}

fn voice(lyrics: &Lyrics, line: &Line) -> String {
    if lyrics.voices.is_empty() || line.singers.0 == 0 {
        return String::new();
    }
    let named = lyrics
        .voices
        .iter()
        .enumerate()
        .filter(|(bit, _)| line.singers.0 >> bit & 1 == 1);
    let names: Vec<&str> = named
        .map(|(_, name)| name.as_str())
        .filter(|name| !name.is_empty())
        .collect();
    names.join(" + ")
}

/// Styles of what is sung of a line and of what is to come; the second voice has its own colour.
fn styles(line: &Line, canvas: &Canvas) -> (Style, Style) {
    let theme = canvas.theme;
    let to_come = if line.singers.is_second() {
        theme.band().add_modifier(Modifier::BOLD)
    } else {
        theme.strong()
    };
    (theme.sung(), to_come)
}

/// Draws the current line and returns the rows it took.
fn current(line: &Line, moment: Moment, rows: &Rows, canvas: &mut Canvas, y: usize) -> usize {
    let mut cells = canvas.width().saturating_sub(2).max(1);
    let sung = sung_bytes(&line.text, moment.sung);
    if rows.current == 0 {
        cells = canvas.width().max(1);
        // where there is no row for it, the countdown stands before the line
        if let Some(seconds) = moment.countdown.filter(|_| canvas.width() > 8) {
            let text = format!("{:.0} {}", seconds.ceil(), line.text);
            let shown = text::cut(&text, cells, canvas.glyphs().cut);
            canvas.line(y, Span::styled(shown, canvas.theme.strong()));
            return 1;
        }
    }
    let parts = broken(&line.text, cells);
    // the rows around the place that is sung, where all find no room
    let at = parts
        .iter()
        .position(|part| sung < part.end)
        .unwrap_or(parts.len().saturating_sub(1));
    let first = (at + 1)
        .saturating_sub(rows.breadth)
        .min(parts.len().saturating_sub(rows.breadth));
    let shown = parts.iter().skip(first).take(rows.breadth);
    let mut taken = 0;
    for part in shown {
        wiped(line, part.clone(), sung, styles(line, canvas), canvas, y + taken);
        taken += 1;
    }
    taken
}

/// One row of a line, centred, sung up to a byte.
fn wiped(line: &Line, part: Range<usize>, sung: usize, style: (Style, Style), canvas: &mut Canvas, y: usize) {
    let text = &line.text[part.clone()];
    let at = sung.clamp(part.start, part.end) - part.start;
    let x = canvas.width().saturating_sub(text::width(text)) / 2;
    canvas.line_at(
        x,
        y,
        vec![
            Span::styled(&text[..at], style.0),
            Span::styled(&text[at..], style.1),
        ],
    );
}

fn centre(words: &str, style: Style, canvas: &mut Canvas, y: usize) {
    let shown = text::cut(words, canvas.width().saturating_sub(2), canvas.glyphs().cut);
    let x = canvas.width().saturating_sub(text::width(&shown)) / 2;
    canvas.line_at(x, y, Span::styled(shown, style));
}

/// Bytes of so many whole graphemes.
fn sung_bytes(text: &str, sung: f64) -> usize {
    let at = text.grapheme_indices(true).nth(sung.max(0.0) as usize);
    at.map_or(text.len(), |(at, _)| at)
}

/// A text in rows of at most so many cells, broken at spaces, between wide characters, and, where a
/// word is longer than a row, between any. Rows are bytes of the text, without the spaces around.
pub(super) fn broken(text: &str, cells: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut taken) = (0, 0);
    // where the row may end, and the cells up to there
    let mut chance: Option<(usize, usize)> = None;
    let mut before = "";
    for (at, grapheme) in text.grapheme_indices(true) {
        let space = grapheme.trim().is_empty();
        let wide = grapheme.width() > 1 && before.width() > 1 && !closes(grapheme);
        if at > start && !space && (wide || before.trim().is_empty()) {
            chance = Some((at, taken));
        }
        before = grapheme;
        if taken + grapheme.width() > cells && !space && at > start {
            let (end, cells_before) = chance.unwrap_or((at, taken));
            rows.push(trimmed(text, start..end));
            (start, taken) = (end, taken - cells_before);
            chance = None;
        }
        taken += grapheme.width();
    }
    rows.push(trimmed(text, start..text.len()));
    rows
}

/// Signs that no row begins with.
fn closes(grapheme: &str) -> bool {
    "。、，．！？」』）】〉》ー…".contains(grapheme)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..(range.start + part.trim_end().len()).max(start)
}

/// Where the lyrics are from, how good their times are, and how they are moved.
fn source(app: &App, lyrics: &Lyrics, canvas: &mut Canvas, y: usize) {
    let words = format!(
        "lyrics: {}, {}, {}",
        lyrics.source.name(),
        lyrics.format,
        lyrics.timing.name()
    );
    let style = if lyrics.timing == Timing::Guessed {
        canvas.theme.dim().add_modifier(Modifier::ITALIC)
    } else {
        canvas.theme.dim()
    };
    told(app, words, style, canvas, y);
}

/// The same of pictures.
pub(super) fn source_of_pictures(app: &App, canvas: &mut Canvas, y: usize) {
    let song = app.deck.song.as_ref();
    let offer = song.and_then(|song| song.words.offers.get(song.words.chosen));
    if let Some(offer) = offer {
        let words = format!("lyrics: {}, {}", offer.pick.source.name(), offer.format);
        told(app, words, canvas.theme.dim(), canvas, y);
    }
}

/// Says where words are from, that there are others, and how they are moved.
fn told(app: &App, mut words: String, style: Style, canvas: &mut Canvas, y: usize) {
    let others = app
        .deck
        .song
        .as_ref()
        .map_or(0, |song| song.words.offers.len().saturating_sub(1));
    let key = app.keymap.key_name(Screen::Sing, Action::LyricsSource);
    if let (Some(key), 1..) = (key, others) {
        words += &format!("   {key}: {others} more");
    }
    let offset = app
        .deck
        .song
        .as_ref()
        .and_then(|song| offset_words(song.memory.lyrics_offset_ms));
    if let Some(offset) = offset {
        words += &format!("   {offset}");
    }
    let shown = text::cut(&words, canvas.width().saturating_sub(2), canvas.glyphs().cut);
    canvas.line_right(y, Span::styled(format!("{shown} "), style), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str, cells: usize) -> Vec<&str> {
        broken(text, cells).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn lines_are_broken_where_a_script_allows_it() {
        assert_eq!(rows("we set them down", 7), ["we set", "them", "down"]);
        assert_eq!(rows("紙の灯籠を流す。", 6), ["紙の灯", "籠を流", "す。"]);
        assert_eq!(rows("lanterns", 3), ["lan", "ter", "ns"]);
        assert_eq!(rows("สวัสดี", 2), ["สวั", "สดี"]);
        assert_eq!(rows("", 5), [""]);
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked_and_nothing_is_lost(text in "(\\PC| ){0,40}", cells in 2..30_usize) {
            let rows = rows(&text, cells);
            for row in &rows {
                prop_assert!(text::width(row) <= cells || row.graphemes(true).count() == 1, "{row:?}");
            }
            let kept: String = rows.concat().split_whitespace().collect();
            let all: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, all);
        }
    }
}
