//! Lines broken into rows, and counted by what a reader takes for one character.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes of so many whole graphemes.
pub(super) fn sung_bytes(text: &str, sung: f64) -> usize {
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
        // once more where what is left of the row has no room for it either
        while taken + grapheme.width() > cells && !space && at > start {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::text;

    fn rows(text: &str, cells: usize) -> Vec<&str> {
        broken(text, cells).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn lines_are_broken_where_a_script_allows_it() {
        assert_eq!(rows("we set them down", 7), ["we set", "them", "down"]);
        assert_eq!(rows("紙の灯籠を流す。", 6), ["紙の灯", "籠を流", "す。"]);
        assert_eq!(rows("lanterns", 3), ["lan", "ter", "ns"]);
        assert_eq!(rows("สวัสดี", 2), ["สวั", "สดี"]);
        assert_eq!(rows(" !0豈", 3), ["", "!0", "豈"]);
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
