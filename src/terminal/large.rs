//! Text larger than a cell, where the terminal has it: written over the blank cells that a frame leaves
//! for it, by kitty's text sizing protocol (OSC 66).

use std::io::{self, Write};

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::style::{Attribute, Print, PrintStyledContent, ResetColor, SetAttribute, StyledContent};
use ratatui::backend::IntoCrossterm;
use ratatui::layout::Position;
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Rows of text, so many cells high, each letter as many times as wide.
#[derive(Debug, Clone, PartialEq)]
pub struct Large {
    /// 2 to 7.
    pub scale: u16,
    /// Where each row begins, and its text, harmless already.
    pub rows: Vec<(Position, Line<'static>)>,
}

impl Large {
    /// The same letters at the same places, whatever their colours: nothing has to be wiped away.
    fn covers(&self, other: &Self) -> bool {
        let texts = |of: &Self| -> Vec<(Position, String)> {
            of.rows.iter().map(|(at, line)| (*at, line.to_string())).collect()
        };
        self.scale == other.scale && texts(self) == texts(other)
    }

    /// Blanks its cells: a terminal takes a large letter away whole when one of its cells is written to.
    fn wipe(&self, out: &mut impl Write) -> io::Result<()> {
        queue!(out, ResetColor, SetAttribute(Attribute::Reset))?;
        for (at, line) in &self.rows {
            let cells = line.to_string().width() * usize::from(self.scale);
            for row in at.y..at.y.saturating_add(self.scale) {
                queue!(out, MoveTo(at.x, row), Print(" ".repeat(cells)))?;
            }
        }
        Ok(())
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (at, line) in &self.rows {
            queue!(out, MoveTo(at.x, at.y))?;
            for span in &line.spans {
                let style = line.style.patch(span.style).into_crossterm();
                let text = sized(&span.content, self.scale);
                queue!(out, PrintStyledContent(StyledContent::new(style, text)))?;
            }
        }
        queue!(out, ResetColor, SetAttribute(Attribute::Reset))
    }
}

/// What has to be written before and after a frame's cells, when this follows that.
pub(super) fn change(before: Option<&Large>, now: Option<&Large>) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    if before == now {
        return Ok((first, last));
    }
    if let Some(before) = before
        && !now.is_some_and(|now| now.covers(before))
    {
        before.wipe(&mut first)?;
    }
    if let Some(now) = now {
        now.write(&mut last)?;
    }
    Ok((first, last))
}

/// A text as OSC 66: letters of ASCII together, every other grapheme with its width, so that terminal
/// and screen never disagree about it.
fn sized(text: &str, scale: u16) -> String {
    let mut out = String::new();
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    for run in graphemes.chunk_by(|a, b| a.is_ascii() && b.is_ascii()) {
        let run_text = run.concat();
        let width = run_text.width();
        if run_text.is_ascii() {
            out += &format!("\x1b]66;s={scale};{run_text}\x07");
        } else if (1..=7).contains(&width) {
            out += &format!("\x1b]66;s={scale}:w={width};{run_text}\x07");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Modifier, Style};
    use ratatui::text::Span;

    use super::*;

    fn large(x: u16, parts: &[(&str, Style)]) -> Large {
        let spans: Vec<Span> = parts
            .iter()
            .map(|(text, style)| Span::styled((*text).to_owned(), *style))
            .collect();
        Large {
            scale: 2,
            rows: vec![(Position::new(x, 4), Line::from(spans))],
        }
    }

    fn said(before: Option<&Large>, now: Option<&Large>) -> (String, String) {
        let (first, last) = change(before, now).unwrap();
        (
            String::from_utf8(first).unwrap(),
            String::from_utf8(last).unwrap(),
        )
    }

    #[test]
    fn letters_are_written_with_their_widths() {
        assert_eq!(
            sized("to 灯é", 3),
            "\x1b]66;s=3;to \x07\x1b]66;s=3:w=2;灯\x07\x1b]66;s=3:w=1;é\x07"
        );
    }

    #[test]
    fn a_wipe_writes_over_and_another_line_is_taken_away_first() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let (to_come, sung) = (
            large(10, &[("lan", bold)]),
            large(10, &[("l", Style::new()), ("an", bold)]),
        );
        let (first, last) = said(None, Some(&to_come));
        assert_eq!(first, "");
        assert!(
            last.contains("\x1b[5;11H") && last.contains("\x1b]66;s=2;lan\x07"),
            "{last:?}"
        );
        let (first, last) = said(Some(&to_come), Some(&sung));
        assert_eq!(first, "", "the same letters stay where they are");
        assert!(last.contains("s=2;l\x07") && last.contains("s=2;an\x07"));
        assert_eq!(said(Some(&sung), Some(&sung)), (String::new(), String::new()));
        let (first, last) = said(Some(&sung), None);
        assert!(
            first.contains("\x1b[5;11H      ") && first.contains("\x1b[6;11H      "),
            "{first:?}"
        );
        assert_eq!(last, "");
        assert!(!said(Some(&sung), Some(&large(12, &[("lan", bold)]))).0.is_empty());
    }
}
