//! The workers: one separates songs, one at a time, one opens songs for the player, one finds their
//! lyrics, one writes how these are said, and one listens to their vocals. The queue is not theirs: they
//! take a next job only when told, and say what happened through a callback.

mod eta;
mod fault;
pub mod load;
mod loudness;
pub mod lyrics;
pub mod model;
mod peaks;
mod plan;
pub mod readings;
mod ready;
mod separation;
pub mod stored;
pub mod trace;
pub mod vocals;
mod worker;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use fault::JobError;
pub use stored::Listing;

use crate::separate::command::EngineCommand;
use crate::separate::engine::EngineError;
use crate::separate::protocol::Hello;
use crate::store::{Peaks, StemStore};
use crate::track::TrackId;

/// How long the end of croon waits for the worker; reading a file on a dead network share may take
/// longer, and then the process ends without it.
const LAST_WAIT: Duration = Duration::from_secs(4);

/// One song to separate.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub path: PathBuf,
    /// Where it is known already and the file is unchanged.
    pub id: Option<TrackId>,
    /// Segments from here on come first.
    pub from_seconds: f64,
}

/// What the worker needs.
pub struct JobsSetup {
    /// Asked each time an engine is to be started, so that one built meanwhile is found.
    pub engine: Box<dyn Fn() -> Result<EngineCommand, EngineError> + Send>,
    pub store: StemStore,
}

/// Who separates, for the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineInfo {
    pub device: String,
    pub why: String,
    pub model: String,
    /// Why this model; empty where the engine does not say.
    pub model_why: String,
    /// As the engine measured it, in times real time.
    pub times_real_time: Option<f64>,
    /// Under which the store keeps this model's vocals.
    pub model_key: String,
    pub version: String,
}

impl EngineInfo {
    fn of(hello: &Hello) -> Self {
        let clean = crate::text::printable;
        Self {
            device: clean(&hello.device),
            why: clean(&hello.why),
            model: clean(&hello.model),
            model_why: clean(&hello.model_why),
            times_real_time: hello
                .times_real_time
                .filter(|speed| speed.is_finite() && *speed > 0.0),
            model_key: model::key_of(hello),
            version: clean(&hello.version),
        }
    }
}

/// What happened. A job begun is answered by `Started` and later by exactly one of `Finished`,
/// `Failed` and `Cancelled`.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEvent {
    EngineUp(EngineInfo),
    /// The engine has another model than the one that was in use: whose vocals are whole now.
    ModelChanged(Listing),
    /// The engine was lost and is back; the song goes on.
    EngineRestarted {
        reason: String,
    },
    /// No engine can be had; comes before the `Failed` it causes.
    EngineDown {
        reason: String,
    },
    /// It had nothing to do for long and was ended.
    EngineAsleep,
    Started {
        path: PathBuf,
    },
    Identified {
        path: PathBuf,
        id: TrackId,
    },
    Progress {
        path: PathBuf,
        done: u32,
        /// An estimate until the end of the song was seen.
        total: u32,
        /// Times real time; 0 while unknown.
        speed: f32,
    },
    SegmentStored {
        path: PathBuf,
        segment: u32,
        peaks: Peaks,
    },
    Finished {
        path: PathBuf,
        id: TrackId,
        /// Everything was stored before: nothing was separated.
        already: bool,
    },
    Failed {
        path: PathBuf,
        reason: String,
        /// Not this song's fault: the engine or the store would fail the next one as well.
        house: bool,
    },
    Cancelled {
        path: PathBuf,
    },
    /// Stems that come with the song are not of this recording: it is separated instead.
    StemsUnfit {
        path: PathBuf,
        reason: String,
    },
    /// To stay within the cap of the cache, the vocals of these songs were removed; comes before the
    /// `Finished` that caused it. Empty where only incomplete vocals, or those of another model, had to go.
    Evicted(Vec<TrackId>),
}

enum Command {
    Begin(Job),
    Cancel,
    Focus(f64),
    Warm,
}

/// The separating worker. Dropping it ends the job and the engine; what is stored stays.
pub struct Jobs {
    commands: Sender<Command>,
    /// Dropped to end every wait of the worker.
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Jobs {
    pub fn start(setup: JobsSetup, on: impl Fn(JobEvent) + Send + 'static) -> std::io::Result<Self> {
        let (commands, inbox) = unbounded();
        let (stop, stopped) = bounded(0);
        let (end, ended) = bounded(0);
        thread::Builder::new().name("jobs".into()).spawn(move || {
            worker::Worker::new(setup, inbox, stopped, Box::new(on)).run();
            drop(end);
        })?;
        Ok(Self {
            commands,
            stop: Some(stop),
            ended,
        })
    }

    /// Begins a job. One that still runs is cancelled.
    pub fn begin(&self, job: Job) {
        self.tell(Command::Begin(job));
    }

    /// Stops the running job; what is stored stays.
    pub fn cancel(&self) {
        self.tell(Command::Cancel);
    }

    /// A job will come soon: the engine is started if it does not run. Where none can be had, the job
    /// will say so.
    pub fn warm(&self) {
        self.tell(Command::Warm);
    }

    /// The listener is here: segments from this position of the running job come first.
    pub fn focus(&self, seconds: f64) {
        self.tell(Command::Focus(seconds));
    }

    fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::error!("the separating worker is gone");
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stop = None;
        // An answer there is none: the worker drops its end when it is done.
        let _ = self.ended.recv_timeout(LAST_WAIT);
    }
}
