//! Not a check: prints what the store costs. `cargo test --test store -- --ignored --nocapture measure`

use std::time::Instant;

use croon::store::{SEGMENT_SAMPLES, SongMeta};

use super::*;

/// Something like separated vocals: a vowel with vibrato and breath in phrases, leakage between.
fn sung(segment: usize) -> Vec<f32> {
    let mut state = segment as u32 + 1;
    let mut samples = Vec::with_capacity(SEGMENT_SAMPLES);
    for i in 0..SEGMENT_SAMPLES / 2 {
        let t = (segment * SEGMENT_SAMPLES / 2 + i) as f32 / 44_100.0;
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let phrase = if t % 6.0 < 4.0 { (t % 6.0 / 4.0 * std::f32::consts::PI).sin() } else { 0.0 };
        let f0 = 220.0 * (1.0 + 0.02 * (t * 34.0).sin());
        let voice: f32 = (1..12).map(|h| (t * f0 * h as f32 * std::f32::consts::TAU).sin() / h as f32).sum();
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

#[test]
#[ignore = "prints measurements"]
fn measure() {
    let home = tempfile::tempdir().unwrap();
    println!("RSS at start {} KB", resident());
    let segments = 54; // four minutes
    {
        let store = open(home.path());
        let song = store.song(MODEL, track(1)).unwrap();
        let begin = Instant::now();
        for k in 0..segments {
            let pcm = sung(k as usize);
            let put = Instant::now();
            song.put(k, &pcm, &peaks(k)).unwrap();
            if k % 18 == 0 {
                println!("put {k}: {:?}, RSS {} KB", put.elapsed(), resident());
            }
        }
        println!("all put (with making the sound): {:?}", begin.elapsed());
        song.finish(SongMeta { frames: u64::from(segments) * 196_608, rate: 44_100, segments }).unwrap();
        let minutes = f64::from(segments) * 196_608.0 / 44_100.0 / 60.0;
        println!("{:.2} MB a minute on the disk, RSS {} KB", store.used() as f64 / 1e6 / minutes, resident());
    }
    for _ in 0..3 {
        let begin = Instant::now();
        let store = open(home.path());
        let opened = begin.elapsed();
        let begin = Instant::now();
        let song = store.song(MODEL, track(1)).unwrap();
        println!("store open {opened:?}, song open {:?}, {:.2} MB, RSS {} KB", begin.elapsed(), store.used() as f64 / 1e6, resident());
        let begin = Instant::now();
        for k in 0..segments {
            song.get(k).unwrap();
        }
        println!("read all {:?} ({:?} a block), RSS {} KB", begin.elapsed(), begin.elapsed() / segments / 49, resident());
        let begin = Instant::now();
        song.overview();
        println!("overview {:?}", begin.elapsed());
        let begin = Instant::now();
        drop(song);
        println!("close {:?}", begin.elapsed());
    }
    let store = open(home.path());
    for round in 0..30_u8 {
        let song = store.song(MODEL, track(100 + round)).unwrap();
        for k in 0..20 {
            song.put(k, &segment(k), &peaks(k)).unwrap();
        }
    }
    println!("after 30 more songs written: RSS {} KB", resident());
    let tracks: Vec<_> = (0..1000).map(super::catalogue::known).collect();
    let begin = Instant::now();
    store.remember_many(&tracks).unwrap();
    println!("remember 1000 tracks {:?}", begin.elapsed());
    drop(store);
    let begin = Instant::now();
    let store = open(home.path());
    let opened = begin.elapsed();
    assert_eq!(store.tracks().unwrap().len(), 1000);
    println!("open {opened:?}, with 1000 tracks read {:?}, RSS {} KB", begin.elapsed(), resident());
    let begin = Instant::now();
    println!("stats {:?} {:?}", store.stats(), begin.elapsed());
}
