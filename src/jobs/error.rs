//! Why a job ended before its song was whole.

use crate::audio::decode::error::DecodeError;
use crate::separate::error::EngineError;
use crate::separate::window_source::MixtureError;
use crate::store::StoreError;

/// The end of a job that did not finish.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the file cannot be looked at ({0}), so it was not separated; check that it is still there")]
    Gone(std::io::Error),
    #[error(
        "the file changed while it was being separated, so the work on it was stopped; try it again when it is whole"
    )]
    Changed,
    #[error("the file holds no sound: there is nothing to separate")]
    NoSound,
    #[error(
        "the engine could not separate the part at {at}, which plays as the original: {reason}; what is stored stays, and trying again asks only for the rest"
    )]
    Segment { at: String, reason: String },
    #[error(
        "the engine cuts songs differently from this croon's store; they are of different versions: build both with `make`"
    )]
    Grid,
    #[error(
        "a stored part of the song could not be read back and was dropped; try again to separate it anew"
    )]
    Hole,
    #[error("cancelled")]
    Cancelled,
}

impl JobError {
    /// True where the next song would fail for the same reason.
    pub fn is_of_the_house(&self) -> bool {
        match self {
            Self::Engine(_) | Self::Grid => true,
            Self::Store(error) => error.is_of_the_disk() || matches!(error, StoreError::Locked { .. }),
            _ => false,
        }
    }
}
