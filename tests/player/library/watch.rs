//! What happens to files and folders while they are watched.

use super::*;

#[test]
fn a_slow_copy_is_found_once_and_whole() {
    let (_dir, root) = folder();
    let mut listener = Listener::watching(&root);
    let (path, bytes) = (root.join("slow.wav"), song_bytes(8000));
    let mut file = File::create(&path).unwrap();
    for piece in bytes.chunks(bytes.len() / 12 + 1) {
        file.write_all(piece).unwrap();
        // the copy's own pace, not a wait for the library
        std::thread::sleep(Duration::from_millis(130));
    }
    drop(file);
    listener.until("the copy", |l| l.has(&path));
    listener.after_all_that(&root);
    assert_eq!(listener.found[&path], 1);
    let track = &listener.songs[&path];
    assert_eq!(
        (track.stamp.size, track.duration),
        (bytes.len() as u64, Some(1.0))
    );
}

#[test]
fn a_download_renamed_into_place_is_found_under_its_name() {
    let (_dir, root) = folder();
    let mut listener = Listener::watching(&root);
    fs::write(root.join("x.wav.part"), song_bytes(4000)).unwrap();
    fs::write(root.join(".y.wav.Ab3"), song_bytes(4000)).unwrap();
    fs::rename(root.join("x.wav.part"), root.join("x.wav")).unwrap();
    fs::rename(root.join(".y.wav.Ab3"), root.join("y.wav")).unwrap();
    listener.until("both", |l| {
        l.has(&root.join("x.wav")) && l.has(&root.join("y.wav"))
    });
    assert_eq!(listener.songs.len(), 2);
    assert_eq!(listener.moves(), [], "the unfinished names were never told");
}

#[test]
fn rename_change_move_out_and_delete_are_told() {
    let (dir, root) = folder();
    let [a, b, c, d] = ["a.wav", "b.wav", "c.wav", "d.wav"].map(|name| root.join(name));
    for song in [&a, &b, &c] {
        old_song(song);
    }
    let mut listener = Listener::watching(&root);

    fs::rename(&a, &d).unwrap();
    listener.until("the rename", |l| l.has(&d) && !l.has(&a));
    assert_eq!(listener.moves(), [(a.clone(), d.clone())]);
    assert_eq!(listener.found.get(&d), None, "a rename is no new song");

    fs::rename(&b, dir.path().join("b.wav")).unwrap();
    fs::remove_file(&c).unwrap();
    listener.until("both to go", |l| !l.has(&b) && !l.has(&c));

    fs::write(&d, song_bytes(77)).unwrap();
    listener.until("the change", |l| l.has_size(&d, size(77)));
    fs::rename(&d, root.join("d.bak")).unwrap();
    listener.until("the last to go", |l| l.songs.is_empty());
}

#[test]
fn saving_by_replacing_changes_a_song() {
    let (_dir, root) = folder();
    let song = root.join("a.wav");
    old_song(&song);
    let mut listener = Listener::watching(&root);
    // as taggers do it: a new file renamed over the old one
    let new = root.join("a.wav.tmp");
    fs::write(&new, song_bytes(99)).unwrap();
    fs::rename(&new, &song).unwrap();
    listener.until("the new content", |l| l.has_size(&song, size(99)));
    // and as some do it: removed and written anew
    fs::remove_file(&song).unwrap();
    fs::write(&song, song_bytes(55)).unwrap();
    listener.until("the newer content", |l| l.has_size(&song, size(55)));
    // one song renamed over another
    let other = root.join("b.wav");
    fs::write(&other, song_bytes(44)).unwrap();
    listener.until("the other", |l| l.has(&other));
    fs::rename(&other, &song).unwrap();
    listener.until("one song", |l| l.has_size(&song, size(44)) && !l.has(&other));
}

#[test]
fn folders_come_move_and_go_with_their_songs() {
    let (dir, root) = folder();
    old_song(&root.join("album/cd1/1.wav"));
    old_song(&root.join("album/2.wav"));
    old_song(&root.join("albums.wav"));
    let mut listener = Listener::watching(&root);

    fs::rename(root.join("album"), root.join("renamed")).unwrap();
    let moved = [root.join("renamed/cd1/1.wav"), root.join("renamed/2.wav")];
    listener.until("the folder's new name", |l| moved.iter().all(|path| l.has(path)));
    assert_eq!(listener.moves().len(), 2);

    // the renamed folder is still watched, down to the deepest
    listener.after_all_that(&root);
    fs::write(root.join("renamed/cd1/new.wav"), song_bytes(500)).unwrap();
    listener.until("a song in it", |l| l.has(&root.join("renamed/cd1/new.wav")));

    // made here piece by piece, and moved in whole
    fs::create_dir_all(root.join("made/deep/er")).unwrap();
    fs::write(root.join("made/deep/er/m.wav"), song_bytes(500)).unwrap();
    let outside = dir.path().join("outside");
    old_song(&outside.join("sub/o.wav"));
    fs::rename(&outside, root.join("came")).unwrap();
    listener.until("both folders", |l| {
        l.has(&root.join("made/deep/er/m.wav")) && l.has(&root.join("came/sub/o.wav"))
    });

    fs::remove_dir_all(root.join("renamed")).unwrap();
    fs::rename(root.join("came"), dir.path().join("away")).unwrap();
    fs::rename(root.join("made"), root.join(".made")).unwrap();
    listener.until("them to go", |l| l.songs.len() == 1);
    assert!(listener.has(&root.join("albums.wav")), "a namesake stays");
}

