//! Songs that are separated again with another model: the real store, the worker, and what the player gets.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::fake_engine;
use crossbeam_channel::{Receiver, unbounded};

use croon::audio::Vocals;
use croon::audio::decode::read_all;
use croon::audio::identity::track_id;
use croon::jobs::load::{Load, LoadEvent, OpenedSong, SongLoader};
use croon::jobs::{Job, JobEvent, Jobs, JobsSetup, Listing};
use croon::separate::segment::Grid;
use croon::store::{StemStore, StorePaths};

const PATIENCE: Duration = Duration::from_secs(120);
const CORE: usize = Grid::STANDARD.core;

/// A store, and an engine on it that can be exchanged.
struct House {
    dir: tempfile::TempDir,
    store: StemStore,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = StorePaths {
            cache: dir.path().join("cache"),
            state: dir.path().join("state"),
        };
        let store = StemStore::open(&paths, 1 << 30).unwrap();
        Self { dir, store }
    }

    fn tone(&self, name: &str, frames: usize) -> PathBuf {
        fake_engine::tone(self.dir.path(), name, 44_100, 2, frames)
    }

    fn jobs(&self, mode: &str) -> (Jobs, Receiver<JobEvent>) {
        let (send, events) = unbounded();
        let command = fake_engine::command(mode);
        let setup = JobsSetup {
            engine: Box::new(move || Ok(command.clone())),
            store: self.store.clone(),
        };
        let jobs = Jobs::start(setup, move |event| drop(send.send(event))).unwrap();
        (jobs, events)
    }

    fn opened(&self, path: &Path) -> Box<OpenedSong> {
        let (send, events) = unbounded();
        let loader = SongLoader::start(self.store.clone(), move |event| drop(send.send(event))).unwrap();
        loader.load(Load {
            path: path.to_owned(),
            id: None,
        });
        match events.recv_timeout(PATIENCE).unwrap() {
            LoadEvent::Opened(opened) => opened,
            LoadEvent::Failed { reason, .. } => panic!("{reason}"),
        }
    }

    /// The models under which something of the song is stored.
    fn models(&self, path: &Path) -> Vec<String> {
        let id = track_id(path).unwrap().to_string();
        let folders = std::fs::read_dir(self.dir.path().join("cache/stems")).unwrap();
        let mut models: Vec<String> = folders
            .map(|entry| entry.unwrap().path())
            .filter(|folder| folder.join(&id).exists())
            .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        models.sort();
        models
    }
}

fn separate(jobs: &(Jobs, Receiver<JobEvent>), path: &Path) -> Vec<JobEvent> {
    jobs.0.begin(Job {
        path: path.to_owned(),
        id: None,
        from_seconds: 0.0,
    });
    to_the_end(&jobs.1)
}

fn to_the_end(events: &Receiver<JobEvent>) -> Vec<JobEvent> {
    let mut seen = Vec::new();
    loop {
        seen.push(events.recv_timeout(PATIENCE).expect("an event"));
        if let Some(JobEvent::Finished { .. } | JobEvent::Failed { .. } | JobEvent::Cancelled { .. }) =
            seen.last()
        {
            return seen;
        }
    }
}

fn finished(events: &[JobEvent]) -> bool {
    matches!(events.last(), Some(JobEvent::Finished { already: false, .. }))
}

fn changed(events: &[JobEvent]) -> Option<&Listing> {
    events.iter().find_map(|event| match event {
        JobEvent::ModelChanged(listing) => Some(listing),
        _ => None,
    })
}

/// What the stored vocals are times the song, at a place where it sounds.
fn gain(vocals: &mut dyn Vocals, path: &Path) -> f32 {
    let song = read_all(path).unwrap().1;
    let mut piece = vec![0.0; 2_000];
    assert!(vocals.read(50_000, &mut piece), "the vocals are not there");
    let song = &song[100_000..102_000];
    let energy: f32 = song.iter().map(|x| x * x).sum();
    song.iter().zip(&piece).map(|(a, b)| a * b).sum::<f32>() / energy
}

fn near(found: f32, wanted: f32) -> bool {
    (found - wanted).abs() < 1e-3
}

#[test]
fn old_vocals_play_until_the_new_ones_are_whole_and_go_when_nobody_plays_them() {
    let house = House::new();
    let (song, other) = (house.tone("song.wav", 3 * CORE), house.tone("other.wav", CORE));
    let id = track_id(&song).unwrap();
    assert!(finished(&separate(&house.jobs("half model:first"), &song)));
    house.store.pin(id, true).unwrap();

    // Another model: what is stored of the first one counts until its turn comes.
    let jobs = house.jobs("identity model:second");
    let events = separate(&jobs, &other);
    let listing = changed(&events).expect("the model changed");
    assert!(listing.ready.contains(&id));
    assert_eq!(listing.older[&id], "first");
    let playing = house.opened(&song);
    assert!(playing.complete);
    assert_eq!(playing.older.as_deref(), Some("first"));
    let mut heard = playing.vocals(&house.store);
    assert!(near(gain(&mut heard, &song), 0.5));

    // Separated again while it plays: this play stays as it is, the next one has the new vocals.
    let events = separate(&jobs, &song);
    assert!(finished(&events), "{events:?}");
    assert_eq!(changed(&events), None);
    heard.refresh();
    assert!(
        near(gain(&mut heard, &song), 0.5),
        "exchanged in the middle of a play"
    );
    assert_eq!(house.models(&song), ["first-ffffffff", "second-ffffffff"]);
    let again = house.opened(&song);
    assert!(again.complete && again.older.is_none());
    assert!(near(gain(&mut again.vocals(&house.store), &song), 1.0));

    drop((heard, playing));
    assert_eq!(
        house.models(&song),
        ["second-ffffffff"],
        "the old ones are of no more use"
    );
    assert!(house.store.song_settings(id).pinned, "a pin is the song's");
}

