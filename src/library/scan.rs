//! Walks in progress and what they find.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::library::debounce::STILL_POLLED;
use crate::library::event::{LibraryEvent, WatchedBy};
use crate::library::state::LibraryState;
use crate::library::tags::read_track;
use crate::library::walk::{Step, Walk};
use crate::track::FileStamp;

/// How long a walk may go on before changes and commands are heard again.
const SLICE: Duration = Duration::from_millis(15);
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// A file this young may still be being written by someone whose start was not seen.
const YOUNG_AT_SCAN: Duration = Duration::from_secs(1);
/// In a folder that has just appeared, copying is likely.
const YOUNG_IN_NEW_FOLDER: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SweepKind {
    /// A root, at the start, on demand or when it came back.
    Full,
    /// A folder that appeared.
    Part,
    /// A root where changes aren't told.
    Poll,
}

/// One walk with its purpose.
struct Sweep {
    walk: Walk,
    folder: PathBuf,
    root: usize,
    kind: SweepKind,
    /// The index's number of this walk.
    number: u32,
    started: Instant,
}

/// Figures of the scan that is running: all full sweeps since there was none.
#[derive(Debug, Default)]
struct Scan {
    files: usize,
    started: Option<Instant>,
    told: Option<Instant>,
}

/// The walks in progress and the scan they belong to.
#[derive(Default)]
pub struct Scanner {
    sweeps: VecDeque<Sweep>,
    scan: Scan,
}

impl Scanner {
    pub fn is_walking(&self) -> bool {
        !self.sweeps.is_empty()
    }

    /// Ends the walks below a root.
    pub fn drop_root(&mut self, root: usize) {
        self.sweeps.retain(|sweep| sweep.root != root);
    }

    pub fn begin_full(&mut self, state: &mut LibraryState, root: usize) {
        self.begin_scan();
        self.sweeps.retain(|sweep| sweep.root != root);
        let folder = state.roots[root].path.clone();
        let sweep = self.sweep(state, root, folder, SweepKind::Full);
        self.sweeps.push_back(sweep);
    }

    pub fn begin_poll(&mut self, state: &mut LibraryState, root: usize) {
        if self.sweeps.iter().all(|sweep| sweep.root != root) {
            let folder = state.roots[root].path.clone();
            let sweep = self.sweep(state, root, folder, SweepKind::Poll);
            self.sweeps.push_back(sweep);
        }
    }

    /// A folder that appeared is looked at before a long scan goes on.
    pub fn begin_part(&mut self, state: &mut LibraryState, folder: &Path) {
        if !state.territory.has_folder(folder) || folder.is_symlink() && state.territory.is_alias(folder) {
            return;
        }
        if let Some(root) = state.roots.iter().position(|root| folder.starts_with(&root.path)) {
            let sweep = self.sweep(state, root, folder.to_owned(), SweepKind::Part);
            self.sweeps.push_front(sweep);
        }
    }

    fn sweep(&mut self, state: &mut LibraryState, root: usize, folder: PathBuf, kind: SweepKind) -> Sweep {
        let walk = Walk::new(Arc::clone(&state.territory), &state.roots[root].path, &folder);
        Sweep {
            walk,
            folder,
            root,
            kind,
            number: state.index.begin_walk(),
            started: Instant::now(),
        }
    }

    /// Goes on with the walks for a moment.
    pub fn sweep_slice(&mut self, state: &mut LibraryState) {
        let until = Instant::now() + SLICE;
        while let Some(mut sweep) = self.sweeps.pop_front() {
            loop {
                match sweep.walk.step() {
                    Some(step) => self.take_step(state, &sweep, step),
                    None => {
                        self.end_sweep(state, &sweep);
                        break;
                    }
                }
                if state.stopping() || Instant::now() >= until {
                    self.sweeps.push_front(sweep);
                    return;
                }
            }
        }
    }

    fn take_step(&mut self, state: &mut LibraryState, sweep: &Sweep, step: Step) {
        match step {
            Step::Folder(path) => state.watch_folder(sweep.root, &path),
            Step::Song { path, stamp } => {
                if path == sweep.folder {
                    // a root that is a single file has no folder to watch
                    state.watch_folder(sweep.root, &path);
                }
                self.meet(state, sweep.kind, &path, stamp);
            }
            Step::Trouble { path, reason } => state.report.trouble(&path, reason),
            Step::Other => {}
        }
    }

    /// A song that a walk has met.
    fn meet(&mut self, state: &mut LibraryState, kind: SweepKind, path: &Path, stamp: FileStamp) {
        if kind == SweepKind::Full {
            self.count_file(state);
        }
        let known = state.known.remove(path);
        if state.index.see(path) == Some(stamp) || state.settle.contains(path) {
            return;
        }
        if let Some(track) = known.filter(|track| track.stamp == stamp) {
            state.index.insert(path, stamp);
            state.report.found(track);
            return;
        }
        let waits = match kind {
            SweepKind::Full => is_younger(stamp, YOUNG_AT_SCAN),
            SweepKind::Part => is_younger(stamp, YOUNG_IN_NEW_FOLDER),
            SweepKind::Poll => true,
        };
        if waits {
            state.settle.touched(path, STILL_POLLED, Instant::now());
        } else {
            state.index.insert(path, stamp);
            state.report.found(read_track(path, stamp));
        }
    }

    fn count_file(&mut self, state: &mut LibraryState) {
        self.scan.files += 1;
        let now = Instant::now();
        if self.scan.told.is_none_or(|told| now >= told + PROGRESS_EVERY) {
            self.scan.told = Some(now);
            state.report.tell(LibraryEvent::Progress {
                files: self.scan.files,
            });
        }
    }

    fn end_sweep(&mut self, state: &mut LibraryState, sweep: &Sweep) {
        let gone = state.index.remove_unseen(&sweep.folder, sweep.number);
        state.report.gone(gone);
        let now = Instant::now();
        if sweep.kind == SweepKind::Full {
            let gone = state.take_known_below(&sweep.folder);
            state.report.gone(gone);
            state.tell_watching(sweep.root);
        }
        let root = &mut state.roots[sweep.root];
        if sweep.kind != SweepKind::Part && matches!(root.watched, Some(WatchedBy::Poll { .. })) {
            // a walk that takes long must not follow itself at once
            root.poll_at = Some(now + state.poll_every.max(4 * (now - sweep.started)));
        }
        self.end_scan_if_over(state);
    }

    pub fn end_scan_if_over(&mut self, state: &mut LibraryState) {
        if self.sweeps.iter().any(|sweep| sweep.kind == SweepKind::Full) {
            return;
        }
        let scan = std::mem::take(&mut self.scan);
        if let Some(started) = scan.started {
            state.report.tell(LibraryEvent::ScanDone {
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
