//! Singing with words: what the keys do to them, when a frame is wanted, and what the screen shows in
//! four scripts at five sizes. Look at the snapshots when something here changes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hand;

use std::path::Path;
use std::sync::Arc;

use croon::action::{Gesture, Screen};
use croon::app::{Effect, Event, Toasts, Touch, WordsFound};
use croon::lyrics::reading::{Kind, Piece, Readings};
use croon::lyrics::{Format, Lyrics, Offer, Pick, Source, Timing, read};
use croon::song_memory::Change;
use croon::track::TrackId;
use croon::ui::{self, Theme};
use hand::{Hand, path};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

const SONG: &str = "Paper Lanterns";

fn lyrics(name: &str, text: &str) -> Lyrics {
    read(text.as_bytes(), Path::new(name)).unwrap().lyrics
}

/// Sings a song with these words; its number.
fn singing(lyrics: Lyrics, complete: bool) -> (Hand, u64) {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play(SONG, None, complete);
    give(&mut hand, Some(lyrics));
    hand.app.toasts = Toasts::default();
    (hand, token)
}

fn give(hand: &mut Hand, lyrics: Option<Lyrics>) {
    hand.event(Event::Lyrics(Box::new(WordsFound {
        path: path(SONG),
        lyrics: lyrics.map(Arc::new),
        ..WordsFound::default()
    })));
}

/// The player says where it is and the clock ticks, as while a song plays.
fn at(hand: &mut Hand, token: u64, seconds: f64) {
    hand.position(token, seconds);
    hand.tick(10);
}

fn draw(hand: &Hand, theme: &Theme, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| ui::draw(&hand.app, theme, frame)).unwrap();
    terminal.backend().clone()
}

const VERSE: &str = "[00:10.00]<00:10.00>we <00:10.40>set <00:10.80>them <00:11.20>down<00:12.00>\n\
    [00:12.00]<00:12.00>Paper <00:12.50>lan<00:12.80>terns <00:13.20>on <00:13.40>the <00:13.60>wa<00:13.90>ter<00:14.60>\n\
    [00:15.00]carry every name we gave them\n[00:18.00]out beyond the harbour wall\n[00:21.00]\n[00:30.00]and home\n";

#[test]
fn a_song_is_asked_for_its_words_once_and_shows_them() {
    let mut hand = Hand::new();
    hand.find_songs();
    let asks = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::FindLyrics { .. }))
            .count()
    };
    hand.sing(SONG);
    let effects = hand.event(Event::Loaded(Box::new(hand::loaded(SONG, None, true))));
    assert_eq!(asks(&effects), 1);
    let wanted = effects.iter().find_map(|effect| match effect {
        Effect::FindLyrics(wanted) => Some(wanted),
        _ => None,
    });
    let wanted = wanted.unwrap();
    assert_eq!(
        (wanted.path.clone(), wanted.artist.as_str(), wanted.title.as_str()),
        (path(SONG), "Harbour Lights", SONG)
    );
    assert_eq!((wanted.id, &wanted.pick), (Some(TrackId([7; 16])), &None));
    assert_eq!(hand.app.lyrics_moment(), None);
    give(&mut hand, Some(lyrics("a.lrc", VERSE)));
    assert_eq!(hand.app.lyrics_moment().unwrap().line, 0);
    give(&mut hand, None);
    assert_eq!(hand.app.lyrics_moment(), None);
}

