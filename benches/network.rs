//! The real engine, `cargo bench --bench network`. `windows`: one window of music through the pipe, the
//! transforms, the network and back; the time is for 4.5 s of new music. `end_to_end`: `croon separate`
//! from a file to two written stems; items per second are times real time.

// A bench that cannot reach its engine has nothing to measure.
#![allow(clippy::expect_used)]

use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use croon::separate::protocol::{PipeMessage, read_message, write_message};

fn main() {
    divan::main();
}

struct Engine {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Engine {
    fn start() -> Self {
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
        let mut child = Command::new(env!("CARGO_BIN_EXE_croon-separator"))
            .args(["serve", "--models", models])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        let ask = child.stdin.take().expect("stdin is piped");
        let mut answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        assert!(
            matches!(read_message(&mut answers), Ok(Some(PipeMessage::Hello(_)))),
            "the engine greets"
        );
        Self { child, ask, answers }
    }

    fn separate(&mut self, windows: &[Vec<f32>]) {
        for (id, pcm) in windows.iter().enumerate() {
            write_message(
                &mut self.ask,
                &PipeMessage::Window {
                    id: id as u64,
                    pcm: pcm.clone(),
                },
            )
            .expect("it listens");
        }
        for _ in windows {
            let answer = read_message(&mut self.answers).expect("it answers");
            assert!(matches!(answer, Some(PipeMessage::Vocals { .. })));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = write_message(&mut self.ask, &PipeMessage::Bye);
        let _ = self.child.wait();
    }
}

fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..2 * frames)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.2 * (state as f32 / u32::MAX as f32 - 0.5)
        })
        .collect()
}

/// Latency of a window, and throughput with a window for each of several workers.
#[divan::bench(args = [1, 4], sample_count = 10, sample_size = 1)]
fn windows(bencher: divan::Bencher, count: usize) {
    let mut engine = Engine::start();
    let windows = vec![noise(393_216); count];
    engine.separate(&windows);
    bencher.bench_local(|| engine.separate(&windows));
}

/// Start, decoding, separation, writing: what a minute of music takes a user.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn end_to_end(bencher: divan::Bencher) {
    const SECONDS: u32 = 60;
    let home = tempfile::tempdir().expect("a folder");
    let song = home.path().join("song.wav");
    write(&song, &noise((44_100 * SECONDS) as usize));
    let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
    croon
        .args(["separate", "--quiet", "--force", "-o"])
        .args([home.path(), &song])
        .env("CROON_MODELS", concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
        .env("HOME", home.path())
        .stdout(Stdio::null());
    for name in ["CONFIG", "STATE", "CACHE", "DATA"] {
        croon.env(format!("XDG_{name}_HOME"), home.path().join(name));
    }
    bencher
        .counter(divan::counter::ItemsCount::new(SECONDS))
        .bench_local(|| assert!(croon.status().expect("croon starts").success()));
}

fn write(path: &Path, pcm: &[f32]) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("a file");
    for sample in pcm {
        file.write_sample((sample * 32_767.0) as i16).expect("written");
    }
    file.finalize().expect("written");
}
