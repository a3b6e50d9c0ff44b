//! What is typed to find songs: parts of words as they stand, or letters with anything between.

use nucleo_matcher::chars::normalize;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation;

/// One word that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// As [`folded`] leaves it; never empty.
    pub folded: String,
    /// As typed in small letters, where folding took marks off: they are meant.
    pub exact: Option<String>,
}

/// The words of a text to look for.
pub(super) fn needles(text: &str) -> Vec<Needle> {
    let small = text.to_lowercase();
    let needle = |word: &str| {
        let mut plain = String::new();
        folded(word, &mut plain);
        let exact = (plain != word).then(|| word.to_owned());
        (!plain.is_empty()).then_some(Needle { folded: plain, exact })
    };
    small.split_whitespace().filter_map(needle).collect()
}

/// Letters without the marks over and under them, after the small ones of `text`.
pub(super) fn folded(text: &str, out: &mut String) {
    if text.is_ascii() {
        return out.push_str(text);
    }
    let first = text
        .graphemes(true)
        .filter_map(|grapheme| grapheme.chars().next());
    out.extend(first.map(normalize));
}

/// Letters in their order with anything between.
#[derive(Debug)]
pub(super) struct FuzzyQuery {
    needles: Vec<Needle>,
    folded: String,
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl FuzzyQuery {
    /// None for an empty text.
    pub fn fuzzy(text: &str) -> Option<Self> {
        let needles = needles(text);
        let words: Vec<&str> = needles.iter().map(|needle| needle.folded.as_str()).collect();
        let (folded, letters) = (words.join(" "), words.concat());
        let pattern = Pattern::new(
            &folded,
            CaseMatching::Respect,
            Normalization::Never,
            AtomKind::Fuzzy,
        );
        (!needles.is_empty()).then(|| Self {
            folded: letters,
            needles,
            pattern,
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        })
    }

    pub fn needles(&self) -> &[Needle] {
        &self.needles
    }

    /// All letters.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// How well folded words answer.
    pub fn weigh(&mut self, words: &str) -> Option<u16> {
        let words = Utf32Str::new(words, &mut self.buffer);
        let score = self.pattern.score(words, &mut self.matcher)?;
        Some(score.min(u32::from(u16::MAX)) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_and_remembered_where_they_were_typed() {
        let needle = |folded: &str, exact: Option<&str>| Needle {
            folded: folded.into(),
            exact: exact.map(str::to_owned),
        };
        assert_eq!(
            needles(" Uber  LANT"),
            [needle("uber", None), needle("lant", None)]
        );
        assert_eq!(needles("Über"), [needle("uber", Some("über"))]);
        assert_eq!(needles("灯籠"), [needle("灯籠", None)]);
        assert!(needles("  ").is_empty() && FuzzyQuery::fuzzy(" ").is_none());
    }
}
