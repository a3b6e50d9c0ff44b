//! Big letters for terminals with the room. Where the terminal draws them itself, in any script; else out
//! of blocks: an 8x8 font in quarter blocks, four cells wide and four high, wiped by the half cell, only
//! for texts the font has all letters of.

use font8x8::{BASIC_FONTS, GREEK_FONTS, HIRAGANA_FONTS, LATIN_FONTS, UnicodeFonts};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::ui::canvas::Canvas;
use crate::ui::sing::wrap::{broken, sung_bytes};
use crate::ui::theme::Letters;

/// Cells of a letter, either way.
const CELLS: usize = 4;
/// Narrower screens need them for the text.
const WIDE_ENOUGH: usize = 100;
/// Rows of letters at most.
const MOST_ROWS: usize = 3;
/// By bits: upper left, upper right, lower left, lower right.
const QUARTERS: [&str; 16] = [
    " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
];

/// Large letters of the terminal's own may be so many times as large, the largest first.
const SCALES: [usize; 3] = [4, 3, 2];

/// A text in big letters.
pub(super) struct Big<'t> {
    rows: Vec<&'t str>,
    /// The terminal draws them, so many times as large; None: blocks.
    scale: Option<usize>,
    /// Graphemes before each row, spaces between the rows included.
    before: Vec<usize>,
}

/// The text in big letters, where they fit into so many rows of the canvas and the font has them all.
pub(super) fn wanted<'t>(text: &'t str, canvas: &Canvas, rows: usize) -> Option<Big<'t>> {
    let (ranges, scale) = match canvas.theme.letters {
        Letters::Small => return None,
        // one row of larger letters is better than two of smaller ones
        Letters::Sized => SCALES.into_iter().find_map(|scale| {
            let ranges = broken(text, canvas.width().saturating_sub(2) / scale);
            let fits = ranges.len() * (scale + 1) <= rows + 1;
            let few = ranges.len() == 1 || (scale == 2 && ranges.len() <= MOST_ROWS);
            let wide = ranges
                .iter()
                .all(|row| text[row.clone()].width() * scale <= canvas.width());
            (fits && few && wide).then_some((ranges, Some(scale)))
        })?,
        Letters::Blocks => {
            if canvas.width() < WIDE_ENOUGH || !text.chars().all(|c| glyph(c).is_some()) {
                return None;
            }
            // a letter of the text is a cell of the rows to break
            let ranges = broken(text, canvas.width() / CELLS);
            let tall = ranges.len() * (CELLS + 1);
            if ranges.len() > MOST_ROWS || tall > rows {
                return None;
            }
            (ranges, None)
        }
    };
    Some(Big {
        scale,
        before: ranges
            .iter()
            .map(|row| text[..row.start].graphemes(true).count())
            .collect(),
        rows: ranges.into_iter().map(|row| &text[row]).collect(),
    })
}

/// Draws the letters from row `y` on, sung up to so many graphemes, and returns the rows they took.
pub(super) fn draw(big: &Big, sung: f64, style: (Style, Style), canvas: &mut Canvas, y: usize) -> usize {
    if let Some(scale) = big.scale {
        return sized(big, scale, sung, style, canvas, y);
    }
    let mut top = y;
    for (row, before) in big.rows.iter().zip(&big.before) {
        let letters: Vec<[u8; 8]> = row.chars().filter_map(glyph).collect();
        let left = canvas.width().saturating_sub(letters.len() * CELLS) / 2;
        // in cells of this row
        let lit = ((sung - *before as f64) * CELLS as f64).max(0.0) as usize;
        for line in 0..CELLS {
            let cell = |x: usize| quarter(&letters[x / CELLS], x % CELLS, line);
            let all: Vec<&str> = (0..letters.len() * CELLS).map(cell).collect();
            let at = lit.min(all.len());
            let spans = vec![
                Span::styled(all[..at].concat(), style.0),
                Span::styled(all[at..].concat(), style.1),
            ];
            canvas.line_at(left, top + line, spans);
        }
        top += CELLS + 1;
    }
    top - y
}

/// As [`draw`], by the terminal itself; a step of the wipe is a letter.
fn sized(big: &Big, scale: usize, sung: f64, style: (Style, Style), canvas: &mut Canvas, y: usize) -> usize {
    let mut top = y;
    for (row, before) in big.rows.iter().zip(&big.before) {
        let left = canvas.width().saturating_sub(row.width() * scale) / 2;
        let at = sung_bytes(row, sung - *before as f64);
        let spans: Vec<Span> = [(&row[..at], style.0), (&row[at..], style.1)]
            .into_iter()
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, style)| Span::styled(text.to_owned(), style))
            .collect();
        canvas.large(left, top, scale as u16, Line::from(spans));
        top += scale + 1;
    }
    top - y
}

fn quarter(letter: &[u8; 8], x: usize, y: usize) -> &'static str {
    let pixel = |dx: usize, dy: usize| usize::from(letter[2 * y + dy] >> (2 * x + dx) & 1);
    QUARTERS[pixel(0, 0) | pixel(1, 0) << 1 | pixel(0, 1) << 2 | pixel(1, 1) << 3]
}

/// The letter's rows, lowest bit left.
fn glyph(c: char) -> Option<[u8; 8]> {
    let c = match c {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        c => c,
    };
    BASIC_FONTS
        .get(c)
        .or_else(|| LATIN_FONTS.get(c))
        .or_else(|| GREEK_FONTS.get(c))
        .or_else(|| HIRAGANA_FONTS.get(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_four_cells_of_quarter_blocks() {
        let letter = glyph('L').unwrap_or_default();
        let rows: Vec<String> = (0..4)
            .map(|y| (0..4).map(|x| quarter(&letter, x, y)).collect())
            .collect();
        assert_eq!(rows, ["▜▛  ", "▐▌  ", "▐▌▗▌", "▀▀▀▘"]);
        assert!(glyph('ü').is_some() && glyph('’').is_some() && glyph('灯').is_none());
    }
}
