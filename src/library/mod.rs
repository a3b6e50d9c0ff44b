//! The library: the music folders scanned in the background and watched.
//!
//! One thread does it all, in small slices: [`walk`] goes through folders, [`tags`] reads the
//! files, [`watch`] tells of changes, [`settle`] waits until a file being copied holds still, and
//! [`keeper`] keeps the [`index`] and tells the listener.

mod embedded;
mod filter;
mod index;
mod keeper;
mod lists;
mod mounts;
mod report;
mod settle;
mod survey;
mod sweep;
mod tags;
mod territory;
mod ultrastar;
mod walk;
mod watch;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

pub use embedded::embedded_lyrics;
pub use filter::{AUDIO_ENDINGS, is_audio};
pub use lists::{not_written, songs_of, write_list};
pub use survey::{Survey, survey};
pub use tags::{read_track, stamp_of, tag_gain};
pub use ultrastar::{ReadyStems, Span, ready_stems, song_text, sung_span};

use crate::track::Track;
use keeper::{Keeper, Message};

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WatchMode {
    /// inotify, and looking again now and then where it is blind.
    #[default]
    Auto,
    /// Only looking again now and then.
    Poll,
    /// Not at all; [`Library::rescan`] still looks.
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

/// The running library; dropping it stops its thread.
pub struct Library {
    inbox: Sender<Message>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl Library {
    /// Begins to scan and watch; returns at once. `on` is called from the library's thread.
    pub fn start(setup: LibrarySetup, on: impl Fn(LibraryEvent) + Send + 'static) -> Self {
        let (inbox, messages) = unbounded();
        let (alive, ended) = crossbeam_channel::bounded(0);
        let stop = Arc::new(AtomicBool::new(false));
        let keeper_stop = Arc::clone(&stop);
        let to_keeper = inbox.clone();
        let thread = std::thread::Builder::new()
            .name("library".into())
            .spawn(move || {
                let _alive = alive;
                Keeper::new(setup, Box::new(on), to_keeper, keeper_stop).run(&messages);
            })
            .inspect_err(|error| {
                tracing::error!("the library can't start a thread ({error}); no songs are looked for")
            })
            .ok();
        Self {
            inbox,
            stop,
            thread,
            ended,
        }
    }

    /// Looks at every file again; ends with a `ScanDone`.
    pub fn rescan(&self) {
        let _ = self.inbox.send(Message::Rescan);
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = self.inbox.send(Message::Stop);
        // a network folder that hangs may hold the thread inside the system; leaving is more
        // important than joining it
        let ended = self.ended.recv_timeout(Duration::from_secs(2));
        if let (Err(crossbeam_channel::RecvTimeoutError::Disconnected), Some(thread)) =
            (ended, self.thread.take())
        {
            let _ = thread.join();
        }
    }
}
