//! A song to separate, as the worker is asked to do it.

use std::path::PathBuf;

use crate::track::TrackId;

/// A song to separate.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub path: PathBuf,
    /// The track's id, if it is known already and the file is unchanged.
    pub id: Option<TrackId>,
    /// Segments from this second on are separated first.
    pub from_seconds: f64,
}
