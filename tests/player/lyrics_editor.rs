//! Mending the times of lyrics: what the singer's trace suggests, text without times, and the editor.
//! Look at the snapshots when something here changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::harness::{Harness, path};
use croon::action::Screen;
use croon::app::{Effect, Event, FoundLyrics, Overlay, Toasts};
use croon::lyrics::{Lyrics, Millis, Timing, read};
use croon::song_settings::Change;
use croon::ui::{self, Theme};
use croon::vocal_timing::{Of, STEP_MS, Trace};

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

fn singing(lyrics: Option<Lyrics>) -> (Harness, u64, Vec<Effect>) {
    let mut harness = Harness::new();
    harness.find_songs();
    let play_id = harness.play(SONG, None, true);
    let effects = harness.event(Event::Lyrics(Box::new(FoundLyrics {
        path: path(SONG),
        lyrics: lyrics.map(Arc::new),
        ..FoundLyrics::default()
    })));
    harness.app.toasts = Toasts::default();
    (harness, play_id, effects)
}

fn traced(harness: &mut Harness, trace: Option<Trace>) -> Vec<Effect> {
    harness.event(Event::VocalsAnalysed {
        path: path(SONG),
        trace: trace.map(Arc::new),
    })
}

fn message(harness: &Harness) -> String {
    harness
        .app
        .toasts
        .shown()
        .map(|toast| toast.text.clone())
        .unwrap_or_default()
}

fn offset(harness: &Harness) -> i32 {
    harness.app.deck.song.as_ref().unwrap().memory.lyrics_offset_ms
}

fn draw(harness: &Harness, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| ui::draw(&harness.app, &Theme::default(), frame))
        .unwrap();
    terminal.backend().clone()
}

#[test]
fn an_offset_is_suggested_in_words_and_taken_by_one_key() {
    let (mut harness, play_id, effects) = singing(Some(verse()));
    let listens = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::AnalyseVocals { .. }))
            .count()
    };
    assert_eq!(listens(&effects), 1, "{effects:?}");
    harness.at(play_id, 9.0);
    let effects = traced(&mut harness, Some(voice(&verse(), 350)));
    assert_eq!(listens(&effects), 0, "listened to once");
    assert!(
        message(&harness).contains("lyrics 350 ms later would fit the singer"),
        "{}",
        message(&harness)
    );
    let screen = draw(&harness, 100, 30).to_string();
    assert!(screen.contains("lyrics 350 ms later? y"), "{screen}");
    assert_eq!(offset(&harness), 0, "never unasked");
    harness.keys("y");
    assert_eq!(offset(&harness), 350);
    assert!(!draw(&harness, 100, 30).to_string().contains("? y"));
    let saved = harness.tick(2_000);
    let kept = |effect: &Effect| matches!(effect, Effect::SaveSongSettings { changes, .. } if *changes == [Change::LyricsOffset(350)]);
    assert!(saved.iter().any(kept), "{saved:?}");
    harness.keys("y");
    assert_eq!(offset(&harness), 350, "only once");
}

#[test]
fn nothing_is_suggested_where_lyrics_fit_or_a_hand_has_moved_them() {
    let (mut harness, _, _) = singing(Some(verse()));
    traced(&mut harness, Some(voice(&verse(), 30)));
    assert_eq!(message(&harness), "");
    harness.keys("y");
    assert_eq!(offset(&harness), 0);
    let (mut harness, _, _) = singing(Some(verse()));
    harness.keys("Z z");
    harness.app.toasts = Toasts::default();
    traced(&mut harness, Some(voice(&verse(), 350)));
    assert_eq!(message(&harness), "", "as the file has them, by hand");
    let (mut harness, _, _) = singing(Some(verse()));
    traced(&mut harness, Some(voice(&verse(), 350)));
    harness.keys("Z");
    assert!(!draw(&harness, 100, 30).to_string().contains("? y"));
    let (mut harness, _, _) = singing(Some(verse()));
    traced(&mut harness, None);
    assert_eq!(message(&harness), "");
}

