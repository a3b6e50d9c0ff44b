//! What the separating worker needs to start, and the commands it takes.

use crate::jobs::job::Job;
use crate::separate::command::EngineCommand;
use crate::separate::error::EngineError;
use crate::store::StemStore;

/// What the separating worker needs to start.
pub struct JobsSetup {
    /// Called each time an engine is to be started, so that an engine that was built meanwhile is found.
    pub engine: Box<dyn Fn() -> Result<EngineCommand, EngineError> + Send>,
    pub store: StemStore,
}

/// A command to the separating worker.
pub(crate) enum JobCommand {
    /// Starts a job; a running one is cancelled.
    Begin(Job),
    /// Stops the running job.
    Cancel,
    /// Segments from this second of the running job come first.
    Focus(f64),
    /// Starts the engine, because a job will come soon.
    Warm,
}
