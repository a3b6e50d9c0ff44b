//! The engine as a child process: spawned, checked, fed several windows at once, restarted when it
//! dies, hangs or talks nonsense. Unanswered windows are kept and asked again, so a killed engine
//! costs time, never a song.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, never};

use crate::separate::command::EngineCommand;
use crate::separate::engine_process::EngineProcess;
use crate::separate::error::EngineError;
use crate::separate::protocol::{Hello, PROTOCOL, PipeMessage};
use crate::separate::segment::Grid;

/// What [`Engine::answer`] brings.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineReply {
    Vocals {
        tag: u64,
        /// The window as it was asked.
        mixture: Arc<Vec<f32>>,
        pcm: Vec<f32>,
    },
    /// This window could not be separated; the engine goes on.
    Failed { tag: u64, reason: String },
    /// The engine was lost and is back; whatever it owed has been asked again.
    Restarted { reason: String },
    /// Nothing within the time given.
    Nothing,
}

struct PendingWindow {
    tag: u64,
    /// `None` once nobody wants the answer any more; it still occupies the engine.
    pcm: Option<Arc<Vec<f32>>>,
}

/// A running engine.
pub struct Engine {
    command: EngineCommand,
    child: EngineProcess,
    hello: Hello,
    grid: Grid,
    stop: Receiver<()>,
    pending: BTreeMap<u64, PendingWindow>,
    next_id: u64,
    /// When the engine last did something for us; it hangs when this is too long ago.
    progress: Instant,
    /// Failures since the last window that was answered.
    failures: u32,
}

impl Engine {
    /// Starts the engine and waits for its hello.
    pub fn start(command: EngineCommand) -> Result<Self, EngineError> {
        Self::start_until(command, never())
    }

    /// As [`Engine::start`]; every wait ends with [`EngineError::Stopped`] as soon as the sender of
    /// `stop` sends or is dropped.
    pub fn start_until(mut command: EngineCommand, stop: Receiver<()>) -> Result<Self, EngineError> {
        let (child, hello, grid) = greet(&command, &stop)?;
        command.pin_model(&hello.model);
        Ok(Self {
            command,
            child,
            hello,
            grid,
            stop,
            pending: BTreeMap::new(),
            next_id: 1,
            progress: Instant::now(),
            failures: 0,
        })
    }

    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Process id of the engine that runs now.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// How many windows it takes at once.
    pub fn in_flight(&self) -> usize {
        self.hello.in_flight.clamp(1, 64) as usize
    }

    /// How many more windows it takes now; forgotten ones count until they are answered.
    pub fn room(&self) -> usize {
        self.in_flight().saturating_sub(self.pending.len())
    }

    /// Asks for the vocals of one window. Ask no more than there is [`Engine::room`] for.
    pub fn ask(&mut self, tag: u64, window: Vec<f32>) {
        debug_assert_eq!(window.len(), 2 * self.grid.window);
        if self.pending.is_empty() {
            self.progress = Instant::now();
        }
        let pcm = Arc::new(window);
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(
            id,
            PendingWindow {
                tag,
                pcm: Some(pcm.clone()),
            },
        );
        // A dead engine is noticed, and the window asked again, when the answer is awaited.
        self.child.send(id, pcm);
    }

    /// Cancels: answers to what was asked so far will not be delivered.
    pub fn forget(&mut self) {
        for pending in self.pending.values_mut() {
            pending.pcm = None;
        }
    }

    /// Waits up to `patience` for the next answer.
    pub fn answer(&mut self, patience: Duration) -> Result<EngineReply, EngineError> {
        let until = Instant::now() + patience;
        loop {
            let hung = self.progress + self.command.patience.window;
            let wait = if self.pending.is_empty() {
                until
            } else {
                until.min(hung)
            };
            let (stop, child) = (&self.stop, self.child.messages());
            let message = crossbeam_channel::select! {
                recv(stop) -> _ => return Err(EngineError::Stopped),
                recv(child) -> message => message,
                default(wait.saturating_duration_since(Instant::now())) => {
                    let now = Instant::now();
                    if !self.pending.is_empty() && now >= hung {
                        let secs = self.command.patience.window.as_secs_f32();
                        return self.restart(format!("it did not answer for {secs:.0} seconds"));
                    }
                    if now >= until {
                        return Ok(EngineReply::Nothing);
                    }
                    continue;
                }
            };
            let lost = match message {
                Err(_) => "its pipe closed".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Ok(Ok(message)) => match self.take(message) {
                    Ok(Some(answer)) => return Ok(answer),
                    Ok(None) => continue,
                    Err(nonsense) => nonsense,
                },
            };
            return self.restart(lost);
        }
    }

