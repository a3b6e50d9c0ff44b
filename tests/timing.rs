//! Mending the times of lyrics: what the singer's trace suggests, text without times, and the editor.
//! Look at the snapshots when something here changes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hand;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use croon::action::Screen;
use croon::app::{Effect, Event, Overlay, Toasts, WordsFound};
use croon::lyrics::{Lyrics, Millis, Timing, read};
use croon::singing::{Of, STEP_MS, Trace};
use croon::song_memory::Change;
use croon::ui::{self, Theme};
use hand::{Hand, path};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SONG: &str = "Paper Lanterns";

fn lyrics(name: &str, text: &str) -> Lyrics {
    read(text.as_bytes(), Path::new(name)).unwrap().lyrics
}

/// Twenty-four lines at uneven distances.
fn verse() -> Lyrics {
    let mut text = String::new();
    let mut at = 8_000;
    for line in 0..24_i64 {
        let stamp = |ms: i64| format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000);
        let words = [0, 370 + line * 13 % 90, 790 + line * 29 % 110];
        text += &format!("[{}]", stamp(at));
        for (word, after) in words.iter().enumerate() {
            text += &format!("<{}>word{word} ", stamp(at + after));
        }
        text += &format!("<{}>\n", stamp(at + 1_300));
        at += 2_300 + line * 977 % 2_100;
    }
    lyrics("a.lrc", &text)
}

/// The voice of these lyrics, so much later.
fn voice(lyrics: &Lyrics, later: Millis) -> Trace {
    let points = 20_000;
    let (mut levels, mut onsets) = (vec![-70.0; points], vec![0.05; points]);
    for line in &lyrics.lines {
        for word in &line.words {
            let at = |ms: Millis| ((ms + later) / STEP_MS) as usize;
            (at(word.start_ms)..at(word.end_ms) - 4).for_each(|point| levels[point] = -14.0);
            onsets[at(word.start_ms)] = 1.0;
        }
    }
    Trace::new(Of::Vocals, &levels, &onsets)
}

fn singing(lyrics: Option<Lyrics>) -> (Hand, u64, Vec<Effect>) {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play(SONG, None, true);
    let effects = hand.event(Event::Lyrics(Box::new(WordsFound {
        path: path(SONG),
        lyrics: lyrics.map(Arc::new),
        ..WordsFound::default()
    })));
    hand.app.toasts = Toasts::default();
    (hand, token, effects)
}

fn traced(hand: &mut Hand, trace: Option<Trace>) -> Vec<Effect> {
    hand.event(Event::Traced {
        path: path(SONG),
        trace: trace.map(Arc::new),
    })
}

fn message(hand: &Hand) -> String {
    hand.app
        .toasts
        .shown()
        .map(|toast| toast.text.clone())
        .unwrap_or_default()
}

fn offset(hand: &Hand) -> i32 {
    hand.app.deck.song.as_ref().unwrap().memory.lyrics_offset_ms
}

fn draw(hand: &Hand, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| ui::draw(&hand.app, &Theme::default(), frame))
        .unwrap();
    terminal.backend().clone()
}

#[test]
fn an_offset_is_suggested_in_words_and_taken_by_one_key() {
    let (mut hand, token, effects) = singing(Some(verse()));
    let listens = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::Listen { .. }))
            .count()
    };
    assert_eq!(listens(&effects), 1, "{effects:?}");
    hand.at(token, 9.0);
    let effects = traced(&mut hand, Some(voice(&verse(), 350)));
    assert_eq!(listens(&effects), 0, "listened to once");
    assert!(
        message(&hand).contains("lyrics 350 ms later would fit the singer"),
        "{}",
        message(&hand)
    );
    let screen = draw(&hand, 100, 30).to_string();
    assert!(screen.contains("lyrics 350 ms later? y"), "{screen}");
    assert_eq!(offset(&hand), 0, "never unasked");
    hand.keys("y");
    assert_eq!(offset(&hand), 350);
    assert!(!draw(&hand, 100, 30).to_string().contains("? y"));
    let saved = hand.tick(2_000);
    let kept = |effect: &Effect| matches!(effect, Effect::Remember { changes, .. } if *changes == [Change::LyricsOffset(350)]);
    assert!(saved.iter().any(kept), "{saved:?}");
    hand.keys("y");
    assert_eq!(offset(&hand), 350, "only once");
}

#[test]
fn nothing_is_suggested_where_lyrics_fit_or_a_hand_has_moved_them() {
    let (mut hand, _, _) = singing(Some(verse()));
    traced(&mut hand, Some(voice(&verse(), 30)));
    assert_eq!(message(&hand), "");
    hand.keys("y");
    assert_eq!(offset(&hand), 0);
    let (mut hand, _, _) = singing(Some(verse()));
    hand.keys("Z z");
    hand.app.toasts = Toasts::default();
    traced(&mut hand, Some(voice(&verse(), 350)));
    assert_eq!(message(&hand), "", "as the file has them, by hand");
    let (mut hand, _, _) = singing(Some(verse()));
    traced(&mut hand, Some(voice(&verse(), 350)));
    hand.keys("Z");
    assert!(!draw(&hand, 100, 30).to_string().contains("? y"));
    let (mut hand, _, _) = singing(Some(verse()));
    traced(&mut hand, None);
    assert_eq!(message(&hand), "");
}

