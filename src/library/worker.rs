//! The library's thread: hears changes and commands, keeps the index, tells the listener.

use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use crate::library::debounce::{STILL_WATCHED, Settle, Verdict};
use crate::library::event::{LibraryEvent, LibrarySetup, WatchMode, WatchedBy};
use crate::library::index::Index;
use crate::library::notifier::Report;
use crate::library::scan::{Scan, Sweep};
use crate::library::scope::Territory;
use crate::library::tags::{read_track, stamp};
use crate::library::watch::{Change, Watch};
use crate::track::Track;

/// How long a departure waits for its arrival, and a removal for the same name to come back:
/// programs that save by removing and writing anew don't make a song flicker.
const LEAVING: Duration = Duration::from_millis(300);
/// How often a root is checked for having vanished, come back or been mounted over.
const ROOT_CHECK: Duration = Duration::from_secs(2);
/// Changes heard before a walk goes on.
const CHANGES_AT_ONCE: usize = 256;

pub enum Message {
    Change(Change),
    Rescan,
    Stop,
}

/// A music folder and how it stands.
pub struct Root {
    pub path: PathBuf,
    /// Device and inode while it is there.
    place: Option<(u64, u64)>,
    pub watched: Option<WatchedBy>,
    /// Why some of its folders have no watch.
    pub unwatched: Option<String>,
    pub poll_at: Option<Instant>,
}

struct Leaving {
    path: PathBuf,
    cookie: Option<usize>,
    due: Instant,
}

pub struct Keeper {
    pub(super) territory: Arc<Territory>,
    pub(super) roots: Vec<Root>,
    pub(super) mode: WatchMode,
    pub(super) poll_every: Duration,
    pub(super) known: HashMap<PathBuf, Track>,
    pub(super) index: Index,
    pub(super) settle: Settle,
    pub(super) report: Report,
    pub(super) watch: Option<Watch>,
    /// Why there is no watch at all.
    pub(super) no_watch: Option<String>,
    pub(super) sweeps: VecDeque<Sweep>,
    pub(super) scan: Scan,
    leaving: Vec<Leaving>,
    root_check: Instant,
    stop: Arc<AtomicBool>,
}

impl Keeper {
    pub fn new(
        setup: LibrarySetup,
        on: Box<dyn Fn(LibraryEvent) + Send>,
        inbox: Sender<Message>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let (territory, bad_patterns) = Territory::new(&setup.roots, &setup.exclude);
        let mut report = Report::new(on);
        for bad in bad_patterns {
            report.trouble(Path::new(&bad.pattern), bad.to_string());
        }
        let (watch, no_watch) = match setup.watch {
            WatchMode::Auto => match Watch::start(move |change| drop(inbox.send(Message::Change(change)))) {
                Ok(watch) => (Some(watch), None),
                Err(error) => (None, Some(error.to_string())),
            },
            WatchMode::Poll | WatchMode::Never => (None, None),
        };
        let root = |path: &PathBuf| Root {
            path: path.clone(),
            place: None,
            watched: None,
            unwatched: None,
            poll_at: None,
        };
        Self {
            roots: territory.roots().iter().map(root).collect(),
            territory: Arc::new(territory),
            mode: setup.watch,
            poll_every: Duration::from_secs(setup.poll_seconds.max(1)),
            known: setup.known,
            index: Index::default(),
            settle: Settle::default(),
            report,
            watch,
            no_watch,
            sweeps: VecDeque::new(),
            scan: Scan::default(),
            leaving: Vec::new(),
            root_check: Instant::now(),
            stop,
        }
    }

