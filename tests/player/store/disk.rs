//! Disks that are full or may not be written.

use std::path::PathBuf;
use std::process::Command;

use rustix::thread::CapabilitySet;

use super::*;
use crate::support::skip::{Missing, skipped};
use croon::song_settings::Change;
use croon::store::StoreError;

/// A small file system of its own; needs the right to mount.
struct Mount(PathBuf);

impl Mount {
    #[track_caller]
    fn new(at: PathBuf, options: &str) -> Option<Self> {
        let rights = rustix::thread::capabilities(None).unwrap().effective;
        if !rights.contains(CapabilitySet::SYS_ADMIN) {
            skipped(Missing::MountRights, "a small disk can be mounted only by root");
            return None;
        }
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&at)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "{said}");
        Some(Self(at))
    }

    /// Refused while a file is open for writing, which a closed database's are for a moment.
    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let begun = std::time::Instant::now();
        loop {
            let done = Command::new("mount")
                .args(["-o", &options])
                .arg(&self.0)
                .output()
                .unwrap();
            if done.status.success() {
                return;
            }
            assert!(
                begun.elapsed().as_secs() < 60,
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Incompressible, so that it fills a disk.
fn noise(seed: u32) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed.into());
    (0..croon::store::SEGMENT_SAMPLES)
        .map(|_| 0.9 * (random.f32() * 2.0 - 1.0))
        .collect()
}

#[test]
fn a_full_disk_refuses_new_vocals_and_keeps_the_old() {
    let home = tempfile::tempdir().unwrap();
    let Some(_disk) = Mount::new(home.path().join("cache"), "size=24m") else {
        return;
    };
    let store = open(home.path());
    let song = store.song(MODEL, track(1)).unwrap();
    let mut stored = 0;
    let refused = loop {
        match song.put(stored, &noise(stored), &peaks(0)) {
            Ok(()) => stored += 1,
            Err(refused) => break refused,
        }
        assert!(stored < 40, "24 MB cannot hold that many");
    };
    assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
    assert!(refused.to_string().contains("Free some space"));
    assert!(stored > 2, "{stored}");
    for k in 0..stored {
        assert!(same(&noise(k), &song.get(k).unwrap()), "segment {k}");
    }
    let new = store.song(MODEL, track(2)).unwrap_err();
    assert!(matches!(new, StoreError::Full { .. }), "{new:?}");
    // Everything else goes on, and freed space is used.
    store.pin(track(1), true).unwrap();
    drop(song);
    assert_eq!(store.clear(true).unwrap().songs, 1);
    store
        .song(MODEL, track(2))
        .unwrap()
        .put(0, &noise(0), &peaks(0))
        .unwrap();
}

/// Even where another program takes the last byte between our look and our write.
#[test]
fn a_disk_that_fills_up_during_a_write_breaks_only_that_song() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Mount::new(home.path().join("cache"), "size=24m") else {
        return;
    };
    let store = open(home.path());
    let song = store.song(MODEL, track(1)).unwrap();
    song.put(0, &noise(0), &peaks(0)).unwrap();
    // A quota of inodes and blocks nobody can see coming: free space is said to be there.
    let hog = disk.0.join("hog");
    let mut stored = 1;
    let refused = loop {
        let free = rustix_free(&disk.0);
        if free > (9 << 20) {
            let more = vec![1_u8; (free - (8 << 20) - (300 << 10)).min(1 << 20) as usize];
            let mut file = std::fs::File::options()
                .append(true)
                .create(true)
                .open(&hog)
                .unwrap();
            std::io::Write::write_all(&mut file, &more).unwrap();
        }
        match song.put(stored, &noise(stored), &peaks(0)) {
            Ok(()) => stored += 1,
            Err(refused) => break refused,
        }
    };
    assert!(refused.is_of_the_disk(), "{refused:?}");
    for k in 0..stored {
        assert!(same(&noise(k), &song.get(k).unwrap()), "segment {k}");
    }
    std::fs::remove_file(hog).unwrap();
    drop(song);
    let song = store.song(MODEL, track(1)).unwrap();
    song.put(stored, &noise(stored), &peaks(0)).unwrap();
    assert!(same(&noise(0), &song.get(0).unwrap()));
}