#[test]
fn plain_text_is_laid_by_the_trace_once_it_is_there() {
    let sung = verse();
    let text: Vec<String> = sung
        .lines
        .iter()
        .map(|line| format!("{} lines", line.text))
        .collect();
    let (mut hand, token, _) = singing(Some(lyrics("a.txt", &text.join("\n"))));
    traced(&mut hand, Some(voice(&sung, 0)));
    let song = hand.app.deck.song.as_ref().unwrap();
    let laid = song.words.shown().unwrap().clone();
    assert_eq!(laid.timing, Timing::Guessed);
    let near = laid
        .lines
        .iter()
        .zip(&sung.lines)
        .filter(|(laid, sung)| (laid.start_ms - sung.start_ms).abs() < 400);
    assert!(
        near.count() >= 22,
        "{:?}",
        laid.lines.iter().map(|line| line.start_ms).collect::<Vec<_>>()
    );
    // what comes in about single segments does not go over it
    hand.event(Event::SegmentStored {
        path: path(SONG),
        segment: 3,
        peaks: None,
    });
    assert_eq!(hand.app.deck.song.as_ref().unwrap().words.shown(), Some(&laid));
    hand.at(token, 10.0);
    hand.keys("y");
    assert_eq!(offset(&hand), 0, "a guess is not moved");
}

/// Opens the editor on these lyrics, with what is left of an earlier draft.
fn editing(lyrics: Option<Lyrics>, draft: Option<Box<croon::app::editor::Draft>>) -> (Hand, u64) {
    let (mut hand, token, _) = singing(lyrics);
    hand.app.settings.lyrics_folder = "/data/croon/lyrics".into();
    hand.at(token, 7.0);
    let effects = hand.keys("e");
    assert_eq!(effects, [Effect::OpenDraft { song: path(SONG) }]);
    hand.event(Event::Draft {
        song: path(SONG),
        draft,
    });
    assert_eq!(hand.app.screen, Screen::Editor);
    (hand, token)
}

const TEXT: &str = "we set them down\nPaper lanterns on the water\n\ncarry every name\n";

fn starts(hand: &Hand) -> Vec<Option<Millis>> {
    let sheet = &hand.app.editor.as_ref().unwrap().sheet;
    sheet.rows.iter().map(|row| row.start()).collect()
}

#[test]
fn a_text_is_tapped_mended_and_saved() {
    let (mut hand, token) = editing(Some(lyrics("a.txt", TEXT)), None);
    assert_eq!(starts(&hand), [None; 3]);
    for seconds in [10.0, 10.4, 10.8, 11.2] {
        hand.at(token, seconds);
        hand.keys("Space");
    }
    hand.at(token, 11.9);
    hand.keys("Enter w");
    hand.at(token, 12.5);
    hand.keys("Space");
    assert_eq!(starts(&hand), [Some(10_000), Some(12_500), None]);
    hand.keys("Shift-Left Left");
    assert_eq!(starts(&hand)[1], Some(12_440));
    assert_eq!(message(&hand), "stamp at 0:12.440");
    let back = hand.keys("Backspace");
    assert!(back.contains(&Effect::Seek { seconds: 10.44 }), "{back:?}");
    hand.keys("u u");
    assert_eq!(starts(&hand)[1], Some(12_450));
    // the draft follows once the hand rests
    let drafts = |effects: Vec<Effect>| {
        effects
            .into_iter()
            .filter(|e| matches!(e, Effect::KeepDraft { draft: Some(_), .. }))
            .count()
    };
    assert_eq!(drafts(hand.tick(2_000)), 1);
    assert_eq!(drafts(hand.tick(2_000)), 0);
    hand.keys("s");
    let screen = draw(&hand, 100, 24).to_string();
    let own = "/data/croon/lyrics/Harbour Lights - Paper Lanterns [0707070707070707].lrc";
    assert!(
        screen.contains(own) && screen.contains("/music/Paper Lanterns.lrc"),
        "{screen}"
    );
    assert!(screen.contains("for want of a time: 1 line;"), "{screen}");
    let effects = hand.keys("y");
    let [Effect::WriteLyrics { file, text, over, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((file.as_path(), over), (Path::new(own), &true));
    assert!(
        text.contains("[00:10.000]<00:10.000>we <00:10.400>set <00:10.800>them <00:11.200>down<00:11.900>\n"),
        "{text}"
    );
    assert!(
        text.contains("[00:12.450]Paper lanterns on the water\n"),
        "{text}"
    );
    assert!(!text.contains("carry"), "{text}");
    let effects = hand.event(Event::LyricsWritten {
        song: path(SONG),
        file: own.into(),
    });
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::FindLyrics { .. })),
        "{effects:?}"
    );
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::KeepDraft { .. })),
        "a line is in no file"
    );
}

