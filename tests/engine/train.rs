//! Training from the command line: on songs made here, stopped by SIGTERM, picked up, exported.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn stem(path: &Path, hz: f32, seconds: usize) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..44_100 * seconds {
        let t = i as f32 / 44_100.0;
        let sample: f32 = (1..6)
            .map(|n| (std::f32::consts::TAU * hz * n as f32 * t + (t * 30.0).sin()).sin() / n as f32)
            .sum();
        wav.write_sample((sample * 6000.0) as i16).unwrap();
        wav.write_sample((sample * 5000.0) as i16).unwrap();
    }
    wav.finalize().unwrap();
}

fn trainer(data: &Path, run: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_croon-separator"));
    command.args([
        "train", "--device", "cpu", "--batch", "2", "--frames", "64", "--data",
    ]);
    command.arg(data).arg("--run").arg(run);
    command
}

/// The steps that a run's log has rows of.
fn logged(run: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(run.join("log.csv")).unwrap();
    let steps = text.lines().skip(1).map(|line| line.split(',').next().unwrap());
    steps.map(|step| step.parse().unwrap()).collect()
}

#[test]
fn a_stopped_training_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (data, run) = (dir.path().join("data"), dir.path().join("run"));
    for (song, hz) in [("one", 220.0), ("two", 330.0)] {
        stem(&data.join(song).join("vocals.wav"), hz, 3);
        stem(&data.join(song).join("accompaniment.wav"), hz / 2.7, 3);
    }
    std::fs::create_dir_all(data.join("vocals")).unwrap();
    std::fs::write(data.join("vocals/broken.flac"), b"no music").unwrap();

    let mut child = trainer(&data, &run)
        .args(["--steps", "100000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        said += &line;
        said.push('\n');
        if line.starts_with("step ") && line.contains("loss") {
            let child = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(child, rustix::process::Signal::TERM).unwrap();
            break;
        }
    }
    assert!(
        said.contains("broken.flac") && said.contains("of the recordings: 1 skipped"),
        "{said}"
    );
    // Its pipe is closed by now: a training must survive that its output goes nowhere.
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(run.join("last.safetensors").exists() && run.join("plan.json").exists());

    let stopped_at = *logged(&run).last().unwrap();

    // As a full disk would, a folder in the way keeps the new state from being put in place.
    let before = std::fs::read(run.join("last.safetensors")).unwrap();
    let good = run.join("good.safetensors");
    let _ = std::fs::remove_file(&good);
    std::fs::create_dir(&good).unwrap();
    let output = trainer(&data, &run)
        .args(["--steps", &(stopped_at + 1).to_string()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("good.safetensors cannot be written") && said.contains("What was saved before stays"),
        "{said}"
    );
    assert!(std::fs::read(run.join("last.safetensors")).unwrap() == before);
    std::fs::remove_dir(&good).unwrap();

    let output = trainer(&data, &run)
        .args(["--steps", &(stopped_at + 2).to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(&format!("going on from step {stopped_at} of")),
        "{said}"
    );
    let steps = logged(&run);
    assert_eq!(steps.last(), Some(&(stopped_at + 2)));
    assert!(
        steps.is_sorted_by(|a, b| a < b),
        "a step is logged twice: {steps:?}"
    );
    let svg = std::fs::read_to_string(run.join("report.svg")).unwrap();
    assert!(svg.contains("Training loss"), "{svg}");

    let output = trainer(&data, &run)
        .args(["--model", "unet-mask"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("trains the model light") && said.contains("another --run"),
        "{said}"
    );

    let models = dir.path().join("models");
    let output = trainer(&data, &run)
        .args(["--steps", "1", "--export"])
        .arg(&models)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("going on from step"), "{said}");
    let model = models.join("light.toml");
    assert!(models.join("light.safetensors").exists() && model.exists());

    // Another network cannot begin with its weights.
    let output = trainer(&data, &dir.path().join("other"))
        .args(["--model", "unet-mask", "--from"])
        .arg(&model)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("those weights are of another network") && said.contains("--model"),
        "{said}"
    );
}

#[test]
fn a_folder_without_material_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let output = trainer(dir.path(), &dir.path().join("run")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no training material"), "{said}");
}

#[test]
fn songs_without_stems_are_labelled_once_and_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let (data, run) = (dir.path().join("data"), dir.path().join("run"));
    stem(&data.join("one/vocals.wav"), 220.0, 3);
    stem(&data.join("one/accompaniment.wav"), 80.0, 3);
    stem(&data.join("unlabelled/two.wav"), 330.0, 4);
    std::fs::write(data.join("unlabelled/broken.mp3"), b"no music").unwrap();
    let train = |steps: &str, teacher: &[&str]| {
        let mut command = trainer(&data, &run);
        command.args(["--steps", steps]).args(teacher);
        command.env(
            "CROON_MODELS",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("models"),
        );
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = train("1", &["--teacher", "light"]);
    assert!(said.contains("1 songs labelled now, 0 before"), "{said}");
    assert!(
        said.contains("broken.mp3") && said.contains("1 pairs, 1 by a teacher"),
        "{said}"
    );
    let said = train("2", &["--teacher", "light"]);
    assert!(said.contains("0 songs labelled now, 1 before"), "{said}");
    assert_eq!(logged(&run).last(), Some(&2));
    let said = train("3", &[]);
    assert!(
        said.contains("2 unlabelled songs left alone") && said.contains("0 by a teacher"),
        "{said}"
    );
}
