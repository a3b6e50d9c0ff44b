//! What croon remembers besides vocals.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::*;
use croon::key_tempo::KeyTempo;
use croon::song_settings::{Change, SongSettings};
use croon::track::{FileStamp, Tags, Track};

pub fn known(n: usize) -> Track {
    Track {
        path: PathBuf::from(format!("/music/album {}/{n:04} song.flac", n / 12)),
        stamp: FileStamp {
            size: n as u64,
            modified_ns: -5,
        },
        id: n.is_multiple_of(2).then(|| track(n as u8)),
        tags: Tags {
            title: Some(format!("Söng {n}")),
            track_no: Some(n as u32),
            ..Tags::default()
        },
        duration: Some(n as f64 + 0.25),
        rate: 44_100,
        channels: 2,
    }
}

#[test]
fn tracks_come_back_and_can_be_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let mut tracks: Vec<Track> = (0..1200).map(known).collect();
    // No text, but a name that Linux allows.
    tracks.push(Track {
        path: OsStr::from_bytes(b"/music/\xff\xfe \xc3.mp3").into(),
        ..known(7)
    });
    tracks.sort_by(|a, b| a.path.cmp(&b.path));
    open(home.path()).remember_many(&tracks).unwrap();
    let store = open(home.path());
    let mut back = store.tracks().unwrap();
    back.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(back, tracks);
    store
        .forget_many(tracks[..1200].iter().map(|track| track.path.as_path()))
        .unwrap();
    store.forget(Path::new("/never/known")).unwrap();
    assert_eq!(store.tracks().unwrap(), tracks[1200..]);
    let renamed = Track {
        id: Some(track(3)),
        ..tracks[1200].clone()
    };
    store.remember(&renamed).unwrap();
    assert_eq!(store.tracks().unwrap(), [renamed]);
}

#[test]
fn memory_pins_and_state_last() {
    let home = tempfile::tempdir().unwrap();
    let changes = [
        Change::Level(35),
        Change::KeyTempo(KeyTempo::new(-2, 90)),
        Change::LyricsOffset(150),
        Change::Loop(Some((12.5, 20.0))),
    ];
    {
        let store = open(home.path());
        assert_eq!(store.song_settings(track(1)), SongSettings::default());
        store.remember_song(track(1), None, &changes).unwrap();
        store
            .remember_song(track(1), Some("Ana"), &[Change::Level(5)])
            .unwrap();
        store.sung(track(1)).unwrap();
        store.sung(track(1)).unwrap();
        store.pin(track(1), true).unwrap();
        store.save_state("screen", &"jobs").unwrap();
        assert_eq!(
            store.state::<u32>("screen"),
            None,
            "a state of another shape counts as none"
        );
    }
    let store = open(home.path());
    let memory = store.song_settings(track(1));
    assert!(memory.pinned && memory.plays == 2 && memory.last_sung > 1_600_000_000);
    assert_eq!(
        (memory.level(None), memory.level(Some("ana"))),
        (Some(35), Some(5))
    );
    assert_eq!(memory.key_tempo(Some("Ben")), KeyTempo::new(-2, 90));
    assert_eq!(memory.lyrics_offset_ms, 150);
    assert_eq!(memory.loop_seconds, Some((12.5, 20.0)));
    assert_eq!(store.state::<String>("screen").as_deref(), Some("jobs"));
}

