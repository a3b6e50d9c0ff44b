//! One song: put, get, finish, reopen, damage.

use croon::store::{BLOCK_SAMPLES, BLOCKS_PER_SEGMENT, SEGMENT_SAMPLES, SongMeta, StoreError};

use super::*;

const META: SongMeta = SongMeta {
    frames: 500_000,
    rate: 44_100,
    segments: 3,
};

#[test]
fn what_is_put_comes_back_after_reopening() {
    let home = tempfile::tempdir().unwrap();
    {
        let store = open(home.path());
        let song = store.song(MODEL, track(1)).unwrap();
        for k in [2, 0] {
            song.put(k, &segment(k), &peaks(k)).unwrap();
        }
        assert_eq!(song.ready(), [true, false, true]);
        assert!(!song.finish(META).unwrap(), "segment 1 is missing");
        song.put(1, &segment(1), &peaks(1)).unwrap();
        assert!(song.finish(META).unwrap());
        assert!(store.complete(MODEL).contains(&track(1)));
        assert!(store.complete("other").is_empty());
    }
    let store = open(home.path());
    assert!(store.song_if_stored(MODEL, track(2)).unwrap().is_none());
    let song = store.song_if_stored(MODEL, track(1)).unwrap().unwrap();
    assert!(song.is_complete());
    assert_eq!(song.meta(), Some(META));
    assert_eq!(song.count(), 3);
    for k in 0..3 {
        assert!(same(&segment(k), &song.get(k).unwrap()));
        assert_eq!(song.peaks(k), Some(peaks(k)));
        let block = song.block(k, 7).unwrap();
        assert!(same(&segment(k)[7 * BLOCK_SAMPLES..8 * BLOCK_SAMPLES], &block));
        assert!(song.block(k, BLOCKS_PER_SEGMENT).is_none());
    }
    assert!(song.get(3).is_none() && song.peaks(3).is_none() && !song.has(u32::MAX));
    assert_eq!(song.overview().len(), 3);
}

#[test]
fn everybody_shares_one_handle() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let writer = store.song(MODEL, track(1)).unwrap();
    let reader = store.clone().song(MODEL, track(1)).unwrap();
    assert!(std::sync::Arc::ptr_eq(&writer, &reader));
    let reading = std::thread::spawn(move || {
        while !reader.has(0) {
            std::thread::yield_now();
        }
        reader.get(0)
    });
    writer.put(0, &segment(9), &peaks(9)).unwrap();
    assert!(same(&segment(9), &reading.join().unwrap().unwrap()));
}

#[test]
fn a_song_opened_again_and_again_is_always_there() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    for k in 0..10 {
        let song = store.song(MODEL, track(1)).unwrap();
        assert_eq!(song.count(), k);
        song.put(k, &segment(k), &peaks(k)).unwrap();
        // The last handle may be dropped by any thread, while the next is being opened.
        std::thread::spawn(move || drop(song));
    }
}

#[test]
fn what_cannot_be_kept_is_refused_with_a_reason() {
    let home = tempfile::tempdir().unwrap();
    let song = open(home.path()).song(MODEL, track(1)).unwrap();
    let short = song.put(0, &[0.0; 10], &peaks(0)).unwrap_err();
    assert!(matches!(
        short,
        StoreError::WrongLength {
            got: 10,
            want: SEGMENT_SAMPLES
        }
    ));
    let late = song.put(70_000, &segment(0), &peaks(0)).unwrap_err();
    assert!(late.to_string().contains("Split the file"), "{late}");
    assert_eq!(song.count(), 0);
}

#[test]
fn levels_above_full_scale_and_far_below_survive() {
    let home = tempfile::tempdir().unwrap();
    let song = open(home.path()).song(MODEL, track(1)).unwrap();
    for (k, gain) in [8.0_f32, 0.001].into_iter().enumerate() {
        let loud: Vec<f32> = segment(40).iter().map(|x| x * gain).collect();
        song.put(k as u32, &loud, &peaks(0)).unwrap();
        let back = song.get(k as u32).unwrap();
        let worst = loud
            .iter()
            .zip(&back)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        let peak = loud.iter().fold(0.0_f32, |p, x| p.max(x.abs()));
        assert!(
            worst <= (peak * 2.0_f32.powi(-15)).max(2.0_f32.powi(-24)),
            "gain {gain}: {worst}"
        );
    }
}

/// Flips one byte somewhere in a song's database: afterwards each segment reads back as it was or
/// counts as missing, and can be stored again.
#[test]
fn damage_anywhere_loses_at_most_segments_that_are_then_made_again() {
    let home = tempfile::tempdir().unwrap();
    {
        let store = open(home.path());
        let song = store.song(MODEL, track(1)).unwrap();
        (0..3).for_each(|k| song.put(k, &segment(k), &peaks(k)).unwrap());
        assert!(song.finish(META).unwrap());
    }
    let folder = home
        .path()
        .join("cache/stems")
        .join(MODEL)
        .join(track(1).to_string());
    let whole: Vec<_> = files(&folder)
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    let mut lost = 0;
    let mut random = fastrand::Rng::with_seed(12_345);
    let rounds = std::env::var("CROON_FUZZ")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40);
    for round in 0..rounds {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("blobs")).unwrap();
        for (nth, (path, bytes)) in whole.iter().enumerate() {
            let mut bytes = bytes.clone();
            if nth == round % whole.len() && !bytes.is_empty() {
                // The early part holds the first pages; a third of the rounds goes there.
                let span = if round % 3 == 0 {
                    bytes.len().min(4096)
                } else {
                    bytes.len()
                };
                let at = random.usize(..span);
                bytes[at] ^= 1 << (round % 8);
            }
            std::fs::write(path, bytes).unwrap();
        }
        let store = open(home.path());
        let song = store.song(MODEL, track(1)).unwrap();
        for k in 0..3 {
            match song.get(k) {
                Some(back) => assert!(same(&segment(k), &back), "round {round}, segment {k}"),
                None => {
                    lost += 1;
                    assert!(!song.has(k) && !song.is_complete());
                    assert!(!store.complete(MODEL).contains(&track(1)));
                    song.put(k, &segment(k), &peaks(k)).unwrap();
                    assert!(same(&segment(k), &song.get(k).unwrap()));
                }
            }
        }
        assert!(song.finish(META).unwrap() && song.is_complete(), "round {round}");
    }
    assert!(lost > 0, "none of the damage was in a stored segment");
}
