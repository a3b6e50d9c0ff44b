//! Pinyin with tone marks, a syllable for each character, in its commonest reading.

use pinyin::ToPinyin;

use crate::lyrics::romanization::ScriptRun;

pub(super) fn read(text: &str) -> Vec<ScriptRun> {
    let syllable = |(from, c): (usize, char)| {
        Some(ScriptRun {
            from,
            to: from + c.len_utf8(),
            text: c.to_pinyin()?.with_tone().to_owned(),
        })
    };
    text.char_indices().filter_map(syllable).collect()
}
