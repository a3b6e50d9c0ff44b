//! Small engines for tests, honest and faulty. A test program that includes this module becomes
//! one when it runs itself with `CROON_FAKE_ENGINE` set: its root needs
//! `#[test] #[ignore] fn fake_engine() { fake_engine::run_if_asked() }`.
// a test program that was started as an engine ends as one
#![allow(clippy::disallowed_methods)]

use std::env;
use std::fs::File;
use std::io::{Read, Write, stdin};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::time::Duration;

use croon::separate::command::EngineCommand;
use croon::separate::protocol::{Hello, PROTOCOL, PipeMessage, read_message, write_message};
use croon::separate::segment::Grid;

const MODE: &str = "CROON_FAKE_ENGINE";

/// The command line of a fake. The test harness writes to stdout, so the frames go to descriptor 3,
/// which the shell lays on the pipe.
pub fn line(mode: &str) -> Vec<String> {
    let exe = env::current_exe().expect("own path").display().to_string();
    let script =
        format!("{MODE}='{mode}' exec \"$0\" --exact fake_engine --ignored --nocapture 3>&1 >/dev/null");
    ["sh", "-c", &script, &exe].map(String::from).to_vec()
}

/// A fake with no patience wasted. `mode` is words: how it answers (`identity`, `half`, `silence`,
/// `left-minus-right`, `reverse` order), `model:NAME`, and faults such as `die-after:3`, `garbage-after:2`, `flag:PATH`.
pub fn command(mode: &str) -> EngineCommand {
    let line = line(mode);
    let mut command = EngineCommand::new(&line[0], &line[1..]);
    command.patience.backoff = Duration::from_millis(1);
    command
}

/// Serves and never returns, when this process was started as a fake.
pub fn run_if_asked() {
    if let Ok(mode) = env::var(MODE) {
        let mut out = File::options()
            .write(true)
            .open("/dev/fd/3")
            .expect("descriptor 3");
        serve(&mode, &mut out);
        exit(0);
    }
}

