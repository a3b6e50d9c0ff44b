//! MP3+G: pictures beside the sound or in a zip with it, found, seen at the right moment and drawn in
//! whatever colours a terminal has.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::harness::{Harness, path};
use croon::app::{Event, FoundLyrics, Toasts};
use croon::audio::decode::read_all;
use croon::audio::identity::track_id;
use croon::jobs::lyrics::{Places, find};
use croon::library::scan_once;
use croon::lyrics::cdg::Graphics;
use croon::lyrics::{Format, LyricsRequest, LyricsSource, Offer, Pick, Timing};
use croon::ui::{self, Depth, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SONG: &str = "Paper Lanterns";

/// A packet of a disc.
fn packet(instruction: u8, data: &[u8]) -> [u8; 24] {
    let mut packet = [0; 24];
    (packet[0], packet[1]) = (9, instruction);
    packet[4..4 + data.len()].copy_from_slice(data);
    packet
}

/// Blue ground, yellow bars at once; after two seconds the lower half of the bars is red.
fn disc() -> Vec<u8> {
    let mut disc = Vec::new();
    // colour 1 blue, 2 yellow, 3 red
    disc.extend(packet(30, &[0, 0, 0, 0x0f, 0x3f, 0x30, 0x3c, 0]));
    disc.extend(packet(1, &[1]));
    let bar = |colour: u8, row: u8, column: u8| {
        let mut data = [0x3f; 16];
        data[..4].copy_from_slice(&[1, colour, row, column]);
        packet(6, &data)
    };
    for (row, column) in (4..12).flat_map(|row| [5, 6, 20, 21, 40].map(move |column| (row, column))) {
        disc.extend(bar(2, row, column));
    }
    disc.resize(600 * 24, 0);
    for (row, column) in (8..12).flat_map(|row| [5, 6, 20, 21, 40].map(move |column| (row, column))) {
        disc.extend(bar(3, row, column));
    }
    disc
}

fn singing() -> (Harness, u64) {
    let mut harness = Harness::new();
    harness.find_songs();
    let play_id = harness.play(SONG, None, true);
    harness.event(Event::Lyrics(Box::new(FoundLyrics {
        path: path(SONG),
        graphics: Some(Arc::new(Graphics::read(&disc()).unwrap())),
        offers: vec![Offer {
            pick: Pick {
                source: LyricsSource::Beside,
                name: "a.cdg".into(),
            },
            format: Format::Cdg,
            timing: Timing::Words,
        }],
        ..FoundLyrics::default()
    })));
    harness.app.toasts = Toasts::default();
    (harness, play_id)
}

fn draw(harness: &Harness, theme: &Theme, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| ui::draw(&harness.app, theme, frame))
        .unwrap();
    terminal.backend().clone()
}

/// All colours of points in the picture.
fn colours(screen: &TestBackend) -> Vec<Color> {
    let mut colours = Vec::new();
    for cell in screen.buffer().content() {
        if cell.symbol() == "▀" {
            for colour in [cell.fg, cell.bg] {
                if !colours.contains(&colour) {
                    colours.push(colour);
                }
            }
        }
    }
    colours
}

#[test]
fn pictures_stand_where_lines_would_in_the_colours_there_are() {
    let (mut harness, play_id) = singing();
    harness.at(play_id, 1.0);
    let with = |harness: &Harness, depth| {
        let mut theme = Theme::new(true, false);
        theme.depth = depth;
        // large enough that points are not mixed with their neighbours everywhere
        colours(&draw(harness, &theme, 120, 50))
    };
    let (blue, yellow, red) = (
        Color::Rgb(0, 0, 255),
        Color::Rgb(255, 255, 0),
        Color::Rgb(255, 0, 0),
    );
    let seen = with(&harness, Depth::True);
    assert!(
        seen.contains(&blue) && seen.contains(&yellow) && !seen.contains(&red),
        "{seen:?}"
    );
    harness.at(play_id, 2.5);
    let seen = with(&harness, Depth::True);
    assert!(seen.contains(&yellow) && seen.contains(&red), "{seen:?}");
    let seen = with(&harness, Depth::Indexed);
    assert!(
        seen.contains(&Color::Indexed(21)) && seen.contains(&Color::Indexed(226)),
        "{seen:?}"
    );
    let seen = with(&harness, Depth::Sixteen);
    assert!(
        seen.contains(&Color::Blue) && seen.contains(&Color::LightYellow),
        "{seen:?}"
    );
    // back again: what was drawn later is gone
    harness.at(play_id, 1.0);
    assert!(!with(&harness, Depth::True).contains(&red));
}

