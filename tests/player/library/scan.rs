//! What a scan finds, and what it leaves.

use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::*;

#[test]
fn a_scan_finds_nested_songs_and_nothing_else() {
    let (_dir, root) = folder();
    for song in [
        "a.wav",
        "rock/b.WAV",
        "rock/deep/er/c.wav",
        "out/d.wav",
        "x.demo.wav",
        ".hidden/e.wav",
        "._f.wav",
    ] {
        old_song(&root.join(song));
    }
    fs::write(root.join("notes.txt"), "no song").unwrap();
    fs::create_dir(root.join("folder.mp3")).unwrap();
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(
        CWD,
        root.join("pipe.mp3"),
        FileType::Fifo,
        Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let listener = Listener::scanned(LibrarySetup {
        roots: vec![root.clone(), root.join("rock")],
        exclude: vec!["out".into(), "*.demo.wav".into()],
        ..LibrarySetup::default()
    });
    let names: Vec<_> = listener
        .songs
        .keys()
        .map(|path| path.strip_prefix(&root).unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        ["a.wav", "rock/b.WAV", "rock/deep/er/c.wav"].map(PathBuf::from)
    );
    assert!(
        listener.found.values().all(|&times| times == 1),
        "a root inside a root tells nothing twice"
    );
    assert!(matches!(
        listener.log.last(),
        Some(LibraryEvent::ScanDone { files: 3, .. })
    ));
    let track = &listener.songs[&root.join("a.wav")];
    assert_eq!(
        (track.rate, track.channels, track.duration, track.id),
        (8000, 2, Some(0.5), None)
    );
    assert_eq!(track.title(), "a");
}

#[test]
fn known_tracks_are_not_read_again_unless_they_changed() {
    let (_dir, root) = folder();
    let paths = ["same.wav", "changed.wav", "deleted.wav"].map(|name| root.join(name));
    paths.iter().for_each(|path| old_song(path));
    let mut known = HashMap::new();
    for mut track in scan_once(std::slice::from_ref(&root), &[], |_| ()).tracks {
        track.tags.title = Some("from the catalogue".into());
        known.insert(track.path.clone(), track);
    }
    assert_eq!(known.len(), 3);
    let elsewhere = PathBuf::from("/nowhere/else.mp3");
    known.insert(
        elsewhere.clone(),
        Track {
            path: elsewhere,
            ..known[&paths[0]].clone()
        },
    );
    fs::write(&paths[1], song_bytes(100)).unwrap();
    age(&paths[1]);
    fs::remove_file(&paths[2]).unwrap();

    let listener = Listener::scanned(LibrarySetup {
        known,
        ..setup(&root)
    });
    assert_eq!(listener.songs[&paths[0]].title(), "from the catalogue");
    assert_eq!(listener.songs[&paths[1]].title(), "changed");
    assert!(!listener.has(&paths[2]));
    assert_eq!(
        listener.songs.len(),
        3,
        "a track outside the roots is nobody's business here"
    );
}

#[test]
fn link_loops_end_and_links_to_elsewhere_are_followed_once() {
    let (dir, root) = folder();
    old_song(&root.join("a/one.wav"));
    let outside = dir.path().canonicalize().unwrap().join("outside");
    old_song(&outside.join("two.wav"));
    symlink(&root, root.join("a/loop")).unwrap();
    symlink(".", root.join("self")).unwrap();
    symlink(&outside, root.join("link1")).unwrap();
    symlink(&outside, root.join("link2")).unwrap();
    symlink(&root, outside.join("back")).unwrap();
    symlink(root.join("a/one.wav"), root.join("again.wav")).unwrap();
    symlink("nowhere", root.join("broken.wav")).unwrap();
    // folders that all link to each other: a walk that follows every way would never end
    for (n, m) in (0..12).flat_map(|n| (0..12).map(move |m| (n, m))) {
        for place in [&root, &outside] {
            fs::create_dir_all(place.join(format!("web{n}"))).unwrap();
            symlink(place.join(format!("web{m}")), place.join(format!("web{n}/to{m}"))).unwrap();
        }
    }
    let listener = Listener::watching(&root);
    assert_eq!(listener.songs.len(), 2, "{:?}", listener.songs.keys());
    assert!(listener.has(&root.join("a/one.wav")));
    assert!(listener.has(&root.join("link1/two.wav")) || listener.has(&root.join("link2/two.wav")));
    assert_eq!(listener.troubles(), []);
}

#[test]
fn unwatched_folders_are_seen_by_a_rescan() {
    let (_dir, root) = folder();
    let mut listener = Listener::scanned(LibrarySetup {
        watch: WatchMode::Never,
        ..setup(&root)
    });
    old_song(&root.join("a.wav"));
    listener.library.rescan();
    listener.until("the second scan", |l| l.scans() == 2);
    assert!(listener.has(&root.join("a.wav")));
}

/// Takes root's right to read everything from this thread and those it starts, until dropped.
struct Unprivileged(CapabilitySets);

impl Unprivileged {
    fn new() -> Self {
        let before = thread::capabilities(None).unwrap();
        let mut sets = before;
        sets.effective
            .remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
        thread::set_capabilities(None, sets).unwrap();
        Self(before)
    }
}

impl Drop for Unprivileged {
    fn drop(&mut self) {
        thread::set_capabilities(None, self.0).unwrap();
    }
}

#[test]
fn an_unreadable_folder_is_told_and_the_rest_is_found() {
    let _unprivileged = Unprivileged::new();
    let (_dir, root) = folder();
    old_song(&root.join("a/open.wav"));
    old_song(&root.join("closed/hidden.wav"));
    let closed = root.join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let mut listener = Listener::watching(&root);
    assert!(listener.has(&root.join("a/open.wav")));
    let troubles = listener.troubles();
    assert_eq!(troubles.len(), 1);
    assert!(
        troubles[0].0 == closed && troubles[0].1.contains("permissions"),
        "{troubles:?}"
    );
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    listener.until("it to open", |l| l.has(&closed.join("hidden.wav")));
}

#[test]
fn a_name_that_is_no_utf8_works() {
    let (_dir, root) = folder();
    let name = root.join(OsStr::from_bytes(b"caf\xe9 \xff.wav"));
    old_song(&name);
    let mut listener = Listener::watching(&root);
    assert_eq!(listener.songs[&name].title(), "caf\u{fffd} \u{fffd}");
    let moved = root.join(OsStr::from_bytes(b"\xfe.wav"));
    fs::rename(&name, &moved).unwrap();
    listener.until("the rename", |l| l.has(&moved));
}

#[test]
fn a_single_file_may_be_a_root() {
    let (_dir, root) = folder();
    let song = root.join("one.sound");
    old_song(&song);
    old_song(&root.join("other.wav"));
    let mut listener = Listener::watching(&song);
    assert_eq!(listener.songs.keys().collect::<Vec<_>>(), [&song]);
    fs::write(&song, song_bytes(66)).unwrap();
    listener.until("its change", |l| l.has_size(&song, size(66)));
}

#[test]
fn a_large_scan_tells_early_and_stops_when_dropped() {
    let (_dir, root) = folder();
    let bytes = song_bytes(10);
    for n in 0..2000 {
        let path = root.join(format!("{}/{n}.wav", n % 20));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &bytes).unwrap();
        age(&path);
    }
    let mut listener = Listener::start(setup(&root));
    listener.until("the first songs", |l| !l.songs.is_empty());
    assert!(listener.songs.len() <= 200, "the first batch is small");
    assert_eq!(listener.scans(), 0, "and comes before the end");
    listener.until("the scan", |l| l.scans() == 1);
    assert_eq!(listener.songs.len(), 2000);
    let Listener { library, events, .. } = listener;
    drop(library);
    while events.try_recv().is_ok() {}
    // the sender lives in the library's thread: it is gone once the thread is
    assert_eq!(
        events.try_recv(),
        Err(TryRecvError::Disconnected),
        "nothing is told after the end"
    );
}
