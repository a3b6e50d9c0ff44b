use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::app::state::editor::sheet::{Sheet, SheetPosition, SheetRow};
use crate::lyrics::{Lyrics, Singers, read, write};

fn editor(rows: &[&str]) -> Editor {
    let rows = rows.iter().map(|row| SheetRow::new(row)).collect();
    let mut tracks = crate::app::state::tracks::Tracks::default();
    Editor::new(any_song(&mut tracks), "song.flac".into(), Sheet::ordered(rows))
}

/// A key, whatever the song.
fn any_song(tracks: &mut crate::app::state::tracks::Tracks) -> SongKey {
    use crate::track::FileStamp;
    use crate::track::Tags;
    use crate::track::Track;
    let track = Track {
        path: "song.flac".into(),
        stamp: FileStamp {
            size: 1,
            modified_ns: 1,
        },
        id: None,
        tags: Tags::default(),
        duration: Some(200.0),
        rate: 44_100,
        channels: 2,
    };
    tracks.add([crate::app::state::tracks::FoundSong {
        track,
        ready: false,
        older: None,
        past: Default::default(),
    }]);
    tracks.key(Path::new("song.flac")).unwrap()
}

fn at(row: usize, part: usize) -> SheetPosition {
    SheetPosition { row, part }
}

#[test]
fn taps_go_from_word_to_word_or_from_line_to_line() {
    let mut editor = editor(&["we set", "them down", "here"]);
    for ms in [1_000, 1_400, 2_000] {
        editor.tap(ms);
    }
    assert_eq!(editor.cursor, at(1, 1));
    assert!(editor.end_row(2_800));
    assert_eq!((editor.cursor, editor.sheet.rows[1].end), (at(2, 0), Some(2_800)));
    editor.by_words = false;
    editor.tap(4_000);
    assert_eq!(editor.cursor, editor.sheet.behind());
    assert!(!editor.tap(5_000), "nothing is left to stamp");
    assert!(editor.end_row(5_000));
    assert_eq!(editor.sheet.rows[2].end, Some(5_000));
}

#[test]
fn the_step_back_takes_the_last_stamp_and_says_where_it_was() {
    let mut editor = editor(&["we set", "them"]);
    assert_eq!(editor.step_back(), None);
    for ms in [1_000, 1_400, 2_000] {
        editor.tap(ms);
    }
    assert_eq!((editor.step_back(), editor.cursor), (Some(2_000), at(1, 0)));
    assert_eq!((editor.step_back(), editor.cursor), (Some(1_400), at(0, 1)));
    assert_eq!(editor.nudge(-50), Some(950));
    assert!(editor.undo() && editor.undo() && editor.undo());
    assert_eq!(editor.sheet.stamp(at(1, 0)), Some(2_000));
    assert!(editor.redo());
    assert_eq!(editor.sheet.stamp(at(1, 0)), None);
}

#[test]
fn lyrics_open_where_they_are_shown_and_a_guess_without_its_times() {
    let text = "[00:10.00]<00:10.00>we <00:10.40>set<00:12.00>\n[00:13.00]v2:them\n[00:14.00]\n";
    let lyrics = read(text.as_bytes(), Path::new("x.lrc")).unwrap().lyrics;
    let sheet = Sheet::of(&lyrics, 150);
    let stamps: Vec<_> = sheet
        .rows
        .iter()
        .flat_map(|row| row.parts.iter().map(|part| part.stamp))
        .collect();
    assert_eq!(stamps, [Some(10_150), Some(10_550), Some(13_150)]);
    assert_eq!(
        (sheet.rows[0].end, sheet.rows[1].end),
        (Some(12_150), Some(14_150))
    );
    let mut guess = lyrics;
    guess.timing = crate::lyrics::Timing::Guessed;
    assert_eq!(Sheet::of(&guess, 0).timed(), (0, 2));
}

/// What keeps a sheet good to sing from.
fn check(sheet: &Sheet) -> Result<(), TestCaseError> {
    for (number, row) in sheet.rows.iter().enumerate() {
        let stamps: Vec<_> = row.parts.iter().filter_map(|part| part.stamp).collect();
        prop_assert!(stamps.is_sorted(), "{row:?}");
        prop_assert!(row.end.is_none() || !stamps.is_empty() && row.end >= stamps.last().copied());
        for later in &sheet.rows[number + 1..] {
            let (Some(start), Some(next)) = (row.start(), later.start()) else {
                continue;
            };
            prop_assert!(start < next, "{row:?} {later:?}");
            if row.singers.collides(later.singers) {
                prop_assert!(
                    stamps.last() <= Some(&next) && row.end.is_none_or(|end| end <= next),
                    "{row:?} {later:?}"
                );
            }
        }
    }
    Ok(())
}

