//! The scan of the music folders.

/// Whether a scan runs, and what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanProgress {
    pub running: bool,
    /// Number of files read so far.
    pub files: usize,
}
