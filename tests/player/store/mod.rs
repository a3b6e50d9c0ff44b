//! The store from outside: what is put in comes out, whatever happens to the process or the disk.

mod catalogue;
mod crash;
mod disk;
mod measure;
mod model;
mod songs;

use std::path::Path;

use croon::store::{BLOCK_SAMPLES, SEGMENT_SAMPLES, StemStore, StorePaths};
use croon::track::TrackId;
use croon::waveform::Peaks;

pub const MODEL: &str = "test-0badc0de";
pub const NO_CAP: u64 = u64::MAX;

pub fn paths(below: &Path) -> StorePaths {
    StorePaths {
        cache: below.join("cache"),
        state: below.join("state"),
    }
}

pub fn open(below: &Path) -> StemStore {
    StemStore::open(&paths(below), NO_CAP).unwrap()
}

pub fn track(n: u8) -> TrackId {
    TrackId([n; 16])
}

/// A segment told apart from every other by its content: a few blocks of tone, the rest silent.
pub fn segment(seed: u32) -> Vec<f32> {
    let mut samples = vec![0.0; SEGMENT_SAMPLES];
    for block in [0, 7, 48] {
        let pitch = 0.01 + 0.001 * ((seed * 7 + block as u32) % 97) as f32;
        let level = 0.1 + 0.013 * (seed % 60) as f32;
        let tone = &mut samples[block * BLOCK_SAMPLES..(block + 1) * BLOCK_SAMPLES];
        for (i, sample) in tone.iter_mut().enumerate() {
            *sample = level * (i as f32 * pitch).sin();
        }
    }
    samples
}

pub fn peaks(seed: u32) -> Peaks {
    let mut peaks = Peaks::default();
    peaks.vocals[3] = seed as u8;
    peaks.instrumental[5] = seed as u8 ^ 0x55;
    peaks
}

/// Every sample within the error the store states for a segment that peaks below 1.
pub fn same(stored: &[f32], back: &[f32]) -> bool {
    stored.len() == back.len()
        && stored
            .iter()
            .zip(back)
            .all(|(a, b)| (a - b).abs() <= 2.0_f32.powi(-16))
}

/// Every file below a folder.
pub fn files(below: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}
