//! The library on real folders: scanning, and watching what happens to them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support {
    pub mod media;
}

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime};

use croon::audio::loudness::TagGain;
use croon::audio::write::{StemFormat, StemWriter};
use croon::library::{Library, LibraryEvent, LibrarySetup, WatchMode, WatchedBy, survey, tag_gain};
use croon::track::Track;
use lofty::config::WriteOptions;
use lofty::ogg::tag::VorbisComments;
use lofty::tag::{Accessor, ItemKey, Tag, TagExt, TagType};
use support::media;
use tempfile::TempDir;

/// Patience, not speed: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(40);

/// A short tone as WAV.
fn song_bytes(frames: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..frames * 2 {
        writer
            .write_sample(((f64::from(n / 2) * 0.3).sin() * 9000.0) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn size(frames: u32) -> u64 {
    song_bytes(frames).len() as u64
}

/// A song that has lain there for a while.
fn old_song(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, song_bytes(4000)).unwrap();
    age(path);
}

fn age(path: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
}

fn folder() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("music");
    fs::create_dir(&root).unwrap();
    (dir, root)
}

fn setup(root: &Path) -> LibrarySetup {
    LibrarySetup {
        roots: vec![root.to_owned()],
        ..LibrarySetup::default()
    }
}

/// A running library and what the listener knows from its events alone.
struct Listener {
    events: Receiver<LibraryEvent>,
    songs: BTreeMap<PathBuf, Track>,
    found: HashMap<PathBuf, usize>,
    log: Vec<LibraryEvent>,
    marks: usize,
    library: Library,
}

impl Listener {
    /// Begins with the known tracks, as the program does.
    fn start(setup: LibrarySetup) -> Self {
        let (sender, events) = channel();
        let songs = setup.known.clone().into_iter().collect();
        let library = Library::start(setup, move |event| drop(sender.send(event)));
        Self {
            events,
            songs,
            found: HashMap::new(),
            log: Vec::new(),
            marks: 0,
            library,
        }
    }

    fn scanned(setup: LibrarySetup) -> Self {
        let mut listener = Self::start(setup);
        listener.until("the scan", |l| l.scans() == 1);
        listener
    }

    /// Scanned and watching.
    fn watching(root: &Path) -> Self {
        let listener = Self::scanned(setup(root));
        let watching = LibraryEvent::Watching {
            root: root.to_owned(),
            how: WatchedBy::Inotify,
        };
        assert!(listener.log.contains(&watching), "{:?}", listener.log);
        listener
    }

    fn hear(&mut self, event: LibraryEvent) {
        match &event {
            LibraryEvent::Found(tracks) => {
                for track in tracks {
                    *self.found.entry(track.path.clone()).or_default() += 1;
                    self.songs.insert(track.path.clone(), track.clone());
                }
            }
            LibraryEvent::Gone(paths) => {
                for path in paths {
                    assert!(
                        self.songs.remove(path).is_some(),
                        "{path:?} was never there: {:?}",
                        self.log
                    );
                }
            }
            LibraryEvent::Moved { from, to } => {
                let mut track = self
                    .songs
                    .remove(from)
                    .unwrap_or_else(|| panic!("{from:?} was never there"));
                track.path = to.clone();
                self.songs.insert(to.clone(), track);
            }
            _ => {}
        }
        self.log.push(event);
    }

    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(event) => self.hear(event),
                Err(_) => panic!("waited in vain for {what}; heard {:#?}", self.log),
            }
        }
    }

    /// Until a file made now has come and gone: what happened before it has been worked through.
    fn after_all_that(&mut self, root: &Path) {
        self.marks += 1;
        let mark = root.join(format!("mark{}.wav", self.marks));
        fs::write(root.join("mark.tmp"), song_bytes(10)).unwrap();
        fs::rename(root.join("mark.tmp"), &mark).unwrap();
        self.until("the mark", |l| l.has(&mark));
        fs::remove_file(&mark).unwrap();
        self.until("the mark's end", |l| !l.has(&mark));
    }

    fn has(&self, path: &Path) -> bool {
        self.songs.contains_key(path)
    }

    fn has_size(&self, path: &Path, size: u64) -> bool {
        self.songs.get(path).is_some_and(|track| track.stamp.size == size)
    }

    fn scans(&self) -> usize {
        self.log
            .iter()
            .filter(|event| matches!(event, LibraryEvent::ScanDone { .. }))
            .count()
    }

    fn moves(&self) -> Vec<(PathBuf, PathBuf)> {
        let moved = |event: &LibraryEvent| match event {
            LibraryEvent::Moved { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        };
        self.log.iter().filter_map(moved).collect()
    }

    fn troubles(&self) -> Vec<(PathBuf, String)> {
        let trouble = |event: &LibraryEvent| match event {
            LibraryEvent::Trouble { path, reason } => Some((path.clone(), reason.clone())),
            _ => None,
        };
        self.log.iter().filter_map(trouble).collect()
    }
}

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
    for mut track in survey(std::slice::from_ref(&root), &[], |_| ()).tracks {
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
    let one = survey(&[root.join("one.wav")], &[], |_| ()).tracks.remove(0);
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

#[test]
fn an_unreadable_folder_is_told_and_the_rest_is_found() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may read every folder");
        return;
    }
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
fn tags_are_read_and_harmless() {
    let (_dir, root) = folder();
    let path = root.join("tagged.wav");
    old_song(&path);
    let mut tag = Tag::new(TagType::Id3v2);
    tag.set_title("\x1b]0;owned\x07Red\x1b[2J \u{202e}Bird".into());
    tag.set_artist("Ünïcode 歌手".into());
    tag.set_album("x".repeat(100_000));
    tag.set_track(7);
    tag.save_to_path(&path, WriteOptions::default()).unwrap();
    age(&path);
    let listener = Listener::watching(&root);
    let track = &listener.songs[&path];
    assert_eq!(track.tags.title.as_deref(), Some("]0;ownedRed[2J Bird"));
    assert_eq!(track.artist(), "Ünïcode 歌手");
    assert!(track.tags.album.as_ref().unwrap().len() < 1000);
    assert_eq!((track.tags.track_no, track.duration), (Some(7), Some(0.5)));
}