#[test]
fn capital_l_chooses_other_lyrics_and_the_song_remembers_them() {
    let offer = |source, name: &str| Offer {
        pick: Pick {
            source,
            name: name.into(),
        },
        format: Format::Lrc,
        timing: Timing::Lines,
    };
    let offers = vec![
        offer(Source::Beside, "a.lrc"),
        offer(Source::Tags, "text 1"),
        offer(Source::Folder, "b.lrc"),
    ];
    let found = |chosen: usize| {
        Event::Lyrics(Box::new(WordsFound {
            path: path(SONG),
            lyrics: Some(Arc::new(lyrics("a.lrc", VERSE))),
            offers: offers.clone(),
            chosen,
            ..WordsFound::default()
        }))
    };
    let wish = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::FindLyrics(wanted) => Some(wanted.pick.clone()),
            _ => None,
        })
    };
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 11.0);
    assert!(wish(&hand.keys("L Enter")).is_none(), "nothing to choose from");
    hand.app.toasts = Toasts::default();
    hand.event(found(0));
    let screen = draw(&hand, &Theme::default(), 100, 30).to_string();
    assert!(screen.contains("L: 2 more"), "{screen}");
    hand.keys("L j j");
    insta::assert_snapshot!("lyrics_sources_80x24", draw(&hand, &Theme::default(), 80, 24));
    let picked = Some(offers[1].pick.clone());
    assert_eq!(wish(&hand.keys("Enter")), Some(picked.clone()));
    let kept = |effects: &[Effect], pick: &Option<Pick>| {
        effects.iter().any(|effect| matches!(effect, Effect::Remember { changes, .. } if *changes == [Change::LyricsFrom(pick.clone())]))
    };
    assert!(kept(&hand.tick(5_000), &picked));
    hand.event(found(1));
    // the cursor stands on what is in force; the first line goes back to the best there is
    hand.keys("L");
    assert_eq!(wish(&hand.keys("Enter")), Some(picked));
    assert_eq!(wish(&hand.keys("L k k Enter")), Some(None));
    assert!(kept(&hand.tick(10_000), &None));
    // Esc leaves everything
    let effects = hand.keys("L j Esc");
    assert!(wish(&effects).is_none() && !kept(&hand.tick(15_000), &None));
}

#[test]
fn a_song_goes_from_where_its_text_says_to_where_it_says() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.sing(SONG);
    let mut loaded = hand::loaded(SONG, None, true);
    (loaded.begins, loaded.ends) = (12.5, Some(90.0));
    let effects = hand.event(Event::Loaded(Box::new(loaded)));
    let play = effects.iter().find_map(|effect| match effect {
        Effect::Play { token, start, .. } => Some((*token, *start)),
        _ => None,
    });
    let (token, start) = play.unwrap();
    assert_eq!((start, hand.app.deck.seconds), (12.5, 12.5));
    let goes_on = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { path: next, .. } if *next != path(SONG)))
    };
    // whoever jumps behind the end hears what is there
    assert!(!goes_on(&hand.position(token, 89.9)));
    assert!(!goes_on(&hand.keys("Right")));
    assert!(!goes_on(&hand.position(token, 95.0)));
    hand.keys("Left");
    assert!(!goes_on(&hand.position(token, 89.95)));
    assert!(goes_on(&hand.position(token, 90.05)));
    assert!(hand.app.deck.playing);
}

fn seek(effects: &[Effect]) -> Option<f64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Seek { seconds } => Some(*seconds),
        _ => None,
    })
}

#[test]
fn j_and_k_go_from_line_to_line() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 2.0);
    for start in [10.0, 12.0, 15.0, 18.0, 30.0] {
        assert_eq!(seek(&hand.keys("j")), Some(start - 0.2));
    }
    assert_eq!(seek(&hand.keys("j")), None, "the last line has no next");
    assert_eq!(seek(&hand.keys("k")), Some(17.8));
    at(&mut hand, token, 20.5);
    assert_eq!(
        seek(&hand.keys("k")),
        Some(17.8),
        "late in a line, to its own beginning"
    );
    assert_eq!(seek(&hand.keys("k")), Some(14.8));
    let mut none = Hand::new();
    none.find_songs();
    none.play(SONG, None, true);
    assert_eq!(seek(&none.keys("j")), None);
    assert!(none.app.toasts.shown().unwrap().text.contains("no lyrics"));
}

