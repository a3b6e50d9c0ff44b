//! Walks in progress and what they find: the keeper's half that goes looking.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::library::debounce::STILL_POLLED;
use crate::library::event::{LibraryEvent, WatchMode, WatchedBy};
use crate::library::mounts::{blind_reason, mounts};
use crate::library::tags::read_track;
use crate::library::walk::{Step, Walk};
use crate::library::watch::WatchError;
use crate::library::worker::Keeper;
use crate::track::FileStamp;

/// How long a walk may go on before changes and commands are heard again.
const SLICE: Duration = Duration::from_millis(15);
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// A file this young may still be being written by someone whose start was not seen.
const YOUNG_AT_SCAN: Duration = Duration::from_secs(1);
/// In a folder that has just appeared, copying is likely.
const YOUNG_IN_NEW_FOLDER: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepKind {
    /// A root, at the start, on demand or when it came back.
    Full,
    /// A folder that appeared.
    Part,
    /// A root where changes aren't told.
    Poll,
}

/// One walk with its purpose.
pub struct Sweep {
    walk: Walk,
    folder: PathBuf,
    pub root: usize,
    pub kind: SweepKind,
    /// The index's number of this walk.
    number: u32,
    started: Instant,
}

/// Figures of the scan that is running: all full sweeps since there was none.
#[derive(Debug, Default)]
pub struct Scan {
    files: usize,
    started: Option<Instant>,
    told: Option<Instant>,
}

impl Keeper {
    pub fn begin_full(&mut self, root: usize) {
        self.begin_scan();
        self.sweeps.retain(|sweep| sweep.root != root);
        let folder = self.roots[root].path.clone();
        let sweep = self.sweep(root, folder, SweepKind::Full);
        self.sweeps.push_back(sweep);
    }

    pub fn begin_poll(&mut self, root: usize) {
        if self.sweeps.iter().all(|sweep| sweep.root != root) {
            let folder = self.roots[root].path.clone();
            let sweep = self.sweep(root, folder, SweepKind::Poll);
            self.sweeps.push_back(sweep);
        }
    }

    /// A folder that appeared is looked at before a long scan goes on.
    pub fn begin_part(&mut self, folder: &Path) {
        if !self.territory.has_folder(folder) || folder.is_symlink() && self.territory.is_alias(folder) {
            return;
        }
        if let Some(root) = self.roots.iter().position(|root| folder.starts_with(&root.path)) {
            let sweep = self.sweep(root, folder.to_owned(), SweepKind::Part);
            self.sweeps.push_front(sweep);
        }
    }

    fn sweep(&mut self, root: usize, folder: PathBuf, kind: SweepKind) -> Sweep {
        let walk = Walk::new(Arc::clone(&self.territory), &self.roots[root].path, &folder);
        Sweep {
            walk,
            folder,
            root,
            kind,
            number: self.index.begin_walk(),
            started: Instant::now(),
        }
    }

    /// Goes on with the walks for a moment.
    pub fn sweep_slice(&mut self) {
        let until = Instant::now() + SLICE;
        while let Some(mut sweep) = self.sweeps.pop_front() {
            loop {
                match sweep.walk.step() {
                    Some(step) => self.take_step(&sweep, step),
                    None => {
                        self.end_sweep(&sweep);
                        break;
                    }
                }
                if self.stopping() || Instant::now() >= until {
                    self.sweeps.push_front(sweep);
                    return;
                }
            }
        }
    }

    fn take_step(&mut self, sweep: &Sweep, step: Step) {
        match step {
            Step::Folder(path) => self.watch_folder(sweep.root, &path),
            Step::Song { path, stamp } => {
                if path == sweep.folder {
                    // a root that is a single file has no folder to watch
                    self.watch_folder(sweep.root, &path);
                }
                self.meet(sweep.kind, &path, stamp);
            }
            Step::Trouble { path, reason } => self.report.trouble(&path, reason),
            Step::Other => {}
        }
    }

    /// A song that a walk has met.
    fn meet(&mut self, kind: SweepKind, path: &Path, stamp: FileStamp) {
        if kind == SweepKind::Full {
            self.count_file();
        }
        let known = self.known.remove(path);
        if self.index.see(path) == Some(stamp) || self.settle.contains(path) {
            return;
        }
        if let Some(track) = known.filter(|track| track.stamp == stamp) {
            self.index.insert(path, stamp);
            self.report.found(track);
            return;
        }
        let waits = match kind {
            SweepKind::Full => is_younger(stamp, YOUNG_AT_SCAN),
            SweepKind::Part => is_younger(stamp, YOUNG_IN_NEW_FOLDER),
            SweepKind::Poll => true,
        };
        if waits {
            self.settle.touched(path, STILL_POLLED, Instant::now());
        } else {
            self.index.insert(path, stamp);
            self.report.found(read_track(path, stamp));
        }
    }

    fn count_file(&mut self) {
        self.scan.files += 1;
        let now = Instant::now();
        if self.scan.told.is_none_or(|told| now >= told + PROGRESS_EVERY) {
            self.scan.told = Some(now);
            self.report.tell(LibraryEvent::Progress {
                files: self.scan.files,
            });
        }
    }

    fn end_sweep(&mut self, sweep: &Sweep) {
        let gone = self.index.remove_unseen(&sweep.folder, sweep.number);
        self.report.gone(gone);
        let now = Instant::now();
        if sweep.kind == SweepKind::Full {
            let gone = self.take_known_below(&sweep.folder);
            self.report.gone(gone);
            self.tell_watching(sweep.root);
        }
        let root = &mut self.roots[sweep.root];
        if sweep.kind != SweepKind::Part && matches!(root.watched, Some(WatchedBy::Poll { .. })) {
            // a walk that takes long must not follow itself at once
            root.poll_at = Some(now + self.poll_every.max(4 * (now - sweep.started)));
        }
        self.end_scan_if_over();
    }

    pub fn end_scan_if_over(&mut self) {
        if self.sweeps.iter().any(|sweep| sweep.kind == SweepKind::Full) {
            return;
        }
        let scan = std::mem::take(&mut self.scan);
        if let Some(started) = scan.started {
            self.report.tell(LibraryEvent::ScanDone {
                files: scan.files,
                took: started.elapsed(),
            });
        }
    }

    /// A scan that has nothing to walk through ends too.
    pub fn begin_scan(&mut self) {
        self.scan.started.get_or_insert_with(Instant::now);
    }

    /// Tracks of an earlier run that were not met below this root.
    pub fn take_known_below(&mut self, root: &Path) -> Vec<PathBuf> {
        let settle = &self.settle;
        let gone = self
            .known
            .extract_if(|path, _| path.starts_with(root) && !settle.contains(path));
        let gone = gone.map(|(path, _)| path).collect();
        self.known.shrink_to_fit();
        gone
    }

    fn watch_folder(&mut self, root: usize, folder: &Path) {
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
                    self.tell_watching(root);
                }
            }
        }
    }

    fn tell_watching(&mut self, number: usize) {
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
            self.report.tell(event);
        }
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
