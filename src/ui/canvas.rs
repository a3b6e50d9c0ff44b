//! A rectangle to draw lines into; what lies outside is not drawn, so no size can break it.

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::PointerTarget;
use crate::song_settings::LOUDEST_LEVEL;
use crate::ui::text;
use crate::ui::theme::{Glyphs, Theme};

/// A fader of fewer cells has no room for a tick.
const FADER_WITH_TICK: usize = 9;

/// Text larger than a cell, over cells that are left blank for it.
#[derive(Debug, Clone, PartialEq)]
pub struct LargeText {
    /// Cells of a letter's height, and of the width of a narrow one.
    pub scale: u16,
    /// Where each row begins, and its text.
    pub rows: Vec<(Position, Line<'static>)>,
}

/// What a frame says besides its cells.
#[derive(Debug, Default)]
pub(super) struct FrameExtras {
    /// What can be pointed at, and where: what is drawn later lies over the rest.
    spots: RefCell<Vec<(Rect, PointerTarget)>>,
    large: RefCell<Option<LargeText>>,
}

impl FrameExtras {
    pub fn into_large(self) -> Option<LargeText> {
        self.large.into_inner()
    }

    /// What lies at a cell, and how far along it the cell is, 0 to 1.
    pub fn at(&self, column: u16, row: u16) -> Option<(PointerTarget, f64)> {
        let spots = self.spots.borrow();
        let (area, spot) = spots
            .iter()
            .rev()
            .find(|(area, _)| area.contains(Position { x: column, y: row }))?;
        let last = area.width.saturating_sub(1).max(1);
        Some((*spot, f64::from(column - area.x) / f64::from(last)))
    }
}

pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    area: Rect,
    aside: &'a FrameExtras,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme, area: Rect, aside: &'a FrameExtras) -> Self {
        let area = area.intersection(*buffer.area());
        Self {
            buffer,
            theme,
            area,
            aside,
        }
    }

    /// A row of text so many times as large, from this cell on.
    pub fn large(&self, x: usize, y: usize, scale: u16, line: Line<'static>) {
        let at = Position::new(self.area.x + x as u16, self.area.y + y as u16);
        let mut large = self.aside.large.borrow_mut();
        let large = large.get_or_insert_with(|| LargeText {
            scale,
            rows: Vec::new(),
        });
        large.rows.push((at, line));
    }

    /// These cells can be pointed at.
    pub fn spot(&self, x: usize, y: usize, cells: usize, spot: PointerTarget) {
        if y < self.height() && x < self.width() && cells > 0 {
            let area = Rect {
                x: self.area.x + x as u16,
                y: self.area.y + y as u16,
                width: cells.min(self.width() - x) as u16,
                height: 1,
            };
            self.aside.spots.borrow_mut().push((area, spot));
        }
    }

    /// A part of this rectangle, in cells of the screen.
    pub fn part(&mut self, area: Rect) -> Canvas<'_> {
        let area = area.intersection(self.area);
        Canvas {
            buffer: self.buffer,
            theme: self.theme,
            area,
            aside: self.aside,
        }
    }

    pub fn area(&self) -> Rect {
        self.area
    }

    pub fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    pub fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    pub fn glyphs(&self) -> &'a Glyphs {
        &self.theme.glyphs
    }

    /// Draws a line at row `y` of this rectangle, from its left edge.
    pub fn line<'l>(&mut self, y: usize, line: impl Into<Line<'l>>) {
        self.line_at(0, y, line);
    }

    pub fn line_at<'l>(&mut self, x: usize, y: usize, line: impl Into<Line<'l>>) {
        if y < self.height() && x < self.width() {
            let (left, top) = (self.area.x + x as u16, self.area.y + y as u16);
            self.buffer
                .set_line(left, top, &line.into(), self.area.width - x as u16);
        }
    }

    /// Draws a line that ends at the right edge, if it leaves `taken` cells alone.
    pub fn line_right<'l>(&mut self, y: usize, line: impl Into<Line<'l>>, taken: usize) {
        let line = line.into();
        let cells = line.width();
        if taken + cells <= self.width() {
            self.line_at(self.width() - cells, y, line);
        }
    }

    /// A rule across the whole width with a heading in it.
    pub fn rule(&mut self, y: usize, heading: &str) {
        let (width, glyphs, dim) = (self.width(), self.glyphs(), self.theme.dim());
        if heading.is_empty() {
            return self.line(y, Span::styled(glyphs.rule.repeat(width), dim));
        }
        let heading = text::cut(heading, width.saturating_sub(6), glyphs.cut);
        let rest = width.saturating_sub(4 + text::width(&heading));
        self.line(
            y,
            vec![
                Span::styled(glyphs.rule.repeat(2), dim),
                Span::styled(format!(" {heading} "), self.theme.strong()),
                Span::styled(glyphs.rule.repeat(rest), dim),
            ],
        );
    }

    /// Styles a whole row.
    pub fn paint(&mut self, y: usize, style: Style) {
        if y < self.height() {
            let row = Rect {
                y: self.area.y + y as u16,
                height: 1,
                ..self.area
            };
            self.buffer.set_style(row, style);
        }
    }

    /// A bar of `cells` cells, `share` of it full.
    pub fn bar(&self, share: f64, cells: usize, full: Style) -> Vec<Span<'static>> {
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let filled = ((share * cells as f64).round() as usize).min(cells);
        vec![
            Span::styled(self.glyphs().full.repeat(filled), full),
            Span::styled(self.glyphs().empty.repeat(cells - filled), self.theme.dim()),
        ]
    }

    /// The singer's level as a bar up to 200 %, with a tick where the song is as recorded.
    pub fn fader(&self, level: u8, cells: usize, full: Style) -> Vec<Span<'static>> {
        let mut bar = self.bar(f64::from(level) / f64::from(LOUDEST_LEVEL), cells, full);
        if cells >= FADER_WITH_TICK {
            let (filled, middle) = (text::width(&bar[0].content), cells / 2);
            let tick = Span::styled(self.glyphs().side, self.theme.strong());
            let (full, empty) = (self.glyphs().full, self.glyphs().empty);
            let dim = self.theme.dim();
            bar = if filled > middle {
                vec![
                    Span::styled(full.repeat(middle), bar[0].style),
                    tick,
                    Span::styled(full.repeat(filled - middle - 1), bar[0].style),
                    Span::styled(empty.repeat(cells - filled), dim),
                ]
            } else {
                vec![
                    Span::styled(full.repeat(filled), bar[0].style),
                    Span::styled(empty.repeat(middle - filled), dim),
                    tick,
                    Span::styled(empty.repeat(cells - middle - 1), dim),
                ]
            };
        }
        bar
    }

    /// Cells of a wrapped row: one at each edge stays free.
    fn wrap_cells(&self) -> usize {
        self.width().saturating_sub(2).max(1)
    }

    /// Rows [`Canvas::wrap`] takes for the whole of this text.
    pub fn wrapped_rows(&self, text: &str) -> usize {
        text::wrap(text, self.wrap_cells()).len()
    }

    /// Breaks a text into rows of the width, from row `y` on, at most `rows` of them.
    pub fn wrap(&mut self, y: usize, rows: usize, text: &str, style: Style) -> usize {
        let room = self.wrap_cells();
        let mut lines = text::wrap(text, room);
        let used = lines.len().min(rows);
        if lines.len() > rows && rows > 0 {
            let last = text::cut(&lines[rows - 1], room.saturating_sub(2), "");
            lines[rows - 1] = format!("{last} {}", self.glyphs().cut);
        }
        for (i, line) in lines.iter().take(rows).enumerate() {
            self.line_at(
                1,
                y + i,
                Span::styled(text::cut(line, room, self.glyphs().cut), style),
            );
        }
        used
    }
}