fn serve(mode: &str, out: &mut File) {
    let words: Vec<&str> = mode.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let number = |name: &str| {
        words
            .iter()
            .find_map(|w| w.strip_prefix(name)?.strip_prefix(':')?.parse::<u64>().ok())
    };
    // A fault that carries `once:PATH` strikes in the first process only.
    let first = match words.iter().find_map(|w| w.strip_prefix("once:")) {
        Some(path) => File::options().write(true).create_new(true).open(path).is_ok(),
        None => true,
    };
    let fault = |name: &str| number(name).filter(|_| first);
    if has("exit") {
        eprintln!("no such device");
        exit(3);
    }
    if has("mute") {
        wait_for_ever();
    }
    if has("text") {
        writeln!(out, "Last login: Monday").expect("pipe");
        wait_for_ever();
    }
    let grid = Grid::STANDARD;
    let hello = Hello {
        protocol: if has("future") { PROTOCOL + 1 } else { PROTOCOL },
        version: "0.0.0".into(),
        device: "fake".into(),
        why: "a test".into(),
        model: words
            .iter()
            .find_map(|w| w.strip_prefix("model:"))
            .unwrap_or("fake")
            .into(),
        model_sha256: if has("changing") {
            format!("{:064x}", std::process::id())
        } else {
            "f".repeat(64)
        },
        fingerprint: String::new(),
        model_why: String::new(),
        times_real_time: None,
        rate: grid.rate,
        window: if has("odd") { 7 } else { grid.window as u32 },
        core: grid.core as u32,
        fade: grid.fade as u32,
        in_flight: 3,
    };
    write_message(out, &PipeMessage::Hello(hello)).expect("pipe");
    eprintln!("fake engine is up");
    let mut from = stdin().lock();
    let mut served = 0;
    let mut held = Vec::new();
    let mut late = None;
    while let Some(message) = read_message(&mut from).expect("croon speaks properly") {
        let PipeMessage::Window { id, pcm } = message else {
            break;
        };
        if let Some(path) = words.iter().find_map(|w| w.strip_prefix("count:")) {
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .expect("count")
                .write_all(b".")
                .expect("count");
        }
        served += 1;
        let after = |name: &str| fault(name).is_some_and(|n| served > n);
        if after("die-after") {
            eprintln!("CUDA error: out of memory");
            std::process::abort();
        }
        if after("hang-after") {
            wait_for_ever();
        }
        if after("garbage-after") {
            out.write_all(&[0x5a; 4096]).expect("pipe");
            wait_for_ever();
        }
        if after("crc-after") {
            let mut frame = Vec::new();
            write_message(&mut frame, &PipeMessage::Vocals { id, pcm }).expect("memory");
            let last = frame.len() - 1;
            frame[last] ^= 1;
            out.write_all(&frame).expect("pipe");
            continue;
        }
        if after("short-after") {
            write_message(
                out,
                &PipeMessage::Vocals {
                    id,
                    pcm: vec![0.0; 8],
                },
            )
            .expect("pipe");
            continue;
        }
        if after("nan-after") {
            write_message(
                out,
                &PipeMessage::Vocals {
                    id,
                    pcm: vec![f32::NAN; pcm.len()],
                },
            )
            .expect("pipe");
            continue;
        }
        if after("refuse-after") || has("refuse") {
            write_message(
                out,
                &PipeMessage::Failed {
                    id,
                    reason: "out of memory".into(),
                },
            )
            .expect("pipe");
            continue;
        }
        let gain = if has("half") {
            0.5
        } else if has("silence") {
            0.0
        } else {
            1.0
        };
        let answer = PipeMessage::Vocals {
            id,
            pcm: if has("left-minus-right") {
                pcm.chunks_exact(2)
                    .flat_map(|frame| [frame[0] - frame[1], 0.0])
                    .collect()
            } else {
                pcm.iter().map(|s| s * gain).collect()
            },
        };
        if let Some(path) = words.iter().find_map(|w| w.strip_prefix("late:")) {
            // The first answer waits until nothing more is asked without it; PATH says how much was.
            if served == 1 {
                late = Some(answer);
            } else {
                write_message(out, &answer).expect("pipe");
            }
            if let Some(first) = late.take_if(|_| !more_soon()) {
                std::fs::write(path, served.to_string()).expect("late");
                write_message(out, &first).expect("pipe");
            }
            continue;
        }
        if has("reverse") {
            // Answers in pairs, the later one first.
            held.push(answer);
            if held.len() == 2 || !more_soon() {
                while let Some(answer) = held.pop() {
                    write_message(out, &answer).expect("pipe");
                }
            }
            continue;
        }
        write_message(out, &answer).expect("pipe");
    }
}

/// Whether another window is already on its way.
fn more_soon() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = stdin();
    let mut fds = [PollFd::new(&input, PollFlags::IN)];
    let wait = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    poll(&mut fds, Some(&wait)).is_ok_and(|n| n > 0)
}

fn wait_for_ever() -> ! {
    // Ends with its parent: nothing comes any more once stdin is closed.
    let mut rest = Vec::new();
    let _ = stdin().lock().read_to_end(&mut rest);
    exit(0)
}

/// How many windows an engine with `count:PATH` was given, in all its lives.
pub fn counted(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| bytes.len())
}

/// A stereo song as a float WAV: two tones and a slow swell, different on both sides.
pub fn tone(dir: &Path, name: &str, rate: u32, channels: u16, frames: usize) -> PathBuf {
    let path = dir.join(name);
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(&path, spec).expect("wav");
    for i in 0..frames {
        let t = i as f64 / f64::from(rate);
        for channel in 0..channels {
            let pitch = 220.0 * (1.0 + f64::from(channel) * 0.5);
            let swell = 0.3 + 0.2 * (t * 0.7).sin();
            wav.write_sample((swell * (t * pitch * std::f64::consts::TAU).sin()) as f32)
                .expect("wav");
        }
    }
    wav.finalize().expect("wav");
    path
}