#[test]
fn r_goes_round_the_line_and_again_goes_on() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 13.0);
    let looped = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::SetLoop(looped) => Some(*looped),
            _ => None,
        })
    };
    let effects = hand.keys("r");
    let (from, to) = looped(&effects).unwrap().unwrap();
    assert!(
        (from - 11.8).abs() < 1e-9 && (to - 14.8).abs() < 1e-9,
        "{from} to {to}"
    );
    assert_eq!(seek(&effects), Some(from));
    at(&mut hand, token, 13.0);
    assert_eq!(looped(&hand.keys("r")), Some(None));
    at(&mut hand, token, 13.0);
    hand.keys("Z Z");
    let (later, _) = looped(&hand.keys("r")).unwrap().unwrap();
    assert!((later - 11.9).abs() < 1e-9, "the offset moves it along");
}

#[test]
fn the_offset_is_told_in_words_kept_with_the_song_and_moves_the_steps() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 2.0);
    hand.keys("Z Z Z");
    assert_eq!(hand.app.toasts.shown().unwrap().text, "lyrics 150 ms later");
    assert_eq!(seek(&hand.keys("j")), Some(9.95));
    let saved = hand.tick(2_000);
    let offset = |effect: &Effect| matches!(effect, Effect::Remember { changes, .. } if *changes == [Change::LyricsOffset(150)]);
    assert!(saved.iter().any(offset), "{saved:?}");
    at(&mut hand, token, 10.5);
    let before = hand.app.lyrics_moment().unwrap().sung as usize;
    hand.keys("z z z z z z");
    assert_eq!(hand.app.toasts.shown().unwrap().text, "lyrics 150 ms sooner");
    assert!(hand.app.lyrics_moment().unwrap().sung as usize > before);
    let mut loaded = hand::loaded(SONG, None, true);
    loaded.memory.lyrics_offset_ms = -200;
    let mut again = Hand::new();
    again.find_songs();
    again.sing(SONG);
    again.event(Event::Loaded(Box::new(loaded)));
    give(&mut again, Some(lyrics("a.lrc", VERSE)));
    at(&mut again, token, 9.9);
    assert!(
        again.app.lyrics_moment().unwrap().sung >= 0.5,
        "from the memory of the song"
    );
}

#[test]
fn a_frame_is_wanted_where_a_character_is_lit_and_at_no_other_time() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 12.01);
    hand.app.frame_drawn();
    // "Paper " takes 500 ms for six characters
    let wake = hand.app.next_wake().unwrap();
    at(&mut hand, token, 12.05);
    assert!(!hand.app.needs_frame(), "the same character");
    at(&mut hand, token, 12.09);
    assert!(hand.app.needs_frame());
    assert!((1..=80).contains(&(wake - 10)), "{wake}");
    hand.app.frame_drawn();
    hand.keys("Space");
    hand.app.frame_drawn();
    assert!(
        hand.app.next_wake().is_none_or(|wake| wake > 200),
        "paused, nothing moves"
    );
    hand.tick(500);
    assert!(!hand.app.needs_frame());
    hand.keys("Space 1");
    hand.app.frame_drawn();
    at(&mut hand, token, 12.17);
    assert!(!hand.app.needs_frame(), "on another screen no letter is lit");
}

#[test]
fn with_reduced_motion_words_are_lit_whole() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.app.settings.reduce_motion = true;
    let sung = |hand: &mut Hand, seconds: f64| {
        at(hand, token, seconds);
        hand.app.lyrics_moment().unwrap().sung
    };
    assert_eq!(
        [12.0, 12.01, 12.45, 12.6].map(|s| sung(&mut hand, s)),
        [0.0, 6.0, 6.0, 9.0]
    );
    at(&mut hand, token, 12.6);
    hand.app.frame_drawn();
    at(&mut hand, token, 12.7);
    assert!(!hand.app.needs_frame(), "nothing moves within a word");
    assert_eq!(sung(&mut hand, 15.4), 29.0, "a line without times of its words");
}

