//! A running library, and one who listens to it.

use super::*;

/// A running library and what the listener knows from its events alone.
pub(super) struct Listener {
    pub(super) events: Receiver<LibraryEvent>,
    pub(super) songs: BTreeMap<PathBuf, Track>,
    pub(super) found: HashMap<PathBuf, usize>,
    pub(super) log: Vec<LibraryEvent>,
    pub(super) marks: usize,
    pub(super) library: Library,
}

impl Listener {
    /// Begins with the known tracks, as the program does.
    pub(super) fn start(setup: LibrarySetup) -> Self {
        let (sender, events) = channel();
        let songs = setup.known.clone().into_iter().collect();
        let library = Library::start(setup, move |event| drop(sender.send(event)));
        Self {
            events,
            songs,
            found: HashMap::new(),
            log: Vec::new(),
            marks: 0,
            library,
        }
    }

    pub(super) fn scanned(setup: LibrarySetup) -> Self {
        let mut listener = Self::start(setup);
        listener.until("the scan", |l| l.scans() == 1);
        listener
    }

    /// Scanned and watching.
    pub(super) fn watching(root: &Path) -> Self {
        let listener = Self::scanned(setup(root));
        let watching = LibraryEvent::Watching {
            root: root.to_owned(),
            how: WatchedBy::Inotify,
        };
        assert!(listener.log.contains(&watching), "{:?}", listener.log);
        listener
    }

    pub(super) fn hear(&mut self, event: LibraryEvent) {
        match &event {
            LibraryEvent::Found(tracks) => {
                for track in tracks {
                    *self.found.entry(track.path.clone()).or_default() += 1;
                    self.songs.insert(track.path.clone(), track.clone());
                }
            }
            LibraryEvent::Gone(paths) => {
                for path in paths {
                    assert!(
                        self.songs.remove(path).is_some(),
                        "{path:?} was never there: {:?}",
                        self.log
                    );
                }
            }
            LibraryEvent::Moved { from, to } => {
                let mut track = self
                    .songs
                    .remove(from)
                    .unwrap_or_else(|| panic!("{from:?} was never there"));
                track.path = to.clone();
                self.songs.insert(to.clone(), track);
            }
            _ => {}
        }
        self.log.push(event);
    }

    pub(super) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            match self
                .events
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(event) => self.hear(event),
                Err(_) => panic!("waited in vain for {what}; heard {:#?}", self.log),
            }
        }
    }

    /// Until a file made now has come and gone: what happened before it has been worked through.
    pub(super) fn after_all_that(&mut self, root: &Path) {
        self.marks += 1;
        let mark = root.join(format!("mark{}.wav", self.marks));
        fs::write(root.join("mark.tmp"), song_bytes(10)).unwrap();
        fs::rename(root.join("mark.tmp"), &mark).unwrap();
        self.until("the mark", |l| l.has(&mark));
        fs::remove_file(&mark).unwrap();
        self.until("the mark's end", |l| !l.has(&mark));
    }

    pub(super) fn has(&self, path: &Path) -> bool {
        self.songs.contains_key(path)
    }

    pub(super) fn has_size(&self, path: &Path, size: u64) -> bool {
        self.songs.get(path).is_some_and(|track| track.stamp.size == size)
    }

    pub(super) fn scans(&self) -> usize {
        self.log
            .iter()
            .filter(|event| matches!(event, LibraryEvent::ScanDone { .. }))
            .count()
    }

    pub(super) fn moves(&self) -> Vec<(PathBuf, PathBuf)> {
        let moved = |event: &LibraryEvent| match event {
            LibraryEvent::Moved { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        };
        self.log.iter().filter_map(moved).collect()
    }

    pub(super) fn troubles(&self) -> Vec<(PathBuf, String)> {
        let trouble = |event: &LibraryEvent| match event {
            LibraryEvent::Trouble { path, reason } => Some((path.clone(), reason.clone())),
            _ => None,
        };
        self.log.iter().filter_map(trouble).collect()
    }
}
