//! Where the store keeps its two parts on the disk.

use std::path::PathBuf;

/// Where the store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePaths {
    /// What can be made again: `$XDG_CACHE_HOME/croon`.
    pub cache: PathBuf,
    /// What cannot: `$XDG_STATE_HOME/croon`.
    pub state: PathBuf,
}

impl StorePaths {
    pub(crate) fn stems(&self) -> PathBuf {
        self.cache.join("stems")
    }

    pub(crate) fn catalogue(&self) -> PathBuf {
        self.state.join("catalogue")
    }
}
