//! Opens a sled database so that a lock still being given back, a full or read-only disk and a
//! damaged file each become their own [`StoreError`].

use std::path::Path;
use std::time::{Duration, Instant};

use super::error::StoreError;

/// Below this much free space nothing more is written: sled writes half a megabyte ahead, and a
/// write that fails inside it ends that database for the whole run.
pub const RESERVE_BYTES: u64 = 8 << 20;

/// A lock is given back by a background thread, a moment after the database was dropped.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// How a database is tuned.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    pub cache_bytes: u64,
    /// `None`: only explicit flushes, and no thread of its own.
    pub flush_every_ms: Option<u64>,
    /// Kept in memory-backed files and removed when closed.
    pub volatile: bool,
}

/// Opens the database in `folder`, which is made where it is missing.
pub fn open(folder: &Path, tuning: Tuning) -> Result<sled::Db, StoreError> {
    let mut config = sled::Config::new()
        .cache_capacity(tuning.cache_bytes)
        .mode(sled::Mode::LowSpace)
        .flush_every_ms(tuning.flush_every_ms)
        .temporary(tuning.volatile);
    if !tuning.volatile {
        if !folder.join("db").exists() {
            // Asked of what is there already: a refusal leaves no empty folder behind.
            let there = folder.ancestors().find(|above| above.exists()).unwrap_or(folder);
            check_space(there)?;
        }
        std::fs::create_dir_all(folder).map_err(|e| StoreError::from_io(folder, e))?;
        config = config.path(folder);
    }
    let started = Instant::now();
    loop {
        match config.open() {
            Ok(database) => return Ok(database),
            Err(sled::Error::Io(e)) if e.to_string().starts_with("could not acquire lock") => {
                if started.elapsed() > LOCK_PATIENCE {
                    return Err(StoreError::Locked {
                        path: folder.to_owned(),
                    });
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(StoreError::from_sled(folder, error)),
        }
    }
}

/// Refuses early where a write could fail half-way.
pub fn check_space(folder: &Path) -> Result<(), StoreError> {
    match rustix::fs::statvfs(folder) {
        Ok(disk) if disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) => {
            Err(StoreError::ReadOnly {
                path: folder.to_owned(),
                source: std::io::ErrorKind::ReadOnlyFilesystem.into(),
            })
        }
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < RESERVE_BYTES => Err(StoreError::Full {
            path: folder.to_owned(),
        }),
        // Where it cannot be known, the write itself will tell.
        _ => Ok(()),
    }
}

/// Bytes the folder takes on the disk, holes not counted.
pub fn bytes_on_disk(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok().map(|meta| (entry.path(), meta)))
        .map(|(path, meta)| {
            if meta.is_dir() {
                bytes_on_disk(&path)
            } else {
                meta.blocks() * 512
            }
        })
        .sum()
}