#[test]
fn broken_files_are_listed_all_the_same() {
    let (_dir, root) = folder();
    let whole = song_bytes(4000);
    let noise: Vec<u8> = (0u32..5000)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let with_noise = |start: &[u8]| [start, &noise].concat();
    let files = [
        ("empty.mp3", vec![]),
        ("text.mp3", b"this is no song\n".repeat(50)),
        ("cut.wav", whole[..30].to_vec()),
        ("noise.flac", with_noise(b"fLaC")),
        ("noise.m4a", with_noise(b"\0\0\0\x20ftypM4A ")),
        ("noise.ogg", with_noise(b"OggS\0\x02")),
        ("id3.mp3", with_noise(b"ID3\x04\0\0\x7f\x7f\x7f\x7f")),
        (
            "huge.wav",
            with_noise(b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"),
        ),
        ("form.aiff", with_noise(b"FORM\xff\xff\xff\xffAIFFCOMM")),
        ("webm.mka", with_noise(b"\x1a\x45\xdf\xa3")),
        ("whole.wav", whole),
    ];
    for (name, bytes) in &files {
        fs::write(root.join(name), bytes).unwrap();
        age(&root.join(name));
    }
    let listener = Listener::watching(&root);
    assert_eq!(listener.songs.len(), files.len());
    assert_eq!(listener.songs[&root.join("whole.wav")].rate, 8000);
    assert_eq!(listener.songs[&root.join("text.mp3")].title(), "text");
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

/// The songs below a folder and their sizes, as the disk has them.
fn on_disk(root: &Path) -> BTreeMap<PathBuf, u64> {
    let tracks = survey(&[root.to_owned()], &[], |_| ()).tracks;
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
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut pick = |of: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % of
        };
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

/// Gains in real files, in the tags that each format has for them.
#[test]
fn the_gain_is_read_from_the_tags_of_real_files() {
    let (_dir, root) = folder();
    let pcm = media::music(20_000, 44_100);
    let flac = root.join("a.flac");
    let mut writer = StemWriter::create(&flac, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    let wav = root.join("b.wav");
    media::wav(&wav, &pcm, 44_100, 16);
    let mp3 = root.join("c.mp3");
    fs::write(&mp3, [media::lame_head(40, 576, 1000), media::mp3(40)].concat()).unwrap();
    let m4a = root.join("d.m4a");
    let mut files = vec![
        (flac, TagType::VorbisComments),
        (wav, TagType::Id3v2),
        (mp3.clone(), TagType::Id3v2),
    ];
    if media::ffmpeg(&files[1].0, &["-c:a", "aac"], &m4a) {
        files.push((m4a, TagType::Mp4Ilst));
    }
    for (file, kind) in &files {
        assert_eq!(tag_gain(file), None, "{}", file.display());
        let mut tag = Tag::new(*kind);
        tag.set_title("Loud".into());
        tag.insert_text(ItemKey::ReplayGainTrackGain, "-7.30 dB".into());
        tag.insert_text(ItemKey::ReplayGainTrackPeak, "0.5".into());
        tag.save_to_path(file, WriteOptions::default()).unwrap();
        let gain = tag_gain(file).unwrap_or_else(|| panic!("no gain in {}", file.display()));
        assert_eq!(gain.db, -7.3, "{}", file.display());
        assert!((gain.peak.unwrap() + 6.02).abs() < 0.01, "{gain:?}");
        tag.insert_text(ItemKey::ReplayGainTrackGain, "louder!".into());
        tag.save_to_path(file, WriteOptions::default()).unwrap();
        assert_eq!(
            tag_gain(file),
            None,
            "nonsense counts as none: {}",
            file.display()
        );
    }
    // Opus has a key of its own, in 256ths of a dB to -23 LUFS, and it goes before the other.
    let opus = root.join("e.opus");
    fs::write(&opus, media::opus(&media::music(20_000, media::OPUS_RATE)).ogg(1)).unwrap();
    assert_eq!(tag_gain(&opus), None);
    let mut tags = VorbisComments::new();
    tags.push("REPLAYGAIN_TRACK_GAIN".into(), "+3.00 dB".into());
    tags.save_to_path(&opus, WriteOptions::default()).unwrap();
    assert_eq!(tag_gain(&opus), TagGain::replay_gain("3", None));
    tags.push("R128_TRACK_GAIN".into(), "-1792".into());
    tags.save_to_path(&opus, WriteOptions::default()).unwrap();
    assert_eq!(tag_gain(&opus).unwrap().db, -2.0);
    // A file cut off within its tags has none, and nobody falls over it.
    let bytes = fs::read(&mp3).unwrap();
    for length in [0, 5, 20, 60] {
        fs::write(&mp3, &bytes[..length]).unwrap();
        assert_eq!(tag_gain(&mp3), None);
    }
}
