//! Scanning: 1,000 tagged songs in 50 folders, opened one by one, and known from an earlier run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use croon::library::{Library, LibraryEvent, LibrarySetup, WatchMode, scan_once};
use croon::track::Track;
use divan::Bencher;
use lofty::config::WriteOptions;
use lofty::tag::{Accessor, Tag, TagExt, TagType};

const SONGS: usize = 1000;

static MUSIC: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..SONGS {
        let folder = dir.path().join(format!("album {}", n % 50));
        fs::create_dir_all(&folder).unwrap();
        make_song(&folder.join(format!("{n}.wav")), n);
    }
    dir
});

fn make_song(path: &Path, n: usize) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in 0..4410_i16 {
        writer.write_sample(sample % 441).unwrap();
    }
    writer.finalize().unwrap();
    let mut tag = Tag::new(TagType::Id3v2);
    tag.set_title(format!("Song {n}"));
    tag.set_artist(format!("Singer {}", n % 37));
    tag.save_to_path(path, WriteOptions::default()).unwrap();
    // songs that have lain there for a while: young ones wait until they hold still
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
}

fn roots() -> Vec<PathBuf> {
    vec![MUSIC.path().to_owned()]
}

/// Starts a library and waits for its scan.
fn scan(known: HashMap<PathBuf, Track>, watch: WatchMode) -> usize {
    let (sender, events) = channel();
    let setup = LibrarySetup {
        roots: roots(),
        known,
        watch,
        ..LibrarySetup::default()
    };
    let _library = Library::start(setup, move |event| drop(sender.send(event)));
    let mut found = 0;
    for event in events {
        match event {
            LibraryEvent::Found(tracks) => found += tracks.len(),
            LibraryEvent::ScanDone { .. } => break,
            _ => {}
        }
    }
    assert_eq!(found, SONGS);
    found
}

#[divan::bench(sample_count = 20)]
fn scan_1000_new_songs() -> usize {
    scan(HashMap::new(), WatchMode::Never)
}

#[divan::bench(sample_count = 20)]
fn scan_and_watch_1000_new_songs() -> usize {
    scan(HashMap::new(), WatchMode::Auto)
}

#[divan::bench(sample_count = 20)]
fn scan_1000_known_songs(bencher: Bencher) {
    let tracks = scan_once(&roots(), &[], |_| ()).tracks;
    let known: HashMap<_, _> = tracks
        .into_iter()
        .map(|track| (track.path.clone(), track))
        .collect();
    bencher
        .with_inputs(|| known.clone())
        .bench_values(|known| scan(known, WatchMode::Auto));
}

fn main() {
    LazyLock::force(&MUSIC);
    divan::main();
}
