//! One look through folders, without watching: what `croon scan` prints.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::library::scope::Scope;
use crate::library::tags::read_track;
use crate::library::walk::{Walk, WalkStep};
use crate::track::Track;

/// All that one look saw, sorted by path.
#[derive(Debug, Default)]
pub struct ScanSummary {
    pub tracks: Vec<Track>,
    /// Paths that could not be read, and why.
    pub troubles: Vec<(PathBuf, String)>,
    pub took: Duration,
}

/// Reads every song below the roots; `progress` hears the count as it grows.
pub fn scan_once(roots: &[PathBuf], exclude: &[String], mut progress: impl FnMut(usize)) -> ScanSummary {
    let start = Instant::now();
    let (scope, bad) = Scope::new(roots, exclude);
    let scope = Arc::new(scope);
    let mut scan_once = ScanSummary {
        troubles: bad
            .into_iter()
            .map(|bad| (PathBuf::from(&bad.pattern), bad.to_string()))
            .collect(),
        ..ScanSummary::default()
    };
    for root in scope.roots() {
        if let Err(error) = std::fs::metadata(root) {
            let reason = format!("can't be read ({error}); check the path and that its disk is mounted");
            scan_once.troubles.push((root.clone(), reason));
            continue;
        }
        let mut walk = Walk::new(Arc::clone(&scope), root, root);
        while let Some(step) = walk.step() {
            match step {
                WalkStep::Song { path, stamp } => {
                    scan_once.tracks.push(read_track(&path, stamp));
                    progress(scan_once.tracks.len());
                }
                WalkStep::Trouble { path, reason } => scan_once.troubles.push((path, reason)),
                WalkStep::Folder(_) | WalkStep::Other => {}
            }
        }
    }
    scan_once.tracks.sort_by(|a, b| a.path.cmp(&b.path));
    scan_once.took = start.elapsed();
    scan_once
}