#[test]
fn plain_text_is_laid_by_the_trace_once_it_is_there() {
    let sung = verse();
    let text: Vec<String> = sung
        .lines
        .iter()
        .map(|line| format!("{} lines", line.text))
        .collect();
    let (mut harness, play_id, _) = singing(Some(lyrics("a.txt", &text.join("\n"))));
    traced(&mut harness, Some(voice(&sung, 0)));
    let song = harness.app.deck.song.as_ref().unwrap();
    let laid = song.lyrics.shown().unwrap().clone();
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
    harness.event(Event::SegmentStored {
        path: path(SONG),
        segment: 3,
        peaks: None,
    });
    assert_eq!(
        harness.app.deck.song.as_ref().unwrap().lyrics.shown(),
        Some(&laid)
    );
    harness.at(play_id, 10.0);
    harness.keys("y");
    assert_eq!(offset(&harness), 0, "a guess is not moved");
}

/// Opens the editor on these lyrics, with what is left of an earlier draft.
fn editing(lyrics: Option<Lyrics>, draft: Option<Box<croon::app::state::editor::Draft>>) -> (Harness, u64) {
    let (mut harness, play_id, _) = singing(lyrics);
    harness.app.settings.lyrics_folder = "/data/croon/lyrics".into();
    harness.at(play_id, 7.0);
    let effects = harness.keys("e");
    assert_eq!(effects, [Effect::OpenDraft { song: path(SONG) }]);
    harness.event(Event::Draft {
        song: path(SONG),
        draft,
    });
    assert_eq!(harness.app.view.screen, Screen::Editor);
    (harness, play_id)
}

const TEXT: &str = "we set them down\nPaper lanterns on the water\n\ncarry every name\n";

fn starts(harness: &Harness) -> Vec<Option<Millis>> {
    let sheet = &harness.app.editor.as_ref().unwrap().sheet;
    sheet.rows.iter().map(|row| row.start()).collect()
}

