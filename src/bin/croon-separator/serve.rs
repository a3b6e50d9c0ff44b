//! `serve`: windows of mixture in on stdin, their vocals out on stdout, in any order. The reader is
//! this thread, every worker computes one window at a time with one torch thread (two threads on one
//! window are slower than two windows), one thread writes.

use std::fs::File;
use std::io::{self, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result};
use croon::separate::protocol::{Hello, PROTOCOL, PipeMessage, read_message, write_message};
use crossbeam_channel::{Receiver, Sender};

use crate::device::Choice;
use crate::model::GRID;
use crate::pick::{ModelArgs, OpenedSeparators, Picked};
use crate::separator::{BATCH, Separator};
use crate::timing;

#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Lower this process's priority by so much
    #[arg(long)]
    pub nice: Option<i32>,
    /// Windows computed at once, each on one thread [default: one a core]
    #[arg(long)]
    pub threads: Option<usize>,
}

struct RequestedWindow {
    id: u64,
    pcm: Vec<f32>,
}

/// Takes stdout for the protocol alone: what libraries print from now on goes to stderr, so that it
/// cannot stand in the middle of a frame.
pub fn private_stdout() -> io::Result<File> {
    let private = rustix::io::dup(rustix::stdio::stdout())?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(File::from(private))
}

/// Less priority is a courtesy; where it is refused the work still gets done.
fn step_back(nice: i32) {
    let _ = rustix::process::nice(nice);
    // Where Linux shares the processor among sessions, niceness counts within one only, and the
    // session has a niceness too (sched(7), autogroup). That of a shell is not ours to change.
    if leads_its_session() {
        let _ = std::fs::write("/proc/self/autogroup", nice.to_string());
    }
}

/// Asked of /proc: where the leader lives outside of a container its number is 0, which `rustix::process::getsid`
/// does not bear.
fn leads_its_session() -> bool {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold anything; state, parent, group and session follow it (proc(5)).
    let session = stat
        .rsplit_once(')')
        .and_then(|(_, fields)| fields.split_whitespace().nth(3));
    session == Some(std::process::id().to_string().as_str())
}

pub fn serve(args: &ServeArgs, choice: &Choice, mut out: &File) -> Result<()> {
    if let Some(nice) = args.nice {
        step_back(nice);
    }
    let threads = args.threads.unwrap_or_else(cores).clamp(1, 64);
    let Picked {
        loaded,
        fingerprint,
        why: model_why,
        times_real_time,
        opened: OpenedSeparators { choice, separators },
    } = args.model.pick(choice, threads)?;
    let manifest = loaded.manifest;
    let (batch, in_flight) = if choice.device.is_cuda() {
        (BATCH, 2 * BATCH)
    } else {
        (1, threads + 1)
    };
    let hello = Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        device: choice.name.clone(),
        why: choice.why.clone(),
        model: manifest.name,
        model_sha256: manifest.sha256,
        fingerprint,
        model_why,
        times_real_time,
        rate: GRID.rate,
        window: GRID.window as u32,
        core: GRID.core as u32,
        fade: GRID.fade as u32,
        in_flight: in_flight as u32,
    };
    write_message(&mut out, &PipeMessage::Hello(hello))
        .context("the player went away before the first word")?;

    let (asked, waiting) = crossbeam_channel::bounded::<RequestedWindow>(in_flight);
    let (answered, answers) = crossbeam_channel::bounded::<PipeMessage>(in_flight);
    let ended = std::thread::scope(|scope| {
        for mut separator in separators {
            let (waiting, answered) = (waiting.clone(), answered.clone());
            scope.spawn(move || work(&mut separator, batch, &waiting, &answered));
        }
        drop((waiting, answered));
        scope.spawn(move || {
            for answer in answers {
                if write_message(&mut out, &answer).is_err() {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "nobody listens any more, so there is nothing left to do in this process"
                    )]
                    std::process::exit(0);
                }
            }
        });
        read(asked)
    });
    if ended.is_ok() && timing::is_running() {
        // SAFETY: ends the process without the destructors of libtorch, which a thread still computes with.
        unsafe { libc::_exit(0) }
    }
    ended
}

/// Threads of a processor by default: one a core.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Hands windows on until the stream ends; dropping the channel lets the others finish.
fn read(asked: Sender<RequestedWindow>) -> Result<()> {
    let mut from = BufReader::with_capacity(1 << 16, io::stdin().lock());
    loop {
        match read_message(&mut from)? {
            Some(PipeMessage::Window { id, pcm }) => {
                if asked.send(RequestedWindow { id, pcm }).is_err() {
                    anyhow::bail!("all workers of the engine have ended; it is to be started again");
                }
            }
            Some(PipeMessage::Bye) | None => return Ok(()),
            Some(other) => anyhow::bail!("{} is nothing to ask an engine; it expects windows", kind(&other)),
        }
    }
}

fn kind(message: &PipeMessage) -> &'static str {
    match message {
        PipeMessage::Hello(_) => "a Hello",
        PipeMessage::Window { .. } => "a Window",
        PipeMessage::Vocals { .. } => "a Vocals frame",
        PipeMessage::Failed { .. } => "a Failed frame",
        PipeMessage::Bye => "a Bye",
    }
}

fn work(
    separator: &mut Separator,
    batch: usize,
    waiting: &Receiver<RequestedWindow>,
    answered: &Sender<PipeMessage>,
) {
    tch::set_num_threads(1);
    while let Ok(first) = waiting.recv() {
        let mut windows = vec![first];
        windows.extend(waiting.try_iter().take(batch - 1));
        windows.retain(|window| {
            let fits = window.pcm.len() == 2 * GRID.window;
            if !fits {
                let reason = format!(
                    "a window has {} stereo frames, this one has {}",
                    GRID.window,
                    window.pcm.len() / 2
                );
                let _ = answered.send(PipeMessage::Failed {
                    id: window.id,
                    reason,
                });
            }
            fits
        });
        let together = separate(separator, &windows);
        match together {
            Ok(vocals) => {
                for (window, pcm) in windows.iter().zip(vocals) {
                    let _ = answered.send(PipeMessage::Vocals { id: window.id, pcm });
                }
            }
            Err(reason) if windows.len() == 1 => {
                let _ = answered.send(PipeMessage::Failed {
                    id: windows[0].id,
                    reason,
                });
            }
            // One bad window: each alone.
            Err(_) => {
                for window in windows {
                    let id = window.id;
                    let answer = match separate(separator, std::slice::from_ref(&window)) {
                        Ok(mut vocals) => PipeMessage::Vocals {
                            id,
                            pcm: vocals.remove(0),
                        },
                        Err(reason) => PipeMessage::Failed { id, reason },
                    };
                    let _ = answered.send(answer);
                }
            }
        }
    }
}

/// One pass; a torch error or a panic costs these windows only. Nothing of them is left in a separator: it
/// writes its buffers anew for every window.
fn separate(separator: &mut Separator, windows: &[RequestedWindow]) -> Result<Vec<Vec<f32>>, String> {
    let pcm: Vec<&[f32]> = windows.iter().map(|window| &window.pcm[..]).collect();
    match catch_unwind(AssertUnwindSafe(|| separator.separate(&pcm))) {
        Ok(Ok(vocals)) if vocals.iter().flatten().all(|x| x.is_finite()) => Ok(vocals),
        Ok(Ok(_)) => Err("the network gave values that are no numbers; the window may hold some".into()),
        Ok(Err(err)) => Err(format!("libtorch could not compute this window: {err}")),
        Err(_) => Err("the engine stumbled over this window (its log says where)".into()),
    }
}
