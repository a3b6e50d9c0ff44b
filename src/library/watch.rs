//! inotify through notify, one watch per walked folder: excluded and hidden folders cost no watch
//! and one unreadable folder doesn't blind the rest, as a recursive watch would.

use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode};
use notify::{Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// What happened to a path.
#[derive(Debug, PartialEq, Eq)]
pub enum FileChange {
    NewFolder(PathBuf),
    /// A new name: a file to be written, a link, anything.
    Created(PathBuf),
    /// Its content changed and may change on.
    Touched(PathBuf),
    /// Times, permissions.
    Attributes(PathBuf),
    /// Its writer closed it.
    Closed(PathBuf),
    /// Moved away; the cookie ties it to its arrival, if that is seen.
    Left {
        path: PathBuf,
        cookie: Option<usize>,
    },
    Arrived {
        path: PathBuf,
        cookie: Option<usize>,
    },
    Removed(PathBuf),
    /// Changes were lost; everything has to be looked at.
    Overflow,
}

/// Why a folder isn't watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(
        "the system's limit of watched folders is reached (fs.inotify.max_user_watches{}); raise it with: sudo sysctl fs.inotify.max_user_watches=524288",
        limit("max_user_watches")
    )]
    FolderLimit,
    #[error(
        "the system's limit of watching programs is reached (fs.inotify.max_user_instances{}); raise it with: sudo sysctl fs.inotify.max_user_instances=1024",
        limit("max_user_instances")
    )]
    ProgramLimit,
    /// The folder is gone or may not be read; a walk says so better.
    #[error("the folder can't be watched")]
    Folder,
    #[error("watching failed ({0})")]
    Other(String),
}

fn limit(name: &str) -> String {
    let value = std::fs::read_to_string(Path::new("/proc/sys/fs/inotify").join(name)).unwrap_or_default();
    if value.trim().is_empty() {
        String::new()
    } else {
        format!(" = {}", value.trim())
    }
}

/// The watches; dropping it ends them.
pub struct FolderWatch {
    watcher: RecommendedWatcher,
}

impl FolderWatch {
    /// Calls `on` from notify's own thread.
    pub fn start(on: impl Fn(FileChange) + Send + 'static) -> Result<Self, WatchError> {
        let handler = move |event: notify::Result<Event>| match event {
            Ok(event) => {
                if let Some(change) = translate(event) {
                    on(change);
                }
            }
            Err(error) => tracing::warn!("watching: {error}"),
        };
        let watcher =
            RecommendedWatcher::new(handler, Config::default()).map_err(|error| match &error.kind {
                ErrorKind::Io(io) if io.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
                    WatchError::ProgramLimit
                }
                _ => WatchError::Other(error.to_string()),
            })?;
        Ok(Self { watcher })
    }

    /// Watches what happens in this one folder.
    pub fn folder(&mut self, path: &Path) -> Result<(), WatchError> {
        self.watcher
            .watch(path, RecursiveMode::NonRecursive)
            .map_err(|error| match &error.kind {
                ErrorKind::MaxFilesWatch => WatchError::FolderLimit,
                ErrorKind::PathNotFound => WatchError::Folder,
                ErrorKind::Io(io)
                    if matches!(
                        io.kind(),
                        std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
                    ) =>
                {
                    WatchError::Folder
                }
                _ => WatchError::Other(error.to_string()),
            })
    }
}

fn translate(event: Event) -> Option<FileChange> {
    if event.need_rescan() {
        return Some(FileChange::Overflow);
    }
    let cookie = event.tracker();
    let kind = event.kind;
    let path = event.paths.into_iter().next()?;
    Some(match kind {
        EventKind::Create(CreateKind::Folder) => FileChange::NewFolder(path),
        EventKind::Create(_) => FileChange::Created(path),
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => FileChange::Closed(path),
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => FileChange::Left { path, cookie },
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => FileChange::Arrived { path, cookie },
        // the pair has been told one by one
        EventKind::Modify(ModifyKind::Name(_)) => return None,
        EventKind::Modify(ModifyKind::Metadata(_)) => FileChange::Attributes(path),
        EventKind::Modify(_) => FileChange::Touched(path),
        EventKind::Remove(_) => FileChange::Removed(path),
        EventKind::Access(_) | EventKind::Any | EventKind::Other => return None,
    })
}
