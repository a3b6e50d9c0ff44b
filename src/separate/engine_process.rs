//! One life of the engine: the process, its three pipes and the threads on them. The threads end by
//! themselves when the process does; nothing here waits for a pipe on the caller's thread.

use std::collections::VecDeque;
use std::io::{BufReader, BufWriter, Read};
use std::os::unix::process::CommandExt;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::separate::command::EngineCommand;
use crate::separate::error::{EngineError, LastWords};
use crate::separate::protocol::{PipeMessage, ProtocolError, read_message, write_message, write_window};
use crate::text::printable;

/// Lines of stderr kept for the error message, and how long one may be.
const TAIL: usize = 20;
const LINE: usize = 1000;
/// How long a good-bye may take before the process is killed.
const FAREWELL: Duration = Duration::from_secs(1);

type FromEngine = Result<PipeMessage, ProtocolError>;

pub(super) struct EngineProcess {
    process: process::Child,
    /// `None` once good-bye was said. Unbounded here because the caller asks no more windows than
    /// the engine wants in flight.
    windows: Option<Sender<(u64, Arc<Vec<f32>>)>>,
    messages: Receiver<FromEngine>,
    tail: Receiver<LastWords>,
    ended: bool,
}

impl EngineProcess {
    pub(super) fn spawn(command: &EngineCommand) -> Result<Self, EngineError> {
        let failed = |error: std::io::Error| EngineError::Spawn {
            program: command.shown(),
            reason: error.to_string(),
        };
        let mut process = Command::new(&command.program);
        process
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        own_session(&mut process);
        let mut process = process.spawn().map_err(failed)?;
        let (send_windows, windows) = unbounded();
        let (send_messages, messages) = bounded(2);
        let (send_tail, tail) = bounded(1);
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let child = Self {
            process,
            windows: Some(send_windows),
            messages,
            tail,
            ended: false,
        };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(failed(std::io::Error::other("its pipes are missing")));
        };
        let thread = |name: &str| thread::Builder::new().name(name.into());
        thread("engine-write")
            .spawn(move || feed(stdin, &windows))
            .map_err(failed)?;
        thread("engine-read")
            .spawn(move || listen(stdout, &send_messages))
            .map_err(failed)?;
        thread("engine-log")
            .spawn(move || log(stderr, &send_tail))
            .map_err(failed)?;
        Ok(child)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn send(&self, id: u64, pcm: Arc<Vec<f32>>) {
        if let Some(windows) = &self.windows {
            // Refused only by a writer whose pipe broke; the reader reports that.
            let _ = windows.send((id, pcm));
        }
    }

    pub(super) fn messages(&self) -> &Receiver<FromEngine> {
        &self.messages
    }

    /// Kills the process and everything it started, and returns its last words.
    pub(super) fn end(&mut self) -> LastWords {
        self.windows = None;
        self.kill();
        // A grandchild that escaped may hold stderr open: do not wait for it for long.
        self.tail
            .recv_timeout(Duration::from_millis(500))
            .unwrap_or_default()
    }

    fn kill(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        if let Some(group) = rustix::process::Pid::from_raw(self.process.id() as i32) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for EngineProcess {
    /// Closing the channel makes the writer say good-bye and close stdin.
    fn drop(&mut self) {
        self.windows = None;
        let until = Instant::now() + FAREWELL;
        while !self.ended && Instant::now() < until {
            match self.process.try_wait() {
                Ok(Some(_)) => self.ended = true,
                Ok(None) => thread::sleep(Duration::from_millis(5)),
                Err(_) => break,
            }
        }
        self.kill();
    }
}

/// A session of its own for the process: ^C in the terminal is for croon, which then says good-bye
/// in order. And Linux shares the processor among sessions before it does within one (sched(7),
/// autogroup): an engine in croon's own would use up the share that the sound needs.
fn own_session(command: &mut Command) {
    // SAFETY: between fork and exec only one system call is made, which touches no memory.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
    }
}

fn feed(stdin: ChildStdin, windows: &Receiver<(u64, Arc<Vec<f32>>)>) {
    let mut pipe = BufWriter::with_capacity(1 << 16, stdin);
    for (id, pcm) in windows {
        if write_window(&mut pipe, id, &pcm).is_err() {
            return;
        }
    }
    let _ = write_message(&mut pipe, &PipeMessage::Bye);
}

fn listen(stdout: ChildStdout, messages: &Sender<FromEngine>) {
    let mut pipe = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let message = match read_message(&mut pipe) {
            Ok(None) => return,
            Ok(Some(message)) => Ok(message),
            Err(error) => Err(error),
        };
        let last = message.is_err();
        if messages.send(message).is_err() || last {
            return;
        }
    }
}

/// Passes the engine's stderr on to the log, whatever bytes it may be.
fn log(mut stderr: ChildStderr, tail: &Sender<LastWords>) {
    let mut last = VecDeque::new();
    let mut line = Vec::new();
    let mut bytes = [0; 4096];
    let mut flush = |line: &mut Vec<u8>| {
        let text = printable(&String::from_utf8_lossy(line));
        line.clear();
        if text.is_empty() {
            return;
        }
        tracing::info!(target: "croon::engine", "{text}");
        if last.len() == TAIL {
            last.pop_front();
        }
        last.push_back(text);
    };
    while let Ok(n) = stderr.read(&mut bytes) {
        if n == 0 {
            break;
        }
        for &byte in &bytes[..n] {
            if byte == b'\n' || line.len() == LINE {
                flush(&mut line);
            }
            if byte != b'\n' {
                line.push(byte);
            }
        }
    }
    flush(&mut line);
    let _ = tail.send(LastWords(last.into()));
}
