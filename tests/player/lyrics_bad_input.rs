//! Every reader of lyrics against files made from real ones and broken on purpose: nothing panics, hangs,
//! grows without end or lets a code through to the terminal. More cases: `PROPTEST_CASES=100000`.

use std::path::Path;
use std::time::{Duration, Instant};

use croon::lyrics::cdg::Graphics;
use croon::lyrics::tags::{Embedded, Synced, all};
use croon::lyrics::ultrastar::{UltraStarFile, inside};
use croon::lyrics::{ENDINGS, LATEST_MS, Lyrics, read};
use croon::text::harmless;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A sound file of each kind, in the order a parser meets its parts.
const SEEDS: [(&str, &str); 7] = [
    (
        "lrc",
        "[ti:Lanterns]\n[offset:+250]\n[00:01.00][01:01.00]we set them down\n[00:03.50]<00:03.50>Pa<00:04.00>per <00:04.20>lanterns<00:05.00>\nF: [00:06.00]hers\n[bg:<00:07.00>ah]\n",
    ),
    (
        "txt",
        "#VERSION:1.1.0\n#TITLE:Lanterns\n#ARTIST:Ana\n#MP3:a.ogg\n#BPM:300,5\n#GAP:1200\n#START:1\n#END:90000\n#RELATIVE:yes\nP1\n: 0 4 7 Pa\n* 4 4 7 per\nF 8 2 0  ~\n- 10 12\nP2\nR 3 4 0 lan\nG 9 1 2 terns\nE\n",
    ),
    (
        "yaml",
        "version: '1.0'\nmetadata:\n  title: Lanterns\n  offset_ms: 20\nlines:\n  - text: Paper lanterns\n    start_ms: 1000\n    end_ms: 2000\n    words:\n      - {text: 'Paper ', start_ms: 1000, end_ms: 1400}\nplain: |\n  Paper lanterns\n",
    ),
    (
        "ass",
        "[Script Info]\nTitle: Lanterns\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,karaoke,{\\k20}Pa{\\kf30}per {\\K100\\i1}lanterns\\Nx\n",
    ),
    ("txt", "Paper lanterns\non the water\n\nand home\n"),
    (
        "kar",
        "MThd\0\0\0\u{6}\0\u{1}\0\u{1}\0`MTrk\0\0\0\u{1e}\0\u{ff}\u{1}\u{5}@KMID\0\u{ff}\u{1}\u{3}\\Pa`\u{ff}\u{1}\u{3}per\0\u{ff}/\0",
    ),
    (
        "lrc",
        "[00:01.00]v1: a\n[00:02.00]v2: b\n[00:02.00]the same in another language\n[00:03.00]\n",
    ),
];

/// What is put into files to break them.
const HOSTILE: [&str; 23] = [
    "-9223372036854775808",
    "\x1b[2J\x1b]0;x\x07",
    "\u{202e}\u{2066}\u{200f}",
    "\u{9b}31m",
    "-99999999999999999999",
    "99999999999999999999999",
    "[-1:-1.-1]",
    "[999:99.999]",
    "<00:00.00>",
    "[00:00.00]",
    "\0",
    "\r",
    "\n",
    "#GAP:-1e308\n",
    "#BPM:0.0000001\n",
    "#BPM:NaN\n",
    ": -9223372036854775808 9223372036854775807 0 x\n",
    "- 9223372036854775807 9223372036854775807\n",
    "&a [*a,*a,*a,*a,*a,*a]\n",
    "{\\k-5}{\\k99999999999}",
    "\u{fffd}\u{feff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👨‍👩‍👧‍👦",
];

#[derive(Debug, Clone)]
enum Break {
    Insert(Index, usize),
    Delete(Index, usize),
    Flip(Index, u8),
    Repeat(Index, usize, usize),
}

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let one = prop_oneof![
        (any::<Index>(), 0..HOSTILE.len()).prop_map(|(at, which)| Break::Insert(at, which)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Break::Delete(at, count)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, with)| Break::Flip(at, with)),
        (any::<Index>(), 1..60_usize, 1..40_usize)
            .prop_map(|(at, count, times)| Break::Repeat(at, count, times)),
    ];
    prop::collection::vec(one, 0..12)
}

