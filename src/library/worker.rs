//! The library's thread: hears changes and commands, keeps the index, tells the listener.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use crate::library::debounce::{Debounce, FileState, STILL_WATCHED};
use crate::library::event::{LibraryEvent, LibrarySetup, WatchMode};
use crate::library::index::Index;
use crate::library::notifier::Notifier;
use crate::library::scan::Scanner;
use crate::library::scope::Scope;
use crate::library::state::{LibraryState, RootState};
use crate::library::tags::{read_track, stamp};
use crate::library::watch::{FileChange, FolderWatch};

/// How long a departure waits for its arrival, and a removal for the same name to come back:
/// programs that save by removing and writing anew don't make a song flicker.
const LEAVING: Duration = Duration::from_millis(300);
/// How often a root is checked for having vanished, come back or been mounted over.
const ROOT_CHECK: Duration = Duration::from_secs(2);
/// Changes heard before a walk goes on.
const CHANGES_AT_ONCE: usize = 256;

pub enum WorkerMessage {
    FileChange(FileChange),
    Rescan,
    Stop,
}

struct Leaving {
    path: PathBuf,
    cookie: Option<usize>,
    due: Instant,
}

pub struct LibraryWorker {
    state: LibraryState,
    scanner: Scanner,
    leaving: Vec<Leaving>,
    root_check: Instant,
}

impl LibraryWorker {
    pub fn new(
        setup: LibrarySetup,
        on: Box<dyn Fn(LibraryEvent) + Send>,
        inbox: Sender<WorkerMessage>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let (scope, bad_patterns) = Scope::new(&setup.roots, &setup.exclude);
        let mut notifier = Notifier::new(on);
        for bad in bad_patterns {
            notifier.trouble(Path::new(&bad.pattern), bad.to_string());
        }
        let (watch, no_watch) = match setup.watch {
            WatchMode::Auto => {
                match FolderWatch::start(move |change| drop(inbox.send(WorkerMessage::FileChange(change)))) {
                    Ok(watch) => (Some(watch), None),
                    Err(error) => (None, Some(error.to_string())),
                }
            }
            WatchMode::Poll | WatchMode::Never => (None, None),
        };
        let root = |path: &PathBuf| RootState {
            path: path.clone(),
            place: None,
            watched: None,
            unwatched: None,
            poll_at: None,
        };
        let state = LibraryState {
            roots: scope.roots().iter().map(root).collect(),
            scope: Arc::new(scope),
            mode: setup.watch,
            poll_every: Duration::from_secs(setup.poll_seconds.max(1)),
            known: setup.known,
            index: Index::default(),
            debounce: Debounce::default(),
            notifier,
            watch,
            no_watch,
            stop,
        };
        Self {
            state,
            scanner: Scanner::default(),
            leaving: Vec::new(),
            root_check: Instant::now(),
        }
    }

