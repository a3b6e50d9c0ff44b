//! How a command ends: the documented exit codes, and an error that carries one.

use std::fmt;
use std::process;

use crate::separate::error::EngineError;
use crate::store::StoreError;

/// How a command ended. The numbers are a promise to scripts: README and `--help` list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Done = 0,
    /// Something went wrong, or went wrong for some of what was asked.
    Failed = 1,
    /// The command line or the configuration file cannot be understood.
    Usage = 2,
    /// No song, or no lyrics, where they were asked for.
    NothingFound = 3,
    /// No engine, or no device that was insisted on.
    NoDevice = 4,
    /// Another croon holds the cache.
    Busy = 5,
    /// The screen was asked for where there is no terminal.
    NoTerminal = 6,
    /// There is no croon to be controlled.
    NotRunning = 7,
    /// By Ctrl-C or a signal.
    Interrupted = 130,
}

impl ExitCode {
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NothingFound,
        Self::NoDevice,
        Self::Busy,
        Self::NoTerminal,
        Self::NotRunning,
        Self::Interrupted,
    ];

    pub fn code(self) -> u8 {
        self as u8
    }

    /// One line for `--help` and the README.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed, or failed for some of the files",
            Self::Usage => "the command line or the configuration file cannot be understood",
            Self::NothingFound => "no song or no lyrics found",
            Self::NoDevice => "no engine, or not the device that was asked for",
            Self::Busy => "another croon holds the cache",
            Self::NoTerminal => "the screen needs a terminal and there is none",
            Self::NotRunning => "no croon is running that could be controlled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit code an error asks for; an error that asks for none is a plain failure.
    pub fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(Self::asked_for).unwrap_or(Self::Failed)
    }

    fn asked_for(cause: &(dyn std::error::Error + 'static)) -> Option<Self> {
        if let Some(fault) = cause.downcast_ref::<CommandError>() {
            return Some(fault.exit_code);
        }
        if let Some(StoreError::Busy { .. } | StoreError::Locked { .. }) = cause.downcast_ref() {
            return Some(Self::Busy);
        }
        match cause.downcast_ref()? {
            EngineError::UnknownModel(_) => Some(Self::Usage),
            _ => Some(Self::NoDevice),
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(exit_code: ExitCode) -> Self {
        Self::from(exit_code.code())
    }
}

/// An error that knows its exit code: `return Err(CommandError::new(ExitCode::Busy, "...").into())`. The
/// message says what happened, what it means and what to do.
#[derive(Debug)]
pub struct CommandError {
    pub exit_code: ExitCode,
    pub message: String,
}

impl CommandError {
    pub fn new(exit_code: ExitCode, message: impl Into<String>) -> Self {
        Self {
            exit_code,
            message: message.into(),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

/// The error with its causes, each said once: many errors name their cause themselves.
pub(super) fn told(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_code_under_context() {
        let error = anyhow::Error::new(CommandError::new(ExitCode::Busy, "held")).context("while opening");
        assert_eq!(ExitCode::of(&error), ExitCode::Busy);
        assert_eq!(ExitCode::of(&anyhow::anyhow!("plain")), ExitCode::Failed);
        assert_eq!(ExitCode::of(&EngineError::Stopped.into()), ExitCode::NoDevice);
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes = ExitCode::ALL.map(ExitCode::code);
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