#[test]
fn a_root_may_vanish_and_come_back() {
    let (_dir, root) = folder();
    old_song(&root.join("sub/a.wav"));
    let mut listener = Listener::watching(&root);
    fs::remove_dir_all(&root).unwrap();
    listener.until("the news", |l| l.songs.is_empty() && !l.troubles().is_empty());
    let (path, reason) = listener.troubles().remove(0);
    assert_eq!(path, root);
    assert!(reason.contains("mount or restore"), "{reason}");

    old_song(&root.join("sub/b.wav"));
    listener.until("its return", |l| l.has(&root.join("sub/b.wav")) && l.scans() == 2);
    fs::write(root.join("sub/c.wav"), song_bytes(500)).unwrap();
    listener.until("watching again", |l| l.has(&root.join("sub/c.wav")));
    assert_eq!(listener.troubles().len(), 1, "told once");
}

#[test]
fn a_root_missing_from_the_start_is_told_and_waited_for() {
    let (_dir, root) = folder();
    old_song(&root.join("one.wav"));
    let one = scan_once(&[root.join("one.wav")], &[], |_| ()).tracks.remove(0);
    let missing = root.join("not/yet");
    let was = Track {
        path: missing.join("was.wav"),
        ..one
    };
    let known = HashMap::from([(was.path.clone(), was)]);
    let mut listener = Listener::scanned(LibrarySetup {
        known,
        ..setup(&missing)
    });
    assert_eq!(listener.troubles().len(), 1);
    assert!(listener.songs.is_empty(), "what can't be reached is not offered");
    old_song(&missing.join("now.wav"));
    listener.until("the song", |l| l.has(&missing.join("now.wav")));
}

#[test]
fn polling_sees_the_same_changes() {
    let (_dir, root) = folder();
    old_song(&root.join("a.wav"));
    old_song(&root.join("b/b.wav"));
    let mut listener = Listener::scanned(LibrarySetup {
        watch: WatchMode::Poll,
        poll_seconds: 1,
        ..setup(&root)
    });
    let polled = |event: &LibraryEvent| {
        matches!(
            event,
            LibraryEvent::Watching {
                how: WatchedBy::Poll { .. },
                ..
            }
        )
    };
    assert!(listener.log.iter().any(polled));
    fs::write(root.join("c.wav"), song_bytes(500)).unwrap();
    fs::remove_file(root.join("a.wav")).unwrap();
    fs::rename(root.join("b"), root.join("d")).unwrap();
    let moved = root.join("d/b.wav");
    listener.until("all of it", |l| {
        l.has(&root.join("c.wav")) && l.has(&moved) && l.songs.len() == 2
    });
    // a copy that keeps its old times is a change all the same
    fs::write(&moved, song_bytes(33)).unwrap();
    age(&moved);
    listener.until("the change", |l| l.has_size(&moved, size(33)));
}

/// The songs below a folder and their sizes, as the disk has them.
fn on_disk(root: &Path) -> BTreeMap<PathBuf, u64> {
    let tracks = scan_once(&[root.to_owned()], &[], |_| ()).tracks;
    tracks
        .into_iter()
        .map(|track| (track.path, track.stamp.size))
        .collect()
}

#[test]
fn whatever_happens_the_listener_ends_with_what_is_on_disk() {
    for seed in 1..=3_u64 {
        let (dir, root) = folder();
        let aside = dir.path().join("aside");
        fs::create_dir(&aside).unwrap();
        let mut listener = Listener::watching(&root);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pick = |of: usize| random.usize(..of);
        let folders = ["", "a", "b", "a/c", ".hid", "a/c/d"];
        for _ in 0..150 {
            let folder = root.join(folders[pick(folders.len())]);
            let other = root.join(folders[pick(folders.len())]);
            let (song, twin) = (format!("{}.wav", pick(4)), format!("{}.wav", pick(4)));
            // many of these fail, as when a folder is moved into itself: that is part of life
            let _ = match pick(10) {
                0..=3 => fs::create_dir_all(&folder)
                    .and_then(|()| fs::write(folder.join(song), song_bytes(pick(9) as u32))),
                4 => fs::remove_file(folder.join(song)),
                5 | 6 => fs::rename(folder.join(song), other.join(twin)),
                7 if folder != root => fs::rename(&folder, &other),
                8 if folder != root => {
                    fs::rename(&folder, aside.join("x")).or_else(|_| fs::rename(aside.join("x"), &folder))
                }
                _ if folder != root && pick(3) == 0 => fs::remove_dir_all(&folder),
                _ => Ok(()),
            };
        }
        let same = |l: &Listener| {
            let told: BTreeMap<_, _> = l
                .songs
                .iter()
                .map(|(path, track)| (path.clone(), track.stamp.size))
                .collect();
            told == on_disk(&root)
        };
        listener.until("the disk's state", same);
        listener.after_all_that(&root);
        assert!(
            same(&listener),
            "seed {seed}: it did not last: {:#?}",
            listener.log
        );
    }
}