    pub fn run(mut self, inbox: &Receiver<WorkerMessage>) {
        self.rescan();
        while !self.state.stopping() {
            for _ in 0..CHANGES_AT_ONCE {
                match inbox.try_recv() {
                    Ok(message) => self.handle(message),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.on_time(Instant::now());
            if self.scanner.is_walking() {
                self.scanner.scan_slice(&mut self.state);
                continue;
            }
            match inbox.recv_deadline(self.next_deadline()) {
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn handle(&mut self, message: WorkerMessage) {
        match message {
            WorkerMessage::FileChange(FileChange::Overflow) | WorkerMessage::Rescan => self.rescan(),
            WorkerMessage::FileChange(change) => self.on_change(change, Instant::now()),
            WorkerMessage::Stop => {}
        }
    }

    fn rescan(&mut self) {
        self.state.notifier.forget_troubles();
        self.scanner.begin_scan();
        self.check_roots();
        for number in 0..self.state.roots.len() {
            if self.state.roots[number].place.is_some() {
                self.scanner.begin_full(&mut self.state, number);
            }
        }
        self.scanner.end_scan_if_over(&mut self.state);
    }

    fn next_deadline(&self) -> Instant {
        let polls = self.state.roots.iter().filter_map(|root| root.poll_at);
        let leaving = self.leaving.iter().map(|leaving| leaving.due);
        let others = [self.state.debounce.next_due(), self.state.notifier.flush_at()]
            .into_iter()
            .flatten();
        polls
            .chain(leaving)
            .chain(others)
            .fold(self.root_check, Instant::min)
    }

    fn on_time(&mut self, now: Instant) {
        if self.state.notifier.flush_at().is_some_and(|due| due <= now) {
            self.state.notifier.flush();
        }
        if self.root_check <= now {
            self.check_roots();
            self.scanner.end_scan_if_over(&mut self.state);
        }
        for number in 0..self.state.roots.len() {
            if self.state.roots[number].poll_at.is_some_and(|due| due <= now) {
                self.state.roots[number].poll_at = None;
                self.scanner.begin_poll(&mut self.state, number);
            }
        }
        if self.leaving.iter().any(|leaving| leaving.due <= now) {
            let (due, waiting) = std::mem::take(&mut self.leaving)
                .into_iter()
                .partition(|leaving| leaving.due <= now);
            self.leaving = waiting;
            self.remove_departed(due, now);
        }
        for path in self.state.debounce.due(now) {
            if self.state.stopping() {
                return;
            }
            self.on_debounced(&path, now);
        }
    }

    fn on_change(&mut self, change: FileChange, now: Instant) {
        match change {
            FileChange::NewFolder(path) => self.scanner.begin_part(&mut self.state, &path),
            FileChange::Created(path) => self.created(&path, now),
            FileChange::Touched(path) if self.state.scope.has_song(&path) => {
                self.state.debounce.touched(&path, STILL_WATCHED, now)
            }
            FileChange::Closed(path) if self.state.scope.has_song(&path) => {
                self.state.debounce.closed(&path, now)
            }
            FileChange::Attributes(path) => self.attributes_changed(&path, now),
            FileChange::Left { path, cookie } => self.leave(path, cookie, now),
            FileChange::Removed(path) => self.leave(path, None, now),
            FileChange::Arrived { path, cookie } => {
                let same = |leaving: &Leaving| cookie.is_some() && leaving.cookie == cookie;
                match self.leaving.iter().position(same) {
                    Some(at) => {
                        let from = self.leaving.swap_remove(at).path;
                        self.renamed(&from, &path, now);
                    }
                    None => self.arrived(&path, now),
                }
            }
            FileChange::Touched(_) | FileChange::Closed(_) | FileChange::Overflow => {}
        }
    }

    fn created(&mut self, path: &Path, now: Instant) {
        let Ok(meta) = path.symlink_metadata() else {
            return;
        };
        if meta.is_symlink() || meta.is_dir() || meta.nlink() > 1 {
            // links are whole from the start and nobody closes them
            self.arrived(path, now);
        } else if self.state.scope.has_song(path) {
            self.state.debounce.touched(path, STILL_WATCHED, now);
        }
    }

    /// Something whole is here that wasn't before.
    fn arrived(&mut self, path: &Path, now: Instant) {
        match path.metadata() {
            Ok(meta) if meta.is_dir() => self.scanner.begin_part(&mut self.state, path),
            Ok(_) if self.state.scope.has_song(path) => self.state.debounce.closed(path, now),
            _ => {}
        }
    }

    fn attributes_changed(&mut self, path: &Path, now: Instant) {
        match path.metadata() {
            // it may have become readable; the roots are looked at by their own check
            Ok(meta) if meta.is_dir() && self.state.roots.iter().all(|root| root.path != path) => {
                self.scanner.begin_part(&mut self.state, path)
            }
            Ok(meta)
                if meta.is_file()
                    && self.state.scope.has_song(path)
                    && self.state.index.stamp(path) != Some(stamp(&meta))
                    && !self.state.debounce.contains(path) =>
            {
                self.state.debounce.touched(path, STILL_WATCHED, now);
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: PathBuf, cookie: Option<usize>, now: Instant) {
        if self.state.roots.iter().any(|root| root.path == path) {
            self.root_check = now;
        }
        self.leaving.push(Leaving {
            path,
            cookie,
            due: now + LEAVING,
        });
    }

    fn remove_departed(&mut self, due: Vec<Leaving>, now: Instant) {
        let mut gone = Vec::new();
        for Leaving { path, .. } in due {
            if path.symlink_metadata().is_err() {
                self.state.debounce.forget(&path);
                gone.extend(self.state.index.remove(&path));
            } else if self.state.index.stamp(&path).is_some() && !self.state.debounce.contains(&path) {
                self.state.debounce.closed(&path, now);
            }
        }
        self.state.notifier.gone(gone);
    }

    fn renamed(&mut self, from: &Path, to: &Path, now: Instant) {
        let Ok(meta) = to.metadata() else {
            // on its way already; what is left of either name will show
            self.leave(from.to_owned(), None, now);
            return;
        };
        let (is_dir, was_waiting) = (meta.is_dir(), self.state.debounce.forget(from));
        let wanted = if is_dir {
            self.state.scope.has_folder(to)
        } else {
            self.state.scope.has_song(to)
        };
        let replaced = self.state.index.remove(to);
        self.state.notifier.gone(replaced);
        if !wanted {
            let gone = self.state.index.remove(from);
            self.state.notifier.gone(gone);
            return;
        }
        let moved = self.state.index.rename(from, to);
        let nothing_known = moved.is_empty();
        for (from, to) in moved {
            if self.state.scope.has_song(&to) {
                self.state.notifier.emit(LibraryEvent::Moved { from, to });
            } else {
                self.state.index.remove(&to);
                self.state.notifier.gone(vec![from]);
            }
        }
        if is_dir {
            // watches end with the old name, and files that were waiting are met again
            self.scanner.begin_part(&mut self.state, to);
        } else if nothing_known || was_waiting || self.state.index.stamp(to) != Some(stamp(&meta)) {
            self.state.debounce.closed(to, now);
        }
    }

    /// A waiting file's time has come.
    fn on_debounced(&mut self, path: &Path, now: Instant) {
        let meta = match path.metadata() {
            Ok(meta) if meta.is_file() => meta,
            _ => {
                self.state.debounce.forget(path);
                let gone = self.state.index.remove(path);
                self.state.notifier.gone(gone);
                return;
            }
        };
        let stamp = stamp(&meta);
        if self.state.debounce.judge(path, stamp, now) == FileState::Wait
            || self.state.index.stamp(path) == Some(stamp)
        {
            return;
        }
        if path.is_symlink() && self.state.scope.is_alias(path) {
            return;
        }
        self.state.index.insert(path, stamp);
        self.state.notifier.found(read_track(path, stamp));
    }

    /// Looks whether the roots are where they were.
    fn check_roots(&mut self) {
        self.root_check = Instant::now() + ROOT_CHECK;
        for number in 0..self.state.roots.len() {
            let root = &mut self.state.roots[number];
            let found = root.path.metadata();
            let place = found.as_ref().ok().map(|meta| (meta.dev(), meta.ino()));
            let (before, path) = (std::mem::replace(&mut root.place, place), root.path.clone());
            match found {
                Ok(_) if before == place => {}
                Ok(_) => {
                    self.state.notifier.forget_trouble(&path);
                    self.state.roots[number].unwatched = None;
                    self.scanner.begin_full(&mut self.state, number);
                }
                Err(error) => self.root_missing(number, &path, &error),
            }
        }
    }

    fn root_missing(&mut self, number: usize, path: &Path, error: &std::io::Error) {
        self.scanner.drop_root(number);
        self.state.debounce.forget(path);
        let root = &mut self.state.roots[number];
        (root.watched, root.poll_at) = (None, None);
        let mut gone = self.state.index.remove(path);
        gone.extend(self.state.remove_known_below(path));
        self.state.notifier.gone(gone);
        let reason = format!(
            "the music folder can't be opened ({error}), so its songs are missing; mount or restore it, and they come back"
        );
        self.state.notifier.trouble(path, reason);
    }
}
