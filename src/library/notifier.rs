//! Tells the listener, found files in batches, everything in order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::library::event::LibraryEvent;
use crate::track::Track;

/// A batch is told when it is this large or this old.
const BATCH_FILES: usize = 200;
const BATCH_AGE: Duration = Duration::from_millis(80);

pub struct Notifier {
    on: Box<dyn Fn(LibraryEvent) + Send>,
    found: Vec<Track>,
    flush_at: Option<Instant>,
    reported: HashSet<PathBuf>,
}

impl Notifier {
    pub fn new(on: Box<dyn Fn(LibraryEvent) + Send>) -> Self {
        Self {
            on,
            found: Vec::new(),
            flush_at: None,
            reported: HashSet::new(),
        }
    }

    pub fn found(&mut self, track: Track) {
        if self.found.is_empty() {
            self.flush_at = Some(Instant::now() + BATCH_AGE);
        }
        self.found.push(track);
        if self.found.len() >= BATCH_FILES {
            self.flush();
        }
    }

    /// When the waiting batch has to be told.
    pub fn flush_at(&self) -> Option<Instant> {
        self.flush_at
    }

    pub fn flush(&mut self) {
        self.flush_at = None;
        if !self.found.is_empty() {
            (self.on)(LibraryEvent::Found(std::mem::take(&mut self.found)));
        }
    }

    /// Anything but found files; the batch before it goes first.
    pub fn emit(&mut self, event: LibraryEvent) {
        self.flush();
        (self.on)(event);
    }

    pub fn gone(&mut self, paths: Vec<PathBuf>) {
        if !paths.is_empty() {
            self.emit(LibraryEvent::Gone(paths));
        }
    }

    /// Told once for each path, so that polling doesn't repeat it for ever.
    pub fn trouble(&mut self, path: &Path, reason: String) {
        if self.reported.insert(path.to_owned()) {
            tracing::warn!(path = %path.display(), "{reason}");
            self.emit(LibraryEvent::Trouble {
                path: path.to_owned(),
                reason,
            });
        }
    }

    pub fn forget_trouble(&mut self, path: &Path) {
        self.reported.remove(path);
    }

    pub fn forget_troubles(&mut self) {
        self.reported.clear();
    }
}
