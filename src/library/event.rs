//! What the library is asked for and what it reports.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::track::Track;

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchMode {
    /// inotify, and looking again now and then where it is blind.
    #[default]
    Auto,
    /// Only looking again now and then.
    Poll,
    /// Not at all; [`Library::rescan`](crate::library::Library::rescan) still looks.
    Never,
}

/// What the library is to keep.
#[derive(Debug, Clone)]
pub struct LibrarySetup {
    /// Folders; single files too.
    pub roots: Vec<PathBuf>,
    /// Globs: without `/` a name anywhere, with `/` a path below the root or a whole one.
    pub exclude: Vec<String>,
    /// Tracks of an earlier run: files that have kept their stamp aren't opened again.
    pub known: HashMap<PathBuf, Track>,
    pub watch: WatchMode,
    /// Seconds between looks where changes aren't told.
    pub poll_seconds: u64,
}

impl Default for LibrarySetup {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            exclude: Vec::new(),
            known: HashMap::new(),
            watch: WatchMode::Auto,
            poll_seconds: 30,
        }
    }
}

/// How one root is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedBy {
    Inotify,
    Poll { reason: String },
    Nobody,
}

/// What the library has to tell.
///
/// Each file is told of by one `Found` at the first scan, known or not, and again whenever its
/// content or tags change; every later event about it names the same path.
#[derive(Debug, Clone, PartialEq)]
pub enum LibraryEvent {
    /// New or changed files; replaces what was told of the same paths.
    Found(Vec<Track>),
    /// Known or told-of files that are no longer there.
    Gone(Vec<PathBuf>),
    /// The same file under a new name; one event for each file of a renamed folder.
    Moved {
        from: PathBuf,
        to: PathBuf,
    },
    /// Songs met so far by a running scan.
    Progress {
        files: usize,
    },
    ScanDone {
        files: usize,
        took: Duration,
    },
    Watching {
        root: PathBuf,
        how: WatchedBy,
    },
    /// What, what it means and what to do; told once for each path until the next rescan.
    Trouble {
        path: PathBuf,
        reason: String,
    },
}