fn broken(seed: &str, breaks: &[Break]) -> Vec<u8> {
    let mut bytes: Vec<u8> = seed.bytes().collect();
    if seed.starts_with("MThd") {
        // the text stands for bytes
        bytes = seed.chars().map(|c| c as u32 as u8).collect();
    }
    for one in breaks {
        let place = |at: &Index, bytes: &Vec<u8>| at.index(bytes.len() + 1);
        match one {
            Break::Insert(at, which) => {
                let at = place(at, &bytes);
                bytes.splice(at..at, HOSTILE[*which].bytes());
            }
            Break::Delete(at, count) => {
                let at = place(at, &bytes);
                let end = (at + count).min(bytes.len());
                bytes.drain(at..end);
            }
            Break::Flip(at, with) => {
                let at = place(at, &bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= with;
                }
            }
            Break::Repeat(at, count, times) => {
                let at = place(at, &bytes);
                let end = (at + count).min(bytes.len());
                let piece = bytes[at..end].repeat(*times);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// What holds for lyrics whatever the file.
fn holds(song: &Lyrics) {
    assert!(!song.lines.is_empty() && song.lines.len() <= 20_000);
    let named = [&song.title, &song.artist, &song.language].into_iter().flatten();
    for name in named.chain(&song.voices) {
        assert_eq!(harmless(name), *name);
    }
    let mut before = 0;
    for line in &song.lines {
        assert!(line.text.chars().count() <= 1_000);
        for text in line.under.iter().map(|under| &under.text).chain([&line.text]) {
            assert_eq!(harmless(text), *text);
        }
        if song.is_timed() {
            assert!((0..=LATEST_MS).contains(&line.start_ms) && before <= line.start_ms);
            before = line.start_ms;
        }
        let mut last = (0, line.start_ms);
        for word in &line.words {
            assert!(last.0 <= word.from && word.from < word.to && word.to <= line.text.len());
            assert!(last.1 <= word.start_ms && word.start_ms <= word.end_ms);
            last = (word.to, word.end_ms);
        }
    }
}

proptest! {
    #[test]
    fn broken_files_are_read_or_refused(
        seed in select(SEEDS.to_vec()),
        other in select(ENDINGS.to_vec()),
        own: bool,
        breaks in breaks(),
    ) {
        let bytes = broken(seed.1, &breaks);
        let name = format!("song.{}", if own { seed.0 } else { other });
        let began = Instant::now();
        if let Ok(read) = read(&bytes, Path::new(&name)) {
            holds(&read.lyrics);
            prop_assert!(read.flaws.len() <= 101);
        }
        prop_assert!(began.elapsed() < Duration::from_secs(5), "{name}");
        prop_assert_eq!(UltraStarFile::parse(&bytes).export(), bytes);
    }

    #[test]
    fn broken_tags_are_read_or_refused(
        seed in select(SEEDS.to_vec()),
        breaks in breaks(),
        times in prop::collection::vec((any::<i64>(), select(HOSTILE.to_vec())), 0..20),
    ) {
        let text = String::from_utf8_lossy(&broken(seed.1, &breaks)).into_owned();
        let embedded = Embedded {
            synced: vec![Synced {
                language: Some(text.chars().take(5).collect()),
                texts: times.into_iter().map(|(ms, text)| (ms, text.to_owned())).collect(),
            }],
            texts: vec![text],
        };
        for (name, lyrics) in all(&embedded) {
            prop_assert_eq!(harmless(&name), name);
            holds(&lyrics);
        }
    }

    #[test]
    fn names_in_headers_never_leave_the_folder(name in "([a-z.]|/|\\\\|:|\\.\\./| |\0|\u{202e}){0,24}") {
        if let Some(path) = inside(&name) {
            prop_assert!(path.is_relative());
            let joined = Path::new("/music/song").join(path);
            prop_assert!(joined.starts_with("/music/song"));
            prop_assert!(!joined.components().any(|part| part.as_os_str() == ".."));
        }
    }

    #[test]
    fn pictures_of_any_packets_are_drawn(bytes in prop::collection::vec(any::<u8>(), 0..5000), ms: i64) {
        let mut bytes = bytes;
        // most packets of noise are none: these are
        bytes.iter_mut().step_by(24).for_each(|command| *command = 9);
        if let Ok(graphics) = Graphics::read(&bytes) {
            let picture = graphics.at(ms);
            for (x, y) in [(0, 0), (287, 191), (288, 0), (usize::MAX / 400, 1)] {
                let _ = picture.rgb(x, y);
            }
        }
    }
}

/// A megabyte of one piece over and over.
fn large(piece: &str) -> Vec<u8> {
    piece.repeat((1 << 20) / piece.len()).into_bytes()
}

#[test]
fn a_megabyte_of_anything_is_done_with_in_seconds() {
    let pieces = [
        "a",
        "[",
        "[00:01.00]",
        "<00:01.00>",
        "[00:01.00]x\n",
        "\n",
        ": 0 1 0 a\n",
        "{\\k1}",
        "Dialogue: 0,0:00:01.00,0:00:04.00,D,,0,0,0,,{\\k1}a\n",
        "- [[[[",
        "{a: ",
        "👨‍👩‍👧‍👦",
        "e\u{301}",
        "\u{202e}",
        "F: M: D: v1: ",
    ];
    let heads = [
        ("lrc", ""),
        ("txt", "#TITLE:x\n#BPM:300\n"),
        ("yaml", "version: '1.0'\nlines:\n"),
        (
            "ass",
            "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
        ),
        ("lrc", "[00:01.00]"),
    ];
    for (ending, head) in heads {
        for piece in pieces {
            let mut bytes = head.as_bytes().to_vec();
            bytes.extend(large(piece));
            let began = Instant::now();
            if let Ok(read) = read(&bytes, Path::new(&format!("x.{ending}"))) {
                holds(&read.lyrics);
            }
            let took = began.elapsed();
            assert!(took < Duration::from_secs(10), "{head:?} and {piece:?}: {took:?}");
        }
    }
}

#[test]
fn stamps_that_go_backwards_are_negative_or_huge_cost_no_line() {
    let text = "[00:09.00]<00:09.00>one <00:02.00>two <99:00.00>three\n[-00:05.00]x\n[00:05.00]five\n[9999:00.00]late\n[00:10.00]ten\n";
    let song = read(text.as_bytes(), Path::new("a.lrc")).unwrap().lyrics;
    holds(&song);
    for words in ["one two three", "five", "ten"] {
        assert!(
            song.lines.iter().any(|line| line.text == words),
            "{words} in {:?}",
            song.text()
        );
    }
    // the least number there is has no opposite
    let least = i64::MIN;
    let song = format!("[offset:{least}]\n[00:01.00]a\n");
    assert!(
        !read(song.as_bytes(), Path::new("a.lrc"))
            .unwrap()
            .flaws
            .is_empty()
    );
    let song = format!(
        "#TITLE:x\n#ARTIST:y\n#BPM:300\n: {least} {least} {least} a\n- {least} {least}\n: 8 4 0 now\nE\n"
    );
    assert!(
        !read(song.as_bytes(), Path::new("a.txt"))
            .unwrap()
            .flaws
            .is_empty()
    );
    let notes = "#TITLE:x\n#ARTIST:y\n#BPM:300\n#GAP:-999999999\n: 999999999 99999 0 late\n- 5\n: -999999999 -4 0 early\n- 6\n: 8 4 0 now\nE\n";
    if let Ok(read) = read(notes.as_bytes(), Path::new("a.txt")) {
        holds(&read.lyrics);
        assert!(!read.flaws.is_empty());
    }
}
