//! What the store costs: one segment in, one block out, opening a song, and the catalogue of 1,000
//! tracks that the first frame waits for.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use croon::store::{SEGMENT_SAMPLES, SongMeta, StemStore, StorePaths};
use croon::track::{FileStamp, Tags, Track, TrackId};
use croon::waveform::Peaks;

const MODEL: &str = "bench";
const ID: TrackId = TrackId([7; 16]);

fn main() {
    divan::main();
}

fn open(below: &Path) -> StemStore {
    let paths = StorePaths {
        cache: below.join("cache"),
        state: below.join("state"),
    };
    StemStore::open(&paths, u64::MAX).expect("a temporary folder can be written")
}

/// A vowel with vibrato in noise.
fn sung() -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..SEGMENT_SAMPLES)
        .map(|i| {
            let noise = random.f32() * 2.0 - 1.0;
            let t = (i / 2) as f32 / 44_100.0;
            let pitch = 220.0 + 4.0 * (t * 34.0).sin();
            let voice: f32 = (1..10)
                .map(|h| (t * pitch * h as f32 * std::f32::consts::TAU).sin() / h as f32)
                .sum();
            0.2 * voice + 0.003 * noise
        })
        .collect()
}

#[divan::bench]
fn put_a_segment(bencher: divan::Bencher) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let song = open(home.path()).song(MODEL, ID).expect("an empty song");
    let pcm = sung();
    let mut segment = 0;
    bencher.bench_local(|| {
        segment += 1;
        song.put(segment, &pcm, &Peaks::default())
            .expect("space on the disk");
    });
}

#[divan::bench]
fn read_a_block(bencher: divan::Bencher) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let song = open(home.path()).song(MODEL, ID).expect("an empty song");
    song.put(0, &sung(), &Peaks::default())
        .expect("space on the disk");
    let mut nth = 0;
    bencher.bench_local(|| {
        nth = (nth + 1) % croon::store::BLOCKS_PER_SEGMENT;
        song.block(0, nth).expect("what was put")
    });
}

#[divan::bench]
fn open_a_song_of_four_minutes(bencher: divan::Bencher) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = open(home.path());
    {
        let (song, pcm) = (store.song(MODEL, ID).expect("an empty song"), sung());
        (0..54).for_each(|k| song.put(k, &pcm, &Peaks::default()).expect("space on the disk"));
        song.finish(SongMeta {
            frames: 54 * 262_144,
            rate: 44_100,
            segments: 54,
        })
        .expect("space on the disk");
    }
    println!("{:.1} MB for four minutes", store.used() as f64 / 1e6);
    bencher.bench_local(|| store.song(MODEL, ID).expect("what was put").is_complete());
}

#[divan::bench]
fn open_with_a_thousand_tracks(bencher: divan::Bencher) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let tracks: Vec<Track> = (0..1000)
        .map(|n| Track {
            path: format!("/music/artist {}/{n:04} song.flac", n / 10).into(),
            stamp: FileStamp {
                size: n,
                modified_ns: n as i64,
            },
            id: Some(TrackId([n as u8; 16])),
            tags: Tags {
                title: Some(format!("Song {n}")),
                ..Tags::default()
            },
            duration: Some(240.0),
            rate: 44_100,
            channels: 2,
        })
        .collect();
    open(home.path())
        .remember_many(&tracks)
        .expect("space on the disk");
    bencher.bench_local(|| open(home.path()).tracks().expect("what was remembered").len());
}
