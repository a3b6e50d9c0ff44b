//! One look through folders, without watching: what `croon scan` prints.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::library::scope::Territory;
use crate::library::tags::read_track;
use crate::library::walk::{Step, Walk};
use crate::track::Track;

/// All that one look saw, sorted by path.
#[derive(Debug, Default)]
pub struct Survey {
    pub tracks: Vec<Track>,
    /// Paths that could not be read, and why.
    pub troubles: Vec<(PathBuf, String)>,
    pub took: Duration,
}

/// Reads every song below the roots; `progress` hears the count as it grows.
pub fn survey(roots: &[PathBuf], exclude: &[String], mut progress: impl FnMut(usize)) -> Survey {
    let start = Instant::now();
    let (territory, bad) = Territory::new(roots, exclude);
    let territory = Arc::new(territory);
    let mut survey = Survey {
        troubles: bad
            .into_iter()
            .map(|bad| (PathBuf::from(&bad.pattern), bad.to_string()))
            .collect(),
        ..Survey::default()
    };
    for root in territory.roots() {
        if let Err(error) = std::fs::metadata(root) {
            let reason = format!("can't be read ({error}); check the path and that its disk is mounted");
            survey.troubles.push((root.clone(), reason));
            continue;
        }
        let mut walk = Walk::new(Arc::clone(&territory), root, root);
        while let Some(step) = walk.step() {
            match step {
                Step::Song { path, stamp } => {
                    survey.tracks.push(read_track(&path, stamp));
                    progress(survey.tracks.len());
                }
                Step::Trouble { path, reason } => survey.troubles.push((path, reason)),
                Step::Folder(_) | Step::Other => {}
            }
        }
    }
    survey.tracks.sort_by(|a, b| a.path.cmp(&b.path));
    survey.took = start.elapsed();
    survey
}