#[test]
fn big_letters_are_wiped_in_quarters() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.event(Event::Resize {
        columns: 200,
        rows: 60,
    });
    at(&mut hand, token, 12.01);
    hand.app.frame_drawn();
    let wake = hand.app.next_wake().unwrap();
    assert!(wake <= 10 + 25, "{wake}");
    at(&mut hand, token, 12.03);
    assert!(hand.app.needs_frame(), "a quarter of the first letter");
}

#[test]
fn between_two_positions_the_clock_carries_on_at_the_tempo_and_not_for_long() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.keys("[ [ [ [ [ [ [ [ [ [");
    assert_eq!(hand.app.deck.song.as_ref().unwrap().key_tempo.tempo(), 50);
    hand.position(token, 10.0);
    hand.tick(100);
    let now = |hand: &Hand, ms: u64| hand.app.deck.heard(100 + ms);
    assert_eq!(now(&hand, 0), 10.0);
    assert!((now(&hand, 100) - 10.05).abs() < 1e-9);
    assert!(
        (now(&hand, 60_000) - 10.125).abs() < 1e-9,
        "a player that says nothing stands still"
    );
    hand.keys("Space");
    assert_eq!(now(&hand, 100), 10.0);
}

#[test]
fn plain_text_becomes_a_guess_when_the_vocals_are_known() {
    let (mut hand, token) = singing(
        lyrics("a.txt", "one two three\nfour five six\nseven eight\n"),
        true,
    );
    at(&mut hand, token, 60.0);
    let song = hand.app.deck.song.as_ref().unwrap();
    assert_eq!(song.words.shown().unwrap().timing, Timing::Guessed);
    let screen = draw(&hand, &Theme::default(), 80, 24).to_string();
    assert!(screen.contains("times guessed"), "{screen}");
}

/// One verse each: Latin, kanji and kana with its translation, Arabic, Devanagari with emoji.
fn scripts() -> [(&'static str, String); 4] {
    let words = "[00:12.00]<00:12.00>紙の<00:12.60>灯籠を<00:13.40>水に<00:14.00>流す<00:14.60>\n[00:12.00]Paper lanterns on the water\n";
    let before = "[00:10.00]岸辺に置いて\n[00:10.00]We set them by the reeds\n";
    let after = "[00:15.00]名前をひとつずつ\n[00:15.00]every name we gave them\n";
    [
        ("latin", VERSE.to_owned()),
        ("japanese", format!("{before}{words}{after}")),
        (
            "arabic",
            "[00:10.00]على ضفة النهر\n[00:12.00]<00:12.00>فوانيس <00:12.80>من <00:13.20>ورق <00:13.70>على <00:14.00>الماء<00:14.60>\n[00:15.00]تحمل كل الأسماء\n".to_owned(),
        ),
        (
            "devanagari",
            "[00:10.00]किनारे पर रखे\n[00:12.00]<00:12.00>काग़ज़ <00:12.60>के <00:12.90>दीपक 🏮 <00:13.60>पानी <00:14.00>पर<00:14.60>\n[00:15.00]हर नाम के साथ 👩‍👩‍👧\n".to_owned(),
        ),
    ]
}

#[test]
fn the_sing_screen_in_four_scripts_at_five_sizes() {
    for (script, text) in scripts() {
        let (mut hand, token) = singing(lyrics("a.lrc", &text), true);
        at(&mut hand, token, 13.3);
        for (columns, rows) in [(20, 3), (40, 10), (80, 24), (140, 45), (200, 60)] {
            let name = format!("words_{script}_{columns}x{rows}");
            insta::assert_snapshot!(name, draw(&hand, &Theme::default(), columns, rows));
        }
    }
}

#[test]
fn a_gap_a_duet_and_a_small_screen() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 26.4);
    insta::assert_snapshot!("words_gap_80x24", draw(&hand, &Theme::default(), 80, 24));
    insta::assert_snapshot!("words_gap_20x1", draw(&hand, &Theme::default(), 20, 1));
    let duet = "#TITLE:x\n#ARTIST:y\n#P1:Ana\n#P2:Ben\n#BPM:300\nP1\n: 200 40 0 Paper\n: 240 60 0  lanterns\nP2\n: 250 20 0 on\n: 270 40 0  the water\nE\n";
    let (mut hand, token) = singing(lyrics("a.txt", duet), true);
    at(&mut hand, token, 14.0);
    insta::assert_snapshot!("words_duet_80x24", draw(&hand, &Theme::default(), 80, 24));
}

