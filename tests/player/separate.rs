//! `croon separate` and `croon watch` as a user runs them, with a small engine behind.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::fake_engine;
use croon::audio::decode::{Decoder, read_all};
use croon::separate::segment::Grid;

const CORE: usize = Grid::STANDARD.core;

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new(mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let command = serde_json::to_string(&fake_engine::line(mode)).unwrap();
        std::fs::write(
            dir.path().join("config.toml"),
            format!("[separation]\ncommand = {command}\n"),
        )
        .unwrap();
        for folder in ["songs", "out"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        Self { dir }
    }

    fn songs(&self) -> PathBuf {
        self.dir.path().join("songs")
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join("out").join(name)
    }

    fn croon(&self, args: &[&str]) -> Command {
        let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
        croon
            .args(args)
            .current_dir(self.dir.path().join("out"))
            .stdin(Stdio::null());
        croon
            .env("CROON_CONFIG", self.dir.path().join("config.toml"))
            .env("HOME", self.dir.path());
        for name in ["CACHE", "STATE", "DATA", "CONFIG"] {
            croon.env(
                format!("XDG_{name}_HOME"),
                self.dir.path().join(name.to_lowercase()),
            );
        }
        croon
    }

    fn run(&self, args: &[&str]) -> Output {
        self.croon(args).output().unwrap()
    }

    /// What lies in the output folder, hidden files too.
    fn written(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn worst(a: impl Iterator<Item = f32>, b: &[f32]) -> f32 {
    a.zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn stems_have_the_songs_rate_length_and_channels_and_add_up_to_it() {
    let home = Home::new("half");
    for (name, rate, channels, frames) in [
        ("stereo.wav", 44_100, 2, 2 * CORE + 777),
        ("mono.wav", 44_100, 1, CORE),
        ("old.wav", 8_000, 1, 30_001),
        ("dat.wav", 48_000, 2, 240_007),
        ("hires.wav", 96_000, 2, 200_003),
        ("cinema.wav", 48_000, 6, 100_000),
        ("one.wav", 44_100, 2, 1),
    ] {
        let path = fake_engine::tone(&home.songs(), name, rate, channels, frames);
        let output = home.run(&["separate", text(&path)]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let stem = name.strip_suffix(".wav").unwrap();
        let [vocals, rest] = ["vocals", "instrumental"].map(|part| home.out(&format!("{stem}.{part}.wav")));
        for path in [&vocals, &rest] {
            let info = Decoder::open(path).unwrap().info().clone();
            assert_eq!((info.rate, info.channels), (rate, channels.min(2)), "{name}");
        }
        let [song, vocals, rest] = [&path, &vocals, &rest].map(|path| read_all(path).unwrap().1);
        assert_eq!((vocals.len(), rest.len()), (song.len(), song.len()), "{name}");
        assert_eq!(song.len(), 2 * frames, "{name}");
        let sum = worst(vocals.iter().zip(&rest).map(|(v, r)| v + r), &song);
        assert!(sum <= 1e-6, "{name}: the stems miss the song by {sum}");
        if frames > 20_000 {
            // Away from the edges, where rates differ, the engine's half is a half.
            let inner = 4_000..song.len() - 4_000;
            let half = worst(song[inner.clone()].iter().map(|s| s * 0.5), &vocals[inner]);
            assert!(half < 2e-3, "{name}: half is off by {half}");
        }
        assert!(
            stdout(&output).contains(&format!("{stem}.vocals.wav")),
            "{}",
            stdout(&output)
        );
    }
}

#[test]
fn flac_stems_add_up_to_the_last_bit() {
    let home = Home::new("half");
    let path = home.songs().join("loud.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    for i in 0..120_001i64 {
        wav.write_sample(((i * 48_271) % 8_388_607) as i32).unwrap();
        wav.write_sample((-(i * 69_621) % 8_388_607) as i32).unwrap();
    }
    wav.finalize().unwrap();
    let output = home.run(&["separate", text(&path), "--format", "flac", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let line: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(line["stems"]["vocals"], "loud.vocals.flac");
    assert_eq!(line["clipped_samples"], 0);
    let steps = |path: &Path| -> Vec<i32> {
        read_all(path)
            .unwrap()
            .1
            .iter()
            .map(|sample| (sample * 8_388_608.0).round() as i32)
            .collect()
    };
    let [song, vocals, rest] = [
        path,
        home.out("loud.vocals.flac"),
        home.out("loud.instrumental.flac"),
    ]
    .map(|p| steps(&p));
    assert_eq!(song.len(), vocals.len());
    assert!(
        song.iter()
            .zip(vocals.iter().zip(&rest))
            .all(|(s, (v, r))| *s == v + r)
    );
}

#[test]
fn a_late_answer_does_not_fill_the_memory() {
    let dir = tempfile::tempdir().unwrap();
    let asked = dir.path().join("asked");
    let home = Home::new(&format!("half late:{}", asked.display()));
    let song = fake_engine::tone(&home.songs(), "song.wav", 44_100, 2, 20 * CORE);
    let output = home.run(&["separate", text(&song)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let asked: usize = std::fs::read_to_string(asked).unwrap().parse().unwrap();
    assert!(
        asked <= 6,
        "{asked} windows were asked of an engine that wants 3, while the first was still missing"
    );
    let [song, vocals] = [song, home.out("song.vocals.wav")].map(|path| read_all(&path).unwrap().1);
    let half = worst(song.iter().map(|s| s * 0.5), &vocals);
    assert!(half < 1e-6, "half is off by {half}");
}

#[test]
fn digital_silence_needs_no_engine() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let home = Home::new(&format!("identity count:{}", count.display()));
    let song = home.songs().join("silence.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&song, spec).unwrap();
    (0..20 * CORE).for_each(|_| wav.write_sample(0_i16).unwrap());
    wav.finalize().unwrap();
    assert!(home.run(&["separate", text(&song)]).status.success());
    assert_eq!(fake_engine::counted(&count), 0);
    for part in ["vocals", "instrumental"] {
        let pcm = read_all(&home.out(&format!("silence.{part}.wav"))).unwrap().1;
        assert!(
            pcm.len() == 2 * 20 * CORE && pcm.iter().all(|x| *x == 0.0),
            "{part}"
        );
    }
}

#[test]
fn one_bad_song_does_not_stop_the_others() {
    let home = Home::new("identity die-after:2");
    let bad = home.songs().join("bad.mp3");
    std::fs::write(&bad, "a shopping list").unwrap();
    let good = fake_engine::tone(&home.songs(), "good.wav", 44_100, 2, 3 * CORE);
    let last = fake_engine::tone(&home.songs(), "last.wav", 44_100, 2, 100);
    let output = home.run(&[
        "separate",
        text(&bad),
        text(&good),
        "/no/such/song.flac",
        text(&last),
        "--stems",
        "vocals",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("bad.mp3") && stderr(&output).contains("/no/such/song.flac"),
        "{}",
        stderr(&output)
    );
    assert_eq!(home.written(), ["good.vocals.wav", "last.vocals.wav"]);
    assert_eq!(
        read_all(&home.out("good.vocals.wav")).unwrap().1.len(),
        2 * 3 * CORE
    );
}

#[test]
fn what_is_there_is_not_written_over_unasked() {
    let home = Home::new("identity");
    let song = fake_engine::tone(&home.songs(), "song.wav", 44_100, 2, 100);
    std::fs::write(home.out("song.vocals.wav"), "mine").unwrap();
    let output = home.run(&["separate", text(&song)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--force"), "{}", stderr(&output));
    assert_eq!(std::fs::read(home.out("song.vocals.wav")).unwrap(), b"mine");
    assert!(home.run(&["separate", text(&song), "--force"]).status.success());
    assert!(read_all(&home.out("song.vocals.wav")).is_ok());
    let elsewhere = home.run(&["separate", text(&song), "-o", "new/folder"]);
    assert!(elsewhere.status.success());
    assert!(home.out("new/folder/song.instrumental.wav").is_file());
}

#[test]
fn no_engine_is_an_error_with_its_own_code() {
    let home = Home::new("exit");
    let song = fake_engine::tone(&home.songs(), "song.wav", 44_100, 2, 100);
    let output = home.run(&["separate", text(&song)]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("no such device"), "{}", stderr(&output));
    assert!(home.written().is_empty());
}

#[test]
fn an_interrupt_leaves_no_half_files() {
    let home = Home::new("identity hang-after:1");
    let song = fake_engine::tone(&home.songs(), "song.wav", 44_100, 2, 4 * CORE);
    let mut croon = home
        .croon(&["separate", text(&song)])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !home.written().iter().any(|name| name.ends_with(".part")) {
        assert!(
            croon.try_wait().unwrap().is_none(),
            "it ended before it was interrupted"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_raw(croon.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(croon.wait().unwrap().code(), Some(130));
    assert!(home.written().is_empty(), "{:?}", home.written());
}

#[test]
fn watching_separates_what_is_there_and_remembers_it() {
    let home = Home::new("identity");
    for (name, frames) in [("a.wav", CORE), ("b.wav", 100)] {
        fake_engine::tone(&home.songs(), name, 44_100, 2, frames);
    }
    let songs = home.songs();
    let args = ["watch", text(&songs), "--once", "--json"];
    let events = |output: &Output| -> Vec<serde_json::Value> {
        stdout(output)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let output = home.run(&args);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        events(&output)
            .iter()
            .filter(|event| event["event"] == "done")
            .count(),
        2,
        "{}",
        stdout(&output)
    );
    let output = home.run(&args);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        events(&output).iter().all(|event| event["event"] != "separating"),
        "{}",
        stdout(&output)
    );
    std::fs::write(songs.join("list.mp3"), "no music").unwrap();
    let output = home.run(&args);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        events(&output).iter().any(|event| event["event"] == "failed"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn watching_says_which_song_made_room_and_stops_at_a_full_cache() {
    let home = Home::new("identity");
    let config = home.dir.path().join("config.toml");
    let text_before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text_before + "[cache]\nsize_gb = 0.1\n").unwrap();
    let songs = home.songs();
    let watch = || home.run(&["watch", text(&songs), "--once"]);
    let tone = |name: &str, frames| fake_engine::tone(&songs, name, 44_100, 2, frames);
    tone("first.wav", 90);
    let output = watch();
    assert!(output.status.success(), "{}", stderr(&output));

    // The cache is full but for a few kilobytes, which the next two songs seem to fit into.
    let model = home.dir.path().join("cache/croon/stems/fake-ffffffff");
    let song = std::fs::read_dir(&model).unwrap().next().unwrap().unwrap().path();
    let used: u64 = walkdir::WalkDir::new(&song)
        .into_iter()
        .map(|entry| entry.unwrap().metadata().unwrap())
        .filter(|meta| meta.is_file())
        .map(|meta| meta.blocks() * 512)
        .sum();
    let mut filler = std::fs::File::create(song.join("filler")).unwrap();
    filler
        .write_all(&vec![0; (100_000_000 - used - 8192) as usize])
        .unwrap();
    filler.sync_all().unwrap();
    tone("second.wav", 91);
    tone("third.wav", 92);
    let output = watch();
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    assert!(
        said.contains("evicted: 1 songs sung longest ago made room"),
        "{said}"
    );
    assert_eq!(said.matches("done: ").count(), 1, "{said}");
    assert!(
        said.contains("full: the cache is full (0.1 GB) and 1 songs wait"),
        "{said}"
    );
    assert!(!song.exists());
}

#[test]
fn watching_ends_at_a_signal_and_takes_new_songs_meanwhile() {
    use std::io::{BufRead, BufReader};
    let home = Home::new("identity");
    let songs = home.songs();
    let mut croon = home
        .croon(&["watch", text(&songs)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(croon.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.starts_with("scanned:")));
    let made = fake_engine::tone(home.dir.path(), "new.wav", 44_100, 2, 1000);
    std::fs::rename(made, songs.join("new.wav")).unwrap();
    assert!(
        lines
            .by_ref()
            .any(|line| line.starts_with("done:") && line.contains("new.wav"))
    );
    let pid = rustix::process::Pid::from_raw(croon.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(croon.wait().unwrap().code(), Some(130));
}

#[test]
fn after_a_kill_nothing_stored_is_separated_again() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let home = Home::new(&format!("identity count:{}", count.display()));
    let songs = home.songs();
    let song = fake_engine::tone(&songs, "song.wav", 44_100, 2, 8 * CORE);
    let mut croon = home
        .croon(&["watch", text(&songs), "--once"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while fake_engine::counted(&count) < 4 {
        assert!(
            croon.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    croon.kill().unwrap();
    croon.wait().unwrap();
    let output = home.run(&["watch", text(&songs), "--once"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // The three windows under way when it was killed are asked twice, the stored ones never.
    let asked = fake_engine::counted(&count);
    assert!(
        (8..=8 + 3).contains(&asked),
        "{asked} windows were asked for 8 segments"
    );
    assert!(song.is_file());
}
