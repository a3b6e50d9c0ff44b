//! `croon eval` as a user runs it, with a small engine behind whose quality is known.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::fake_engine;
use crate::support::skip::shared;
use croon::audio::write::{StemFormat, StemWriter};
use croon::judge::reference::SongFiles;
use croon::judge::sdr;
use serde_json::Value;

const RATE: u32 = 44_100;
const FRAMES: usize = 53_000;

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new(mode: &str) -> Self {
        let home = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let command = serde_json::to_string(&fake_engine::line(mode)).unwrap();
        std::fs::write(
            home.at("config.toml"),
            format!("[separation]\ncommand = {command}\n"),
        )
        .unwrap();
        std::fs::create_dir(home.at("songs")).unwrap();
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn croon(&self, args: &[&str]) -> Command {
        let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
        croon
            .args(args)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .env("CROON_CONFIG", self.at("config.toml"))
            .env("HOME", self.dir.path());
        for name in ["CACHE", "STATE", "DATA", "CONFIG"] {
            croon.env(format!("XDG_{name}_HOME"), self.at(&name.to_lowercase()));
        }
        croon
    }

    fn run(&self, args: &[&str]) -> Output {
        self.croon(args).output().unwrap()
    }

    fn write(&self, name: &str, pcm: &[f32]) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = StemWriter::create(&path, StemFormat::Wav, RATE, 2).unwrap();
        writer.write(pcm).unwrap();
        writer.finish().unwrap();
    }

    /// A song of noise in `songs/`; the vocals have `level` times the accompaniment's.
    fn song(&self, name: &str, level: f32) -> [Vec<f32>; 2] {
        let vocals: Vec<f32> = noise(1).iter().map(|x| level * x).collect();
        let accompaniment = noise(2);
        self.write(&format!("songs/{name}/vocals.wav"), &vocals);
        self.write(&format!("songs/{name}/accompaniment.wav"), &accompaniment);
        [vocals, accompaniment]
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.at(name)).unwrap()).unwrap()
    }
}

fn noise(seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..2 * FRAMES)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            0.2 * ((state >> 33) as f32 / (1_u64 << 31) as f32 - 0.5)
        })
        .collect()
}

