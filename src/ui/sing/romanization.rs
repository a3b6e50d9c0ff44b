//! The row under a line that says how it is read: each word's reading under its word where there is room
//! for all of them, else one after the other.

use std::ops::Range;

use ratatui::style::Modifier;
use ratatui::text::Span;

use crate::lyrics::romanization::RomanizedPiece;
use crate::ui::canvas::Canvas;
use crate::ui::text;

/// Draws the readings of a part of a line whose text stands at column `x`; what is sung, up to a byte of
/// the line, is lit.
pub(super) fn draw(
    pieces: &[RomanizedPiece],
    (line, part): (&str, Range<usize>),
    x: usize,
    sung: usize,
    canvas: &mut Canvas,
    y: usize,
) {
    let here: Vec<&RomanizedPiece> = pieces.iter().filter(|piece| part.contains(&piece.from)).collect();
    if here.is_empty() {
        return;
    }
    let (lit, dim) = (
        canvas.theme.vocals().remove_modifier(Modifier::BOLD),
        canvas.theme.dim(),
    );
    let style = |piece: &RomanizedPiece| if sung > piece.from { lit } else { dim };
    let middle = |piece: &RomanizedPiece| {
        let before = line.get(part.start..piece.from).unwrap_or("");
        let word = line.get(piece.from..piece.to).unwrap_or("");
        2 * (x + text::width(before)) + text::width(word)
    };
    let wishes: Vec<(usize, usize)> = here
        .iter()
        .map(|piece| (middle(piece), text::width(&piece.text)))
        .collect();
    if let Some(columns) = columns(&wishes, canvas.width()) {
        for (piece, column) in here.iter().zip(columns) {
            canvas.line_at(column, y, Span::styled(piece.text.as_str(), style(piece)));
        }
        return;
    }
    // too long for the row: as much of it as there is room for, around what is sung
    let at = here.iter().rposition(|piece| sung > piece.from).unwrap_or(0);
    let room = canvas.width().saturating_sub(2);
    let mut first = 0;
    let length = |from: usize, to: usize| -> usize {
        here[from..=to]
            .iter()
            .map(|piece| text::width(&piece.text) + 1)
            .sum()
    };
    while first < at && length(first, at) > room * 2 / 3 {
        first += 1;
    }
    let mut column = 1;
    for piece in &here[first..] {
        let left = room.saturating_sub(column - 1);
        let shown = text::cut(&piece.text, left, canvas.glyphs().cut);
        canvas.line_at(column, y, Span::styled(shown, style(piece)));
        column += text::width(&piece.text) + 1;
        if column > room {
            break;
        }
    }
}

/// First columns of texts of so many cells, each as near as it can be to its middle (in half cells), with
/// a space between them; None where they do not fit into the row.
fn columns(wishes: &[(usize, usize)], width: usize) -> Option<Vec<usize>> {
    let mut columns = Vec::with_capacity(wishes.len());
    let mut free = 0;
    for (middle, cells) in wishes {
        let column = (middle.saturating_sub(*cells) / 2).max(free);
        columns.push(column);
        free = column + cells + 1;
    }
    // what went over the edge pushes the others back
    let mut end = width;
    for (column, (_, cells)) in columns.iter_mut().zip(wishes).rev() {
        *column = (*column).min(end.checked_sub(*cells)?);
        end = column.saturating_sub(1);
    }
    let apart = |at: &usize| columns[*at] + wishes[*at].1 < columns[at + 1];
    (0..columns.len().saturating_sub(1))
        .all(|at| apart(&at))
        .then_some(columns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn readings_stand_under_their_words_and_make_room_for_each_other() {
        assert_eq!(columns(&[(12, 4), (40, 2)], 30), Some(vec![4, 19]));
        assert_eq!(columns(&[(2, 6), (6, 6)], 30), Some(vec![0, 7]), "pushed on");
        assert_eq!(columns(&[(20, 6), (24, 6)], 13), Some(vec![0, 7]), "pushed back");
        assert_eq!(columns(&[(2, 6), (6, 6)], 12), None);
        assert_eq!(columns(&[], 5), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn they_never_touch_and_never_leave_the_row(
            words in prop::collection::vec((0..8_usize, 1..9_usize), 0..12),
            width in 0..60_usize,
        ) {
            let mut at = 0;
            let wishes: Vec<(usize, usize)> = words
                .iter()
                .map(|(cells, reading)| {
                    at += cells;
                    (2 * at, *reading)
                })
                .collect();
            let room = wishes.iter().map(|(_, cells)| cells + 1).sum::<usize>();
            match columns(&wishes, width) {
                Some(columns) => {
                    for (pair, wish) in columns.windows(2).zip(&wishes) {
                        prop_assert!(pair[0] + wish.1 < pair[1]);
                    }
                    if let (Some(column), Some(wish)) = (columns.last(), wishes.last()) {
                        prop_assert!(column + wish.1 <= width);
                    }
                }
                None => prop_assert!(room > width + 1, "{room} in {width}"),
            }
        }
    }
}
