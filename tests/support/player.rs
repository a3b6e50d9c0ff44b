//! The player as a person meets it: a home of its own and a terminal to look at and type into.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Generous: a loaded machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home folder with music and a configuration; nothing of the user's is read or changed.
pub struct Home {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in ["music", "config/croon", "state", "cache", "data", "run"] {
            std::fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        }
        std::fs::write(dir.path().join("config/croon/config.toml"), config).expect("a configuration");
        Self {
            dir,
            variables: Vec::new(),
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn music(&self) -> PathBuf {
        self.dir.path().join("music")
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.into(), value.into()));
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        let place = |folder: &str| self.dir.path().join(folder).display().to_string();
        let mut all: Vec<(String, String)> = [
            ("HOME", place("")),
            ("XDG_CONFIG_HOME", place("config")),
            ("XDG_STATE_HOME", place("state")),
            ("XDG_CACHE_HOME", place("cache")),
            ("XDG_DATA_HOME", place("data")),
            ("XDG_RUNTIME_DIR", place("run")),
            // no test shows up among the media players of whoever runs it
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere".into()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        all.extend(self.variables.iter().cloned());
        all
    }
}

/// A song whose vocals can be told exactly: the band is the same left and right, the voice is on
/// the left alone, so the vocals are left minus right.
pub fn song(path: &Path, rate: u32, seconds: f64, pitch: f64) -> Vec<f32> {
    let frames = (seconds * f64::from(rate)) as usize;
    let mut pcm = Vec::with_capacity(2 * frames);
    for n in 0..frames {
        let t = n as f64 / f64::from(rate);
        let sine = |f: f64| (std::f64::consts::TAU * f * t).sin();
        let band = 0.1 * (sine(110.0) + sine(164.8)) + 0.05 * sine(3000.0);
        // an open vowel: harmonics of the pitch, louder near the formants, with vibrato
        let vibrato = 0.3 * (std::f64::consts::TAU * 5.5 * t).sin();
        let voice: f64 = (1..12)
            .map(|k| {
                let f = pitch * f64::from(k);
                let formant = 1.0 / (1.0 + ((f - 700.0) / 250.0).powi(2))
                    + 0.5 / (1.0 + ((f - 1200.0) / 250.0).powi(2));
                0.25 * formant * (std::f64::consts::TAU * f * t + f64::from(k) * vibrato).sin()
            })
            .sum();
        pcm.push((band + voice) as f32);
        pcm.push(band as f32);
    }
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("a wav file");
    for sample in &pcm {
        wav.write_sample(*sample).expect("a sample");
    }
    wav.finalize().expect("a wav file");
    pcm
}

/// croon in a pseudo terminal.
pub struct Screen {
    parser: vt100::Parser,
    /// Everything it wrote.
    raw: Vec<u8>,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Screen {
    pub fn open(home: &Home, args: &[&str]) -> Self {
        Self::sized(home, args, 30, 100)
    }

    pub fn sized(home: &Home, args: &[&str], rows: u16, cols: u16) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a pseudo terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_croon"));
        command.args(args);
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pair.slave.spawn_command(command).expect("croon starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let input = pair.master.take_writer().expect("a writer");
        let (send, output) = unbounded();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            parser: vt100::Parser::new(rows, cols, 0),
            raw: Vec::new(),
            output,
            input,
            child,
            master: pair.master,
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.input
            .write_all(keys.as_bytes())
            .and_then(|()| self.input.flush())
            .expect("croon reads keys");
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        self.master
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .expect("a resize");
        self.parser.screen_mut().set_size(rows, cols);
    }

    pub fn text(&mut self) -> String {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
        self.parser.screen().contents()
    }

    /// Waits until the screen shows what is wanted; fails with the screen as it is.
    pub fn until(&mut self, wanted: &str, shows: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if shows(&text) {
                return text;
            }
            match self
                .output
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.take(&bytes),
                Err(reason) => panic!("waited for {wanted} ({reason}); the screen:\n{}", self.text()),
            }
        }
    }

    pub fn until_text(&mut self, wanted: &str) -> String {
        self.until(&format!("`{wanted}`"), |text| text.contains(wanted))
    }

    /// Everything the program wrote until its end, and how it ended.
    pub fn ended(&mut self) -> (portable_pty::ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(
                Instant::now() < end,
                "croon did not end; the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(5)) {
            self.take(&bytes);
        }
        (status, self.parser.screen().contents())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// Bytes it writes within this time, from now on.
    pub fn sent(&mut self, time: Duration) -> usize {
        self.text();
        let (before, end) = (self.raw.len(), Instant::now() + time);
        while let Ok(bytes) = self.output.recv_deadline(end) {
            self.take(&bytes);
        }
        self.raw.len() - before
    }

    /// Everything it wrote, as text.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    pub fn has_mouse(&self) -> bool {
        self.parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    pub fn in_alternate_screen(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    pub fn cursor_hidden(&self) -> bool {
        self.parser.screen().hide_cursor()
    }

    pub fn pid(&self) -> i32 {
        self.child.process_id().expect("a running child") as i32
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("a signal");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