const CHILD: &str = "CROON_TEST_SHORT_FILES";

/// Not a test of its own: the child of the one below, a process whose files may not grow.
#[test]
#[ignore = "the child of the test below"]
fn child() {
    let Some(home) = std::env::var_os(CHILD) else {
        return;
    };
    // Without a handler the signal ends the process before the write can fail.
    let flag = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    signal_hook::flag::register(25, flag).unwrap();
    let limit = rustix::process::Rlimit {
        current: Some(12 << 20),
        maximum: None,
    };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    let store = open(Path::new(&home));
    let song = store.song(MODEL, track(1)).unwrap();
    let mut stored = 0;
    let refused = loop {
        match song.put(stored, &noise(stored), &peaks(0)) {
            Ok(()) => stored += 1,
            Err(refused) => break refused,
        }
        assert!(stored < 40);
    };
    assert!(refused.is_of_the_disk(), "{refused:?}");
    assert!(song.put(stored, &noise(stored), &peaks(0)).is_err());
    // Other songs go on.
    store
        .song(MODEL, track(2))
        .unwrap()
        .put(0, &segment(2), &peaks(2))
        .unwrap();
    println!("\nstored {stored}");
}

/// A write inside the database fails, as where another program takes the last byte after we looked.
#[test]
fn a_write_that_fails_inside_loses_nothing_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let done = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::disk::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let stored: u32 = said
        .lines()
        .find_map(|line| line.strip_prefix("stored "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(stored > 2);
    let store = open(home.path());
    let song = store.song(MODEL, track(1)).unwrap();
    for k in 0..stored {
        assert!(same(&noise(k), &song.get(k).unwrap()), "segment {k} of {stored}");
    }
    assert!(!song.has(stored));
    song.put(stored, &noise(stored), &peaks(0)).unwrap();
    assert!(same(
        &segment(2),
        &store.song(MODEL, track(2)).unwrap().get(0).unwrap()
    ));
}

fn rustix_free(at: &Path) -> u64 {
    let disk = rustix::fs::statvfs(at).unwrap();
    disk.f_bavail * disk.f_frsize
}

#[test]
fn a_cache_that_may_not_be_written_leaves_the_rest_working() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Mount::new(home.path().join("cache"), "size=24m") else {
        return;
    };
    {
        let store = open(home.path());
        store
            .song(MODEL, track(1))
            .unwrap()
            .put(0, &segment(1), &peaks(1))
            .unwrap();
        disk.remount("ro");
        let refused = store.song(MODEL, track(2)).unwrap_err();
        assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
        assert!(refused.to_string().contains("Make the folder writable"));
        store.remember_song(track(1), None, &[Change::Level(30)]).unwrap();
    }
    let store = open(home.path());
    assert!(store.song(MODEL, track(1)).is_err());
    assert_eq!(store.stats().songs, 1);
    assert_eq!(store.prune().unwrap().songs, 0);
    disk.remount("rw");
    assert!(same(
        &segment(1),
        &store.song(MODEL, track(1)).unwrap().get(0).unwrap()
    ));
}

#[test]
fn a_state_folder_that_may_not_be_written_costs_only_the_memory_of_it() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Mount::new(home.path().join("state"), "size=16m") else {
        return;
    };
    disk.remount("ro");
    let refused = StemStore::open(&paths(home.path()), NO_CAP).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    let (store, reason) = StemStore::open_or_volatile(&paths(home.path()), NO_CAP).unwrap();
    assert!(reason.unwrap().is_of_the_disk());
    let song = store.song(MODEL, track(1)).unwrap();
    song.put(0, &segment(1), &peaks(1)).unwrap();
    store.save_state("volume", &0.5_f32).unwrap();
    assert_eq!(store.state::<f32>("volume"), Some(0.5));
}

#[test]
fn a_file_where_the_folder_should_be_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("cache"), "in the way").unwrap();
    let store = open(home.path());
    let refused = store.song(MODEL, track(1)).unwrap_err();
    assert!(refused.to_string().contains("cache"), "{refused}");
    assert!(refused.is_of_the_disk());
}