fn energy(pcm: impl Iterator<Item = f32>) -> f64 {
    pcm.map(|x| f64::from(x).powi(2)).sum()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn names(songs: &Value) -> Vec<&str> {
    let songs = songs.as_array().unwrap();
    songs.iter().map(|song| song["song"].as_str().unwrap()).collect()
}

#[test]
fn an_engine_whose_quality_is_known_gets_the_figures_it_deserves() {
    let home = Home::new("half");
    let [vocals, rest] = home.song("one", 0.8);
    let output = home.run(&["eval", "songs", "--json", "a.json", "--csv", "a.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let report = home.json("a.json");
    let methods = report["songs"][0]["methods"].as_array().unwrap();
    let figure = |method: usize, stem: &str, name: &str| methods[method][stem][name].as_f64().unwrap();
    // Half the mixture as vocals leaves an error of half the accompaniment minus half the vocals.
    let error = energy(vocals.iter().zip(&rest).map(|(v, r)| (r - v) / 2.0));
    let wanted = 10.0 * (energy(vocals.iter().copied()) / error).log10();
    assert!((figure(0, "vocals", "whole_sdr") - wanted).abs() < 1e-3);
    // Two noises have little in common, so a window is not far from the whole.
    assert!((figure(0, "vocals", "sdr") - wanted).abs() < 0.3);
    // The stem with half its level is spatially wrong by half, and 0.8 above the other stem's half.
    assert!((figure(0, "vocals", "isr") - 20.0 * 2.0_f64.log10()).abs() < 0.3);
    assert!((figure(0, "vocals", "sir") - 20.0 * 0.8_f64.log10()).abs() < 0.3);
    assert!(
        figure(0, "vocals", "sar") > 40.0,
        "half a mixture has no artefacts"
    );

    let named = |method: &Value| method["method"].as_str().unwrap().to_owned();
    let all: Vec<String> = methods.iter().map(named).collect();
    assert_eq!(all.len(), 8, "{all:?}");
    assert_eq!(all[..3], ["fake", "mixture as vocals", "nothing as vocals"]);
    assert!(figure(1, "accompaniment", "whole_sdr").abs() < 1e-3);
    assert!(figure(2, "vocals", "whole_sdr").abs() < 1e-9);
    assert!(methods[2]["vocals"]["sir"].is_null());
    assert!(
        figure(7, "vocals", "sdr") > figure(0, "vocals", "sdr"),
        "a ceiling is above"
    );
    assert_eq!(report["medians"].as_array().unwrap().len(), 8);
    assert_eq!(report["medians"][0]["vocals"], methods[0]["vocals"]);
    assert!(report["songs"][0]["times_real_time"].as_f64().unwrap() > 0.0);
    assert_eq!(report["judged"]["engine"]["device"], "fake");
    #[cfg(target_os = "linux")]
    for peak in [&report["judged"]["engine"]["peak_memory"], &report["peak_memory"]] {
        assert!(peak.as_u64().unwrap() > 1 << 20, "{peak}");
    }

    let csv = std::fs::read_to_string(home.at("a.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 8 + 8 + 8, "{csv}");
    let table = stdout(&output);
    for wanted in [
        "one",
        "ideal mask, power",
        "medians of 1 songs",
        "accompaniment, dB",
    ] {
        assert!(table.contains(wanted), "{wanted} is missing in\n{table}");
    }
}

#[test]
fn a_song_without_vocals_is_named_and_costs_no_other() {
    let home = Home::new("half");
    home.write("songs/a instrumental/mixture.wav", &noise(3));
    home.song("good", 1.0);
    std::fs::write(home.at("songs/broken.stem.mp4"), b"no music").unwrap();
    let output = home.run(&[
        "eval",
        "songs",
        "/no/such/folder",
        "--no-baselines",
        "--json",
        "a.json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    for wanted in [
        "a instrumental: it has mixture but no vocals",
        "broken: ",
        "/no/such/folder",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in\n{said}");
    }
    let report = home.json("a.json");
    assert_eq!(names(&report["songs"]), ["good"]);
    assert_eq!(report["problems"].as_array().unwrap().len(), 3);
    assert!(report["medians"][0]["vocals"]["sdr"].is_f64());
    assert_eq!(
        report["medians"].as_array().unwrap().len(),
        1,
        "no baselines were asked for"
    );
}

#[test]
fn silent_vocals_are_named_and_their_leak_is_judged() {
    let home = Home::new("half");
    home.song("silent", 0.0);
    let output = home.run(&["eval", "songs", "--no-baselines", "--json", "-"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("silent: its vocals stem is silent"),
        "{}",
        stderr(&output)
    );
    // Nothing but JSON goes to stdout then.
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let method = &report["songs"][0]["methods"][0];
    assert!((method["leak"].as_f64().unwrap() + 20.0 * 2.0_f64.log10()).abs() < 1e-3);
    for figure in ["sdr", "isr", "sir", "sar", "whole_sdr", "si_sdr"] {
        assert!(method["vocals"][figure].is_null(), "{figure}");
    }
}

#[test]
fn stems_of_another_separator_are_judged_as_they_lie() {
    let home = Home::new("exit");
    let [vocals, rest] = home.song("one", 1.0);
    home.song("forgotten", 1.0);
    // A hundredth of noise in the vocals; the accompaniment has twice that, so it is not the rest.
    let soiled = |pcm: &[f32], seed, gain: f32| -> Vec<f32> {
        pcm.iter().zip(noise(seed)).map(|(x, n)| x + gain * n).collect()
    };
    home.write("other/one/vocals.wav", &soiled(&vocals, 8, 0.1));
    home.write("other/one/no_vocals.wav", &soiled(&rest, 9, 0.2));
    let output = home.run(&[
        "eval",
        "songs",
        "--estimates",
        "other",
        "--no-baselines",
        "--json",
        "a.json",
        "-q",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("forgotten: there is no folder"),
        "{}",
        stderr(&output)
    );
    let report = home.json("a.json");
    let method = &report["songs"][0]["methods"][0];
    for (stem, wanted) in [("vocals", 20.0), ("accompaniment", 20.0 - 20.0 * 2.0_f64.log10())] {
        let found = method[stem]["sdr"].as_f64().unwrap();
        assert!((found - wanted).abs() < 0.2, "{stem}: {found}");
    }
    assert_eq!(report["judged"]["folder"]["path"], "other");
    assert!(report["songs"][0]["times_real_time"].is_null());
}

#[test]
fn the_windows_in_the_file_are_musevals() {
    let Some(fixtures) = shared("fixtures") else {
        return;
    };
    let golden = std::fs::read_to_string(fixtures.join("museval_golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden.replace("NaN", "null")).unwrap();
    let home = Home::new("exit");
    for folder in ["songs/a", "estimates/a"] {
        std::fs::create_dir_all(home.at(folder)).unwrap();
        let kind = if folder.starts_with("songs") { "ref" } else { "est" };
        for (index, stem) in ["vocals", "accompaniment"].iter().enumerate() {
            let from = fixtures.join(format!("{kind}{index}.wav"));
            std::fs::copy(from, home.at(&format!("{folder}/{stem}.wav"))).unwrap();
        }
    }
    let output = home.run(&[
        "eval",
        "songs",
        "--estimates",
        "estimates",
        "--no-baselines",
        "--json",
        "a.json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let song = &home.json("a.json")["songs"][0];
    for (index, stem) in ["vocals", "accompaniment"].iter().enumerate() {
        let windows = song[format!("{stem}_windows")].as_array().unwrap();
        assert_eq!(windows.len(), 5);
        for (at, window) in windows.iter().enumerate() {
            for name in ["SDR", "ISR", "SIR", "SAR"] {
                let (found, wanted) = (&window[name.to_lowercase()], &golden[name][index][at]);
                match (found.as_f64(), wanted.as_f64()) {
                    (Some(found), Some(wanted)) => assert!((found - wanted).abs() < 0.01),
                    _ => assert!(found.is_null() && wanted.is_null(), "{found} {wanted}"),
                }
            }
        }
    }
}

#[test]
fn a_container_is_separated_as_the_sum_of_its_stems() {
    let Some(data) = shared("data/eval/musdb7") else {
        return;
    };
    let song = std::fs::read_dir(data).unwrap().next().unwrap().unwrap().path();
    let home = Home::new("identity");
    let output = home.run(&["eval", song.to_str().unwrap(), "--no-baselines", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let scores = &report["songs"][0]["methods"][0];
    // What comes back from the engine is what it was given. Were that the container's own mixture,
    // the accompaniment would be off by more than the vocals alone.
    let stems = SongFiles::Container(song).read().unwrap();
    let sum: Vec<f32> = stems
        .vocals
        .iter()
        .zip(&stems.accompaniment)
        .map(|(v, a)| v + a)
        .collect();
    let wanted = sdr::whole(&stems.vocals, &sum);
    let found = scores["vocals"]["whole_sdr"].as_f64().unwrap();
    assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
    let rest = scores["accompaniment"]["whole_sdr"].as_f64().unwrap();
    assert!(rest.abs() < 1e-4, "{rest}");
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    let home = Home::new("exit");
    std::fs::write(home.at("songs/holiday.txt"), b"").unwrap();
    let of = |args: &[&str]| {
        let output = home.run(args);
        (output.status.code().unwrap(), stderr(&output))
    };
    let (code, said) = of(&["eval", "songs"]);
    assert!(code == 3 && said.contains(".stem.mp4"), "{code} {said}");
    home.song("one", 1.0);
    let (code, said) = of(&["eval", "songs"]);
    assert!(code == 4 && said.contains("no such device"), "{code} {said}");
    let (code, said) = of(&["eval", "songs", "--model", "full"]);
    assert!(
        code == 2 && said.contains("names another engine"),
        "{code} {said}"
    );
    let (code, said) = of(&["eval", "songs", "--json", "no/such/a.json"]);
    assert!(code == 2 && said.contains("no/such/a.json"), "{code} {said}");
    let (code, said) = of(&["eval", "songs", "--estimates", "nowhere"]);
    assert!(code == 2 && said.contains("nowhere"), "{code} {said}");
}

#[test]
fn an_interrupt_keeps_what_was_judged() {
    let home = Home::new("identity hang-after:1");
    home.song("a first", 1.0);
    home.song("b second", 1.0);
    let mut croon = home
        .croon(&["eval", "songs", "--no-baselines", "--json", "a.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(croon.stderr.take().unwrap()));
    assert!(
        lines
            .map(Result::unwrap)
            .any(|line| line.starts_with("a first: SDR"))
    );
    let pid = rustix::process::Pid::from_child(&croon);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(croon.wait().unwrap().code(), Some(130));
    assert_eq!(names(&home.json("a.json")["songs"]), ["a first"]);
}
