//! Valid files of every format, damaged at random: sound or an error, in bounded time and memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support {
    pub mod media;
    pub mod skip;
}

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use croon::audio::decode::{Decoder, read_all};
use croon::audio::identity::track_id;
use croon::audio::write::{StemFormat, StemWriter};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use support::media;
use support::skip::shared;

/// Counts what is allocated at once: a file's head may promise gigabytes.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static OURS: AtomicUsize = AtomicUsize::new(0);
static THEIRS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came; the counters touch no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What one file may make the decoder hold, beside the sound that this test keeps.
const MOST_MEMORY: usize = 64 << 20;
/// What a file of some hundred kilobytes may take; a machine busy with other tests is slow.
const MOST_TIME: Duration = Duration::from_secs(30);

/// What a dying disk or a broken download does to a file.
#[derive(Debug, Clone)]
enum Hurt {
    /// Bytes written over, by share of the whole.
    Bytes(Vec<(f64, u8)>),
    /// The same within the head, where the structure lies.
    Head(Vec<(f64, u8)>),
    /// A number of four bytes made huge or tiny.
    Number(f64, u32),
    Cut(f64),
    /// A piece taken out, and how long.
    Hole(f64, usize),
    /// A piece twice.
    Twice(f64, usize),
    Zeros(f64, usize),
}

fn hurts() -> impl Strategy<Value = Vec<Hurt>> {
    let place = || 0.0..1.0f64;
    let bytes = || prop::collection::vec((place(), any::<u8>()), 1..30);
    let number = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7FFF_FFFF), any::<u32>()];
    let hurt = prop_oneof![
        bytes().prop_map(Hurt::Bytes),
        bytes().prop_map(Hurt::Head),
        (place(), number).prop_map(|(at, number)| Hurt::Number(at, number)),
        place().prop_map(Hurt::Cut),
        (place(), 1usize..3000).prop_map(|(at, length)| Hurt::Hole(at, length)),
        (place(), 1usize..3000).prop_map(|(at, length)| Hurt::Twice(at, length)),
        (place(), 1usize..3000).prop_map(|(at, length)| Hurt::Zeros(at, length)),
    ];
    prop::collection::vec(hurt, 1..4)
}

fn apply(bytes: &mut Vec<u8>, hurt: &Hurt) {
    let length = bytes.len();
    if length < 8 {
        return;
    }
    let place = |share: f64, reach: usize| ((share * reach as f64) as usize).min(reach - 1);
    let piece = |at: f64, count: usize| {
        let from = place(at, length);
        from..(from + count).min(length)
    };
    match hurt {
        Hurt::Bytes(list) => list
            .iter()
            .for_each(|&(at, byte)| bytes[place(at, length)] = byte),
        Hurt::Head(list) => list
            .iter()
            .for_each(|&(at, byte)| bytes[place(at, length.min(2000))] = byte),
        Hurt::Number(at, number) => {
            let at = place(*at, length.min(2000) - 4);
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        Hurt::Cut(at) => bytes.truncate(place(*at, length)),
        Hurt::Hole(at, count) => drop(bytes.drain(piece(*at, *count))),
        Hurt::Twice(at, count) => {
            let twice = bytes[piece(*at, *count)].to_vec();
            bytes.splice(place(*at, length)..place(*at, length), twice);
        }
        Hurt::Zeros(at, count) => bytes[piece(*at, *count)].fill(0),
    }
}

/// The memory is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Where failed cases are kept. proptest finds the folder by itself only below a `main.rs` or `lib.rs`.
const SEEDS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/proptest-regressions/decode_damage.txt"
);

/// What makes ffmpeg write a fragmented MP4.
#[rustfmt::skip]
const FRAGMENTS: &[&str] = &["-c:a", "aac", "-movflags", "empty_moov", "-frag_duration", "100000"];