    pub fn run(mut self, inbox: &Receiver<Message>) {
        self.rescan();
        while !self.stopping() {
            for _ in 0..CHANGES_AT_ONCE {
                match inbox.try_recv() {
                    Ok(message) => self.hear(message),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.on_time(Instant::now());
            if !self.sweeps.is_empty() {
                self.sweep_slice();
                continue;
            }
            match inbox.recv_deadline(self.next_deadline()) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Change(Change::Overflow) | Message::Rescan => self.rescan(),
            Message::Change(change) => self.on_change(change, Instant::now()),
            Message::Stop => {}
        }
    }

    fn rescan(&mut self) {
        self.report.forget_troubles();
        self.begin_scan();
        self.check_roots();
        for number in 0..self.roots.len() {
            if self.roots[number].place.is_some() {
                self.begin_full(number);
            }
        }
        self.end_scan_if_over();
    }

    fn next_deadline(&self) -> Instant {
        let polls = self.roots.iter().filter_map(|root| root.poll_at);
        let leaving = self.leaving.iter().map(|leaving| leaving.due);
        let others = [self.settle.next_due(), self.report.tell_by()]
            .into_iter()
            .flatten();
        polls
            .chain(leaving)
            .chain(others)
            .fold(self.root_check, Instant::min)
    }

    fn on_time(&mut self, now: Instant) {
        if self.report.tell_by().is_some_and(|due| due <= now) {
            self.report.flush();
        }
        if self.root_check <= now {
            self.check_roots();
            self.end_scan_if_over();
        }
        for number in 0..self.roots.len() {
            if self.roots[number].poll_at.is_some_and(|due| due <= now) {
                self.roots[number].poll_at = None;
                self.begin_poll(number);
            }
        }
        if self.leaving.iter().any(|leaving| leaving.due <= now) {
            let (due, waiting) = std::mem::take(&mut self.leaving)
                .into_iter()
                .partition(|leaving| leaving.due <= now);
            self.leaving = waiting;
            self.left_for_good(due, now);
        }
        for path in self.settle.due(now) {
            if self.stopping() {
                return;
            }
            self.settled(&path, now);
        }
    }

    fn on_change(&mut self, change: Change, now: Instant) {
        match change {
            Change::NewFolder(path) => self.begin_part(&path),
            Change::Created(path) => self.created(&path, now),
            Change::Touched(path) if self.territory.has_song(&path) => {
                self.settle.touched(&path, STILL_WATCHED, now)
            }
            Change::Closed(path) if self.territory.has_song(&path) => self.settle.closed(&path, now),
            Change::Attributes(path) => self.attributes_changed(&path, now),
            Change::Left { path, cookie } => self.leave(path, cookie, now),
            Change::Removed(path) => self.leave(path, None, now),
            Change::Arrived { path, cookie } => {
                let same = |leaving: &Leaving| cookie.is_some() && leaving.cookie == cookie;
                match self.leaving.iter().position(same) {
                    Some(at) => {
                        let from = self.leaving.swap_remove(at).path;
                        self.renamed(&from, &path, now);
                    }
                    None => self.arrived(&path, now),
                }
            }
            Change::Touched(_) | Change::Closed(_) | Change::Overflow => {}
        }
    }

    fn created(&mut self, path: &Path, now: Instant) {
        let Ok(meta) = path.symlink_metadata() else {
            return;
        };
        if meta.is_symlink() || meta.is_dir() || meta.nlink() > 1 {
            // links are whole from the start and nobody closes them
            self.arrived(path, now);
        } else if self.territory.has_song(path) {
            self.settle.touched(path, STILL_WATCHED, now);
        }
    }

    /// Something whole is here that wasn't before.
    fn arrived(&mut self, path: &Path, now: Instant) {
        match path.metadata() {
            Ok(meta) if meta.is_dir() => self.begin_part(path),
            Ok(_) if self.territory.has_song(path) => self.settle.closed(path, now),
            _ => {}
        }
    }

    fn attributes_changed(&mut self, path: &Path, now: Instant) {
        match path.metadata() {
            // it may have become readable; the roots are looked at by their own check
            Ok(meta) if meta.is_dir() && self.roots.iter().all(|root| root.path != path) => {
                self.begin_part(path)
            }
            Ok(meta)
                if meta.is_file()
                    && self.territory.has_song(path)
                    && self.index.stamp(path) != Some(stamp(&meta))
                    && !self.settle.contains(path) =>
            {
                self.settle.touched(path, STILL_WATCHED, now);
            }
            _ => {}
        }
    }

    fn leave(&mut self, path: PathBuf, cookie: Option<usize>, now: Instant) {
        if self.roots.iter().any(|root| root.path == path) {
            self.root_check = now;
        }
        self.leaving.push(Leaving {
            path,
            cookie,
            due: now + LEAVING,
        });
    }

    fn left_for_good(&mut self, due: Vec<Leaving>, now: Instant) {
        let mut gone = Vec::new();
        for Leaving { path, .. } in due {
            if path.symlink_metadata().is_err() {
                self.settle.forget(&path);
                gone.extend(self.index.remove(&path));
            } else if self.index.stamp(&path).is_some() && !self.settle.contains(&path) {
                self.settle.closed(&path, now);
            }
        }
        self.report.gone(gone);
    }

    fn renamed(&mut self, from: &Path, to: &Path, now: Instant) {
        let Ok(meta) = to.metadata() else {
            // on its way already; what is left of either name will show
            self.leave(from.to_owned(), None, now);
            return;
        };
        let (is_dir, was_waiting) = (meta.is_dir(), self.settle.forget(from));
        let wanted = if is_dir {
            self.territory.has_folder(to)
        } else {
            self.territory.has_song(to)
        };
        let replaced = self.index.remove(to);
        self.report.gone(replaced);
        if !wanted {
            let gone = self.index.remove(from);
            self.report.gone(gone);
            return;
        }
        let moved = self.index.rename(from, to);
        let nothing_known = moved.is_empty();
        for (from, to) in moved {
            if self.territory.has_song(&to) {
                self.report.tell(LibraryEvent::Moved { from, to });
            } else {
                self.index.remove(&to);
                self.report.gone(vec![from]);
            }
        }
        if is_dir {
            // watches end with the old name, and files that were waiting are met again
            self.begin_part(to);
        } else if nothing_known || was_waiting || self.index.stamp(to) != Some(stamp(&meta)) {
            self.settle.closed(to, now);
        }
    }

    /// A waiting file's time has come.
    fn settled(&mut self, path: &Path, now: Instant) {
        let meta = match path.metadata() {
            Ok(meta) if meta.is_file() => meta,
            _ => {
                self.settle.forget(path);
                let gone = self.index.remove(path);
                self.report.gone(gone);
                return;
            }
        };
        let stamp = stamp(&meta);
        if self.settle.judge(path, stamp, now) == Verdict::Wait || self.index.stamp(path) == Some(stamp) {
            return;
        }
        if path.is_symlink() && self.territory.is_alias(path) {
            return;
        }
        self.index.insert(path, stamp);
        self.report.found(read_track(path, stamp));
    }

    /// Looks whether the roots are where they were.
    fn check_roots(&mut self) {
        self.root_check = Instant::now() + ROOT_CHECK;
        for number in 0..self.roots.len() {
            let root = &mut self.roots[number];
            let found = root.path.metadata();
            let place = found.as_ref().ok().map(|meta| (meta.dev(), meta.ino()));
            let (before, path) = (std::mem::replace(&mut root.place, place), root.path.clone());
            match found {
                Ok(_) if before == place => {}
                Ok(_) => {
                    self.report.forget_trouble(&path);
                    self.roots[number].unwatched = None;
                    self.begin_full(number);
                }
                Err(error) => self.root_missing(number, &path, &error),
            }
        }
    }

    fn root_missing(&mut self, number: usize, path: &Path, error: &std::io::Error) {
        self.sweeps.retain(|sweep| sweep.root != number);
        self.settle.forget(path);
        let root = &mut self.roots[number];
        (root.watched, root.poll_at) = (None, None);
        let mut gone = self.index.remove(path);
        gone.extend(self.take_known_below(path));
        self.report.gone(gone);
        let reason = format!(
            "the music folder can't be opened ({error}), so its songs are missing; mount or restore it, and they come back"
        );
        self.report.trouble(path, reason);
    }
}
