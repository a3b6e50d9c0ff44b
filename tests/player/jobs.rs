//! The separating worker, song by song, with honest and faulty engines and the real store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, unbounded};

use crate::support::fake_engine;
use croon::audio::Vocals;
use croon::audio::decode::read_all;
use croon::audio::identity::track_id;
use croon::jobs::load::{Load, LoadEvent, OpenedSong, SongLoader};
use croon::jobs::{Job, JobEvent, Jobs, JobsSetup, stored};
use croon::separate::error::EngineError;
use croon::separate::segment::Grid;
use croon::store::{StemStore, StorePaths};
use croon::track::TrackId;

const PATIENCE: Duration = Duration::from_secs(120);
const CORE: usize = Grid::STANDARD.core;

struct House {
    dir: tempfile::TempDir,
    store: StemStore,
    jobs: Jobs,
    events: Receiver<JobEvent>,
}

impl House {
    fn new(mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        Self::with(dir, store, mode)
    }

    fn with(dir: tempfile::TempDir, store: StemStore, mode: &str) -> Self {
        let (send, events) = unbounded();
        let command = fake_engine::command(mode);
        let setup = JobsSetup {
            engine: Box::new(move || Ok(command.clone())),
            store: store.clone(),
        };
        let jobs = Jobs::start(setup, move |event| drop(send.send(event))).unwrap();
        Self {
            dir,
            store,
            jobs,
            events,
        }
    }

    fn tone(&self, name: &str, frames: usize) -> PathBuf {
        fake_engine::tone(self.dir.path(), name, 44_100, 2, frames)
    }

    fn begin(&self, path: &Path, from_seconds: f64) {
        self.jobs.begin(Job {
            path: path.to_owned(),
            id: None,
            from_seconds,
        });
    }

    fn next(&self) -> JobEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// Everything up to the end of the job.
    fn to_the_end(&self) -> Vec<JobEvent> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if matches!(
                events.last(),
                Some(JobEvent::Finished { .. } | JobEvent::Failed { .. } | JobEvent::Cancelled { .. })
            ) {
                return events;
            }
        }
    }

    fn separate(&self, path: &Path) -> Vec<JobEvent> {
        self.begin(path, 0.0);
        self.to_the_end()
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
}

fn open(dir: &Path) -> StemStore {
    StemStore::open(
        &StorePaths {
            cache: dir.join("cache"),
            state: dir.join("state"),
        },
        1 << 30,
    )
    .unwrap()
}

fn segments(events: &[JobEvent]) -> Vec<u32> {
    events
        .iter()
        .filter_map(|event| match event {
            JobEvent::SegmentStored { segment, .. } => Some(*segment),
            _ => None,
        })
        .collect()
}

fn finished(events: &[JobEvent]) -> bool {
    matches!(events.last(), Some(JobEvent::Finished { already: false, .. }))
}

fn evicted(events: &[JobEvent]) -> Vec<TrackId> {
    let ids = events.iter().filter_map(|event| match event {
        JobEvent::Evicted(ids) => Some(ids.clone()),
        _ => None,
    });
    ids.flatten().collect()
}