/// Writes into the catalogue as a croon of another age would.
fn with_tree(home: &Path, name: &str, work: impl FnOnce(&sled::Tree)) {
    let folder = home.join("state/catalogue");
    // A database just closed gives its lock back a moment later.
    let begun = std::time::Instant::now();
    let database = loop {
        match sled::open(&folder) {
            Ok(database) => break database,
            Err(e) => assert!(begun.elapsed().as_secs() < 10, "{e}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    work(&database.open_tree(name).unwrap());
    database.flush().unwrap();
}

#[test]
fn what_an_older_croon_kept_is_taken_over_once_and_unreadable_records_stay() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()));
    with_tree(home.path(), "settings", |tree| {
        let chosen: &[u8] = br#"{"vocal_level":0.35,"lyrics_offset":null,"key":-2.0,"tempo":0.9}"#;
        tree.insert(track(1).0, chosen).unwrap();
        tree.insert(track(3).0, &b"\xff not json"[..]).unwrap();
    });
    with_tree(home.path(), "uses", |tree| {
        let used: &[u8] = br#"{"last_sung":1700000000,"times_sung":4,"pinned":true}"#;
        tree.insert(track(1).0, used).unwrap();
        tree.insert(track(2).0, used).unwrap();
    });
    for _ in 0..2 {
        let store = open(home.path());
        let both = store.song_settings(track(1));
        assert_eq!(both.level(None), Some(35));
        assert_eq!(both.key_tempo(None), KeyTempo::new(-2, 90));
        assert!(both.pinned && both.plays == 4 && both.last_sung == 1_700_000_000);
        assert!(store.song_settings(track(2)).pinned);
        assert_eq!(store.song_settings(track(3)), SongSettings::default());
    }
    // What was changed since is not written over by the old record, should it still be there.
    open(home.path())
        .remember_song(track(1), None, &[Change::Level(10)])
        .unwrap();
    with_tree(home.path(), "settings", |tree| {
        assert_eq!(tree.len(), 1, "the unreadable one alone");
        tree.insert(track(1).0, &br#"{"vocal_level":0.35}"#[..]).unwrap();
    });
    assert_eq!(open(home.path()).song_settings(track(1)).level(None), Some(10));
}

#[test]
fn a_newer_croons_memory_is_used_and_kept() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path()));
    with_tree(home.path(), "memory", |tree| {
        let newer: &[u8] = br#"{"version":9,"level":40,"mood":{"blue":true},"plays":2}"#;
        tree.insert(track(1).0, newer).unwrap();
        tree.insert(track(2).0, &b"CBOR or whatever comes"[..]).unwrap();
    });
    {
        let store = open(home.path());
        assert_eq!(store.song_settings(track(1)).level(None), Some(40));
        for song in [1, 2] {
            store
                .remember_song(track(song), None, &[Change::Level(15)])
                .unwrap();
            assert_eq!(store.song_settings(track(song)).level(None), Some(15));
        }
    }
    with_tree(home.path(), "memory", |tree| {
        let kept = tree.get(track(1).0).unwrap().unwrap();
        let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
        let expected = serde_json::json!({"version":9,"level":15,"mood":{"blue":true},"plays":2});
        assert_eq!(kept, expected);
    });
    with_tree(home.path(), "memory-unread", |tree| {
        let aside = tree.get(track(2).0).unwrap().unwrap();
        assert_eq!(&aside[..], b"CBOR or whatever comes");
    });
}

#[test]
fn a_damaged_catalogue_is_put_aside_and_songs_are_found_again() {
    let home = tempfile::tempdir().unwrap();
    {
        let store = open(home.path());
        let song = store.song(MODEL, track(1)).unwrap();
        song.put(0, &segment(1), &peaks(1)).unwrap();
        song.finish(croon::store::SongMeta {
            frames: 9,
            rate: 44_100,
            segments: 1,
        })
        .unwrap();
        store.remember(&known(1)).unwrap();
    }
    // A settings file of sled that names another segment size is refused as a whole.
    let conf = home.path().join("state/catalogue/conf");
    std::fs::write(
        &conf,
        b"segment_size: 1024\nuse_compression: false\nversion: 0.34\nvNextCrcX",
    )
    .unwrap();
    let store = open(home.path());
    assert!(store.tracks().unwrap().is_empty());
    assert!(
        std::fs::read_dir(home.path().join("state"))
            .unwrap()
            .flatten()
            .any(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with("catalogue.damaged-")
            })
    );
    assert!(store.song(MODEL, track(1)).unwrap().is_complete());
    assert!(store.complete(MODEL).contains(&track(1)), "noted again");
}

/// Flips one byte somewhere in the catalogue: it opens, and what it still tells is true.
#[test]
fn damage_anywhere_in_the_catalogue_invents_nothing() {
    let home = tempfile::tempdir().unwrap();
    let tracks: Vec<Track> = (0..60).map(known).collect();
    for n in 0..3 {
        open(home.path())
            .remember_many(&tracks[n * 20..n * 20 + 20])
            .unwrap();
    }
    let folder = home.path().join("state/catalogue");
    let whole: Vec<_> = files(&folder)
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    let rounds = std::env::var("CROON_FUZZ")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(30);
    let mut random = fastrand::Rng::with_seed(99);
    let mut lost = 0;
    for round in 0..rounds {
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir_all(folder.join("blobs")).unwrap();
        for (nth, (path, bytes)) in whole.iter().enumerate() {
            let mut bytes = bytes.clone();
            // What was never written holds nothing to damage.
            let used = bytes.iter().rposition(|&byte| byte != 0).unwrap_or(0) + 1;
            if nth == round % whole.len() && !bytes.is_empty() {
                let at = random.usize(..used);
                bytes[at] ^= 1 << (round % 8);
            }
            std::fs::write(path, bytes).unwrap();
        }
        let store = open(home.path());
        let back = store.tracks().unwrap();
        lost += tracks.len() - back.len();
        assert!(back.iter().all(|track| tracks.contains(track)), "round {round}");
        store.remember(&tracks[5]).unwrap();
        assert!(store.tracks().unwrap().contains(&tracks[5]));
    }
    println!("{lost} tracks lost in {rounds} rounds");
}