fn back(lyrics: &Lyrics) -> Lyrics {
    read(write::lrc(lyrics, 0).as_bytes(), Path::new("x.lrc"))
        .unwrap()
        .lyrics
}

#[derive(Debug, Clone)]
enum Act {
    Tap(Millis),
    End(Millis),
    Back,
    Nudge(Millis),
    Clear,
    Delete,
    Insert(String),
    Go(bool, bool),
    Words(bool),
    Undo,
    Redo,
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..100_000_i64).prop_map(Act::Tap),
        2 => (0..100_000_i64).prop_map(Act::End),
        2 => Just(Act::Back),
        3 => prop_oneof![Just(-50_i64), Just(-10), Just(10), Just(50)].prop_map(Act::Nudge),
        1 => Just(Act::Clear),
        1 => Just(Act::Delete),
        1 => "[a-z紙]{1,4}( [a-zの]{1,4}){0,3}".prop_map(Act::Insert),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(words, forward)| Act::Go(words, forward)),
        1 => any::<bool>().prop_map(Act::Words),
        2 => Just(Act::Undo),
        1 => Just(Act::Redo),
    ]
}

fn does(editor: &mut Editor, act: &Act) {
    match act {
        Act::Tap(ms) => drop(editor.tap(*ms)),
        Act::End(ms) => drop(editor.end_row(*ms)),
        Act::Back => drop(editor.step_back()),
        Act::Nudge(by) => drop(editor.nudge(*by)),
        Act::Clear => drop(editor.clear()),
        Act::Delete => drop(editor.delete_row()),
        Act::Insert(text) => drop(editor.insert(vec![SheetRow::new(text)])),
        Act::Go(words, forward) => editor.go(*words, *forward),
        Act::Words(words) => editor.by_words = *words,
        Act::Undo => drop(editor.undo()),
        Act::Redo => drop(editor.redo()),
    }
}

proptest! {
    #[test]
    fn whatever_is_done_stamps_stay_in_order_and_all_can_be_taken_back(
        texts in prop::collection::vec("[a-z]{1,5}( [a-z'!?]{1,5}){0,4}", 0..8),
        voices in prop::collection::vec(0..4_u16, 8),
        acts in prop::collection::vec(acts(), 0..60),
    ) {
        let mut editor = editor(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        for (row, voice) in editor.sheet.rows.iter_mut().zip(voices) {
            row.singers = Singers(voice);
        }
        let beginning = editor.sheet.clone();
        for act in &acts {
            does(&mut editor, act);
            check(&editor.sheet)?;
            prop_assert!(editor.sheet.part(editor.cursor).is_some() || editor.cursor == editor.sheet.behind());
        }
        let end = editor.sheet.clone();
        let mut back = 0;
        while editor.undo() {
            check(&editor.sheet)?;
            back += 1;
        }
        prop_assert_eq!(&editor.sheet, &beginning);
        for _ in 0..back {
            prop_assert!(editor.redo());
        }
        prop_assert_eq!(&editor.sheet, &end);
        let draft = serde_json::to_string(&Draft::of(&end)).unwrap();
        let draft: Draft = serde_json::from_str(&draft).unwrap();
        prop_assert_eq!(draft.sheet(), Some(end));
    }

    #[test]
    fn what_is_saved_is_read_back_with_every_stamp(
        texts in prop::collection::vec("[a-z]{1,5}( [a-zü紙]{1,5}){0,4}", 1..8),
        acts in prop::collection::vec(acts(), 1..60),
    ) {
        let mut editor = editor(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        acts.iter().for_each(|act| does(&mut editor, act));
        let lyrics = editor.sheet.lyrics();
        if lyrics.lines.is_empty() {
            return Ok(());
        }
        let again = back(&lyrics);
        prop_assert_eq!(again.text(), lyrics.text());
        for (line, read) in lyrics.lines.iter().zip(&again.lines) {
            prop_assert_eq!(line.start_ms, read.start_ms);
            let stamps = |line: &crate::lyrics::Line| line.words.iter().map(|word| (word.from, word.start_ms)).collect::<Vec<_>>();
            prop_assert_eq!(stamps(line), stamps(read));
        }
        // and opens in the editor with the same times
        let opened = Sheet::of(&again, 0);
        let starts = |sheet: &Sheet| sheet.rows.iter().filter_map(SheetRow::start).collect::<Vec<_>>();
        prop_assert_eq!(starts(&opened), starts(&editor.sheet));
    }
}
