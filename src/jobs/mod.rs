//! The workers: one separates songs, one at a time, one opens songs for the player, one finds their
//! lyrics, one writes how these are said, and one listens to their vocals. The queue is not theirs: they
//! take a next job only when told, and say what happened through a callback.

mod bundled_stems;
mod command;
mod error;
mod eta;
mod event;
mod job;
pub mod load;
mod loudness;
pub mod lyrics;
pub mod model;
mod peaks;
mod plan;
pub mod romanization;
mod separation;
pub mod stored;
pub mod vocal_activity;
pub mod vocals;
mod worker;

pub use crate::jobs::error::JobError;
pub use crate::jobs::stored::Listing;
pub use command::JobsSetup;
pub use event::JobEvent;
pub use job::Job;

use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::jobs::command::JobCommand;

/// How long the end of croon waits for the worker; reading a file on a dead network share may take
/// longer, and then the process ends without it.
const LAST_WAIT: Duration = Duration::from_secs(4);

/// The separating worker. Dropping it ends the job and the engine; what is stored stays.
pub struct Jobs {
    commands: Sender<JobCommand>,
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
        self.tell(JobCommand::Begin(job));
    }

    /// Stops the running job; what is stored stays.
    pub fn cancel(&self) {
        self.tell(JobCommand::Cancel);
    }

    /// A job will come soon: the engine is started if it does not run. Where none can be had, the job
    /// will say so.
    pub fn warm(&self) {
        self.tell(JobCommand::Warm);
    }

    /// The listener is here: segments from this position of the running job come first.
    pub fn focus(&self, seconds: f64) {
        self.tell(JobCommand::Focus(seconds));
    }

    fn tell(&self, command: JobCommand) {
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
