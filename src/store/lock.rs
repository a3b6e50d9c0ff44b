//! One croon owns the store: an advisory lock on a file beside the catalogue, which also says who
//! holds it. The system gives it back when the process ends, however it ends.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::StoreError;

/// A process that was just killed may hold its files a moment longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Held for as long as the store is open.
#[derive(Debug)]
pub struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    pub fn take(state: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(state).map_err(|e| StoreError::from_io(state, e))?;
        let path = state.join("croon.pid");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| StoreError::from_io(&path, e))?;
        let started = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(StoreError::Busy {
                        pid: owner(&mut file),
                        path: state.to_owned(),
                    });
                }
                // Some network file systems know no locks: sled's own lock has to do there.
                Err(Errno::NOTSUP | Errno::NOLCK | Errno::NOSYS) => break,
                Err(e) => return Err(StoreError::from_io(&path, e.into())),
            }
        }
        // Who holds it is a courtesy: a full disk must not keep the store from opening.
        let wrote = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(e) = wrote {
            tracing::debug!("the owner of the store could not be noted: {e}");
        }
        Ok(Self { _file: file })
    }

    /// The process that holds the store in `state` now, if one does.
    pub fn holder(state: &Path) -> Option<u32> {
        let mut file = File::open(state.join("croon.pid")).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => owner(&mut file),
            _ => None,
        }
    }
}

fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
