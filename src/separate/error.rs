//! Why the separation engine cannot be started, or stopped working.

use crate::separate::models::UnknownModel;
use crate::separate::protocol::PROTOCOL;

/// Why the separation engine cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    #[error(
        "the separation engine `{looked_for}` is not there, so no song can be separated; build it with `make build`, or name one under [separation] command in config.toml"
    )]
    Missing { looked_for: String },
    #[error("{0}; name one of them with --model or under [separation] model in config.toml")]
    UnknownModel(#[from] UnknownModel),
    #[error(
        "the separation engine `{program}` could not be started: {reason}; nothing can be separated until it can; `croon doctor` looks closer"
    )]
    Spawn { program: String, reason: String },
    #[error(
        "the separation engine `{program}` ended or fell silent before it said hello ({reason}){tail}; nothing can be separated; `croon doctor` looks closer"
    )]
    NoHello {
        program: String,
        reason: String,
        tail: LastWords,
    },
    #[error(
        "the separation engine `{program}` speaks protocol {theirs}, croon speaks {PROTOCOL}; they are of different versions: build both with `make build`"
    )]
    Version { program: String, theirs: u32 },
    #[error(
        "the separation engine `{program}` announces {what}, which does not fit together; its model is damaged or not made for croon: `croon doctor` looks closer"
    )]
    Grid { program: String, what: String },
    #[error(
        "the separation engine came back with another model ({now}) than it began with ({before}); songs in work were stopped so as not to mix the two: start them again"
    )]
    ModelChanged { before: String, now: String },
    #[error(
        "the separation engine failed {times} times without finishing anything in between, the last time because {reason}{tail}; what is stored stays; `croon doctor` looks closer, then try again"
    )]
    KeepsFailing {
        times: u32,
        reason: String,
        tail: LastWords,
    },
    #[error("the separation engine is being stopped because croon ends")]
    Stopped,
}

/// The last lines that the engine wrote to stderr, shown after the error message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LastWords(pub Vec<String>);

impl std::fmt::Display for LastWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.len() {
            0 => Ok(()),
            n => write!(
                f,
                "; its last words: {}",
                self.0[n.saturating_sub(3)..].join(" | ")
            ),
        }
    }
}
