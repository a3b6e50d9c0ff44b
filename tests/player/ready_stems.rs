//! Stems that come with a song: used where they are of the recording, refused with a reason where not,
//! and written out again as a folder for other players.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::fake_engine;
use crossbeam_channel::{Receiver, unbounded};

use croon::audio::Vocals;
use croon::audio::decode::read_all;
use croon::jobs::load::{Load, LoadEvent, SongLoader};
use croon::jobs::{Job, JobEvent, Jobs, JobsSetup};
use croon::library::scan_once;
use croon::lyrics::ultrastar::UltraStarFile;
use croon::store::{StemStore, StorePaths};

const RATE: usize = 44_100;
const SECONDS: usize = 20;

/// Reproducible noise with pauses: no two parts of it are alike.
fn voice(seed: u64, frames: usize) -> Vec<f32> {
    let mut state = seed;
    let mut noise = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / 8_388_608.0 - 1.0) * 0.3
    };
    (0..2 * frames)
        .map(|at| {
            if (at / (4 * RATE)).is_multiple_of(2) {
                noise()
            } else {
                0.0
            }
        })
        .collect()
}

fn write(path: &Path, rate: usize, pcm: &[f32]) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate as u32,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    pcm.iter().for_each(|sample| wav.write_sample(*sample).unwrap());
    wav.finalize().unwrap();
}

/// A folder with song, stems and text.
struct Song {
    dir: tempfile::TempDir,
    vocals: Vec<f32>,
    rest: Vec<f32>,
}

const NOTES: &str = "#TITLE:Lanterns\r\n#ARTIST:Ana\r\n#BPM:300\r\n#AUDIO:a.wav\r\n#ODD:kept \r\n";

impl Song {
    fn new(headers: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("song")).unwrap();
        let (vocals, rest) = (voice(1, SECONDS * RATE), voice(2, SECONDS * RATE));
        let song = Self { dir, vocals, rest };
        let sum: Vec<f32> = song.vocals.iter().zip(&song.rest).map(|(v, r)| v + r).collect();
        write(&song.at("a.wav"), RATE, &sum);
        write(&song.at("v.wav"), RATE, &song.vocals);
        write(&song.at("i.wav"), RATE, &song.rest);
        fs::write(
            song.at("song.txt"),
            format!("{NOTES}{headers}: 0 4 0 La\r\n: 4 4 2 na \r\nE\r\n"),
        )
        .unwrap();
        song
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join("song").join(name)
    }

    fn store(&self) -> StemStore {
        let paths = StorePaths {
            cache: self.dir.path().join("cache/croon"),
            state: self.dir.path().join("state/croon"),
        };
        StemStore::open(&paths, 1 << 30).unwrap()
    }

    /// Everything a job says.
    fn job(&self, store: &StemStore, engine: &str) -> Vec<JobEvent> {
        let (send, events): (_, Receiver<JobEvent>) = unbounded();
        let command = fake_engine::command(engine);
        let setup = JobsSetup {
            engine: Box::new(move || Ok(command.clone())),
            store: store.clone(),
        };
        let jobs = Jobs::start(setup, move |event| drop(send.send(event))).unwrap();
        jobs.begin(Job {
            path: self.at("a.wav"),
            id: None,
            from_seconds: 8.0,
        });
        let mut all = Vec::new();
        while !matches!(
            all.last(),
            Some(JobEvent::Finished { .. } | JobEvent::Failed { .. } | JobEvent::Cancelled { .. })
        ) {
            all.push(events.recv_timeout(Duration::from_secs(120)).unwrap());
        }
        all
    }

    /// The stored vocals of the song.
    fn stored(&self, store: &StemStore) -> Vec<f32> {
        let (send, events) = unbounded();
        let loader = SongLoader::start(store.clone(), move |event| drop(send.send(event))).unwrap();
        loader.load(Load {
            path: self.at("a.wav"),
            id: None,
        });
        let LoadEvent::Opened(opened) = events.recv_timeout(Duration::from_secs(60)).unwrap() else {
            panic!("not opened");
        };
        assert!(opened.complete);
        let mut pcm = vec![0.0; self.vocals.len()];
        assert!(opened.vocals(store).read(0, &mut pcm));
        pcm
    }

    fn croon(&self, args: &[&str], engine: &str) -> std::process::Output {
        let config = self.dir.path().join("config.toml");
        let command = serde_json::to_string(&fake_engine::line(engine)).unwrap();
        fs::write(&config, format!("[separation]\ncommand = {command}\n")).unwrap();
        let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
        croon
            .args(args)
            .stdin(Stdio::null())
            .current_dir(self.dir.path())
            .env("CROON_CONFIG", config)
            .env("HOME", self.dir.path());
        for name in ["CACHE", "STATE", "DATA", "CONFIG"] {
            croon.env(
                format!("XDG_{name}_HOME"),
                self.dir.path().join(name.to_lowercase()),
            );
        }
        croon.output().unwrap()
    }
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn used_an_engine(events: &[JobEvent]) -> bool {
    events.iter().any(|event| matches!(event, JobEvent::EngineUp(_)))
}

#[test]
fn stems_that_fit_are_the_vocals_and_no_engine_is_asked() {
    for headers in [
        "#VOCALS:v.wav\r\n#INSTRUMENTAL:i.wav\r\n",
        "#VOCALS:V.WAV\r\n",
        "#INSTRUMENTAL:i.wav\r\n",
    ] {
        let song = Song::new(headers);
        if headers.contains("V.WAV") {
            fs::rename(song.at("v.wav"), song.at("V.WAV")).unwrap();
        }
        let store = song.store();
        let events = song.job(&store, "exit");
        assert!(
            matches!(events.last(), Some(JobEvent::Finished { already: false, .. })),
            "{events:?}"
        );
        assert!(!used_an_engine(&events));
        let worst = worst(&song.stored(&store), &song.vocals);
        assert!(worst < 1e-4, "{headers}: {worst}");
    }
}

