//! Pinyin with tone marks, a syllable for each character, in its commonest reading.

use pinyin::ToPinyin;

use crate::lyrics::romanization::RomanizedPiece;

pub(super) fn read(text: &str) -> Vec<RomanizedPiece> {
    let syllable = |(from, c): (usize, char)| {
        Some(RomanizedPiece {
            from,
            to: from + c.len_utf8(),
            text: c.to_pinyin()?.with_tone().to_owned(),
        })
    };
    text.char_indices().filter_map(syllable).collect()
}
