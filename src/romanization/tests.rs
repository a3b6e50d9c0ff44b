use std::sync::{LazyLock, Mutex, MutexGuard};

use proptest::prelude::*;

use super::*;
use crate::lyrics::Line;

/// One for all tests: unpacking the dictionary takes its time.
// lock: tests run side by side
static READER: LazyLock<Mutex<RomanizationReader>> = LazyLock::new(Mutex::default);

fn reader() -> MutexGuard<'static, RomanizationReader> {
    READER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn song(lines: &[&str]) -> Lyrics {
    let line = |text: &&str| Line {
        text: (*text).to_owned(),
        ..Line::default()
    };
    Lyrics {
        lines: lines.iter().map(line).collect(),
        ..Lyrics::default()
    }
}

fn said(kind: Kind, lines: &[&str]) -> Vec<String> {
    let readings = reader().read(kind, &song(lines)).unwrap();
    let words = |pieces: &Vec<RomanizedPiece>| {
        let words: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        words.join(" ")
    };
    readings.lines.iter().map(words).collect()
}

#[test]
fn japanese_is_cut_into_words_and_read_by_its_neighbours() {
    let lines = [
        "紙の提灯を水に流す",
        "君の名前を呼んだ",
        "今日は 私は 歌っている",
        "東京へ行った",
        "ラーメンを食べた La La",
        "Paper lanterns",
    ];
    let wanted = [
        "kami no chouchin o mizu ni nagasu",
        "kimi no namae o yonda",
        "kyou wa watashi wa utatte iru",
        "toukyou e itta",
        "raamen o tabeta",
        "",
    ];
    assert_eq!(said(Kind::Romaji, &lines), wanted);
}

#[test]
fn chinese_is_read_character_by_character() {
    assert_eq!(
        said(Kind::Pinyin, &["纸灯笼 oh", "在水上"]),
        ["zhǐ dēng lóng", "zài shuǐ shàng"]
    );
}

#[test]
fn a_reading_stands_at_its_word() {
    let text = "水に流す";
    let readings = reader().read(Kind::Romaji, &song(&[text])).unwrap();
    let places: Vec<(&str, &str)> = readings.lines[0]
        .iter()
        .map(|piece| (&text[piece.from..piece.to], piece.text.as_str()))
        .collect();
    assert_eq!(places, [("水", "mizu"), ("に", "ni"), ("流す", "nagasu")]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_lines_have_readings_at_their_places(
        lines in prop::collection::vec("([ぁ-んァ-ヶ一-龠가-힣 a-z]|\\PC){0,30}", 8..40),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut reader = reader();
        for kind in [Kind::Romaji, Kind::Pinyin, Kind::Romaja] {
            let readings = reader.read(kind, &song(&lines)).unwrap();
            prop_assert_eq!(readings.lines.len(), lines.len());
            for (line, pieces) in lines.iter().zip(&readings.lines) {
                let mut before = 0;
                for piece in pieces {
                    prop_assert!(piece.from >= before && piece.to > piece.from && !piece.text.is_empty());
                    prop_assert!(line.get(piece.from..piece.to).is_some());
                    prop_assert!(!piece.text.chars().any(char::is_control));
                    before = piece.to;
                }
            }
        }
    }
}
