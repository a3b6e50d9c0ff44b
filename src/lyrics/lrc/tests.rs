use proptest::prelude::*;

use super::*;

fn lyrics(text: &str) -> Lyrics {
    read(text).unwrap().0
}

/// `start text` of each line.
fn lines(lyrics: &Lyrics) -> Vec<String> {
    lyrics
        .lines
        .iter()
        .map(|line| format!("{} {}", line.start_ms, line.text))
        .collect()
}

/// `text start-end` of each word of a line.
fn words(lyrics: &Lyrics, line: usize) -> Vec<String> {
    let line = &lyrics.lines[line];
    let words = line.words.iter();
    words
        .map(|w| format!("{} {}-{}", line.text[w.from..w.to].trim(), w.start_ms, w.end_ms))
        .collect()
}

#[test]
fn stamps_are_read_in_all_their_forms() {
    let at = |text: &str| stamp(text, '[').map(|(ms, _)| ms);
    assert_eq!(at("[01:02.3]"), Some(62_300));
    assert_eq!(at("[01:02.34]"), Some(62_340));
    assert_eq!(at("[1:02.345]x"), Some(62_345));
    assert_eq!(at("[01:02:34]"), Some(62_340));
    assert_eq!(at("[01:02]"), Some(62_000));
    assert_eq!(at("[100:02,5]"), Some(6_002_500));
    assert_eq!(at("[1:00:02.50]"), Some(3_602_500));
    assert_eq!(at("[-00:01.00]"), Some(-1000));
    assert_eq!(at("[00:01.2345]"), Some(1234));
    for no in [
        "[ti:x]",
        "[00:1a]",
        "[0:]",
        "[:1]",
        "[1.2:3]",
        "[00:001]",
        "[99999999999:00]",
        "[0:0:0:0]",
        "[00:00",
    ] {
        assert_eq!(at(no), None, "{no}");
    }
}

#[test]
fn repeated_lines_go_where_they_are_sung() {
    let song = lyrics("[ti:Lanterns]\n[ar:Ana]\n[la:en]\n[00:10.00][00:30.00]chorus\n[00:20.00]verse\n");
    assert_eq!(lines(&song), ["10000 chorus", "20000 verse", "30000 chorus"]);
    assert_eq!(song.timing, Timing::Lines);
    assert_eq!(
        (
            song.title.as_deref(),
            song.artist.as_deref(),
            song.language.as_deref()
        ),
        (Some("Lanterns"), Some("Ana"), Some("en"))
    );
}

#[test]
fn a_positive_offset_is_sooner_and_moves_the_words_too() {
    let song = lyrics("[offset:+500]\n[00:10.00]<00:10.00>one <00:11.00>two\n");
    assert_eq!(song.lines[0].start_ms, 9500);
    assert_eq!(words(&song, 0), ["one 9500-10500", "two 10500-11100"]);
    let (song, flaws) = read("[offset:99999999]\n[00:10.00]a\n").unwrap();
    assert_eq!((song.lines[0].start_ms, flaws[0].line), (10_000, 1));
}

#[test]
fn an_empty_stamp_ends_the_line_before() {
    let song = lyrics("[00:10.00]one\n[00:12.50]\n[00:20.00]two\n");
    assert_eq!(song.lines[0].end_ms, Some(12_500));
    assert_eq!(song.lines[1].end_ms, None);
}

#[test]
fn words_are_timed_by_one_stamp_before_each_or_a_pair_around_each() {
    let a2 = lyrics("[00:10.00]<00:10.00>Paper <00:10.50>lan<00:10.80>terns<00:11.40>\n");
    assert_eq!(a2.format, Format::EnhancedLrc);
    assert_eq!(a2.lines[0].text, "Paper lanterns");
    assert_eq!(
        words(&a2, 0),
        ["Paper 10000-10500", "lan 10500-10800", "terns 10800-11400"]
    );
    let paired = "[00:10.00]<00:10.00>Paper<00:10.40> <00:10.50>lanterns<00:11.40>\n";
    assert_eq!(
        words(&lyrics(paired), 0),
        ["Paper 10000-10400", "lanterns 10500-11400"]
    );
    let square = "[00:10.00][00:10.10]Paper[00:10.40] [00:10.50]lanterns[00:11.40]\n";
    assert_eq!(
        words(&lyrics(square), 0),
        ["Paper 10100-10400", "lanterns 10500-11400"]
    );
    let repeated = lyrics("[00:10.00][01:10.00]<00:10.00>a <00:10.50>b\n");
    assert_eq!(words(&repeated, 1)[0], "a 70000-70500");
}

