//! The words on the Sing screen: the line being sung in the middle, always at the same height, wiped
//! character by character; what was sung above it, what comes below.

use std::cmp::Ordering;
use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::queries::offset_suggestion_text;
use crate::app::queries::offset_text;
use crate::app::state::lyrics_moment::LyricsMoment;
use crate::app::{App, PointerTarget};
use crate::lyrics::romanization::RomanizedPiece;
use crate::lyrics::{Line, Lyrics, SubLineKind, Timing};
use crate::ui::canvas::Canvas;
use crate::ui::sing::wrap::{broken, sung_bytes};
use crate::ui::sing::{big_text, romanization};
use crate::ui::text;

/// Where things stand in so many rows.
struct LyricsRows {
    current: usize,
    /// Rows the current line may take.
    breadth: usize,
    /// The last row says where the lyrics are from.
    source: bool,
}

impl LyricsRows {
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

pub(super) fn draw(app: &App, lyrics: &Lyrics, moment: LyricsMoment, canvas: &mut Canvas) {
    let rows = LyricsRows::of(canvas.height());
    let singing = moment.line;
    let moment = match app.browsed_line() {
        Some(line) => looked_at(lyrics, moment, line),
        None => moment,
    };
    let Some(line) = lyrics.lines.get(moment.line) else {
        return;
    };
    let mut bottom = canvas.height();
    if rows.source {
        bottom -= 1;
        source(app, lyrics, canvas, bottom);
    }
    if rows.current > 0 {
        above(app, lyrics, moment, &rows, canvas);
    }
    let mut y = rows.current;
    let first = y;
    let tall = bottom.saturating_sub(y + 3);
    // where there is a row for it
    let reading = |number: usize, y: usize| readings_of(app, number).filter(|_| y + 1 < bottom);
    let said = reading(moment.line, y);
    y += match big_text::wanted(&line.text, canvas, tall) {
        Some(big) => {
            let taken = big_text::draw(&big, moment.sung, styles(line, canvas), canvas, y);
            if let Some(pieces) = said {
                let sung = sung_bytes(&line.text, moment.sung);
                romanization::draw(
                    pieces,
                    whole(&line.text),
                    middle(&line.text, canvas),
                    sung,
                    canvas,
                    y + taken,
                );
            }
            taken + usize::from(said.is_some())
        }
        None => current(line, said, moment, &rows, canvas, y),
    };
    for row in first..y.min(bottom) {
        canvas.spot(0, row, canvas.width(), PointerTarget::Line(moment.line));
    }
    for under in &line.under {
        if y < bottom {
            let dim = canvas.theme.dim();
            let style = match under.kind {
                SubLineKind::Translation => dim,
                SubLineKind::Backing => dim.add_modifier(Modifier::ITALIC),
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
        let number = moment.line + 1 + count;
        let style = match count {
            _ if number == singing => canvas.theme.vocals(),
            0 => Style::new(),
            _ => canvas.theme.dim(),
        };
        centre(&next.text, style, canvas, y);
        canvas.spot(0, y, canvas.width(), PointerTarget::Line(number));
        if count == 0
            && let Some(pieces) = reading(moment.line + 1, y)
        {
            y += 1;
            romanization::draw(
                pieces,
                whole(&next.text),
                middle(&next.text, canvas),
                0,
                canvas,
                y,
            );
        }
        y += 1;
    }
}

/// Another line in the middle than the one being sung.
fn looked_at(lyrics: &Lyrics, singing: LyricsMoment, line: usize) -> LyricsMoment {
    let sung = match line.cmp(&singing.line) {
        Ordering::Less => lyrics.lines.get(line).map_or(0.0, |line| line.graphemes() as f64),
        Ordering::Equal => singing.sung,
        Ordering::Greater => 0.0,
    };
    LyricsMoment {
        line,
        sung,
        countdown: None,
        other: None,
    }
}

/// How a line is said, where that is wanted and known.
fn readings_of(app: &App, line: usize) -> Option<&[RomanizedPiece]> {
    let song = app
        .deck
        .song
        .as_ref()
        .filter(|_| app.lyrics_view.shows_romanization)?;
    song.lyrics.romanization(line)
}

fn whole(text: &str) -> (&str, Range<usize>) {
    (text, 0..text.len())
}

/// Column at which a text stands in the middle.
fn middle(text: &str, canvas: &Canvas) -> usize {
    canvas.width().saturating_sub(text::width(text)) / 2
}

/// The line before, and between it and the current one the countdown or who sings.
fn above(app: &App, lyrics: &Lyrics, moment: LyricsMoment, rows: &LyricsRows, canvas: &mut Canvas) {
    let between = rows.current - 1;
    let dim = canvas.theme.dim();
    let line = &lyrics.lines[moment.line];
    let voice = voice(lyrics, line);
    if app.browsed_line().is_some() {
        let key = app.keymap.key_name(Screen::Sing, Action::SingLine);
        let words = key.map(|key| format!("{key} sings from here"));
        if rows.current > 1 {
            centre(&words.unwrap_or_default(), dim, canvas, between);
        }
    } else if let Some(seconds) = moment.countdown {
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
    canvas.spot(0, row, canvas.width(), PointerTarget::Line(before));
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

/// Draws the current line, each row with what it is read as, and returns the rows it took.
fn current(
    line: &Line,
    said: Option<&[RomanizedPiece]>,
    moment: LyricsMoment,
    rows: &LyricsRows,
    canvas: &mut Canvas,
    y: usize,
) -> usize {
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
    let breadth = if said.is_some() {
        rows.breadth.div_ceil(2)
    } else {
        rows.breadth
    };
    let first = (at + 1)
        .saturating_sub(breadth)
        .min(parts.len().saturating_sub(breadth));
    let shown = parts.iter().skip(first).take(breadth);
    let mut taken = 0;
    for part in shown {
        wiped(line, part.clone(), sung, styles(line, canvas), canvas, y + taken);
        taken += 1;
        if let Some(pieces) = said {
            let x = middle(&line.text[part.clone()], canvas);
            romanization::draw(pieces, (&line.text, part.clone()), x, sung, canvas, y + taken);
            taken += 1;
        }
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
    let offer = song.and_then(|song| song.lyrics.offers.get(song.lyrics.chosen));
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
        .map_or(0, |song| song.lyrics.offers.len().saturating_sub(1));
    let key = app.keymap.key_name(Screen::Sing, Action::LyricsSource);
    if let (Some(key), 1..) = (key, others) {
        words += &format!("   {key}: {others} more");
    }
    let offset = app
        .deck
        .song
        .as_ref()
        .and_then(|song| offset_text(song.memory.lyrics_offset_ms));
    if let Some(offset) = offset {
        words += &format!("   {offset}");
    }
    if let Some(suggested) = offset_suggestion_text(app) {
        words = format!("{suggested}   {words}");
    }
    let shown = text::cut(&words, canvas.width().saturating_sub(2), canvas.glyphs().cut);
    canvas.line_right(y, Span::styled(format!("{shown} "), style), 0);
}
