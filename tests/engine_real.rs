//! The real engine with the bundled model, over a real pipe.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use croon::separate::protocol::{Hello, Message, read_message, write_message};

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

fn bundled() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
}

impl Engine {
    fn start() -> Self {
        let mut child = command(bundled()).spawn().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let Some(Message::Hello(hello)) = read_message(&mut answers).unwrap() else {
            panic!("no Hello")
        };
        Self {
            child,
            answers,
            hello,
        }
    }

    fn send(&mut self, message: &Message) {
        write_message(self.child.stdin.as_mut().unwrap(), message).unwrap();
    }

    /// The answers to these windows, in the order of their ids, which are their places.
    fn separate(&mut self, windows: Vec<Vec<f32>>) -> Vec<Message> {
        let count = windows.len();
        let mut answers: Vec<Option<Message>> = vec![None; count];
        for (id, pcm) in windows.into_iter().enumerate() {
            self.send(&Message::Window { id: id as u64, pcm });
            if id >= 2 {
                self.take(&mut answers);
            }
        }
        while answers.iter().any(Option::is_none) {
            self.take(&mut answers);
        }
        answers.into_iter().flatten().collect()
    }

    fn take(&mut self, answers: &mut [Option<Message>]) {
        let answer = read_message(&mut self.answers)
            .unwrap()
            .expect("the engine ended");
        let (Message::Vocals { id, .. } | Message::Failed { id, .. }) = &answer else {
            panic!("{answer:?}")
        };
        let place = *id as usize;
        assert!(answers[place].is_none(), "two answers to window {place}");
        answers[place] = Some(answer);
    }

    fn end(mut self) {
        self.send(&Message::Bye);
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Something like music: a chord with a vibrato voice over it, and noise.
fn music(frames: usize) -> Vec<f32> {
    let mut noise = 1_u32;
    (0..frames)
        .flat_map(|i| {
            let t = i as f32 / 44_100.0;
            let sine = |hz: f32| (std::f32::consts::TAU * hz * t).sin();
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = 0.02 * (noise as f32 / u32::MAX as f32 - 0.5);
            let voice: f32 = (1..12)
                .map(|n| sine(220.0 * n as f32 + 3.0 * (t * 35.0).sin()) / n as f32)
                .sum();
            let chord = sine(110.0) + sine(138.6) + sine(164.8);
            [
                0.1 * chord + 0.1 * voice + hiss,
                0.08 * chord + 0.1 * voice - hiss,
            ]
        })
        .collect()
}

fn pcm(message: &Message) -> &[f32] {
    match message {
        Message::Vocals { pcm, .. } => pcm,
        other => panic!("{other:?}"),
    }
}

#[test]
fn windows_go_in_and_vocals_come_out() {
    let mut engine = Engine::start();
    let hello = engine.hello.clone();
    assert_eq!((hello.protocol, hello.rate, hello.window), (1, 44_100, 261_120));
    assert_eq!(hello.model_sha256.len(), 64);
    assert!(hello.in_flight == 3 && !hello.why.is_empty());
    let song = music(hello.window as usize);
    let scaled = |gain: f32| song.iter().map(|x| x * gain).collect::<Vec<f32>>();
    let gains = [1e-3, 0.1, 10.0];
    let mut windows = vec![
        song.clone(),
        vec![0.0; song.len()],
        song[..1000].to_vec(),
        vec![f32::NAN; song.len()],
    ];
    windows.extend(gains.map(scaled));
    windows.push(song.clone());
    let answers = engine.separate(windows);

    let vocals = pcm(&answers[0]);
    assert_eq!(vocals.len(), song.len());
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    assert!(energy(vocals) > 0.0 && energy(vocals) < 1.5 * energy(&song));
    assert!(
        pcm(&answers[1]).iter().all(|x| *x == 0.0),
        "silence must stay silence"
    );
    assert!(
        matches!(&answers[2], Message::Failed { reason, .. } if reason.contains("261120")),
        "{:?}",
        answers[2]
    );
    assert!(
        matches!(&answers[3], Message::Failed { .. }),
        "values that are no numbers are refused"
    );
    let peak = vocals.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    for (gain, answer) in gains.iter().zip(&answers[4..]) {
        let worst = pcm(answer)
            .iter()
            .zip(vocals)
            .map(|(a, b)| (a / gain - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-4 * peak, "gain {gain}: {worst} of {peak}");
    }
    assert_eq!(
        pcm(&answers[7]),
        vocals,
        "a window gives the same samples whatever came before"
    );
    engine.end();
}

#[test]
fn garbage_ends_the_engine_with_a_sentence() {
    let mut child = command(bundled()).stderr(Stdio::piped()).spawn().unwrap();
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
    let mut child = command(bundled()).spawn().unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(matches!(
        read_message(&mut &output.stdout[..]),
        Ok(Some(Message::Hello(_)))
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
        bundled().join("unet-mask.toml"),
        dir.path().join("unet-mask.toml"),
    )
    .unwrap();
    fails("missing");
    let mut weights = std::fs::read(bundled().join("unet-mask.safetensors")).unwrap();
    weights.truncate(weights.len() / 2);
    std::fs::write(dir.path().join("unet-mask.safetensors"), weights).unwrap();
    fails("sha256");
}

#[test]
fn info_says_what_it_runs_on() {
    let output = Command::new(env!("CARGO_BIN_EXE_croon-separator"))
        .args(["--device", "cpu", "info", "--json", "--models"])
        .arg(bundled())
        .output()
        .unwrap();
    assert!(output.status.success());
    let info: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(info["libtorch"], "2.11.0");
    assert_eq!(info["why"], "asked for");
    assert!(info["model"]["times_real_time"].as_f64().unwrap() > 0.0);
}