#[test]
fn a_separation_that_was_interrupted_leaves_the_old_vocals_in_use() {
    let house = House::new();
    let song = house.tone("song.wav", 8 * CORE);
    assert!(finished(&separate(&house.jobs("half model:first"), &song)));
    let (jobs, events) = house.jobs("identity model:second");
    let job = || Job {
        path: song.clone(),
        id: None,
        from_seconds: 0.0,
    };
    // A first song brings the engine up, so that the model in use is known.
    let other = house.tone("other.wav", 1_000);
    jobs.begin(Job { path: other, ..job() });
    to_the_end(&events);
    jobs.begin(job());
    while !matches!(
        events.recv_timeout(PATIENCE).unwrap(),
        JobEvent::SegmentStored { .. }
    ) {}
    jobs.cancel();
    to_the_end(&events);
    assert_eq!(house.models(&song), ["first-ffffffff", "second-ffffffff"]);
    let opened = house.opened(&song);
    assert!(opened.complete && opened.older.as_deref() == Some("first"));
    assert!(near(gain(&mut opened.vocals(&house.store), &song), 0.5));
    drop(opened);
    // It goes on where it was, and then the old ones go at once.
    jobs.begin(job());
    let seen = to_the_end(&events);
    let stored = seen
        .iter()
        .filter(|event| matches!(event, JobEvent::SegmentStored { .. }));
    assert!(finished(&seen) && stored.count() < 8, "{seen:?}");
    assert_eq!(house.models(&song), ["second-ffffffff"]);
}

/// What `croon watch --once` says with such an engine.
fn watch(dir: &Path, mode: &str, more: &str) -> String {
    let command = serde_json::to_string(&fake_engine::line(mode)).unwrap();
    let config = format!("[separation]\ncommand = {command}\n{more}");
    std::fs::write(dir.join("config.toml"), config).unwrap();
    let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
    croon.args(["watch", "--once"]).arg(dir.join("songs"));
    croon
        .env("CROON_CONFIG", dir.join("config.toml"))
        .env("CROON_MODELS", dir.join("models"))
        .env("HOME", dir)
        .stdin(Stdio::null());
    for name in ["CACHE", "STATE", "DATA", "CONFIG"] {
        croon.env(format!("XDG_{name}_HOME"), dir.join(name.to_lowercase()));
    }
    let output = croon.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn watch_separates_again_behind_what_is_new_unless_told_to_leave_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("songs")).unwrap();
    let tone = |name: &str, frames| fake_engine::tone(&dir.path().join("songs"), name, 44_100, 2, frames);
    tone("old.wav", CORE);
    watch(dir.path(), "half model:first", "");
    tone("new.wav", CORE + 1);
    let left = watch(
        dir.path(),
        "identity model:second",
        "[library]\nauto_separate = false\n",
    );
    assert!(
        left.contains("new.wav: done") && !left.contains("old.wav"),
        "{left}"
    );
    tone("newer.wav", CORE + 2);
    let said = watch(dir.path(), "identity model:third", "");
    let done: Vec<&str> = said.lines().filter(|line| line.starts_with("done: ")).collect();
    assert_eq!(done.len(), 3, "{said}");
    assert!(done[0].contains("newer.wav"), "{said}");
    let stems = dir.path().join("cache/croon/stems");
    let left = |model: &str| std::fs::read_dir(stems.join(model)).map_or(0, Iterator::count);
    assert_eq!(left("third-ffffffff"), 3);
    assert_eq!(left("first-ffffffff") + left("second-ffffffff"), 0);
}

#[test]
fn vocals_of_a_better_model_are_kept_whatever_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for folder in ["songs", "models"] {
        std::fs::create_dir(at(folder)).unwrap();
    }
    for (name, sdr) in [("good", 7.8), ("plain", 5.3)] {
        let text = format!("[measured]\nvocals_sdr = {sdr}\n");
        std::fs::write(at("models").join(format!("{name}.toml")), text).unwrap();
    }
    let song = fake_engine::tone(&at("songs"), "song.wav", 44_100, 2, CORE);
    watch(dir.path(), "half model:good", "");
    // under a new name croon does not know who it is before it is read
    std::fs::rename(&song, at("songs/renamed.wav")).unwrap();
    fake_engine::tone(&at("songs"), "new.wav", 44_100, 2, CORE + 1);
    let said = watch(dir.path(), "identity model:plain", "");
    assert!(said.contains("renamed.wav: was separated before"), "{said}");
    let stems = at("cache/croon/stems");
    let count = |model: &str| std::fs::read_dir(stems.join(model)).map_or(0, Iterator::count);
    assert_eq!((count("good-ffffffff"), count("plain-ffffffff")), (1, 1));
    // and the other way round it is made again
    fake_engine::tone(&at("songs"), "newer.wav", 44_100, 2, CORE + 2);
    let said = watch(dir.path(), "half model:good", "");
    assert!(said.contains("new.wav: done"), "{said}");
    assert_eq!((count("good-ffffffff"), count("plain-ffffffff")), (3, 0));
}