/// The row of the line being sung, and where it changes its style.
fn lit(screen: &TestBackend, text: &str) -> (u16, usize) {
    let buffer = screen.buffer();
    let row = |y: u16| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    let y = (0..buffer.area.height)
        .find(|y| row(*y).contains(text))
        .expect("the line is on the screen");
    let start = row(y).find(text).unwrap() as u16;
    let cells = (start..start + text.len() as u16).map(|x| &buffer[(x, y)]);
    let cells: Vec<_> = cells.collect();
    let reversed = cells
        .iter()
        .take_while(|cell| cell.modifier.contains(Modifier::REVERSED))
        .count();
    (y, reversed)
}

#[test]
fn without_colour_what_is_sung_is_reversed_and_stays_at_its_height() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    let mut rows = Vec::new();
    for (seconds, text) in [
        (10.9, "we set them down"),
        (13.0, "Paper lanterns on the water"),
        (16.0, "carry every name we gave them"),
    ] {
        at(&mut hand, token, seconds);
        let screen = draw(&hand, &Theme::new(false, true), 80, 24);
        assert!(screen.to_string().is_ascii());
        assert!(
            screen
                .buffer()
                .content()
                .iter()
                .all(|cell| cell.fg == Color::Reset)
        );
        let (row, lit) = lit(&screen, text);
        rows.push(row);
        assert!(lit > 0 && lit < text.len(), "{lit} of {text}");
    }
    assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{rows:?}");
}

#[test]
fn a_narrator_tells_each_thing_once() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    let mut narrator = ui::Narrator::default();
    let first = narrator.tell(&hand.app).join("\n");
    assert!(
        first.starts_with("croon; ? tells the keys\nsong: Paper Lanterns - Harbour Lights, 3:20"),
        "{first}"
    );
    assert!(
        first.contains("\nlyrics: file, word-timed\nin 10 s: we set them down\n")
            && first.ends_with("\nSing"),
        "{first}"
    );
    assert_eq!(narrator.tell(&hand.app), [""; 0], "nothing happened");
    let mut tell = |hand: &mut Hand, seconds: f64| {
        at(hand, token, seconds);
        narrator.tell(&hand.app)
    };
    assert_eq!(tell(&mut hand, 12.1), ["at 0:12", "Paper lanterns on the water"]);
    assert_eq!(tell(&mut hand, 13.0), [""; 0], "the same line");
    hand.keys("Up } Space");
    assert_eq!(
        tell(&mut hand, 13.0),
        ["paused at 0:13", "key +1, tempo 100 %", "vocals 25 %"]
    );
    hand.keys("Space 1");
    let told = tell(&mut hand, 13.1);
    assert_eq!(told[..2], ["goes on at 0:13", "Library: 5 songs"], "{told:?}");
    assert!(
        told[2].starts_with("2 of 5: Paper Lanterns - Harbour Lights, 3:20"),
        "{told:?}"
    );
    hand.keys("?");
    let told = tell(&mut hand, 13.2);
    assert!(told.contains(&"Space: play or pause".to_owned()), "{told:?}");
    hand.keys("x f");
    hand.type_text("tide");
    let told = tell(&mut hand, 13.3);
    assert!(told.contains(&"filter: tide".to_owned()), "{told:?}");
}

