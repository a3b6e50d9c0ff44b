//! Singing with words: what the keys do to them, when a frame is wanted, and what the screen shows in
//! four scripts at five sizes. Look at the snapshots when something here changes.

mod drawn;
mod touched;
mod words;

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use crate::harness::{Harness, path};
use croon::action::{Gesture, Screen};
use croon::app::{Effect, Event, FoundLyrics, PointerEvent, Toasts};
use croon::lyrics::romanization::{Kind, Readings, RomanizedPiece};
use croon::lyrics::{Format, Lyrics, LyricsSource, Offer, Pick, Timing, read};
use croon::song_settings::Change;
use croon::track::TrackId;
use croon::ui::{self, Theme};

const SONG: &str = "Paper Lanterns";

fn lyrics(name: &str, text: &str) -> Lyrics {
    read(text.as_bytes(), Path::new(name)).unwrap().lyrics
}

/// Sings a song with these words; its number.
fn singing(lyrics: Lyrics, complete: bool) -> (Harness, u64) {
    let mut harness = Harness::new();
    harness.find_songs();
    let play_id = harness.play(SONG, None, complete);
    give(&mut harness, Some(lyrics));
    harness.app.toasts = Toasts::default();
    (harness, play_id)
}

fn give(harness: &mut Harness, lyrics: Option<Lyrics>) {
    harness.event(Event::Lyrics(Box::new(FoundLyrics {
        path: path(SONG),
        lyrics: lyrics.map(Arc::new),
        ..FoundLyrics::default()
    })));
}

fn draw(harness: &Harness, theme: &Theme, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| ui::draw(&harness.app, theme, frame))
        .unwrap();
    terminal.backend().clone()
}

const VERSE: &str = "[00:10.00]<00:10.00>we <00:10.40>set <00:10.80>them <00:11.20>down<00:12.00>\n\
    [00:12.00]<00:12.00>Paper <00:12.50>lan<00:12.80>terns <00:13.20>on <00:13.40>the <00:13.60>wa<00:13.90>ter<00:14.60>\n\
    [00:15.00]carry every name we gave them\n[00:18.00]out beyond the harbour wall\n[00:21.00]\n[00:30.00]and home\n";

/// Of the screen of this size, the cell where a text begins.
fn place(harness: &Harness, size: (u16, u16), text: &str) -> (u16, u16) {
    let screen = draw(harness, &Theme::default(), size.0, size.1);
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

fn seek(effects: &[Effect]) -> Option<f64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Seek { seconds } => Some(*seconds),
        _ => None,
    })
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
        let (mut harness, play_id) = singing(read.lyrics, true);
        harness.at(play_id, seconds);
        draw(&harness, &Theme::new(!ascii, ascii), columns, rows);
        draw(&harness, &Theme::new(ascii, ascii), columns % 31, rows % 12);
    }
}
