//! What can go wrong in the store, and what the user can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the store. One song's failure never stops the others.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store at {} is in use by another croon{}; two would overwrite each other's songs. Close that one, or give this one its own XDG_STATE_HOME and XDG_CACHE_HOME",
        path.display(), pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Busy { pid: Option<u32>, path: PathBuf },

    #[error(
        "the vocals at {} are held by another process, so they can be neither read nor written now. Close the other croon that uses this cache folder",
        path.display()
    )]
    Locked { path: PathBuf },

    #[error(
        "no space left for {}; nothing more is kept until there is. Free some space, lower cache.size_gb or run `croon cache prune`",
        path.display()
    )]
    Full { path: PathBuf },

    #[error(
        "croon may not write {} ({source}); vocals and settings cannot be kept there. Make the folder writable, or point XDG_CACHE_HOME and XDG_STATE_HOME to one that is",
        path.display()
    )]
    ReadOnly { path: PathBuf, source: io::Error },

    #[error(
        "{} is damaged ({detail}); what was in it is lost and will be made again. If this returns, check the disk, and run `croon cache verify`",
        path.display()
    )]
    Damaged { path: PathBuf, detail: String },

    #[error(
        "cannot use {} ({source}), so the store is not available there. Check the folder and the disk it is on",
        path.display()
    )]
    Io { path: PathBuf, source: io::Error },

    #[error(
        "a segment of {got} samples was handed over where {want} are stored; nothing was written. This is a bug in croon: please report it"
    )]
    WrongLength { got: usize, want: usize },

    #[error(
        "segment {segment} lies beyond the longest song croon keeps vocals of (about 80 hours); it was not written. Split the file to sing to it"
    )]
    TooLong { segment: u32 },
}

impl StoreError {
    /// Sorts a fault of the file system by what the user can do about it.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.to_owned();
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full { path },
            Kind::ReadOnlyFilesystem | Kind::PermissionDenied => Self::ReadOnly { path, source },
            _ => Self::Io { path, source },
        }
    }

    pub(super) fn from_sled(path: &Path, error: sled::Error) -> Self {
        match error {
            sled::Error::Io(source) => Self::from_io(path, source),
            other => Self::Damaged {
                path: path.to_owned(),
                detail: other.to_string(),
            },
        }
    }

    /// True where another try may succeed once the user has mended the disk.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::ReadOnly { .. } | Self::Io { .. })
    }
}
