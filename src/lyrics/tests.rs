//! What holds for lyrics of every format, whatever the bytes.

use proptest::prelude::*;

use super::*;

/// What the model promises.
pub(super) fn holds(song: &Lyrics) {
    assert!(!song.lines.is_empty() && song.lines.len() <= build::MOST_LINES);
    let mut before = 0;
    for line in &song.lines {
        assert!(
            !line.text.is_empty() && line.text.trim() == line.text,
            "{:?}",
            line.text
        );
        let rows = line.under.iter().map(|under| &under.text).chain([&line.text]);
        for text in rows {
            assert!(text.chars().count() <= build::LONGEST_LINE);
            assert_eq!(crate::text::harmless(text), *text, "harmless");
        }
        let mut at = (0, 0);
        for word in &line.words {
            assert!(at.0 <= word.from && word.from < word.to && word.to <= line.text.len());
            assert!(line.text.is_char_boundary(word.from) && line.text.is_char_boundary(word.to));
            assert!(at.1 <= word.start_ms && word.start_ms <= word.end_ms, "{line:?}");
            at = (word.to, word.end_ms);
        }
        assert!(line.end_ms.is_none_or(|end| end >= line.start_ms));
        if song.is_timed() {
            assert!((0..=LATEST_MS).contains(&line.start_ms) && before <= line.start_ms);
            before = line.start_ms;
            let graphemes = line.graphemes() as f64;
            let mut sung = 0.0;
            for ms in [
                0,
                line.start_ms,
                line.start_ms + 100,
                line.start_ms + 1000,
                LATEST_MS,
            ] {
                let now = line.sung_at(ms);
                assert!(
                    (0.0..=graphemes + 1e-9).contains(&now) && now + 1e-9 >= sung || ms == line.start_ms,
                    "{now}"
                );
                sung = now;
                assert!(line.next_change(ms).is_none_or(|next| next > ms));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_under_any_name_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        ending in prop::sample::select(ENDINGS.to_vec()),
    ) {
        if let Ok(read) = read(&bytes, Path::new(&format!("song.{ending}"))) {
            holds(&read.lyrics);
        }
    }

    #[test]
    fn any_text_under_any_name_is_read_or_refused(
        text in "(\\PC|[\n\r\t:#\\[\\]<>*\\-0-9E ]|\u{202e}|\u{1b}){0,300}",
        ending in prop::sample::select(ENDINGS.to_vec()),
    ) {
        if let Ok(read) = read(text.as_bytes(), Path::new(&format!("song.{ending}"))) {
            holds(&read.lyrics);
        }
    }
}

#[test]
fn escape_codes_and_overrides_do_not_reach_the_model() {
    let read = read(
        b"[ti:\x1b[31mred]\n[00:01.00]a\x1b]0;x\x07b \xe2\x80\xaec\n",
        Path::new("x.lrc"),
    )
    .unwrap();
    assert_eq!(read.lyrics.lines[0].text, "a]0;xb c");
    assert_eq!(read.lyrics.title.as_deref(), Some("[31mred"));
}

#[test]
fn a_file_too_large_is_refused_before_it_is_read() {
    assert_eq!(
        read(&vec![b'a'; MOST_BYTES + 1], Path::new("x.txt")),
        Err(LyricsError::TooLarge)
    );
    assert_eq!(read(b"", Path::new("x.lrc")), Err(LyricsError::Empty));
    assert_eq!(read(b"\x00\x01", Path::new("x.lrc")), Err(LyricsError::Binary));
}

#[test]
fn the_wipe_follows_the_words() {
    let song = read(
        b"[00:10.00]<00:10.00>four <00:12.00>more<00:13.00>\n",
        Path::new("x.lrc"),
    )
    .unwrap()
    .lyrics;
    let line = &song.lines[0];
    assert_eq!(line.sung_at(9_000), 0.0);
    assert_eq!(line.sung_at(11_000), 2.5);
    assert_eq!(line.sung_at(12_500), 7.0);
    assert_eq!(line.sung_at(20_000), 9.0);
    assert_eq!(line.next_change(9_000), Some(10_000));
    assert_eq!(line.next_change(10_000), Some(10_400));
    assert_eq!(line.next_change(12_999), Some(13_000));
    assert_eq!(line.next_change(13_000), None);
}
