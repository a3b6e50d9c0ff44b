//! One walk through a folder, a step at a time, so that the walker can listen between the steps.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use crate::library::filter::is_audio;
use crate::library::scope::Scope;
use crate::library::tags::stamp;
use crate::library::ultrastar::{same, stems_in};
use crate::track::FileStamp;

/// What one step met.
#[derive(Debug, PartialEq, Eq)]
pub enum WalkStep {
    /// Told before anything in it is read, so that a watch set now misses nothing.
    Folder(PathBuf),
    Song {
        path: PathBuf,
        stamp: FileStamp,
    },
    Trouble {
        path: PathBuf,
        reason: String,
    },
    /// Nothing of ours.
    Other,
}

/// A walk in progress.
pub struct Walk {
    root: PathBuf,
    scope: Arc<Scope>,
    entries: walkdir::IntoIter,
    /// Device and inode of the folders walked: links outside the roots may lead to one place twice.
    visited: HashSet<(u64, u64)>,
    /// The folder whose songs come by, and what of it are stems of others.
    stems: (PathBuf, Vec<PathBuf>),
}

impl Walk {
    /// Through `folder`, which is `root` or lies in it.
    pub fn new(scope: Arc<Scope>, root: &Path, folder: &Path) -> Self {
        let entries = WalkDir::new(folder).follow_links(true).into_iter();
        Self {
            root: root.to_owned(),
            scope,
            entries,
            visited: HashSet::new(),
            stems: Default::default(),
        }
    }

    /// The next step; `None` at the end.
    pub fn step(&mut self) -> Option<WalkStep> {
        let entry = match self.entries.next()? {
            Ok(entry) => entry,
            Err(error) => return Some(trouble(&error)),
        };
        let is_dir = entry.file_type().is_dir();
        if self.passes_over(&entry) {
            if is_dir {
                self.entries.skip_current_dir();
            }
            return Some(WalkStep::Other);
        }
        if !is_dir && !(entry.file_type().is_file() && (entry.depth() == 0 || is_audio(entry.path()))) {
            // among others pipes and sockets: opening one could wait for ever
            return Some(WalkStep::Other);
        }
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            Err(error) => return Some(trouble(&error)),
        };
        if !is_dir && entry.depth() > 0 && self.is_stem(entry.path()) {
            return Some(WalkStep::Other);
        }
        if !is_dir {
            return Some(WalkStep::Song {
                path: entry.into_path(),
                stamp: stamp(&meta),
            });
        }
        if !self.visited.insert((meta.dev(), meta.ino())) {
            self.entries.skip_current_dir();
            return Some(WalkStep::Other);
        }
        Some(WalkStep::Folder(entry.into_path()))
    }

    /// The text of an UltraStar folder names this file as a part of its song.
    fn is_stem(&mut self, path: &Path) -> bool {
        let Some(folder) = path.parent() else { return false };
        if self.stems.0 != folder {
            self.stems = (folder.to_owned(), stems_in(folder));
        }
        self.stems.1.iter().any(|stem| same(stem, path))
    }

    fn passes_over(&self, entry: &DirEntry) -> bool {
        // a root is wanted whatever its name; the walk's own folder was asked by who started it
        entry.depth() > 0
            && (self.scope.skips_entry(&self.root, entry.path())
                || entry.path_is_symlink() && self.scope.is_alias(entry.path()))
    }
}

fn trouble(error: &walkdir::Error) -> WalkStep {
    let path = error.path().map(Path::to_owned).unwrap_or_default();
    // a link that leads to a folder it lies in is harmless, and one that leads nowhere is not ours;
    // what vanished since its folder was read is no trouble either
    let gone = error
        .io_error()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if error.loop_ancestor().is_some() || gone {
        return WalkStep::Other;
    }
    let reason = error
        .io_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    WalkStep::Trouble {
        path,
        reason: format!("can't be read ({reason}), so its songs are missing; check its permissions"),
    }
}
