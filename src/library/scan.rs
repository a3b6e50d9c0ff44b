//! Walks in progress and what they find.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::library::debounce::STILL_POLLED;
use crate::library::event::{LibraryEvent, WatchedBy};
use crate::library::state::LibraryState;
use crate::library::tags::read_track;
use crate::library::walk::{Walk, WalkStep};
use crate::track::FileStamp;

/// How long a walk may go on before changes and commands are heard again.
const SLICE: Duration = Duration::from_millis(15);
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// A file this young may still be being written by someone whose start was not seen.
const YOUNG_AT_SCAN: Duration = Duration::from_secs(1);
/// In a folder that has just appeared, copying is likely.
const YOUNG_IN_NEW_FOLDER: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanKind {
    /// A root, at the start, on demand or when it came back.
    Full,
    /// A folder that appeared.
    Part,
    /// A root where changes aren't told.
    Poll,
}

/// One walk with its purpose.
struct FolderScan {
    walk: Walk,
    folder: PathBuf,
    root: usize,
    kind: ScanKind,
    /// The index's number of this walk.
    number: u32,
    started: Instant,
}

/// Figures of the scan that is running: all full sweeps since there was none.
#[derive(Debug, Default)]
struct ScanCounters {
    files: usize,
    started: Option<Instant>,
    emitted: Option<Instant>,
}

/// The walks in progress and the scan they belong to.
#[derive(Default)]
pub struct Scanner {
    scans: VecDeque<FolderScan>,
    scan: ScanCounters,
}

impl Scanner {
    pub fn is_walking(&self) -> bool {
        !self.scans.is_empty()
    }

    /// Ends the walks below a root.
    pub fn drop_root(&mut self, root: usize) {
        self.scans.retain(|folder_scan| folder_scan.root != root);
    }

    pub fn begin_full(&mut self, state: &mut LibraryState, root: usize) {
        self.begin_scan();
        self.scans.retain(|folder_scan| folder_scan.root != root);
        let folder = state.roots[root].path.clone();
        let folder_scan = self.folder_scan(state, root, folder, ScanKind::Full);
        self.scans.push_back(folder_scan);
    }

    pub fn begin_poll(&mut self, state: &mut LibraryState, root: usize) {
        if self.scans.iter().all(|folder_scan| folder_scan.root != root) {
            let folder = state.roots[root].path.clone();
            let folder_scan = self.folder_scan(state, root, folder, ScanKind::Poll);
            self.scans.push_back(folder_scan);
        }
    }

    /// A folder that appeared is looked at before a long scan goes on.
    pub fn begin_part(&mut self, state: &mut LibraryState, folder: &Path) {
        if !state.scope.has_folder(folder) || folder.is_symlink() && state.scope.is_alias(folder) {
            return;
        }
        if let Some(root) = state.roots.iter().position(|root| folder.starts_with(&root.path)) {
            let folder_scan = self.folder_scan(state, root, folder.to_owned(), ScanKind::Part);
            self.scans.push_front(folder_scan);
        }
    }

    fn folder_scan(
        &mut self,
        state: &mut LibraryState,
        root: usize,
        folder: PathBuf,
        kind: ScanKind,
    ) -> FolderScan {
        let walk = Walk::new(Arc::clone(&state.scope), &state.roots[root].path, &folder);
        FolderScan {
            walk,
            folder,
            root,
            kind,
            number: state.index.begin_walk(),
            started: Instant::now(),
        }
    }

    /// Goes on with the walks for a moment.
    pub fn scan_slice(&mut self, state: &mut LibraryState) {
        let until = Instant::now() + SLICE;
        while let Some(mut folder_scan) = self.scans.pop_front() {
            loop {
                match folder_scan.walk.step() {
                    Some(step) => self.on_step(state, &folder_scan, step),
                    None => {
                        self.finish_folder_scan(state, &folder_scan);
                        break;
                    }
                }
                if state.stopping() || Instant::now() >= until {
                    self.scans.push_front(folder_scan);
                    return;
                }
            }
        }
    }

