//! One row of a chooser: a mark, a name, and what there is to say of it.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::ui::canvas::Canvas;
use crate::ui::text;

pub(super) struct PickerRow<'a> {
    pub selected: bool,
    /// What is heard or shown at the moment.
    pub in_use: bool,
    pub name: &'a str,
    pub style: Style,
    pub about: &'a [String],
}

impl PickerRow<'_> {
    pub fn draw(&self, y: usize, canvas: &mut Canvas) {
        let theme = canvas.theme;
        let mark = if self.selected {
            canvas.glyphs().selected
        } else {
            " "
        };
        let playing = if self.in_use { canvas.glyphs().playing } else { " " };
        let about = format!("  {} ", self.about.join(", "));
        let room = canvas.width().saturating_sub(text::width(&about) + 6);
        let name = text::pad(self.name, room.max(12), canvas.glyphs().cut);
        canvas.line(
            y,
            vec![
                Span::styled(format!(" {mark} "), theme.strong()),
                Span::styled(format!("{playing} "), theme.good()),
                Span::styled(name, self.style),
                Span::styled(about, theme.dim()),
            ],
        );
        if self.selected {
            canvas.paint(y, theme.selected());
        }
    }
}
