//! TODO

use crate::jobs::job::Job;
use crate::separate::command::EngineCommand;
use crate::separate::error::EngineError;
use crate::store::StemStore;

/// What the worker needs.
pub struct JobsSetup {
    /// Asked each time an engine is to be started, so that one built meanwhile is found.
    pub engine: Box<dyn Fn() -> Result<EngineCommand, EngineError> + Send>,
    pub store: StemStore,
}

pub(crate) enum Command {
    Begin(Job),
    Cancel,
    Focus(f64),
    Warm,
}
