//! Errors and file names as all lyrics commands print them.

use std::path::Path;

use crate::commands::exit_code::{Fault, Outcome};
use crate::text::printable;

pub(crate) fn unusable(file: &Path, reason: &str) -> Fault {
    Fault::new(
        Outcome::Failed,
        format!("{} gives no lyrics: {reason}", shown(file)),
    )
}

pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
