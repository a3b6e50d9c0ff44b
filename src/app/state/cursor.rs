//! A cursor in a list and the part of the list it looks at.

/// Which line is selected, and the first line shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    pub at: usize,
    /// First line shown; the screen shows the selected line in any case.
    pub offset: usize,
}

/// Lines kept in sight above and below the selected one.
const MARGIN: usize = 2;

impl Cursor {
    /// Moves by `lines`, stopping at the ends.
    pub fn step(&mut self, lines: isize, len: usize) {
        self.at = self.at.saturating_add_signed(lines);
        self.clamp(len);
    }

    pub fn clamp(&mut self, len: usize) {
        self.at = self.at.min(len.saturating_sub(1));
    }

    /// The first line to show in a window of `rows` lines.
    pub fn view(&self, len: usize, rows: usize) -> usize {
        let margin = MARGIN.min(rows.saturating_sub(1) / 2);
        let latest = self.at.saturating_sub(margin);
        let earliest = (self.at + margin + 1).saturating_sub(rows);
        self.offset
            .clamp(earliest.min(latest), latest)
            .min(len.saturating_sub(rows))
    }

    /// Remembers where the window stands, so that it moves only when the selected line would leave it.
    pub fn follow(&mut self, len: usize, rows: usize) {
        self.clamp(len);
        self.offset = self.view(len, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_moves_only_at_its_margin_and_shows_the_selected_line() {
        let mut cursor = Cursor::default();
        for at in 0..100 {
            cursor.at = at;
            cursor.follow(100, 10);
            assert!(cursor.offset <= at && at < cursor.offset + 10);
            assert_eq!(cursor.offset, (at + 3).saturating_sub(10).min(90));
        }
        cursor.step(-1000, 100);
        cursor.follow(100, 10);
        assert_eq!(cursor, Cursor { at: 0, offset: 0 });
        cursor.step(5, 0);
        assert_eq!((cursor.at, cursor.view(0, 0), cursor.view(0, 7)), (0, 0, 0));
    }
}
