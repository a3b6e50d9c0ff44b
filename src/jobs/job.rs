//! TODO

use std::path::PathBuf;

use crate::track::TrackId;

/// One song to separate.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub path: PathBuf,
    /// Where it is known already and the file is unchanged.
    pub id: Option<TrackId>,
    /// Segments from here on come first.
    pub from_seconds: f64,
}