    fn on_step(&mut self, state: &mut LibraryState, folder_scan: &FolderScan, step: WalkStep) {
        match step {
            WalkStep::Folder(path) => state.watch_folder(folder_scan.root, &path),
            WalkStep::Song { path, stamp } => {
                if path == folder_scan.folder {
                    // a root that is a single file has no folder to watch
                    state.watch_folder(folder_scan.root, &path);
                }
                self.on_song(state, folder_scan.kind, &path, stamp);
            }
            WalkStep::Trouble { path, reason } => state.notifier.trouble(&path, reason),
            WalkStep::Other => {}
        }
    }

    /// A song that a walk has met.
    fn on_song(&mut self, state: &mut LibraryState, kind: ScanKind, path: &Path, stamp: FileStamp) {
        if kind == ScanKind::Full {
            self.count_file(state);
        }
        let known = state.known.remove(path);
        if state.index.see(path) == Some(stamp) || state.debounce.contains(path) {
            return;
        }
        if let Some(track) = known.filter(|track| track.stamp == stamp) {
            state.index.insert(path, stamp);
            state.notifier.found(track);
            return;
        }
        let waits = match kind {
            ScanKind::Full => is_younger(stamp, YOUNG_AT_SCAN),
            ScanKind::Part => is_younger(stamp, YOUNG_IN_NEW_FOLDER),
            ScanKind::Poll => true,
        };
        if waits {
            state.debounce.touched(path, STILL_POLLED, Instant::now());
        } else {
            state.index.insert(path, stamp);
            state.notifier.found(read_track(path, stamp));
        }
    }

    fn count_file(&mut self, state: &mut LibraryState) {
        self.scan.files += 1;
        let now = Instant::now();
        if self
            .scan
            .emitted
            .is_none_or(|emitted| now >= emitted + PROGRESS_EVERY)
        {
            self.scan.emitted = Some(now);
            state.notifier.emit(LibraryEvent::Progress {
                files: self.scan.files,
            });
        }
    }

    fn finish_folder_scan(&mut self, state: &mut LibraryState, folder_scan: &FolderScan) {
        let gone = state.index.remove_unseen(&folder_scan.folder, folder_scan.number);
        state.notifier.gone(gone);
        let now = Instant::now();
        if folder_scan.kind == ScanKind::Full {
            let gone = state.remove_known_below(&folder_scan.folder);
            state.notifier.gone(gone);
            state.update_watching(folder_scan.root);
        }
        let root = &mut state.roots[folder_scan.root];
        if folder_scan.kind != ScanKind::Part && matches!(root.watched, Some(WatchedBy::Poll { .. })) {
            // a walk that takes long must not follow itself at once
            root.poll_at = Some(now + state.poll_every.max(4 * (now - folder_scan.started)));
        }
        self.end_scan_if_over(state);
    }

    pub fn end_scan_if_over(&mut self, state: &mut LibraryState) {
        if self
            .scans
            .iter()
            .any(|folder_scan| folder_scan.kind == ScanKind::Full)
        {
            return;
        }
        let scan = std::mem::take(&mut self.scan);
        if let Some(started) = scan.started {
            state.notifier.emit(LibraryEvent::ScanDone {
                files: scan.files,
                took: started.elapsed(),
            });
        }
    }

    /// A scan that has nothing to walk through ends too.
    pub fn begin_scan(&mut self) {
        self.scan.started.get_or_insert_with(Instant::now);
    }
}

/// Whether the file was written less than `age` ago; times in the future, from a clock that is
/// wrong here or elsewhere, count as long ago.
fn is_younger(stamp: FileStamp, age: Duration) -> bool {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    u128::try_from(stamp.modified_ns).is_ok_and(|modified| modified <= now && now - modified < age.as_nanos())
}
