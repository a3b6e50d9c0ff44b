//! What a key press and a frame cost, with few and with many songs: `cargo bench --bench ui`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use croon::app::event::WAVE_POINTS;
use croon::app::{App, Event, Found, Loaded, Past, Peaks, Settings, update};
use croon::keymap::{Key, Keymap};
use croon::track::{FileStamp, Tags, Track};
use croon::ui::{self, Theme};
use divan::{Bencher, black_box};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SIZES: &[usize] = &[1_000, 100_000];

fn main() {
    divan::main();
}

fn song(i: usize) -> Found {
    let tags = Tags {
        title: Some(format!("Song {:05}", i * 7919 % 100_003)),
        artist: Some(format!("Artist {}", i % 997)),
        album: Some(format!("Album {}", i % 4001)),
        track_no: None,
    };
    let stamp = FileStamp {
        size: 1,
        modified_ns: i as i64,
    };
    let path = format!("/music/{i}.flac").into();
    let track = Track {
        path,
        stamp,
        id: None,
        tags,
        duration: Some(200.0),
        rate: 44_100,
        channels: 2,
    };
    Found {
        track,
        ready: i.is_multiple_of(2),
        past: Past::default(),
    }
}

fn app(songs: usize) -> App {
    let mut app = App::new(Settings::default(), Keymap::default());
    let found: Vec<_> = (0..songs).map(song).collect();
    update(&mut app, Event::Found(found));
    app
}

/// All songs arrive in batches, as from a scan.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn find_all(bencher: Bencher, songs: usize) {
    let batches: Vec<Vec<Found>> = (0..songs)
        .step_by(200)
        .map(|i| (i..(i + 200).min(songs)).map(song).collect())
        .collect();
    bencher
        .with_inputs(|| (App::new(Settings::default(), Keymap::default()), batches.clone()))
        .bench_values(|(mut app, batches)| {
            for batch in batches {
                update(&mut app, Event::Found(batch));
            }
            app
        });
}

#[divan::bench(args = SIZES)]
fn key_down(bencher: Bencher, songs: usize) {
    let mut app = app(songs);
    bencher.bench_local(|| update(&mut app, black_box(Event::Key(Key::char('j')))));
}

/// One more letter in the filter.
#[divan::bench(args = SIZES)]
fn filter_letter(bencher: Bencher, songs: usize) {
    let mut app = app(songs);
    update(&mut app, Event::Key(Key::char('f')));
    let backspace = Key::plain(croon::keymap::Code::Backspace);
    bencher.bench_local(|| {
        update(&mut app, Event::Key(Key::char('7')));
        update(&mut app, Event::Key(backspace));
    });
}

#[divan::bench(args = SIZES)]
fn draw_80x24(bencher: Bencher, songs: usize) {
    draw(bencher, songs, 80, 24);
}

#[divan::bench(args = SIZES)]
fn draw_200x60(bencher: Bencher, songs: usize) {
    draw(bencher, songs, 200, 60);
}

/// A frame of the Sing screen with the words of a song of 10,000 lines, waveforms and all.
#[divan::bench]
fn draw_sing_200x60(bencher: Bencher) {
    let (mut app, theme) = (app(1_000), Theme::default());
    update(&mut app, Event::Key(Key::plain(croon::keymap::Code::Enter)));
    let path = app
        .tracks
        .get(app.tracks.selected().unwrap())
        .unwrap()
        .track
        .path
        .clone();
    let peaks = Peaks {
        vocals: [90; WAVE_POINTS],
        instrumental: [120; WAVE_POINTS],
    };
    let loaded = Loaded {
        path: path.clone(),
        id: None,
        memory: croon::song_memory::SongMemory::default(),
        duration: Some(200.0),
        segment_seconds: 5.94,
        segments: vec![Some(peaks); 34],
        complete: true,
        begins: 0.0,
        ends: None,
    };
    update(&mut app, Event::Loaded(Box::new(loaded)));
    let line = |i: usize| {
        format!(
            "[{:02}:{:02}.00]we set them down beside the reeds\n",
            i / 60,
            i % 60
        )
    };
    let text: String = (0..10_000).map(line).collect();
    let lyrics = croon::lyrics::read(text.as_bytes(), std::path::Path::new("a.lrc"))
        .unwrap()
        .lyrics;
    let lyrics = Some(std::sync::Arc::new(lyrics));
    update(
        &mut app,
        Event::Lyrics(Box::new(croon::app::WordsFound {
            path,
            lyrics,
            ..Default::default()
        })),
    );
    let token = app.deck.song.as_ref().unwrap().token;
    update(
        &mut app,
        Event::Position {
            token,
            seconds: 100.4,
            playing: true,
        },
    );
    assert!(app.lyrics_moment().is_some_and(|moment| moment.line == 100));
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    bencher.bench_local(|| {
        terminal
            .draw(|frame| ui::draw(black_box(&app), &theme, frame))
            .unwrap();
    });
}

fn draw(bencher: Bencher, songs: usize, columns: u16, rows: u16) {
    let (app, theme) = (app(songs), Theme::default());
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    bencher.bench_local(|| {
        terminal
            .draw(|frame| ui::draw(black_box(&app), &theme, frame))
            .unwrap();
    });
}
