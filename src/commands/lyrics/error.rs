//! Errors and file names as all lyrics commands print them.

use std::path::Path;

use crate::commands::exit_code::{CommandError, ExitCode};
use crate::text::printable;

pub(crate) fn unusable(file: &Path, reason: &str) -> CommandError {
    CommandError::new(
        ExitCode::Failed,
        format!("{} gives no lyrics: {reason}", shown(file)),
    )
}

pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