/// The stored vocals against `gain` times the file; what is stored has 16 bits.
fn assert_vocals(house: &House, path: &Path, gain: f32) {
    let song = read_all(path).unwrap().1;
    let opened = house.opened(path);
    assert!(opened.complete);
    assert_eq!(opened.segments.len(), (song.len() / 2).div_ceil(CORE));
    assert!(opened.segments.iter().all(Option::is_some));
    let mut vocals = opened.vocals(&house.store);
    let mut piece = vec![0.0; 2 * 10_007];
    for (n, wanted) in song.chunks(piece.len()).enumerate() {
        let read = &mut piece[..wanted.len()];
        assert!(vocals.read((n * 10_007) as u64, read), "piece {n} is not known");
        let worst = read
            .iter()
            .zip(wanted)
            .map(|(a, b)| (a - gain * b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 2.0 / 32_768.0, "piece {n} is off by {worst}");
    }
}

#[test]
fn a_song_is_separated_stored_and_played_from_the_store() {
    let house = House::new("half reverse");
    let path = house.tone("song.wav", 2 * CORE + 12_345);
    let events = house.separate(&path);
    assert_eq!(events[0], JobEvent::Started { path: path.clone() });
    assert!(matches!(&events[1], JobEvent::Identified { id, .. } if *id == track_id(&path).unwrap()));
    assert!(
        matches!(&events[2], JobEvent::EngineUp(info) if info.model_key == "fake-ffffffff"),
        "{:?}",
        events[2]
    );
    assert!(finished(&events), "{events:?}");
    let mut stored = segments(&events);
    stored.sort_unstable();
    assert_eq!(stored, [0, 1, 2]);
    let last = events.iter().rev().find_map(|event| match event {
        JobEvent::Progress {
            done, total, speed, ..
        } => Some((*done, *total, *speed)),
        _ => None,
    });
    assert!(matches!(last, Some((3, 3, speed)) if speed > 0.0), "{last:?}");
    assert_vocals(&house, &path, 0.5);
}

#[test]
fn a_separated_song_is_not_separated_again_even_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let house = House::new(&format!("identity count:{}", count.display()));
    let path = house.tone("song.wav", 2 * CORE);
    assert!(finished(&house.separate(&path)));
    assert_eq!(fake_engine::counted(&count), 2);
    let moved = path.with_file_name("moved.wav");
    std::fs::rename(&path, &moved).unwrap();
    let events = house.separate(&moved);
    assert!(
        matches!(events.last(), Some(JobEvent::Finished { already: true, .. })),
        "{events:?}"
    );
    assert_eq!(fake_engine::counted(&count), 2);
    // A new croon on the same store knows it without an engine.
    let House {
        dir: folder,
        store,
        jobs,
        ..
    } = house;
    drop((store, jobs));
    let store = open(folder.path());
    let house = House::with(folder, store, "exit");
    let events = house.separate(&moved);
    assert!(
        matches!(events.last(), Some(JobEvent::Finished { already: true, .. })),
        "{events:?}"
    );
}

#[test]
fn the_listeners_place_comes_first_and_what_is_stored_is_skipped() {
    let house = House::new("identity");
    let path = house.tone("song.wav", 6 * CORE);
    house.begin(&path, 3.1 * CORE as f64 / 44_100.0);
    let mut events = Vec::new();
    while segments(&events).len() < 2 {
        events.push(house.next());
    }
    assert_eq!(segments(&events), [3, 4]);
    house.jobs.cancel();
    events.extend(house.to_the_end());
    let done = segments(&events);
    assert!(
        matches!(events.last(), Some(JobEvent::Cancelled { .. })),
        "{events:?}"
    );
    assert!(done.len() < 6);
    let again = house.separate(&path);
    assert!(finished(&again));
    assert_eq!(
        segments(&again).len() + done.len(),
        6,
        "nothing is separated twice"
    );
    assert_vocals(&house, &path, 1.0);
}

#[test]
fn a_new_job_takes_the_place_of_the_running_one() {
    let house = House::new("identity");
    let (long, short) = (house.tone("long.wav", 10 * CORE), house.tone("short.wav", 1));
    house.begin(&long, 0.0);
    house.begin(&short, 0.0);
    assert!(matches!(house.to_the_end().last(), Some(JobEvent::Cancelled { path }) if *path == long));
    assert!(matches!(house.to_the_end().last(), Some(JobEvent::Finished { path, .. }) if *path == short));
}

#[test]
fn an_engine_that_dies_hangs_or_talks_nonsense_costs_no_song() {
    for fault in [
        "die-after:1",
        "garbage-after:1",
        "crc-after:1",
        "short-after:1",
        "refuse-after:1",
        "nan-after:1",
    ] {
        let flag = tempfile::tempdir().unwrap();
        let once = if fault.starts_with("die") {
            String::new()
        } else {
            format!(" once:{}", flag.path().join("f").display())
        };
        // Windows an engine refuses or fills with nonsense are asked again from the same process.
        let house = House::new(&format!("identity {fault}{once}"));
        let path = house.tone("song.wav", 2 * CORE + 100);
        let events = house.separate(&path);
        if fault.starts_with("refuse") || fault.starts_with("nan") {
            let said = format!("{:?}", events.last().unwrap());
            assert!(
                matches!(events.last(), Some(JobEvent::Failed { house: false, .. })),
                "{fault}: {said}"
            );
            assert!(said.contains("the part at 0:0"), "{fault}: {said}");
            continue;
        }
        assert!(finished(&events), "{fault}: {:?}", events.last());
        assert!(
            events
                .iter()
                .any(|event| matches!(event, JobEvent::EngineRestarted { .. })),
            "{fault}"
        );
        assert_vocals(&house, &path, 1.0);
    }
}

