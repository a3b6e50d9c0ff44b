//! The terminal in a real pty: taken over, and given back on quitting, panic, SIGTERM and ^Z.
//! The program inside is this test executable itself, started again with `CROON_TEST_CHILD` set.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use croon::terminal::{Input, TerminalScreen};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::widgets::Paragraph;
use rustix::process::{Pid, Signal, kill_process};

/// What the program in the pty does: it shows the last key, and some keys have a meaning.
#[test]
#[ignore = "the child of the tests below"]
fn child() {
    let Some(log) = std::env::var_os("CROON_TEST_CHILD") else {
        return;
    };
    let mut screen = TerminalScreen::open(Some(Path::new(&log)), true).unwrap();
    let mut shown = "ready".to_owned();
    if std::env::var_os("CROON_TEST_PROBE").is_some() {
        shown += if screen.has_sized_text() {
            ", large"
        } else {
            ", small"
        };
    }
    let (tell, told) = channel();
    screen.listen(move |input| drop(tell.send(input))).unwrap();
    loop {
        screen
            .draw(|frame| {
                frame.render_widget(Paragraph::new(shown.as_str()), frame.area());
                None
            })
            .unwrap();
        shown = match told.recv().unwrap() {
            Input::Key(key) => match key.to_string().as_str() {
                "q" => break,
                "p" => panic!("boom on the screen"),
                "w" => {
                    std::thread::spawn(|| panic!("boom behind it"))
                        .join()
                        .unwrap_err();
                    "a worker fell".into()
                }
                "e" => {
                    eprintln!("noise of a library");
                    "made noise".into()
                }
                "Ctrl-z" => {
                    screen.suspend().unwrap();
                    "back again".into()
                }
                key => format!("key {key}"),
            },
            Input::Resize { columns, rows } => format!("now {columns} by {rows}"),
            Input::Continued => continue,
            Input::Pointer { column, row, gesture } => format!("{gesture:?} at {column} {row}"),
            Input::Paste(text) => format!("pasted {text}"),
            Input::Suspend => "asked to stop".into(),
            Input::Quit => {
                drop(screen);
                println!("asked to end");
                return;
            }
        };
    }
    drop(screen);
    eprintln!("stderr is back");
    println!("left by key");
}

struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything it wrote.
    raw: String,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Pty {
    /// Starts the program and waits until it has drawn.
    fn start() -> Self {
        let mut pty = Self::open(false);
        pty.wait("the first frame", |pty| pty.shows("ready"));
        pty
    }

    fn open(probe: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("stderr.log");
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: 24,
                cols: 80,
                ..PtySize::default()
            })
            .unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "terminal::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.env("CROON_TEST_CHILD", &log);
        if probe {
            command.env("CROON_TEST_PROBE", "1");
        }
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 || tell.send(bytes[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(24, 80, 0);
        Self {
            master: pair.master,
            child,
            keys,
            output,
            screen,
            raw: String::new(),
            log,
            _folder: folder,
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.screen.screen().contents().contains(text)
    }

    fn alternate(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    fn press(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).unwrap();
        self.keys.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.process_id().unwrap() as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.process_id().unwrap()));
        stat.is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('T'))
        })
    }

    /// Reads the screen until `done`.
    fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !done(self) {
            assert!(
                Instant::now() < end,
                "waited for {what}; the screen:\n{}",
                self.screen.screen().contents()
            );
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.screen.process(&bytes);
                self.raw += &String::from_utf8_lossy(&bytes);
            }
        }
    }

    /// The terminal is as a shell wants it.
    fn is_given_back(&self) {
        assert!(!self.alternate(), "still in the alternate screen");
        assert!(!self.screen.screen().hide_cursor(), "the cursor is hidden");
        assert!(!self.screen.screen().bracketed_paste(), "bracketed paste is on");
        assert_eq!(
            self.screen.screen().mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse is ours still"
        );
        let flags = self
            .master
            .get_termios()
            .map(|termios| format!("{:?}", termios.local_flags))
            .unwrap();
        assert!(
            flags.contains("ICANON") && flags.contains("ECHO"),
            "still raw: {flags}"
        );
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn quitting_gives_the_terminal_back() {
    let mut pty = Pty::start();
    assert!(pty.alternate() && pty.screen.screen().hide_cursor());
    pty.press(b"j");
    pty.wait("the key", |pty| pty.shows("key j"));
    pty.press(b"e");
    pty.wait("the noise", |pty| pty.shows("made noise"));
    assert!(!pty.shows("library") && pty.log().contains("noise of a library"));
    pty.press(b"q");
    pty.wait("the end", |pty| {
        pty.shows("left by key") && pty.shows("stderr is back")
    });
    pty.is_given_back();
}

#[test]
fn keys_pastes_and_sizes_arrive() {
    let mut pty = Pty::start();
    for (bytes, name) in [
        (&b"K"[..], "K"),
        (b" ", "Space"),
        (b"\x1b[1;2A", "Shift-Up"),
        (b"\x04", "Ctrl-d"),
        (b"\x1b[Z", "Shift-Tab"),
    ] {
        pty.press(bytes);
        pty.wait(name, |pty| pty.shows(&format!("key {name}")));
    }
    for (bytes, words) in [
        (&b"\x1b[<0;12;3M"[..], "Press at 11 2"),
        (b"\x1b[<32;200;5M", "Drag at 199 4"),
        (b"\x1b[<64;1;1M", "WheelUp at 0 0"),
        (b"\x1b[<65;1;1M", "WheelDown at 0 0"),
    ] {
        pty.press(bytes);
        pty.wait(words, |pty| pty.shows(words));
    }
    pty.press(b"\x1b[200~a song\x1b[201~");
    pty.wait("the paste", |pty| pty.shows("pasted a song"));
    pty.master
        .resize(PtySize {
            rows: 30,
            cols: 100,
            ..PtySize::default()
        })
        .unwrap();
    pty.wait("the size", |pty| pty.shows("now 100 by 30"));
}

#[test]
fn a_terminal_is_asked_for_large_text_and_one_that_says_nothing_has_none() {
    for (answer, words) in [
        ("\x1b[1;1R\x1b[1;3R\x1b[1;5R", "ready, large"),
        ("\x1b[1;1R\x1b[1;1R\x1b[1;1R", "ready, small"),
        ("", "ready, small"),
    ] {
        let mut pty = Pty::open(true);
        // the question itself shows nothing on a terminal that does not know it
        pty.wait("the question", |pty| pty.raw.contains("\x1b]66;s=2; \x07\x1b[6n"));
        assert!(!pty.shows("66"));
        pty.press(answer.as_bytes());
        pty.wait(words, |pty| pty.shows(words));
        pty.press(b"j");
        pty.wait("a key after it", |pty| pty.shows("key j"));
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_can_be_read() {
    let mut pty = Pty::start();
    pty.press(b"p");
    pty.wait("the panic", |pty| pty.shows("boom on the screen"));
    pty.is_given_back();
}

#[test]
fn a_panic_of_a_worker_leaves_the_screen_alone() {
    let mut pty = Pty::start();
    pty.press(b"w");
    pty.wait("the worker", |pty| pty.shows("a worker fell"));
    assert!(pty.alternate() && !pty.shows("boom"));
    assert!(pty.log().contains("boom behind it"));
}

#[test]
fn sigterm_ends_cleanly() {
    let mut pty = Pty::start();
    pty.signal(Signal::TERM);
    pty.wait("the end", |pty| pty.shows("asked to end"));
    pty.is_given_back();
}

#[test]
fn ctrl_z_stops_with_the_terminal_given_back_and_goes_on_where_it_was() {
    let mut pty = Pty::start();
    pty.press(b"\x1a");
    pty.wait("the stop", |pty| !pty.alternate() && pty.stopped());
    pty.is_given_back();
    pty.signal(Signal::CONT);
    pty.wait("the screen", |pty| pty.alternate() && pty.shows("back again"));
    pty.press(b"j");
    pty.wait("a key", |pty| pty.shows("key j"));
    pty.press(b"q");
    pty.wait("the end", |pty| pty.shows("left by key"));
    pty.is_given_back();
}
