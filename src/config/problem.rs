//! What can be wrong with a configuration file, in words that lead to the mend.

use std::path::PathBuf;

use super::place::SourcePosition;

/// One thing that is wrong, where, and what croon does instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{place}: {what}", file.display())]
pub struct ConfigProblem {
    pub file: PathBuf,
    pub place: SourcePosition,
    /// What is wrong, what follows from it and what would be right.
    pub what: String,
    /// The file is not TOML: nothing in it can be trusted to mean what it seems to.
    pub fatal: bool,
}

/// The candidate that `wrong` was probably meant to be.
pub(super) fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wrong, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(wrong.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