#[test]
fn no_engine_is_said_once_and_is_the_fault_of_the_house() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let path = fake_engine::tone(dir.path(), "song.wav", 44_100, 2, 1000);
    let (send, events) = unbounded();
    let setup = JobsSetup {
        engine: Box::new(|| {
            Err(EngineError::Missing {
                looked_for: "croon-separator".into(),
            })
        }),
        store,
    };
    let jobs = Jobs::start(setup, move |event| drop(send.send(event))).unwrap();
    jobs.begin(Job {
        path,
        id: None,
        from_seconds: 0.0,
    });
    let mut seen = Vec::new();
    while !matches!(seen.last(), Some(JobEvent::Failed { .. })) {
        seen.push(events.recv_timeout(PATIENCE).unwrap());
    }
    assert!(
        matches!(&seen[2], JobEvent::EngineDown { reason } if reason.contains("make")),
        "{seen:?}"
    );
    assert!(
        matches!(&seen[3], JobEvent::Failed { house: true, .. }),
        "{seen:?}"
    );
}

#[test]
fn silence_needs_no_engine() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let house = House::new(&format!("identity count:{}", count.display()));
    let path = house.dir.path().join("silence.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    (0..2 * CORE).for_each(|_| wav.write_sample(0i16).unwrap());
    wav.finalize().unwrap();
    assert!(finished(&house.separate(&path)));
    assert_eq!(fake_engine::counted(&count), 0);
    assert_vocals(&house, &path, 1.0);
}

#[test]
fn bad_files_fail_with_a_reason_and_the_next_song_goes_on() {
    let house = House::new("identity");
    let folder = house.dir.path();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for path in [
        write("empty.mp3", b""),
        write("text.mp3", &b"this is a shopping list, not a song\n".repeat(200)),
        house.tone("none.wav", 0),
        folder.join("gone.flac"),
        folder.to_owned(),
    ] {
        let events = house.separate(&path);
        match events.last().unwrap() {
            JobEvent::Failed {
                reason, house: false, ..
            } => assert!(reason.len() > 20, "{reason}"),
            other => panic!("{}: {other:?}", path.display()),
        }
    }
    let path = house.tone("good.wav", 1);
    assert!(finished(&house.separate(&path)));
    assert_vocals(&house, &path, 1.0);
}

