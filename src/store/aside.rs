//! Folders moved out of the way: damaged databases that are kept, and evicted songs that go.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::clock::unix_now;
use crate::store::error::StoreError;

/// Tells apart what is moved away within one second.
static NTH: AtomicU64 = AtomicU64::new(0);

/// Moves a damaged database out of the way and says where it went.
pub(super) fn put_aside(folder: &Path) -> Result<PathBuf, StoreError> {
    let nth = NTH.fetch_add(1, Ordering::Relaxed);
    let aside = folder.with_extension(format!("damaged-{}-{}-{nth}", unix_now(), std::process::id()));
    std::fs::rename(folder, &aside).map_err(|e| StoreError::from_io(folder, e))?;
    Ok(aside)
}

/// A name that no song has, for a folder about to be removed.
pub(super) fn leftover(folder: &Path) -> PathBuf {
    let nth = NTH.fetch_add(1, Ordering::Relaxed);
    folder.with_extension(format!("{}-{nth}.going", std::process::id()))
}
