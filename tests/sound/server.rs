//! A sound card that is not there: a PulseAudio server of our own with a null sink, paced in real
//! time, and a recording of what a listener would hear.
//!
//! Start with [`Sound::start`], which reports the test as skipped where PulseAudio is not installed.
//! Programs under test get [`Sound::env`].

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::support::skip::{Missing, skipped};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// The sink's rate; the recording's too.
pub const RATE: u32 = 48_000;

const SERVER: &str = "load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=out rate=48000 channels=2 format=float32le
set-default-sink out
";
const ALSA: &str = "pcm.!default { type pulse }\nctl.!default { type pulse }\n";

/// One server at a time: two tests in real time disturb each other.
// lock: between the threads of this test program alone
static ALONE: Mutex<()> = Mutex::new(());

/// A running server; stopped when dropped.
pub struct Sound {
    folder: tempfile::TempDir,
    server: Child,
    _alone: MutexGuard<'static, ()>,
}

impl Sound {
    #[track_caller]
    pub fn start() -> Option<Self> {
        for program in ["pulseaudio", "parec", "pactl"] {
            if Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_err()
            {
                skipped(Missing::PulseAudio, format_args!("{program} is not installed"));
                return None;
            }
        }
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pulse")).unwrap();
        std::fs::write(folder.path().join("server.pa"), SERVER).unwrap();
        std::fs::write(folder.path().join("asound.conf"), ALSA).unwrap();
        // The server takes anybody, but not a client that has no cookie at all.
        std::fs::write(folder.path().join("cookie"), [7; 256]).unwrap();
        let log = File::create(folder.path().join("server.log")).unwrap();
        let server = Command::new("pulseaudio")
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--disallow-exit",
                "--use-pid-file=no",
                "--realtime=no",
                "-F",
            ])
            .arg(folder.path().join("server.pa"))
            .envs(env(folder.path()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut sound = Self {
            folder,
            server,
            _alone: alone,
        };
        if sound.ready() {
            return Some(sound);
        }
        let said = std::fs::read_to_string(sound.folder.path().join("server.log")).unwrap_or_default();
        skipped(
            Missing::PulseAudio,
            format_args!("PulseAudio does not start: {said}"),
        );
        None
    }

    /// What a program needs in its environment to play into this sound card.
    pub fn env(&self) -> Vec<(&'static str, PathBuf)> {
        env(self.folder.path())
    }

    /// What `pactl` answers.
    pub fn pactl(&self, args: &[&str]) -> String {
        let answer = Command::new("pactl")
            .args(args)
            .envs(self.env())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "pactl {args:?}: {said}");
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    /// Plugs another null sink in; its module, for [`Sound::unplug`].
    pub fn plug(&self, name: &str, rate: u32, channels: u16) -> String {
        let (name, rate, many) = (
            format!("sink_name={name}"),
            format!("rate={rate}"),
            format!("channels={channels}"),
        );
        let mut args = vec![
            "load-module",
            "module-null-sink",
            "format=float32le",
            &name,
            &rate,
            &many,
        ];
        if channels == 6 {
            // as sound cards have them; the server's own default is that of AIFF files
            args.push("channel_map=front-left,front-right,rear-left,rear-right,front-center,lfe");
        }
        self.pactl(&args)
    }

    pub fn unplug(&self, module: &str) {
        self.pactl(&["unload-module", module]);
    }

    /// Writes down everything that is heard from now on.
    pub fn record(&self) -> Recording {
        self.record_from("out", RATE, 2)
    }

    /// The same of another sink, as it lies there.
    pub fn record_from(&self, sink: &str, rate: u32, channels: u16) -> Recording {
        let path = self.folder.path().join(format!("heard-{sink}.raw"));
        let mut recorder = Command::new("parec")
            .args([
                "--raw",
                "--format=float32le",
                "--no-remix",
                "--no-remap",
                "--latency-msec=20",
                "-d",
            ])
            .arg(format!("{sink}.monitor"))
            .arg(format!("--channels={channels}"))
            .arg(format!("--rate={rate}"))
            .envs(self.env())
            .stdout(File::create(&path).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        // The first bytes show that it listens; the null sink plays silence meanwhile.
        while std::fs::metadata(&path).unwrap().len() == 0 && began.elapsed() < Duration::from_secs(30) {
            assert!(recorder.try_wait().unwrap().is_none(), "parec ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        Recording {
            path,
            recorder,
            channels,
        }
    }

    fn ready(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if self.server.try_wait().unwrap().is_some() {
                return false;
            }
            let answers = Command::new("pactl")
                .arg("info")
                .envs(self.env())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if answers.is_ok_and(|status| status.success()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub struct Recording {
    path: PathBuf,
    recorder: Child,
    channels: u16,
}

impl Recording {
    /// Everything heard, as frames of a recording of two channels.
    pub fn stop(self) -> Vec<[f32; 2]> {
        let frames = self.stop_channels();
        frames.iter().map(|frame| [frame[0], frame[1]]).collect()
    }

    /// Everything heard, frame by frame.
    pub fn stop_channels(mut self) -> Vec<Vec<f32>> {
        let _ = self.recorder.kill();
        let _ = self.recorder.wait();
        let bytes = std::fs::read(&self.path).unwrap();
        let samples: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        samples
            .chunks_exact(usize::from(self.channels))
            .map(<[f32]>::to_vec)
            .collect()
    }
}

fn env(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("XDG_RUNTIME_DIR", folder.to_owned()),
        ("PULSE_RUNTIME_PATH", folder.join("pulse")),
        (
            "PULSE_SERVER",
            PathBuf::from(format!("unix:{}", folder.join("pulse/native").display())),
        ),
        ("PULSE_STATE_PATH", folder.join("pulse")),
        ("ALSA_CONFIG_PATH", folder.join("asound.conf")),
        ("PULSE_COOKIE", folder.join("cookie")),
    ]
}

/// Where in `heard` the frames of `wanted` begin, by their cross-correlation; and what is left when
/// they are taken away, in dB below them.
pub fn align(heard: &[[f32; 2]], wanted: &[[f32; 2]]) -> (i64, f64) {
    let length = (heard.len() + wanted.len()).next_power_of_two();
    let mut planner = FftPlanner::<f32>::new();
    let spectrum = |frames: &[[f32; 2]], planner: &mut FftPlanner<f32>| {
        let mut line: Vec<Complex<f32>> = frames.iter().map(|f| Complex::new(f[0] + f[1], 0.0)).collect();
        line.resize(length, Complex::default());
        planner.plan_fft_forward(length).process(&mut line);
        line
    };
    let a = spectrum(heard, &mut planner);
    let b = spectrum(wanted, &mut planner);
    let mut match_at: Vec<Complex<f32>> = a.iter().zip(&b).map(|(a, b)| a * b.conj()).collect();
    planner.plan_fft_inverse(length).process(&mut match_at);
    let best = (0..length)
        .max_by(|&x, &y| match_at[x].re.total_cmp(&match_at[y].re))
        .unwrap_or(0);
    let offset = if best < heard.len() {
        best as i64
    } else {
        best as i64 - length as i64
    };
    let (mut energy, mut rest) = (0.0, 0.0);
    for (i, frame) in wanted.iter().enumerate() {
        let at = offset + i as i64;
        let Some(other) = usize::try_from(at).ok().and_then(|at| heard.get(at)) else {
            continue;
        };
        for side in 0..2 {
            energy += f64::from(frame[side]).powi(2);
            rest += f64::from(frame[side] - other[side]).powi(2);
        }
    }
    (offset, 10.0 * (rest / energy.max(1e-30)).max(1e-30).log10())
}