#[test]
fn a_text_is_tapped_mended_and_saved() {
    let (mut harness, play_id) = editing(Some(lyrics("a.txt", TEXT)), None);
    assert_eq!(starts(&harness), [None; 3]);
    for seconds in [10.0, 10.4, 10.8, 11.2] {
        harness.at(play_id, seconds);
        harness.keys("Space");
    }
    harness.at(play_id, 11.9);
    harness.keys("Enter w");
    harness.at(play_id, 12.5);
    harness.keys("Space");
    assert_eq!(starts(&harness), [Some(10_000), Some(12_500), None]);
    harness.keys("Shift-Left Left");
    assert_eq!(starts(&harness)[1], Some(12_440));
    assert_eq!(message(&harness), "stamp at 0:12.440");
    let back = harness.keys("Backspace");
    assert!(back.contains(&Effect::Seek { seconds: 10.44 }), "{back:?}");
    harness.keys("u u");
    assert_eq!(starts(&harness)[1], Some(12_450));
    // the draft follows once the hand rests
    let drafts = |effects: Vec<Effect>| {
        effects
            .into_iter()
            .filter(|e| matches!(e, Effect::SaveDraft { draft: Some(_), .. }))
            .count()
    };
    assert_eq!(drafts(harness.tick(2_000)), 1);
    assert_eq!(drafts(harness.tick(2_000)), 0);
    harness.keys("s");
    let screen = draw(&harness, 100, 24).to_string();
    let own = "/data/croon/lyrics/Harbour Lights - Paper Lanterns [0707070707070707].lrc";
    assert!(
        screen.contains(own) && screen.contains("/music/Paper Lanterns.lrc"),
        "{screen}"
    );
    assert!(screen.contains("for want of a time: 1 line;"), "{screen}");
    let effects = harness.keys("y");
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
    let effects = harness.event(Event::LyricsWritten {
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
            .any(|effect| matches!(effect, Effect::SaveDraft { .. })),
        "a line is in no file"
    );
}

#[test]
fn a_file_of_the_users_is_written_over_only_with_a_yes() {
    let (mut harness, play_id) = editing(Some(verse()), None);
    harness.at(play_id, 9.0);
    harness.keys("Right s");
    let effects = harness.keys("b");
    let [refused @ Effect::WriteLyrics { over: false, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    harness.event(Event::LyricsExist(Box::new(refused.clone())));
    assert!(
        matches!(&harness.app.overlay, Overlay::Confirm { question, .. } if question.contains("/music/Paper Lanterns.lrc"))
    );
    assert_eq!(harness.keys("n"), []);
    harness.event(Event::LyricsExist(Box::new(refused.clone())));
    assert!(matches!(
        harness.keys("y").as_slice(),
        [Effect::WriteLyrics { over: true, .. }]
    ));
    let written = Event::LyricsWritten {
        song: path(SONG),
        file: PathBuf::from("/music/Paper Lanterns.lrc"),
    };
    let effects = harness.event(written);
    assert!(
        effects.contains(&Effect::SaveDraft {
            song: path(SONG),
            draft: None
        }),
        "{effects:?}"
    );
    harness.app.toasts = Toasts::default();
    harness.keys("s x");
    assert_eq!(message(&harness), "nothing was written");
}

#[test]
fn what_is_not_saved_is_there_again() {
    let (mut harness, play_id) = editing(Some(lyrics("a.txt", TEXT)), None);
    harness.at(play_id, 10.0);
    harness.keys("Space");
    let effects = harness.keys("Ctrl-c");
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::SaveDraft { draft, .. } => draft,
        _ => None,
    });
    let (harness, _) = editing(None, kept.map(Box::new));
    assert_eq!(starts(&harness), [Some(10_000), None, None]);
    assert!(message(&harness).contains("left unsaved"));
}

#[test]
fn text_is_pasted_and_pasting_is_taken_back() {
    let (mut harness, _) = editing(None, None);
    assert!(draw(&harness, 80, 24).to_string().contains("Paste them here"));
    harness.event(Event::Paste(TEXT.into()));
    assert_eq!(starts(&harness).len(), 3);
    harness.event(Event::Paste("[00:01.00]with\n[00:02.00]times\n".into()));
    assert_eq!(starts(&harness), [Some(1_000), Some(2_000)]);
    harness.keys("u");
    assert_eq!(starts(&harness), [None; 3]);
    harness.event(Event::Paste("\u{1b}[2Jone\u{202e}two\n".into()));
    assert_eq!(
        harness.app.editor.as_ref().unwrap().sheet.rows[0].text,
        "[2Jonetwo"
    );
    harness.keys("d u U");
    assert_eq!(starts(&harness).len(), 3);
    harness.event(Event::Paste("\n \n".into()));
    assert!(message(&harness).contains("no words") || starts(&harness).len() == 3);
}

#[test]
fn the_song_waits_at_its_end_and_another_song_closes_the_editor() {
    let (mut harness, play_id) = editing(Some(verse()), None);
    harness.keys("Right");
    let effects = harness.event(Event::PlayerEnded { play_id });
    assert!(
        !effects.iter().any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    assert_eq!(harness.app.view.screen, Screen::Editor);
    harness.keys("r");
    assert!(harness.app.deck.playing, "it is heard again");
    let (mut harness, _) = editing(Some(verse()), None);
    harness.keys("Right Esc");
    assert_eq!(harness.app.view.screen, Screen::Sing);
    assert!(message(&harness).contains("stamp at") || message(&harness).contains("draft is kept"));
    let (mut harness, _) = editing(Some(verse()), None);
    harness.keys("Right");
    harness.event(Event::Request(croon::request::Request::Next));
    assert!(harness.app.editor.is_none() && harness.app.view.screen == Screen::Sing);
}

#[test]
fn the_tempo_is_live_while_words_are_tapped() {
    let (mut harness, _) = editing(Some(verse()), None);
    let effects = harness.keys("[ [");
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::SetKeyTempo(_))),
        "{effects:?}"
    );
    assert!(draw(&harness, 120, 30).to_string().contains("tempo 90 %"));
}

#[test]
fn the_editor_at_several_sizes() {
    let (mut harness, play_id) = editing(Some(lyrics("a.txt", TEXT)), None);
    let mut sung = lyrics(
        "a.lrc",
        "[00:10.00]<00:10.00>a <00:10.40>b <00:10.80>c <00:11.20>d<00:11.90>\n[00:12.50]<00:12.50>a <00:13.00>b <00:13.40>c <00:13.60>d <00:13.90>e<00:14.60>\n",
    );
    sung.timing = Timing::Words;
    traced(&mut harness, Some(voice(&sung, 0)));
    for seconds in [10.0, 10.4, 10.8, 11.2] {
        harness.at(play_id, seconds);
        harness.keys("Space");
    }
    harness.at(play_id, 11.9);
    harness.keys("Enter");
    harness.at(play_id, 12.5);
    harness.keys("Space");
    harness.at(play_id, 12.9);
    harness.app.toasts = Toasts::default();
    for (columns, rows) in [(20, 3), (40, 10), (80, 24), (140, 45)] {
        insta::assert_snapshot!(format!("editor_{columns}x{rows}"), draw(&harness, columns, rows));
    }
    harness.keys("s");
    insta::assert_snapshot!("editor_saving_80x24", draw(&harness, 80, 24));
}