#[test]
fn stems_of_another_recording_are_refused_with_the_reason_and_the_song_is_separated() {
    type Spoil = fn(&Song);
    let cases: [(&str, Spoil); 4] = [
        ("shifted in time", |song| {
            let mut late = vec![0.0; RATE];
            late.extend(&song.vocals[..song.vocals.len() - RATE]);
            write(&song.at("v.wav"), RATE, &late);
        }),
        ("s long", |song| {
            write(&song.at("v.wav"), RATE, &song.vocals[..18 * 2 * RATE])
        }),
        ("frames a second", |song| {
            write(&song.at("v.wav"), 48_000, &song.vocals)
        }),
        ("cannot be read", |song| {
            fs::write(song.at("v.wav"), "nonsense").unwrap()
        }),
    ];
    for (words, spoil) in cases {
        let song = Song::new("#VOCALS:v.wav\r\n");
        spoil(&song);
        let store = song.store();
        let events = song.job(&store, "half");
        let reason = events.iter().find_map(|event| match event {
            JobEvent::StemsUnfit { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert!(
            reason.as_ref().is_some_and(|reason| reason.contains(words)),
            "{reason:?}"
        );
        assert!(used_an_engine(&events), "{words}");
        let half: Vec<f32> = song
            .vocals
            .iter()
            .zip(&song.rest)
            .map(|(v, r)| (v + r) / 2.0)
            .collect();
        assert!(worst(&song.stored(&store), &half) < 1e-4, "{words}");
    }
}

#[test]
fn stems_are_no_songs_of_the_library() {
    let song = Song::new("#VOCALS:v.wav\r\n#INSTRUMENTAL:I.wav\r\n");
    let seen = scan_once(&[song.dir.path().join("song")], &[], |_| {});
    let names: Vec<_> = seen.tracks.iter().map(|track| track.path.clone()).collect();
    assert_eq!(names, [song.at("a.wav")]);
    assert_eq!(seen.tracks[0].title(), "Lanterns");
}

#[test]
fn an_exported_folder_holds_the_stems_and_every_byte_of_the_notes() {
    let song = Song::new("");
    fs::write(song.at("c.jpg"), "a picture").unwrap();
    let text = fs::read_to_string(song.at("song.txt")).unwrap();
    let text = text.replace(
        "#ODD:kept \r\n",
        "#ODD:kept \r\n#COVER:c.jpg\r\n#VIDEO:../v.mp4\r\n",
    );
    fs::write(song.at("song.txt"), &text).unwrap();
    let output = song.croon(
        &[
            "export",
            "--ultrastar",
            "song/a.wav",
            "-o",
            "out",
            "--format",
            "wav",
        ],
        "half",
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = song.dir.path().join("out/Ana - Lanterns");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let name = "Ana - Lanterns";
    assert_eq!(
        names,
        [
            &format!("{name} [INSTR].wav"),
            &format!("{name} [VOC].wav"),
            &format!("{name}.txt"),
            "a.wav",
            "c.jpg"
        ]
    );
    let written = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    let added = format!("#VOCALS:{name} [VOC].wav\r\n#INSTRUMENTAL:{name} [INSTR].wav\r\n");
    assert!(written.contains(&added), "{written}");
    assert_eq!(written.replace(&added, ""), text);
    // the original is untouched, and what was written is used without an engine
    assert_eq!(fs::read_to_string(song.at("song.txt")).unwrap(), text);
    let read = UltraStarFile::parse(written.as_bytes());
    assert_eq!(read.header("ODD"), Some("kept"));
    let sum = read_all(&folder.join("a.wav")).unwrap().1;
    let vocals = read_all(&folder.join(format!("{name} [VOC].wav"))).unwrap().1;
    let rest = read_all(&folder.join(format!("{name} [INSTR].wav"))).unwrap().1;
    let together: Vec<f32> = vocals.iter().zip(&rest).map(|(v, r)| v + r).collect();
    assert!(worst(&together, &sum) < 1e-5);
    // once more: nothing is written over; and from the folder itself, stems are copied, not made
    let again = song.croon(&["export", "--ultrastar", "song/a.wav", "-o", "out"], "half");
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    let copied = song.croon(
        &[
            "export",
            "--ultrastar",
            &format!("out/{name}/{name}.txt"),
            "-o",
            "second",
        ],
        "exit",
    );
    assert!(
        copied.status.success(),
        "{}",
        String::from_utf8_lossy(&copied.stderr)
    );
    let second = song.dir.path().join("second").join(name);
    assert_eq!(
        fs::read(second.join(format!("{name} [VOC].wav"))).unwrap(),
        fs::read(folder.join(format!("{name} [VOC].wav"))).unwrap()
    );
    assert_eq!(
        fs::read_to_string(second.join(format!("{name}.txt"))).unwrap(),
        written
    );
}

#[test]
fn without_notes_there_is_nothing_to_export() {
    let song = Song::new("");
    fs::remove_file(song.at("song.txt")).unwrap();
    let output = song.croon(&["export", "--ultrastar", "song/a.wav", "-o", "out"], "exit");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no UltraStar text"));
    assert!(!song.dir.path().join("out").exists());
}