#[test]
fn without_colours_pictures_are_shades() {
    let (mut harness, play_id) = singing();
    harness.at(play_id, 1.0);
    insta::assert_snapshot!("ascii_80x24", draw(&harness, &Theme::new(false, true), 80, 24));
    let plain = draw(&harness, &Theme::new(false, false), 80, 24).to_string();
    assert!(plain.contains('█') && !plain.contains('▀'));
    for (columns, rows) in [(1, 1), (20, 3), (40, 10), (200, 60)] {
        draw(&harness, &Theme::new(true, false), columns, rows);
        draw(&harness, &Theme::new(false, true), columns, rows);
    }
}

#[test]
fn a_frame_is_wanted_only_where_the_picture_changes() {
    let (mut harness, play_id) = singing();
    let mut frames = 0;
    harness.keys("3");
    for step in 0..100_u32 {
        harness.app.frame_drawn();
        harness.position(play_id, 1.0 + f64::from(step) / 100.0 * 0.2);
        harness.app.frame_drawn();
        harness.tick(10 + u64::from(step));
        frames += u32::from(harness.app.needs_frame());
    }
    assert!(frames <= 2, "{frames} frames while nothing is drawn");
    harness.position(play_id, 2.2);
    harness.app.frame_drawn();
    harness.tick(2_000);
    assert!(harness.app.needs_frame());
}

/// A second of sound.
fn sound(path: &Path) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for at in 0..44_100 {
        for _ in 0..2 {
            wav.write_sample(((f64::from(at) * 0.05).sin() * 9000.0) as i16)
                .unwrap();
        }
    }
    wav.finalize().unwrap();
}

fn zip(path: &Path, entries: &[(&str, Vec<u8>)]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

fn found(song: PathBuf) -> croon::jobs::lyrics::LyricsSearchResult {
    let wanted = LyricsRequest {
        path: song,
        ..LyricsRequest::default()
    };
    find(&wanted, &Places::default())
}

#[test]
fn pictures_beside_a_song_come_after_lines_with_times_and_before_plain_text() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    sound(&at("a.wav"));
    fs::write(at("a.CDG"), disc()).unwrap();
    fs::write(at("a.txt"), "plain words\n").unwrap();
    let beside = found(at("a.wav"));
    assert!(beside.graphics.is_some() && beside.lyrics.is_none());
    assert_eq!(beside.file, Some(at("a.CDG")));
    let formats: Vec<_> = beside
        .offers
        .iter()
        .map(|offer| (offer.format, offer.pick.source))
        .collect();
    assert_eq!(
        formats,
        [
            (Format::Cdg, LyricsSource::Beside),
            (Format::Plain, LyricsSource::Beside)
        ]
    );
    fs::write(at("a.lrc"), "[00:01.00]a line\n").unwrap();
    let lines = found(at("a.wav"));
    assert!(lines.graphics.is_none() && lines.lyrics.is_some());
    assert_eq!(lines.offers.len(), 3);
    fs::write(at("a.CDG"), "no pictures").unwrap();
    fs::remove_file(at("a.lrc")).unwrap();
    let broken = found(at("a.wav"));
    assert!(
        broken.lyrics.is_some() && broken.refused.len() == 1,
        "{:?}",
        broken.refused
    );
}

#[test]
fn a_zip_with_both_is_a_song_of_the_library_and_plays() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    sound(&at("x.wav"));
    let wav = fs::read(at("x.wav")).unwrap();
    let both = [("../b/Ana - Snow.wav", wav.clone()), ("/Ana - Snow.cdg", disc())];
    fs::create_dir(at("songs")).unwrap();
    zip(&at("songs/Ana - Snow.zip"), &both);
    zip(&at("songs/backup.zip"), &[("notes.txt", b"words".to_vec())]);
    zip(&at("songs/sound.zip"), &[("a.wav", wav)]);
    let seen = scan_once(&[at("songs")], &[], |_| {});
    let names: Vec<_> = seen.tracks.iter().map(|track| track.path.clone()).collect();
    assert_eq!(names, [at("songs/Ana - Snow.zip")]);
    assert_eq!(seen.tracks[0].title(), "Ana - Snow");
    assert_eq!(seen.tracks[0].duration, Some(1.0));
    let (song, plain) = (at("songs/Ana - Snow.zip"), at("x.wav"));
    assert_eq!(read_all(&song).unwrap().1, read_all(&plain).unwrap().1);
    assert_eq!(
        track_id(&song).unwrap(),
        track_id(&plain).unwrap(),
        "the same recording"
    );
    assert!(found(song).graphics.is_some());
    assert_eq!(
        fs::read_dir(at("songs")).unwrap().count(),
        3,
        "nothing is unpacked beside it"
    );
}
