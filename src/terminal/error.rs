//! Why the terminal cannot be used.

use std::io;

/// The terminal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error(
        "croon's screen needs a terminal, and this is none; `croon --plain` needs one only for its keys, `croon separate` and `croon watch` none"
    )]
    NotATerminal,
    #[error(
        "the terminal can't be taken over: {0}; another terminal program may help, `croon doctor` says more"
    )]
    Io(#[from] io::Error),
}
