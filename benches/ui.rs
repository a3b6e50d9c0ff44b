//! What a key press and a frame cost, with few and with many songs: `cargo bench --bench ui`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use divan::{Bencher, black_box};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use croon::app::message::WAVE_POINTS;
use croon::app::{App, Event, FoundSong, LoadedSong, Peaks, Settings, SongHistory, update};
use croon::keymap::{Key, Keymap};
use croon::track::{FileStamp, Tags, Track};
use croon::ui::{self, Theme};

const SIZES: &[usize] = &[1_000, 100_000];

fn main() {
    divan::main();
}

fn song(i: usize) -> FoundSong {
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
    FoundSong {
        track,
        ready: i.is_multiple_of(2),
        older: None,
        past: SongHistory::default(),
    }
}

fn app(songs: usize) -> App {
    let mut app = App::new(Settings::default(), Keymap::default());
    let found: Vec<_> = (0..songs).map(song).collect();
    update(&mut app, Event::SongsFound(found));
    app
}

/// All songs arrive in batches, as from a scan.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn find_all(bencher: Bencher, songs: usize) {
    let batches: Vec<Vec<FoundSong>> = (0..songs)
        .step_by(200)
        .map(|i| (i..(i + 200).min(songs)).map(song).collect())
        .collect();
    bencher
        .with_inputs(|| (App::new(Settings::default(), Keymap::default()), batches.clone()))
        .bench_values(|(mut app, batches)| {
            for batch in batches {
                update(&mut app, Event::SongsFound(batch));
            }
            app
        });
}

#[divan::bench(args = SIZES)]
fn key_down(bencher: Bencher, songs: usize) {
    let mut app = app(songs);
    bencher.bench_local(|| update(&mut app, black_box(Event::Key(Key::char('j')))));
}

/// One key in the filter after what was typed already; taking it back is not counted.
fn filter_key(bencher: Bencher, songs: usize, typed: &str, key: char, found: impl Fn(usize) -> bool) {
    let mut app = app(songs);
    update(&mut app, Event::Key(Key::char('f')));
    for c in typed.chars() {
        update(&mut app, Event::Key(Key::char(c)));
    }
    let app = std::cell::RefCell::new(app);
    let backspace = Key::plain(croon::keymap::Code::Backspace);
    update(&mut app.borrow_mut(), Event::Key(Key::char(key)));
    let shown = app.borrow().tracks.shown().len();
    assert!(found(shown), "{shown} songs");
    bencher
        .with_inputs(|| drop(update(&mut app.borrow_mut(), Event::Key(backspace))))
        .bench_local_values(|()| update(&mut app.borrow_mut(), Event::Key(Key::char(key))));
}

/// The first letter: half of all songs hold it.
#[divan::bench(args = SIZES)]
fn filter_first_letter(bencher: Bencher, songs: usize) {
    filter_key(bencher, songs, "", '7', |shown| shown > songs / 4);
}

/// A letter that every song holds, several times.
#[divan::bench(args = SIZES)]
fn filter_common_letter(bencher: Bencher, songs: usize) {
    filter_key(bencher, songs, "", 'a', |shown| shown == songs);
}

/// The last letter of two words.
#[divan::bench(args = SIZES)]
fn filter_words(bencher: Bencher, songs: usize) {
    filter_key(bencher, songs, "artist 1 son", 'g', |shown| {
        shown > 0 && shown < songs
    });
}

/// No song holds it as it stands: letters with anything between, which all songs have.
#[divan::bench(args = SIZES)]
fn filter_letters_apart(bencher: Bencher, songs: usize) {
    filter_key(bencher, songs, "rtsn", 'g', |shown| shown == songs);
}

/// No song answers at all.
#[divan::bench(args = SIZES)]
fn filter_in_vain(bencher: Bencher, songs: usize) {
    filter_key(bencher, songs, "song q", 'q', |shown| shown == 0);
}

/// One more letter in the search that goes to the next match.
#[divan::bench(args = SIZES)]
fn find_key(bencher: Bencher, songs: usize) {
    let app = std::cell::RefCell::new(app(songs));
    let backspace = Key::plain(croon::keymap::Code::Backspace);
    for c in "/999".chars() {
        update(&mut app.borrow_mut(), Event::Key(Key::char(c)));
    }
    bencher
        .with_inputs(|| drop(update(&mut app.borrow_mut(), Event::Key(backspace))))
        .bench_local_values(|()| update(&mut app.borrow_mut(), Event::Key(Key::char('9'))));
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
    let loaded = LoadedSong {
        path: path.clone(),
        id: None,
        memory: croon::song_settings::SongSettings::default(),
        duration: Some(200.0),
        segment_seconds: 5.94,
        segments: vec![Some(peaks); 34],
        complete: true,
        older: None,
        begins: 0.0,
        ends: None,
    };
    update(&mut app, Event::Loaded(Box::new(loaded)));
    let line = |i: usize| {
        format!(
            "[{:02}:{:02}.00]<{:02}:{:02}.00>we set them down <{:02}:{:02}.50>beside the reeds\n",
            i / 60,
            i % 60,
            i / 60,
            i % 60,
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
        Event::Lyrics(Box::new(croon::app::FoundLyrics {
            path,
            lyrics,
            ..Default::default()
        })),
    );
    let play_id = app.deck.song.as_ref().unwrap().play_id;
    update(
        &mut app,
        Event::Position {
            play_id,
            seconds: 100.4,
        },
    );
    assert!(app.lyrics_moment().is_some_and(|moment| moment.line == 100));
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    terminal.draw(|frame| ui::draw(&app, &theme, frame)).unwrap();
    let screen = terminal.backend().to_string();
    assert!(screen.contains('▜') && screen.contains("word-timed"), "{screen}");
    let mut wide = 0.0;
    bencher.bench_local(|| {
        // each frame a little later, as while one sings
        wide = (wide + 0.016) % 0.9;
        let position = Event::Position {
            play_id,
            seconds: 100.0 + wide,
        };
        update(&mut app, position);
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