#[test]
fn a_file_written_over_while_it_is_separated_is_stopped() {
    let house = House::new("identity");
    let path = house.tone("song.wav", 8 * CORE);
    house.begin(&path, 0.0);
    while !matches!(house.next(), JobEvent::SegmentStored { .. }) {}
    let now = std::fs::File::options().append(true).open(&path).unwrap();
    now.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    match house.to_the_end().last().unwrap() {
        JobEvent::Failed {
            reason, house: false, ..
        } => assert!(reason.contains("changed"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_rates_come_out_aligned() {
    let house = House::new("identity");
    // A tone at 48 kHz: its vocals, read at 44.1 kHz, are that tone at 44.1 kHz.
    let path = fake_engine::tone(house.dir.path(), "48.wav", 48_000, 2, 48_000 * 11);
    house.begin(&path, 6.0);
    assert!(finished(&house.to_the_end()));
    let wanted = fake_engine::tone(house.dir.path(), "44.wav", 44_100, 2, 44_100 * 11);
    let wanted = read_all(&wanted).unwrap().1;
    let mut vocals = house.opened(&path).vocals(&house.store);
    let mut read = vec![0.0; wanted.len()];
    assert!(vocals.read(0, &mut read));
    // The edges of the file are where any filter rings.
    let inner = 2 * 4410..wanted.len() - 2 * 4410;
    let worst = read[inner.clone()]
        .iter()
        .zip(&wanted[inner])
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 1e-3, "off by {worst}");
}

#[test]
fn a_song_not_separated_yet_opens_and_says_so() {
    let house = House::new("identity");
    let path = house.tone("song.wav", 2 * CORE);
    let opened = house.opened(&path);
    assert!(!opened.complete && opened.stems.is_none());
    assert_eq!(opened.segments, [None, None]);
    assert!((opened.duration.unwrap() - 2.0 * CORE as f64 / 44_100.0).abs() < 1e-9);
    // Its reader finds the vocals as soon as there are any.
    let mut vocals = opened.vocals(&house.store);
    let mut read = vec![1.0; 2 * 44_100];
    assert!(!vocals.read(0, &mut read));
    assert!(read.iter().all(|sample| *sample == 0.0));
    assert!(finished(&house.separate(&path)));
    vocals.read(0, &mut read);
    assert!(vocals.read(0, &mut read));
    assert!(read.iter().any(|sample| *sample != 0.0));
}

#[test]
fn dropping_the_worker_in_the_middle_leaves_no_engine() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let house = House::new(&format!("hang-after:0 count:{}", count.display()));
    let path = house.tone("song.wav", 2 * CORE);
    house.begin(&path, 0.0);
    while fake_engine::counted(&count) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let House { jobs, events, .. } = house;
    drop(jobs);
    // The worker is gone: its end of the events is closed, after the job's end was told.
    assert!(
        events
            .iter()
            .any(|event| matches!(event, JobEvent::Cancelled { .. }))
    );
}

#[test]
fn a_separated_song_has_its_loudness_and_plays_with_the_gain_for_it() {
    let house = House::new("half");
    // A stereo sine of 1 kHz reads in LUFS what its peak is in dBFS (EBU Tech 3341): here half of full scale.
    let path = house.dir.path().join("sine.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..48_000 * 8 {
        let t = f64::from(frame) / 48_000.0;
        let sample = (std::f64::consts::TAU * 1000.0 * t).sin() as f32 * 0.5;
        (0..2).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    let id = track_id(&path).unwrap();
    assert_eq!(house.store.loudness(id), None);
    assert_eq!(house.opened(&path).gain(Some(0.0)), 1.0, "nothing is known yet");
    let events = house.separate(&path);
    assert!(
        matches!(events.last(), Some(JobEvent::Finished { .. })),
        "{events:?}"
    );
    let loudness = house.store.loudness(id).expect("it was measured");
    assert!((loudness.lufs + 6.02).abs() < 0.1, "{loudness:?}");
    assert!((loudness.true_peak + 6.02).abs() < 0.1, "{loudness:?}");
    let gain = house.opened(&path).gain(Some(0.0));
    assert!((20.0 * gain.log10() + 11.98).abs() < 0.1, "{gain}");
    assert_eq!(house.opened(&path).gain(None), 1.0, "switched off");
}

#[test]
fn the_worker_reports_which_songs_made_room_for_the_one_it_stored() {
    let house = House::new("half");
    let (first, second) = (house.tone("first.wav", CORE), house.tone("second.wav", CORE - 1));
    assert!(finished(&house.separate(&first)));
    let (first, newer) = (track_id(&first).unwrap(), track_id(&second).unwrap());
    assert_eq!(stored::listing(&house.store).ready, [first].into());
    house.store.set_cap(house.store.used() * 3 / 2);
    let events = house.separate(&second);
    assert!(finished(&events));
    assert_eq!(evicted(&events), [first]);
    assert_eq!(stored::listing(&house.store).ready, [newer].into());
}

#[test]
fn a_song_does_not_make_room_for_itself() {
    let house = House::new("half");
    let (first, second) = (house.tone("first.wav", CORE), house.tone("second.wav", CORE - 1));
    house.store.set_cap(0);
    assert!(finished(&house.separate(&first)));
    let (first, newer) = (track_id(&first).unwrap(), track_id(&second).unwrap());
    assert_eq!(stored::listing(&house.store).ready, [first].into());
    house.store.pin(first, true).unwrap();
    assert_eq!(evicted(&house.separate(&second)), []);
    assert_eq!(
        evicted(&house.separate(&house.tone("third.wav", CORE - 2))),
        [newer]
    );
}