/// Of the screen of this size, the cell where a text begins.
fn place(hand: &Hand, size: (u16, u16), text: &str) -> (u16, u16) {
    let screen = draw(hand, &Theme::default(), size.0, size.1);
    let buffer = screen.buffer();
    for y in 0..size.1 {
        let row: String = (0..size.0).map(|x| buffer[(x, y)].symbol()).collect();
        if let Some(at) = row.find(text) {
            return (row[..at].chars().count() as u16, y);
        }
    }
    panic!("{text} is not on the screen:\n{screen}");
}

const SIZE: (u16, u16) = (80, 24);

fn touch(hand: &mut Hand, at: (u16, u16), gesture: Gesture) -> Vec<Effect> {
    let (spot, share) = ui::spot_at(&hand.app, &Theme::default(), SIZE, at).expect("something lies there");
    hand.event(Event::Touched(Touch { spot, share, gesture }))
}

#[test]
fn a_click_on_a_line_sings_from_it() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 13.0);
    for (text, start) in [
        ("carry every name", 15.0),
        ("Paper lanterns", 12.0),
        ("we set them down", 10.0),
    ] {
        let there = place(&hand, SIZE, text);
        assert_eq!(
            seek(&touch(&mut hand, there, Gesture::Press)),
            Some(start - 0.2),
            "{text}"
        );
        at(&mut hand, token, 13.0);
    }
    let there = place(&hand, SIZE, "carry every name");
    assert_eq!(seek(&touch(&mut hand, there, Gesture::Drag)), None);
}

#[test]
fn the_wheel_and_page_keys_look_ahead_enter_sings_and_time_brings_back() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 13.0);
    let there = place(&hand, SIZE, "Paper lanterns");
    touch(&mut hand, there, Gesture::WheelDown);
    touch(&mut hand, there, Gesture::WheelDown);
    assert_eq!(hand.app.looked_at(), Some(3));
    assert_eq!(
        place(&hand, SIZE, "out beyond").1,
        there.1,
        "in the middle, where one sings"
    );
    assert!(
        draw(&hand, &Theme::default(), 80, 24)
            .to_string()
            .contains("Enter sings from here")
    );
    hand.keys("PageUp");
    assert_eq!(hand.app.looked_at(), Some(2));
    assert!(hand.app.next_wake().is_some());
    hand.app.frame_drawn();
    hand.tick(5_001);
    assert!(
        hand.app.looked_at().is_none() && hand.app.needs_frame(),
        "back by itself"
    );
    hand.keys("PageDown PageDown");
    assert_eq!(seek(&hand.keys("Enter")), Some(17.8));
    assert_eq!(hand.app.looked_at(), None);
    hand.keys("PageDown");
    hand.keys("g .");
    assert_eq!(hand.app.looked_at(), None);
    hand.keys("PageDown Esc");
    assert!(hand.app.looked_at().is_none());
    assert_eq!(hand.app.screen, Screen::Sing, "the first Esc only looks back");
    assert_eq!(seek(&hand.keys("Enter")), None, "nothing is looked at");
    for _ in 0..20 {
        hand.keys("PageDown");
    }
    assert_eq!(hand.app.looked_at(), Some(4), "no further than the last line");
}

