//! Matching of what is typed against songs: parts of words as they stand, or letters with anything
//! between.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A text to look for.
#[derive(Debug)]
pub struct Query {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Query {
    fn new(text: &str, kind: AtomKind) -> Option<Self> {
        let text = text.trim();
        let pattern = Pattern::new(
            &text.to_lowercase(),
            CaseMatching::Ignore,
            Normalization::Smart,
            kind,
        );
        let config = Config::DEFAULT;
        (!text.is_empty()).then(|| Self {
            pattern,
            matcher: Matcher::new(config),
            buffer: Vec::new(),
        })
    }

    /// Letters in this order with anything between; None for an empty text.
    pub fn fuzzy(text: &str) -> Option<Self> {
        Self::new(text, AtomKind::Fuzzy)
    }

    /// Each word as it stands, anywhere; None for an empty text.
    pub fn words(text: &str) -> Option<Self> {
        Self::new(text, AtomKind::Substring)
    }

    fn score(&mut self, haystack: &str) -> Option<u32> {
        self.pattern
            .score(Utf32Str::new(haystack, &mut self.buffer), &mut self.matcher)
    }

    pub fn matches(&mut self, haystack: &str) -> bool {
        self.score(haystack).is_some()
    }

    /// What matches, best first, equals in the order they came.
    pub fn best_first<'a, K>(&mut self, candidates: impl Iterator<Item = (K, &'a str)>) -> Vec<K> {
        let mut found: Vec<(u32, K)> = candidates
            .filter_map(|(key, text)| Some((self.score(text)?, key)))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, key)| key).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_best_match_comes_first_and_marks_over_letters_do_not_matter() {
        let songs = [
            "lamplight\u{1}the lantern",
            "über\u{1}paper lanterns",
            "nobody\u{1}tideline",
        ];
        let mut query = Query::fuzzy("Lant").unwrap();
        let found = query.best_first(songs.iter().enumerate().map(|(i, s)| (i, *s)));
        assert!(!found.contains(&2) && found.len() == 2);
        assert!(Query::words("uber LANT").unwrap().matches(songs[1]));
        assert!(!Query::words("lntrn").unwrap().matches(songs[1]));
        assert!(Query::fuzzy("  ").is_none());
    }
}