/// One of each format: made here, made by ffmpeg where there is one, and real ones.
fn one_of_each(folder: &Path) -> Vec<PathBuf> {
    let made = folder.join("made.wav");
    media::wav(&made, &media::music(22_050, 44_100), 44_100, 16);
    let flac = folder.join("made.flac");
    let pcm = read_all(&made).unwrap().1;
    let mut writer = StemWriter::create(&flac, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    let stream = media::opus(&pcm);
    let mp3 = [media::lame_head(60, 576, 1000), media::mp3(60)].concat();
    let mut files = vec![made.clone(), flac];
    for (name, bytes) in [
        ("made.opus", stream.ogg(1)),
        ("made.webm", stream.webm("A title")),
        ("chain.ogg", [stream.ogg(1), stream.ogg(2)].concat()),
        ("made.mp3", mp3),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    for (options, name) in [
        (&["-c:a", "aac"][..], "f.m4a"),
        (FRAGMENTS, "g.mp4"),
        (&["-c:a", "alac"], "h.m4a"),
        (&["-c:a", "aac"], "i.aac"),
        (&["-c:a", "libvorbis"], "j.ogg"),
        (&["-c:a", "libvorbis"], "k.mkv"),
        (&["-c:a", "pcm_s16be"], "l.aiff"),
        (&["-c:a", "pcm_s16le"], "m.caf"),
        (&["-c:a", "adpcm_ima_wav"], "n.wav"),
        (&["-c:a", "libmp3lame"], "o.mp3"),
    ] {
        let path = folder.join(name);
        if media::ffmpeg(&made, options, &path) {
            files.push(path);
        }
    }
    files.extend(
        [
            "songs/clips/audio_example_mono.mp3",
            "train/musdb7/A Classic Education - NightOwl/vocals.ogg",
            "eval/musdb7/Al James - Schoolboy Facination.stem.mp4",
        ]
        .iter()
        .filter_map(|name| shared(&format!("data/{name}"))),
    );
    files
}

fn alone() -> MutexGuard<'static, ()> {
    // A panic in a library becomes an error of the file; one in croon is a fault of croon.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or("", |place| place.file());
        let whose = if place.starts_with("src/") { &OURS } else { &THEIRS };
        whose.fetch_add(1, Ordering::Relaxed);
        println!("{panic}");
    }));
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the file, here and there too, as the player and the separator do.
fn bounded(path: &Path) -> Result<(), TestCaseError> {
    let began = Instant::now();
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut kept = 0;
    if let Ok(mut decoder) = Decoder::open(path) {
        let mut pcm = Vec::new();
        while kept < 4_000_000 {
            pcm.clear();
            match decoder.read(&mut pcm) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            prop_assert!(pcm.iter().all(|sample| sample.is_finite()));
            kept += pcm.len();
        }
        for place in [10_000, 100, 1 << 40] {
            pcm.clear();
            let _ = decoder.seek(place).and_then(|()| decoder.read(&mut pcm));
        }
    }
    let _ = track_id(path);
    prop_assert!(OURS.load(Ordering::Relaxed) == 0, "croon panicked");
    let peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    prop_assert!(peak < MOST_MEMORY, "{} MB at once", peak >> 20);
    prop_assert!(began.elapsed() < MOST_TIME, "{:?}", began.elapsed());
    Ok(())
}

/// The times a fragmented MP4 is made of, each made absurd in its turn: silence is put in for what
/// is missing, but not hours of it.
#[test]
fn absurd_times_in_a_fragment_are_no_hours_of_silence() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.wav");
    media::wav(&made, &media::music(22_050, 44_100), 44_100, 16);
    let whole = folder.path().join("whole.mp4");
    if !media::ffmpeg(&made, FRAGMENTS, &whole) {
        return;
    }
    let bytes = std::fs::read(&whole).unwrap();
    let names: [&[u8]; 3] = [b"tfhd", b"tfdt", b"trun"];
    let boxes = (4..bytes.len() - 40).filter(|at| names.contains(&&bytes[*at..at + 4]));
    let hurt = folder.path().join("hurt.mp4");
    let mut tried = 0;
    for at in boxes.take(9) {
        for word in (at + 4..at + 40).step_by(4) {
            for absurd in [0x0400_0000u32, 0x7FFF_FFFF, u32::MAX] {
                let mut bytes = bytes.clone();
                bytes[word..word + 4].copy_from_slice(&absurd.to_be_bytes());
                std::fs::write(&hurt, bytes).unwrap();
                if let Err(error) = bounded(&hurt) {
                    panic!("{absurd:#x} at {word}: {error}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} tried");
}

/// A music folder holds files that were rewritten anywhere; each ends in sound or an error, in
/// bounded time and memory, and never in a panic. `CROON_DAMAGE_ROUNDS` sets how many per format.
#[test]
fn damage_anywhere_ends_in_sound_or_an_error_but_never_in_a_panic() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let rounds = std::env::var("CROON_DAMAGE_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(16);
    for path in one_of_each(folder.path()) {
        let whole = std::fs::read(&path).unwrap();
        let hurt = folder
            .path()
            .join("hurt")
            .with_extension(path.extension().unwrap());
        let mut runner = TestRunner::new(ProptestConfig {
            cases: rounds,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(SEEDS))),
            ..ProptestConfig::default()
        });
        let tried = runner.run(&hurts(), |list| {
            let mut bytes = whole.clone();
            list.iter().for_each(|hurt| apply(&mut bytes, hurt));
            std::fs::write(&hurt, bytes).unwrap();
            bounded(&hurt)?;
            Ok(())
        });
        if let Err(error) = tried {
            panic!("{}: {error}", path.display());
        }
    }
    println!("panics of libraries, caught: {}", THEIRS.load(Ordering::Relaxed));
}
