//! Where a line comes apart into what one taps.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The words of a text: between spaces, and each wide character, with the sign behind it, by itself.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let (mut open, mut wide_before) = (false, false);
    for (at, grapheme) in text.grapheme_indices(true) {
        let end = at + grapheme.len();
        if grapheme.trim().is_empty() {
            open = false;
            continue;
        }
        let letter = grapheme.chars().next().is_some_and(char::is_alphanumeric);
        let wide = letter && grapheme.width() > 1;
        let apart = wide || letter && wide_before;
        match words.last_mut().filter(|_| open && !apart) {
            Some(word) => word.end = end,
            None => words.push(at..end),
        }
        (open, wide_before) = (true, wide || wide_before && !letter);
    }
    if words.is_empty() {
        words.push(0..text.len());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn words_are_what_one_taps() {
        assert_eq!(texts("we  set them, down!"), ["we", "set", "them,", "down!"]);
        assert_eq!(texts("紙の灯籠、water"), ["紙", "の", "灯", "籠、", "water"]);
        assert_eq!(texts("la-la ♪"), ["la-la", "♪"]);
    }
}