#[test]
fn a_file_of_the_users_is_written_over_only_with_a_yes() {
    let (mut hand, token) = editing(Some(verse()), None);
    hand.at(token, 9.0);
    hand.keys("Right s");
    let effects = hand.keys("b");
    let [refused @ Effect::WriteLyrics { over: false, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    hand.event(Event::LyricsExist(Box::new(refused.clone())));
    assert!(
        matches!(&hand.app.overlay, Overlay::Confirm { words, .. } if words.contains("/music/Paper Lanterns.lrc"))
    );
    assert_eq!(hand.keys("n"), []);
    hand.event(Event::LyricsExist(Box::new(refused.clone())));
    assert!(matches!(
        hand.keys("y").as_slice(),
        [Effect::WriteLyrics { over: true, .. }]
    ));
    let written = Event::LyricsWritten {
        song: path(SONG),
        file: PathBuf::from("/music/Paper Lanterns.lrc"),
    };
    let effects = hand.event(written);
    assert!(
        effects.contains(&Effect::KeepDraft {
            song: path(SONG),
            draft: None
        }),
        "{effects:?}"
    );
    hand.app.toasts = Toasts::default();
    hand.keys("s x");
    assert_eq!(message(&hand), "nothing was written");
}

#[test]
fn what_is_not_saved_is_there_again() {
    let (mut hand, token) = editing(Some(lyrics("a.txt", TEXT)), None);
    hand.at(token, 10.0);
    hand.keys("Space");
    let effects = hand.keys("Ctrl-c");
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::KeepDraft { draft, .. } => draft,
        _ => None,
    });
    let (hand, _) = editing(None, kept.map(Box::new));
    assert_eq!(starts(&hand), [Some(10_000), None, None]);
    assert!(message(&hand).contains("left unsaved"));
}

#[test]
fn text_is_pasted_and_pasting_is_taken_back() {
    let (mut hand, _) = editing(None, None);
    assert!(draw(&hand, 80, 24).to_string().contains("Paste them here"));
    hand.event(Event::Paste(TEXT.into()));
    assert_eq!(starts(&hand).len(), 3);
    hand.event(Event::Paste("[00:01.00]with\n[00:02.00]times\n".into()));
    assert_eq!(starts(&hand), [Some(1_000), Some(2_000)]);
    hand.keys("u");
    assert_eq!(starts(&hand), [None; 3]);
    hand.event(Event::Paste("\u{1b}[2Jone\u{202e}two\n".into()));
    assert_eq!(hand.app.editor.as_ref().unwrap().sheet.rows[0].text, "[2Jonetwo");
    hand.keys("d u U");
    assert_eq!(starts(&hand).len(), 3);
    hand.event(Event::Paste("\n \n".into()));
    assert!(message(&hand).contains("no words") || starts(&hand).len() == 3);
}

#[test]
fn the_song_waits_at_its_end_and_another_song_closes_the_editor() {
    let (mut hand, token) = editing(Some(verse()), None);
    hand.keys("Right");
    let effects = hand.event(Event::PlayerEnded { token });
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    assert_eq!(hand.app.screen, Screen::Editor);
    hand.keys("r");
    assert!(hand.app.deck.playing, "it is heard again");
    let (mut hand, _) = editing(Some(verse()), None);
    hand.keys("Right Esc");
    assert_eq!(hand.app.screen, Screen::Sing);
    assert!(message(&hand).contains("stamp at") || message(&hand).contains("draft is kept"));
    let (mut hand, _) = editing(Some(verse()), None);
    hand.keys("Right");
    hand.event(Event::Request(croon::request::Request::Next));
    assert!(hand.app.editor.is_none() && hand.app.screen == Screen::Sing);
}

#[test]
fn the_tempo_is_live_while_words_are_tapped() {
    let (mut hand, _) = editing(Some(verse()), None);
    let effects = hand.keys("[ [");
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::SetKeyTempo(_))),
        "{effects:?}"
    );
    assert!(draw(&hand, 120, 30).to_string().contains("tempo 90 %"));
}

#[test]
fn the_editor_at_several_sizes() {
    let (mut hand, token) = editing(Some(lyrics("a.txt", TEXT)), None);
    let mut sung = lyrics(
        "a.lrc",
        "[00:10.00]<00:10.00>a <00:10.40>b <00:10.80>c <00:11.20>d<00:11.90>\n[00:12.50]<00:12.50>a <00:13.00>b <00:13.40>c <00:13.60>d <00:13.90>e<00:14.60>\n",
    );
    sung.timing = Timing::Words;
    traced(&mut hand, Some(voice(&sung, 0)));
    for seconds in [10.0, 10.4, 10.8, 11.2] {
        hand.at(token, seconds);
        hand.keys("Space");
    }
    hand.at(token, 11.9);
    hand.keys("Enter");
    hand.at(token, 12.5);
    hand.keys("Space");
    hand.at(token, 12.9);
    hand.app.toasts = Toasts::default();
    for (columns, rows) in [(20, 3), (40, 10), (80, 24), (140, 45)] {
        insta::assert_snapshot!(format!("editor_{columns}x{rows}"), draw(&hand, columns, rows));
    }
    hand.keys("s");
    insta::assert_snapshot!("editor_saving_80x24", draw(&hand, 80, 24));
}