#[test]
fn the_bar_the_fader_the_tabs_and_the_lists_answer_to_the_mouse() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    at(&mut hand, token, 13.0);
    let bar = place(&hand, SIZE, "●");
    let far = (SIZE.0 - 7, bar.1);
    let sought = seek(&touch(&mut hand, far, Gesture::Press)).unwrap();
    assert!((190.0..=199.5).contains(&sought), "{sought}");
    let sought = seek(&touch(&mut hand, (SIZE.0 / 2, bar.1), Gesture::Drag)).unwrap();
    assert!((90.0..110.0).contains(&sought), "{sought}");
    let before = hand.app.deck.seconds;
    assert_eq!(seek(&touch(&mut hand, bar, Gesture::WheelUp)), Some(before + 5.0));
    let (x, y) = place(&hand, SIZE, " SINGER ");
    touch(&mut hand, (x + 8, y), Gesture::Press);
    assert_eq!(hand.app.fader.level(), 0);
    touch(&mut hand, (x + 40, y), Gesture::WheelUp);
    assert_eq!(hand.app.fader.level(), 5);
    let tab = place(&hand, SIZE, "1 Library");
    touch(&mut hand, tab, Gesture::Press);
    assert_eq!(hand.app.screen, Screen::Library);
    let row = place(&hand, SIZE, "Tideline");
    assert!(touch(&mut hand, row, Gesture::Press).is_empty());
    assert_eq!(hand.selected(), "Tideline");
    let effects = touch(&mut hand, row, Gesture::Press);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    hand.keys("1 ?");
    assert_eq!(
        ui::spot_at(&hand.app, &Theme::default(), SIZE, (40, 10)),
        None,
        "help has no spots"
    );
}

#[test]
fn readings_are_asked_for_once_remembered_and_stand_under_their_words() {
    let text = "[00:10.00]岸辺に\n[00:12.00]水に流す\n";
    let (mut hand, token) = singing(lyrics("a.lrc", text), true);
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::ReadLyrics { lyrics, kind, .. } => Some((lyrics.clone(), *kind)),
            _ => None,
        })
    };
    at(&mut hand, token, 13.0);
    let (of, kind) = asked(&hand.keys("f")).expect("they are asked for");
    assert_eq!(kind, Kind::Romaji);
    assert_eq!(hand.app.toasts.shown().unwrap().text, "readings: romaji");
    assert_eq!(asked(&hand.tick(10)), None, "once");
    let piece = |from, to, text: &str| Piece {
        from,
        to,
        text: text.into(),
    };
    let readings = Readings {
        kind,
        lines: vec![
            Vec::new(),
            vec![piece(0, 3, "mizu"), piece(3, 6, "ni"), piece(6, 12, "nagasu")],
        ],
    };
    let answer = |of: &Arc<Lyrics>| Event::Readings {
        path: path(SONG),
        lyrics: of.clone(),
        readings: Ok(Arc::new(readings.clone())),
    };
    hand.event(answer(&Arc::new(Lyrics::clone(&of))));
    let screen = |hand: &Hand| draw(hand, &Theme::default(), 80, 24).to_string();
    assert!(!screen(&hand).contains("mizu"), "of other lyrics");
    hand.event(answer(&of));
    let line = place(&hand, SIZE, "水");
    let (_, row) = place(&hand, SIZE, "mizu ni nagasu");
    assert_eq!(row, line.1 + 1);
    let saved = hand.tick(2_000);
    let kept = |effect: &Effect| matches!(effect, Effect::SaveState(saved) if saved.readings);
    assert!(saved.iter().any(kept), "{saved:?}");
    hand.keys("f");
    assert!(!screen(&hand).contains("mizu"));
    hand.keys("f");
    give(&mut hand, Some(lyrics("a.lrc", "[00:10.00]paper lanterns\n")));
    assert_eq!(asked(&hand.tick(10)), None, "none are needed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_words_no_moment_and_no_size_break_the_screen(
        text in "(\\[0[0-2]:[0-9]{2}.[0-9]{2}\\])?(\\PC|<00:[0-5][0-9].00>|v2:){0,40}(\n\\[0[0-2]:[0-9]{2}.[0-9]{2}\\](\\PC|[a-z ]){0,60}){0,6}",
        seconds in 0.0..200.0,
        columns in 0..=250_u16,
        rows in 0..=80_u16,
        ascii: bool,
    ) {
        let Ok(read) = read(text.as_bytes(), Path::new("a.lrc")) else { return Ok(()) };
        let (mut hand, token) = singing(read.lyrics, true);
        at(&mut hand, token, seconds);
        draw(&hand, &Theme::new(!ascii, ascii), columns, rows);
        draw(&hand, &Theme::new(ascii, ascii), columns % 31, rows % 12);
    }
}