#[test]
fn doubled_stamps_are_a_translation() {
    let song =
        lyrics("[00:01.00]紙の灯籠\n[00:01.00]Paper lanterns\n[00:05.00]水の上\n[00:05.00]on the water\n");
    assert_eq!(song.lines.len(), 2);
    assert_eq!(song.lines[0].under[0].text, "Paper lanterns");
    assert_eq!(song.lines[1].under[0].kind, SubLineKind::Translation);
    let credits = "[00:00.00]a\n[00:00.00]b\n[00:00.00]c\n[00:00.00]d\n";
    assert_eq!(lyrics(credits).lines.len(), 4, "credits are no translations");
}

#[test]
fn prefixes_say_who_sings() {
    let song =
        lyrics("[00:01.00]one\n[00:02.00]F: two\n[00:03.00]M: three\n[00:04.00]four\n[00:05.00]D:five\n");
    let singers: Vec<u16> = song.lines.iter().map(|line| line.singers.0).collect();
    assert_eq!(singers, [0, 2, 1, 1, 3]);
    assert_eq!(song.lines[1].text, "two");
    let song =
        lyrics("[00:01.00]v1: <00:01.00>one\n[bg:<00:01.20>ooh <00:01.40>ooh]\n[00:02.00]v2:<00:02.00>two\n");
    assert_eq!(
        song.lines[0].under[0],
        SubLine {
            kind: SubLineKind::Backing,
            text: "ooh ooh".into()
        }
    );
    assert_eq!(
        (song.lines[0].singers, song.lines[1].singers),
        (Singers::FIRST, Singers::SECOND)
    );
}

#[test]
fn a_duet_may_sing_at_once() {
    let song = lyrics("[00:01.00]v1:one\n[00:01.00]v2:two\n");
    assert_eq!(lines(&song), ["1000 one", "1000 two"]);
}

#[test]
fn stamps_that_lie_are_moved_and_named() {
    let (song, flaws) = read("[00:10.00]<00:12.00>a <00:11.00>b <99:00.00>c\n[00:20.00]next\n").unwrap();
    assert_eq!(
        words(&song, 0),
        ["a 12000-12000", "b 12000-20000", "c 20000-20000"]
    );
    assert!(flaws[0].what.contains("begins before"), "{flaws:?}");
    let (song, flaws) = read("[-00:05.00]early\n[999999999:00.00]late\n").unwrap();
    assert_eq!(
        (song.lines[0].start_ms, song.lines[1].start_ms),
        (0, crate::lyrics::model::LATEST_MS)
    );
    assert_eq!(flaws[0].line, 1);
}

#[test]
fn what_has_no_time_is_named() {
    let (song, flaws) = read("# made by hand\n[00:01.00]one\nunder it\nlost\n[Chorus]\n").unwrap();
    assert_eq!(song.lines[0].under[0].text, "under it");
    assert_eq!(flaws.iter().map(|flaw| flaw.line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn angle_brackets_that_are_no_stamps_stay_text() {
    assert_eq!(
        lyrics("[00:01.00]I <3 you [softly]\n").lines[0].text,
        "I <3 you [softly]"
    );
}

#[test]
fn a_line_of_a_megabyte_costs_little() {
    let song = lyrics(&format!("[00:01.00]{}\n", "la ".repeat(400_000)));
    assert!(song.lines[0].text.chars().count() <= crate::lyrics::build::LONGEST_LINE);
    let stamps = "[00:01.00]".repeat(100_000);
    assert!(
        read(&format!("{stamps}{}\n", "x".repeat(1000)))
            .unwrap()
            .0
            .lines
            .len()
            <= 1000
    );
    assert!(read(&"[".repeat(1_000_000)).is_err());
    assert!(read(&format!("[00:01.00]{}", "<".repeat(1_000_000))).is_ok());
}

proptest! {
    #[test]
    fn anything_with_stamps_is_read_and_kept_in_order(
        text in "((\\[|<)-?[0-9]{0,4}:[0-9]{0,3}[.:][0-9]{0,4}(\\]|>)|[a-z ]{0,4}|F:|\\[offset:-?[0-9]{1,6}\\]|\n){0,60}"
    ) {
        if let Ok((song, _)) = read(&text) {
            crate::lyrics::tests::holds(&song);
        }
    }
}
