//! The real engine as a process: its pipe, its weights, its words. `separator.rs` holds what it makes of
//! music.

use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::real_engine::{energy, models_folder, noisy_music};
use croon::separate::command::EngineCommand;
use croon::separate::engine as player;
use croon::separate::model_candidate;
use croon::separate::models;
use croon::separate::protocol::{Hello, PipeMessage, read_message, write_message};
use croon::separate::segment::Grid;

struct Engine {
    child: Child,
    answers: BufReader<ChildStdout>,
    hello: Hello,
}

fn command(models: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_croon-separator"));
    // The options as croon gives them.
    command
        .args([
            "serve",
            "--nice",
            "5",
            "--device",
            "cpu",
            "--threads",
            "2",
            "--model",
            "unet-mask",
            "--models",
        ])
        .arg(models)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

impl Engine {
    fn start() -> Self {
        let mut child = command(models_folder()).spawn().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let Some(PipeMessage::Hello(hello)) = read_message(&mut answers).unwrap() else {
            panic!("no Hello")
        };
        Self {
            child,
            answers,
            hello,
        }
    }

    fn send(&mut self, message: &PipeMessage) {
        write_message(self.child.stdin.as_mut().unwrap(), message).unwrap();
    }

    /// The answers to these windows, in the order of their ids, which are their places.
    fn separate(&mut self, windows: Vec<Vec<f32>>) -> Vec<PipeMessage> {
        let count = windows.len();
        let mut answers: Vec<Option<PipeMessage>> = vec![None; count];
        for (id, pcm) in windows.into_iter().enumerate() {
            self.send(&PipeMessage::Window { id: id as u64, pcm });
            if id >= 2 {
                self.take(&mut answers);
            }
        }
        while answers.iter().any(Option::is_none) {
            self.take(&mut answers);
        }
        answers.into_iter().flatten().collect()
    }

    fn take(&mut self, answers: &mut [Option<PipeMessage>]) {
        let answer = read_message(&mut self.answers)
            .unwrap()
            .expect("the engine ended");
        let (PipeMessage::Vocals { id, .. } | PipeMessage::Failed { id, .. }) = &answer else {
            panic!("{answer:?}")
        };
        let place = *id as usize;
        assert!(answers[place].is_none(), "two answers to window {place}");
        answers[place] = Some(answer);
    }

    fn end(mut self) {
        self.send(&PipeMessage::Bye);
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

fn pcm(message: &PipeMessage) -> &[f32] {
    match message {
        PipeMessage::Vocals { pcm, .. } => pcm,
        other => panic!("{other:?}"),
    }
}

#[test]
fn windows_go_in_and_vocals_come_out() {
    let mut engine = Engine::start();
    let hello = engine.hello.clone();
    let child = rustix::process::Pid::from_child(&engine.child);
    let niceness = |process| rustix::process::getpriority_process(process).unwrap();
    assert_eq!(
        niceness(Some(child)),
        (niceness(None) + 5).min(19),
        "it steps back"
    );
    assert_eq!((hello.protocol, hello.rate, hello.window), (1, 44_100, 393_216));
    assert_eq!(hello.model_sha256.len(), 64);
    let manifest = models::read_manifest(&models_folder().join("unet-mask.toml")).unwrap();
    assert_eq!(hello.fingerprint, models::fingerprint(&manifest).unwrap());
    assert!(hello.in_flight == 3 && !hello.why.is_empty());
    let song = noisy_music(&Grid::STANDARD, hello.window as usize);
    let answers = engine.separate(vec![
        song.clone(),
        song[..1000].to_vec(),
        vec![f32::NAN; song.len()],
        song.clone(),
    ]);

    let vocals = pcm(&answers[0]);
    assert_eq!(vocals.len(), song.len());
    assert!(energy(vocals) > 0.0 && energy(vocals) < 1.5 * energy(&song));
    assert!(
        matches!(&answers[1], PipeMessage::Failed { reason, .. } if reason.contains("393216")),
        "{:?}",
        answers[1]
    );
    assert!(
        matches!(&answers[2], PipeMessage::Failed { .. }),
        "values that are no numbers are refused"
    );
    assert_eq!(pcm(&answers[3]), vocals, "a refused window leaves nothing behind");
    engine.end();
}

#[test]
fn garbage_ends_the_engine_with_a_sentence() {
    let mut child = command(models_folder()).stderr(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n")
        .unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no croon frame"), "{text}");
}

#[test]
fn an_empty_stdin_is_a_clean_end() {
    let mut child = command(models_folder()).spawn().unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(matches!(
        read_message(&mut &output.stdout[..]),
        Ok(Some(PipeMessage::Hello(_)))
    ));
}

#[test]
fn damaged_or_missing_weights_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let fails = |expected: &str| {
        let output = command(dir.path()).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(output.stdout.is_empty());
    };
    fails("no model unet-mask");
    std::fs::copy(
        models_folder().join("unet-mask.toml"),
        dir.path().join("unet-mask.toml"),
    )
    .unwrap();
    fails("missing");
    let mut weights = std::fs::read(models_folder().join("unet-mask.safetensors")).unwrap();
    weights.truncate(weights.len() / 2);
    std::fs::write(dir.path().join("unet-mask.safetensors"), weights).unwrap();
    fails("sha256");
    let asked = command(dir.path());
    let Err(error) = player::Engine::start(EngineCommand::new(asked.get_program(), asked.get_args())) else {
        panic!("damaged weights were taken")
    };
    assert!(
        error.to_string().contains("sha256"),
        "croon hears it too: {error}"
    );
}

/// `serve` with no model named, whose figures lie in this cache folder: its hello.
fn hello_of_auto(cache: &Path, wait_for_figures: bool) -> Hello {
    let mut child = Command::new(env!("CARGO_BIN_EXE_croon-separator"))
        .args(["serve", "--device", "cpu", "--threads", "1", "--models"])
        .arg(models_folder())
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let Some(PipeMessage::Hello(hello)) = read_message(&mut child.stdout.as_mut().unwrap()).unwrap() else {
        panic!("no Hello")
    };
    let since = Instant::now();
    // On a busy machine the timing ends after the first word.
    while wait_for_figures && !cache.join(FIGURES).exists() {
        assert!(since.elapsed() < Duration::from_secs(120), "no figures were kept");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    hello
}

const FIGURES: &str = "croon/engine-speeds.toml";

#[test]
fn auto_measures_once_and_takes_the_best_that_is_fast_enough() {
    let dir = tempfile::tempdir().unwrap();
    let candidates = model_candidate::candidates(&[models_folder().to_path_buf()]);
    let first = hello_of_auto(dir.path(), true);
    assert!(candidates.iter().any(|one| one.name == first.model), "{first:?}");
    assert!(!first.model_why.is_empty(), "{first:?}");

    // The figures of the best model alone decide now.
    let figures = std::fs::read_to_string(dir.path().join(FIGURES)).unwrap();
    let with = |speed: &str| {
        let lines = figures.lines().map(|line| match line.split(" = ").next() {
            Some("times_real_time") => format!("times_real_time = {speed}"),
            Some("provisional") => "provisional = false".into(),
            _ => line.to_owned(),
        });
        let text: Vec<String> = lines.collect();
        std::fs::write(dir.path().join(FIGURES), text.join("\n")).unwrap();
        hello_of_auto(dir.path(), false)
    };
    let fast = with("41.5");
    assert_eq!(fast.model, candidates[0].name);
    assert_eq!(fast.fingerprint, candidates[0].fingerprint);
    assert_eq!(fast.times_real_time, Some(41.5));
    assert_eq!(fast.model_why, "41 times real time here, the best that reaches 6");
    assert_ne!(with("5.9").model, candidates[0].name);
}

#[test]
fn figures_that_are_damaged_or_cannot_be_kept_cost_no_engine() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join(FIGURES)).unwrap();
    assert!(!hello_of_auto(dir.path(), false).model_why.is_empty());
    let damaged = tempfile::tempdir().unwrap();
    std::fs::create_dir(damaged.path().join("croon")).unwrap();
    std::fs::write(damaged.path().join(FIGURES), "[[speed]]\nmodel = ").unwrap();
    assert!(!hello_of_auto(damaged.path(), false).model_why.is_empty());
}

#[test]
fn info_says_what_it_runs_on() {
    let output = Command::new(env!("CARGO_BIN_EXE_croon-separator"))
        .args(["--device", "cpu", "info", "--json", "--models"])
        .arg(models_folder())
        .output()
        .unwrap();
    assert!(output.status.success());
    let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["libtorch"], "2.11.0");
    assert_eq!(info["why"], "asked for");
    assert!(info["model"]["times_real_time"].as_f64().unwrap() > 0.0);
    assert!(!info["model"]["why"].as_str().unwrap().is_empty());
}
