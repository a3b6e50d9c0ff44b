//! The library: the music folders scanned in the background and watched.
//!
//! One thread does it all, in small slices: [`walk`] goes through folders, [`tags`] reads the
//! files, [`watch`] tells of changes, [`debounce`] waits until a file being copied holds still, and
//! [`worker`] keeps the [`index`] and reports to the listener.

mod debounce;
mod embedded;
mod event;
mod filter;
mod index;
mod lists;
mod mounts;
mod notifier;
mod scan;
mod scope;
mod state;
mod summary;
mod tags;
mod ultrastar;
mod walk;
mod watch;
mod worker;

pub use crate::library::embedded::embedded_lyrics;
pub use crate::library::filter::{AUDIO_ENDINGS, is_audio};
pub use crate::library::lists::{not_written, songs_of, write_list};
pub use crate::library::summary::{ScanSummary, scan_once};
pub use crate::library::tags::{read_track, stamp_of, tag_gain};
pub use crate::library::ultrastar::{ReadyStems, Span, ready_stems, song_text, sung_span};
pub use event::{LibraryEvent, LibrarySetup, WatchMode, WatchedBy};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::library::worker::{LibraryWorker, WorkerMessage};

/// The running library; dropping it stops its thread.
pub struct Library {
    inbox: Sender<WorkerMessage>,
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
        let worker_stop = Arc::clone(&stop);
        let to_worker = inbox.clone();
        let thread = std::thread::Builder::new()
            .name("library".into())
            .spawn(move || {
                let _alive = alive;
                LibraryWorker::new(setup, Box::new(on), to_worker, worker_stop).run(&messages);
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
        let _ = self.inbox.send(WorkerMessage::Rescan);
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = self.inbox.send(WorkerMessage::Stop);
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
