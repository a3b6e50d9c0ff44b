use proptest::prelude::*;

use super::*;
use crate::app::state::search_query::needles;

const SONGS: [&str; 4] = [
    "lamplight\u{1}the lantern\u{1}",
    "über\u{1}paper lanterns\u{1}north",
    "nobody\u{1}tideline\u{1}paper",
    "lantern\u{1}north\u{1}plant",
];

fn haystack(songs: &[&str]) -> SearchIndex {
    let mut haystack = SearchIndex::default();
    for (number, words) in songs.iter().enumerate() {
        haystack.set(SongKey(number as u32), words);
    }
    haystack
}

fn holding(haystack: &SearchIndex, songs: &[&str], text: &str) -> SearchScores {
    haystack.holding(&needles(text), |key| songs[key.0 as usize])
}

#[test]
fn whole_names_go_before_beginnings_and_these_before_the_rest() {
    let haystack = haystack(&SONGS);
    let marks = |text: &str| holding(&haystack, &SONGS, text);
    assert_eq!(marks("lantern"), [2, 2, 0, 4]);
    assert_eq!(marks("LANT"), [2, 2, 0, 3]);
    assert_eq!(marks("ante"), [1, 1, 0, 1]);
    assert_eq!(
        marks("paper north"),
        [0, 7, 0, 0],
        "all words, wherever they stand"
    );
    assert_eq!(marks("nothing"), [0; 4]);
    assert_eq!(marks(""), [0; 4]);
}

#[test]
fn marks_over_letters_matter_only_where_they_are_typed() {
    let songs = ["uber\u{1}one\u{1}", "über\u{1}two\u{1}"];
    let haystack = haystack(&songs);
    assert_eq!(holding(&haystack, &songs, "uber"), [4, 4]);
    assert_eq!(holding(&haystack, &songs, "über"), [0, 4]);
}

#[test]
fn letters_with_anything_between_answer_the_best_first() {
    let haystack = haystack(&SONGS);
    let order: Vec<SongKey> = (0..4).map(SongKey).collect();
    let marks = |text: &str| haystack.answering(&mut FuzzyQuery::fuzzy(text).unwrap(), &order);
    let found = marks("lntrn");
    assert!(
        found[0] > 1 && found[1] > 1 && found[3] > 1 && found[2] == 0,
        "{found:?}"
    );
    assert!(marks("tdln")[2] > 0);
    assert_eq!(marks("qqq"), [0; 4]);
}

#[test]
fn words_that_changed_or_went_are_found_no_more_also_after_a_clearing() {
    let mut haystack = haystack(&SONGS);
    haystack.set(SongKey(0), "quiet\u{1}machines\u{1}");
    haystack.forget(SongKey(3));
    let now = ["quiet\u{1}machines\u{1}", SONGS[1], SONGS[2], ""];
    let check = |haystack: &SearchIndex| {
        assert_eq!(holding(haystack, &now, "lantern"), [0, 2, 0, 0]);
        assert_eq!(holding(haystack, &now, "machines"), [4, 0, 0, 0]);
    };
    check(&haystack);
    let before = haystack.text.len();
    haystack.compact();
    assert!(haystack.text.len() < before);
    check(&haystack);
}

proptest! {
    /// What a song holds is what a plain look at each song says, after any changes.
    #[test]
    fn it_finds_what_a_plain_look_at_every_song_finds(
        changes in prop::collection::vec((0..6_u32, prop::option::of("[a-cé ]{0,4}\u{1}[a-cé ]{0,4}\u{1}")), 1..30),
        text in "[a-cé ]{0,4}",
        compact: bool,
    ) {
        let mut haystack = SearchIndex::default();
        let mut plain: Vec<Option<String>> = vec![None; 6];
        for (number, words) in changes {
            match &words {
                Some(words) => haystack.set(SongKey(number), words),
                None => haystack.forget(SongKey(number)),
            }
            plain[number as usize] = words;
        }
        if compact {
            haystack.compact();
        }
        let needles = needles(&text);
        let songs: Vec<String> = plain.iter().map(|words| words.clone().unwrap_or_default()).collect();
        let marks = haystack.holding(&needles, |key| &songs[key.0 as usize]);
        for (number, words) in plain.iter().enumerate() {
            let holds = words.as_ref().is_some_and(|words| {
                let unmarked = words.replace('é', "e");
                !needles.is_empty() && needles.iter().all(|needle| match &needle.exact {
                    Some(exact) => words.contains(exact),
                    None => unmarked.contains(&needle.folded),
                })
            });
            let mark = marks.get(number).copied().unwrap_or(0);
            prop_assert_eq!(mark > 0, holds, "{} in {:?}", text, words);
        }
    }
}
