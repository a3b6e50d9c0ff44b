//! Files that are still being written: a file counts as ready when its writer has closed it, or
//! when its size and time have held still. Pure; the caller brings the clock and the stamps.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::track::FileStamp;

/// After a close: taggers and some copiers close and open again at once.
pub const AFTER_CLOSE: Duration = Duration::from_millis(250);
/// Where closing is seen, holding still matters only for what never closes (`chmod`, memory maps),
/// so it may take its time and a stalled download is not taken for a whole one.
pub const STILL_WATCHED: Duration = Duration::from_secs(8);
/// Where closing is not seen.
pub const STILL_POLLED: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Pending {
    due: Instant,
    still: Duration,
    closed: bool,
    last: Option<FileStamp>,
}

/// What to do with a file whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    Ready,
    Wait,
}

/// The files not ready yet.
#[derive(Debug, Default)]
pub struct Debounce {
    files: HashMap<PathBuf, Pending>,
}

impl Debounce {
    /// The file changed and may change again.
    pub fn touched(&mut self, path: &Path, still: Duration, now: Instant) {
        let pending = self.entry(path, still, now);
        pending.closed = false;
        pending.last = None;
        pending.still = still;
        pending.due = now + still;
    }

    /// Its writer closed it, or it was moved here whole.
    pub fn closed(&mut self, path: &Path, now: Instant) {
        let pending = self.entry(path, STILL_WATCHED, now);
        pending.closed = true;
        pending.due = now + AFTER_CLOSE;
    }

    pub fn contains(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Forgets the file, or all below the folder, of that name; whether the very path was waiting.
    pub fn forget(&mut self, path: &Path) -> bool {
        if self.files.is_empty() {
            return false;
        }
        let was = self.files.remove(path).is_some();
        self.files.retain(|file, _| !file.starts_with(path));
        was
    }

    /// When the next file's time comes.
    pub fn next_due(&self) -> Option<Instant> {
        self.files.values().map(|pending| pending.due).min()
    }

    /// The files whose time has come.
    pub fn due(&self, now: Instant) -> Vec<PathBuf> {
        let due = self.files.iter().filter(|(_, pending)| pending.due <= now);
        due.map(|(path, _)| path.clone()).collect()
    }

    /// Judges one of [`Self::due`] by its stamp of this moment; a ready file is no longer waiting.
    pub fn judge(&mut self, path: &Path, stamp: FileStamp, now: Instant) -> FileState {
        let Some(pending) = self.files.get_mut(path) else {
            return FileState::Wait;
        };
        if pending.closed || pending.last == Some(stamp) {
            self.files.remove(path);
            return FileState::Ready;
        }
        pending.last = Some(stamp);
        // the time since the last event has been waited already; a second look is enough, but not
        // sooner than a network file system forgets what it told last
        pending.due = now + pending.still.min(STILL_POLLED);
        FileState::Wait
    }

    fn entry(&mut self, path: &Path, still: Duration, now: Instant) -> &mut Pending {
        self.files.entry(path.to_owned()).or_insert(Pending {
            due: now,
            still,
            closed: false,
            last: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(size: u64) -> FileStamp {
        FileStamp { size, modified_ns: 0 }
    }

    #[test]
    fn a_growing_file_waits_until_it_is_closed() {
        let (mut debounce, start, path) = (Debounce::default(), Instant::now(), Path::new("/m/a.mp3"));
        debounce.touched(path, STILL_WATCHED, start);
        assert!(debounce.due(start + Duration::from_secs(1)).is_empty());
        debounce.closed(path, start + Duration::from_secs(1));
        let then = start + Duration::from_secs(1) + AFTER_CLOSE;
        assert_eq!(debounce.due(then), [path.to_owned()]);
        assert_eq!(debounce.judge(path, stamp(9), then), FileState::Ready);
        assert!(!debounce.contains(path));
    }

    #[test]
    fn writing_after_a_close_waits_again() {
        let (mut debounce, start, path) = (Debounce::default(), Instant::now(), Path::new("/m/a.mp3"));
        debounce.closed(path, start);
        debounce.touched(path, STILL_WATCHED, start);
        assert!(debounce.due(start + AFTER_CLOSE).is_empty());
    }

    #[test]
    fn without_a_close_it_must_hold_still() {
        let (mut debounce, start, path) = (Debounce::default(), Instant::now(), Path::new("/m/a.mp3"));
        debounce.touched(path, STILL_POLLED, start);
        let mut now = start + STILL_POLLED;
        for size in 1..4 {
            assert_eq!(debounce.judge(path, stamp(size), now), FileState::Wait);
            now = debounce.next_due().unwrap_or(now);
        }
        assert_eq!(debounce.judge(path, stamp(3), now), FileState::Ready);
    }

    #[test]
    fn a_removed_folder_takes_its_waiting_files_with_it() {
        let (mut debounce, now) = (Debounce::default(), Instant::now());
        debounce.closed(Path::new("/m/a/1.mp3"), now);
        debounce.closed(Path::new("/m/ab.mp3"), now);
        assert!(!debounce.forget(Path::new("/m/a")));
        assert!(!debounce.contains(Path::new("/m/a/1.mp3")) && debounce.contains(Path::new("/m/ab.mp3")));
    }
}