    /// One message of the engine; `None` for an answer nobody waits for any more.
    fn take(&mut self, message: PipeMessage) -> Result<Option<EngineReply>, String> {
        let (id, outcome) = match message {
            PipeMessage::Vocals { id, pcm } => (id, Ok(pcm)),
            PipeMessage::Failed { id, reason } => (id, Err(crate::text::printable(&reason))),
            other => return Err(format!("it sent a message out of turn: {}", name(&other))),
        };
        let Some(pending) = self.pending.remove(&id) else {
            return Err(format!("it answered window {id}, which it was not asked for"));
        };
        self.progress = Instant::now();
        let tag = pending.tag;
        let Some(asked) = pending.pcm else {
            self.failures = 0;
            return Ok(None);
        };
        match outcome {
            Ok(pcm) if pcm.len() != asked.len() => {
                let (got, want) = (pcm.len() / 2, asked.len() / 2);
                self.pending.insert(
                    id,
                    PendingWindow {
                        tag,
                        pcm: Some(asked),
                    },
                );
                Err(format!("it answered {got} frames where {want} were asked"))
            }
            Ok(pcm) if pcm.iter().all(|sample| sample.is_finite()) => {
                self.failures = 0;
                Ok(Some(EngineReply::Vocals {
                    tag,
                    mixture: asked,
                    pcm,
                }))
            }
            Ok(_) => {
                let reason = "the engine answered with numbers that are no sound".to_owned();
                Ok(Some(EngineReply::Failed { tag, reason }))
            }
            Err(reason) => Ok(Some(EngineReply::Failed { tag, reason })),
        }
    }

    /// Ends the engine that went wrong and brings up another, more patiently each time.
    fn restart(&mut self, mut reason: String) -> Result<EngineReply, EngineError> {
        let first = reason.clone();
        loop {
            let tail = self.child.end();
            self.failures += 1;
            tracing::warn!(
                reason,
                failures = self.failures,
                "the separation engine was lost{tail}"
            );
            if self.failures > self.command.patience.restarts {
                return Err(EngineError::KeepsFailing {
                    times: self.failures,
                    reason,
                    tail,
                });
            }
            let pause = self.command.patience.backoff * (1 << (self.failures - 1).min(6));
            match self.stop.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return Err(EngineError::Stopped),
            }
            match greet(&self.command, &self.stop) {
                Ok((child, hello, grid)) => {
                    if hello.samples() != self.hello.samples() || grid != self.grid {
                        let text = |h: &Hello| format!("{} {:.8}", h.model, h.samples());
                        return Err(EngineError::ModelChanged {
                            before: text(&self.hello),
                            now: text(&hello),
                        });
                    }
                    // It was asked for the same model by name, so only the first hello tells why it is this one.
                    let model_why = std::mem::take(&mut self.hello.model_why);
                    (self.child, self.hello) = (child, Hello { model_why, ..hello });
                    break;
                }
                Err(EngineError::Stopped) => return Err(EngineError::Stopped),
                Err(error) => reason = error.to_string(),
            }
        }
        self.pending.retain(|_, pending| pending.pcm.is_some());
        for (id, pending) in &self.pending {
            if let Some(pcm) = &pending.pcm {
                self.child.send(*id, pcm.clone());
            }
        }
        self.progress = Instant::now();
        Ok(EngineReply::Restarted { reason: first })
    }
}

/// Spawns an engine and checks its first word.
fn greet(command: &EngineCommand, stop: &Receiver<()>) -> Result<(EngineProcess, Hello, Grid), EngineError> {
    let program = command.shown();
    let mut child = EngineProcess::spawn(command)?;
    let messages = child.messages().clone();
    let first = crossbeam_channel::select! {
        recv(stop) -> _ => return Err(EngineError::Stopped),
        recv(messages) -> message => message,
        default(command.patience.hello) => {
            let reason = format!("no word within {:.0} seconds", command.patience.hello.as_secs_f32());
            return Err(EngineError::NoHello { program, reason, tail: child.end() });
        }
    };
    let reason = match first {
        Ok(Ok(PipeMessage::Hello(hello))) => {
            if hello.protocol != PROTOCOL {
                return Err(EngineError::Version {
                    program,
                    theirs: hello.protocol,
                });
            }
            let [window, core, fade] = [hello.window, hello.core, hello.fade].map(|n| n as usize);
            let grid = Grid::new(hello.rate, window, core, fade)
                .map_err(|what| EngineError::Grid { program, what })?;
            return Ok((child, hello, grid));
        }
        Ok(Ok(other)) => format!("its first word was no hello but {}", name(&other)),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it ended".into(),
    };
    Err(EngineError::NoHello {
        program,
        reason,
        tail: child.end(),
    })
}

fn name(message: &PipeMessage) -> &'static str {
    match message {
        PipeMessage::Hello(_) => "hello",
        PipeMessage::Window { .. } => "a window",
        PipeMessage::Vocals { .. } => "vocals",
        PipeMessage::Failed { .. } => "a failure",
        PipeMessage::Bye => "bye",
    }
}
