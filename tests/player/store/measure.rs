//! Not a check: prints what the store costs.
//! `CROON_MEASURE=/some/folder cargo test --test store -- --ignored --nocapture measure::write`, then `measure::read`

use std::time::Instant;

use croon::store::{SEGMENT_SAMPLES, SongMeta};

use super::*;

/// Something like separated vocals: a vowel with vibrato and breath in phrases, leakage between.
fn sung(segment: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(segment as u64);
    let mut samples = Vec::with_capacity(SEGMENT_SAMPLES);
    for i in 0..SEGMENT_SAMPLES / 2 {
        let t = (segment * SEGMENT_SAMPLES / 2 + i) as f32 / 44_100.0;
        let noise = random.f32() * 2.0 - 1.0;
        let phrase = if t % 6.0 < 4.0 {
            (t % 6.0 / 4.0 * std::f32::consts::PI).sin()
        } else {
            0.0
        };
        let f0 = 220.0 * (1.0 + 0.02 * (t * 34.0).sin());
        let voice: f32 = (1..12)
            .map(|h| (t * f0 * h as f32 * std::f32::consts::TAU).sin() / h as f32)
            .sum();
        let burst = if t % 0.7 < 0.05 { 0.2 } else { 0.004 };
        let mono = 0.2 * phrase * voice + noise * (burst * phrase + 0.001);
        samples.extend([mono, mono * 0.9 + noise * 0.0005]);
    }
    samples
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
}

/// Four minutes.
const SEGMENTS: u32 = 54;

/// Run alone, so that nothing else is in the memory measured.
#[test]
#[ignore = "prints measurements"]
fn write() {
    let home =
        std::path::PathBuf::from(std::env::var_os("CROON_MEASURE").expect("a folder in CROON_MEASURE"));
    let segments = std::env::var("CROON_SEGMENTS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(SEGMENTS);
    println!("RSS at start {} KB", resident());
    let store = open(&home);
    let song = store.song(MODEL, track(1)).unwrap();
    let mut took = std::time::Duration::ZERO;
    let sounds: Vec<_> = (0..4).map(sung).collect();
    println!("RSS with the sounds {} KB", resident());
    for k in 0..segments {
        let begin = Instant::now();
        song.put(k, &sounds[k as usize % 4], &peaks(k)).unwrap();
        took += begin.elapsed();
        if k % (segments / 4) == 0 {
            println!("segment {k}: RSS {} KB", resident());
        }
    }
    song.finish(SongMeta {
        frames: u64::from(segments) * 262_144,
        rate: 44_100,
        segments,
    })
    .unwrap();
    let minutes = f64::from(segments) * 262_144.0 / 44_100.0 / 60.0;
    println!(
        "{:?} a segment; {:.2} MB a minute on the disk, RSS {} KB",
        took / segments,
        store.used() as f64 / 1e6 / minutes,
        resident()
    );
}

#[test]
#[ignore = "prints measurements"]
fn read() {
    let home =
        std::path::PathBuf::from(std::env::var_os("CROON_MEASURE").expect("a folder in CROON_MEASURE"));
    println!("RSS at start {} KB", resident());
    let begin = Instant::now();
    let store = open(&home);
    let opened = begin.elapsed();
    let begin = Instant::now();
    let song = store.song(MODEL, track(1)).unwrap();
    println!(
        "store open {opened:?}, song open {:?}, {:.2} MB, RSS {} KB",
        begin.elapsed(),
        store.used() as f64 / 1e6,
        resident()
    );
    let begin = Instant::now();
    let segments = song.meta().unwrap().segments;
    for k in 0..segments {
        for nth in 0..croon::store::BLOCKS_PER_SEGMENT {
            song.block(k, nth).unwrap();
        }
        if k % (segments / 4) == 0 {
            println!("segment {k}: RSS {} KB", resident());
        }
    }
    println!(
        "read all {:?} ({:?} a block), RSS {} KB",
        begin.elapsed(),
        begin.elapsed() / segments / croon::store::BLOCKS_PER_SEGMENT as u32,
        resident()
    );
    let begin = Instant::now();
    song.overview();
    println!("overview {:?}", begin.elapsed());
    let begin = Instant::now();
    drop(song);
    println!("close {:?}, RSS {} KB", begin.elapsed(), resident());
    for _ in 0..4 {
        let song = store.song(MODEL, track(1)).unwrap();
        (0..segments).for_each(|k| assert!(song.get(k).is_some()));
        println!("read again: RSS {} KB", resident());
    }
}

#[test]
#[ignore = "prints measurements"]
fn known_tracks() {
    let home = tempfile::tempdir().unwrap();
    let tracks: Vec<_> = (0..1000).map(super::catalogue::known).collect();
    let begin = Instant::now();
    open(home.path()).remember_many(&tracks).unwrap();
    println!("remember 1000 tracks {:?}", begin.elapsed());
    let begin = Instant::now();
    let store = open(home.path());
    let opened = begin.elapsed();
    assert_eq!(store.tracks().unwrap().len(), 1000);
    println!(
        "open {opened:?}, with 1000 tracks read {:?}, RSS {} KB",
        begin.elapsed(),
        resident()
    );
}
