//! The separation job that runs.

use std::path::PathBuf;

use crate::app::state::priority::{Priority, Rank};
use crate::app::state::song_key::SongKey;

/// What is to happen with a running job that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// It goes on later.
    Later,
    /// Nobody wants it any more.
    ForGood,
}

/// The job that the worker has.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningJob {
    pub key: SongKey,
    /// The worker knows the file by this name, whatever it is called by now.
    pub path: PathBuf,
    pub priority: Priority,
    pub(super) rank: Rank,
    /// Length of its audio in seconds, 0 while unknown.
    pub seconds: f64,
    pub done: u32,
    pub total: u32,
    /// Times real time, 0 while unknown.
    pub speed: f32,
    pub stopping: Option<StopReason>,
}

impl RunningJob {
    /// Share done, 0 to 1.
    pub fn share(&self) -> f64 {
        (f64::from(self.done) / f64::from(self.total.max(1))).clamp(0.0, 1.0)
    }

    /// Whole percents done.
    pub fn percent(&self) -> u32 {
        (self.share() * 100.0) as u32
    }
}
