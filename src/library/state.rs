//! What the library knows at this moment: its roots and how they are watched, the index, and the files that
//! are not ready yet. The worker and its walks change it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::library::debounce::Debounce;
use crate::library::event::{LibraryEvent, WatchMode, WatchedBy};
use crate::library::index::Index;
use crate::library::mounts::{blind_reason, mounts};
use crate::library::notifier::Notifier;
use crate::library::scope::Scope;
use crate::library::watch::{FolderWatch, WatchError};
use crate::track::Track;

/// A music folder and how it stands.
pub struct RootState {
    pub path: PathBuf,
    /// Device and inode while it is there.
    pub place: Option<(u64, u64)>,
    pub watched: Option<WatchedBy>,
    /// Why some of its folders have no watch.
    pub unwatched: Option<String>,
    pub poll_at: Option<Instant>,
}

pub struct LibraryState {
    pub scope: Arc<Scope>,
    pub roots: Vec<RootState>,
    pub mode: WatchMode,
    pub poll_every: Duration,
    pub known: HashMap<PathBuf, Track>,
    pub index: Index,
    pub debounce: Debounce,
    pub notifier: Notifier,
    pub watch: Option<FolderWatch>,
    /// Why there is no watch at all.
    pub no_watch: Option<String>,
    pub stop: Arc<AtomicBool>,
}

impl LibraryState {
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Tracks of an earlier run that were not met below this root.
    pub fn remove_known_below(&mut self, root: &Path) -> Vec<PathBuf> {
        let debounce = &self.debounce;
        let gone = self
            .known
            .extract_if(|path, _| path.starts_with(root) && !debounce.contains(path));
        let gone = gone.map(|(path, _)| path).collect();
        self.known.shrink_to_fit();
        gone
    }

    pub fn watch_folder(&mut self, root: usize, folder: &Path) {
        let Some(watch) = &mut self.watch else {
            return;
        };
        if self.roots[root].unwatched.is_some() {
            return;
        }
        match watch.folder(folder) {
            Ok(()) | Err(WatchError::Folder) => {}
            Err(error) => {
                self.roots[root].unwatched = Some(error.to_string());
                if self.roots[root].watched.is_some() {
                    self.update_watching(root);
                }
            }
        }
    }

    pub fn update_watching(&mut self, number: usize) {
        let root = &mut self.roots[number];
        let blind = || blind_reason(&mounts(), &root.path.canonicalize().ok()?);
        let how = match self.mode {
            WatchMode::Never => WatchedBy::Nobody,
            WatchMode::Poll => WatchedBy::Poll {
                reason: "the configuration asks for it".into(),
            },
            WatchMode::Auto => match root
                .unwatched
                .clone()
                .or_else(|| self.no_watch.clone())
                .or_else(blind)
            {
                Some(reason) => WatchedBy::Poll { reason },
                None => WatchedBy::Inotify,
            },
        };
        root.poll_at = matches!(how, WatchedBy::Poll { .. }).then(|| Instant::now() + self.poll_every);
        if root.watched.as_ref() != Some(&how) {
            root.watched = Some(how.clone());
            let event = LibraryEvent::Watching {
                root: root.path.clone(),
                how,
            };
            self.notifier.emit(event);
        }
    }
}
