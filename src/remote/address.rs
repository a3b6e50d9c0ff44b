//! Where the socket lies, and that it is ours: made for the user alone, taken over from a croon that
//! was killed, never shared with another user.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Nobody can be asked from outside, and why.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error(
        "croon cannot be controlled from outside: {} belongs to another user. Remove it, or set XDG_RUNTIME_DIR to a folder of your own",
        path.display()
    )]
    Foreign { path: PathBuf },
    #[error(
        "croon cannot be controlled from outside: another croon already listens at {}",
        path.display()
    )]
    Taken { path: PathBuf },
    #[error(
        "croon cannot be controlled from outside: {} cannot be used ({error}). Set XDG_RUNTIME_DIR to a folder of your own",
        path.display()
    )]
    Io { path: PathBuf, error: io::Error },
}

/// How long to stand in the queue of a croon that accepts nobody.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the socket of one croon may lie.
#[derive(Debug, Clone)]
pub struct Address {
    /// The first is the right one, where it can be used.
    folders: Vec<PathBuf>,
    /// One for each state folder, which one croon alone owns.
    name: String,
}

impl Address {
    /// Of the croon that owns `state`; `runtime` is `$XDG_RUNTIME_DIR`, where there is one.
    pub fn new(state: &Path, runtime: Option<&Path>) -> Self {
        let state = fs::canonicalize(state)
            .or_else(|_| std::path::absolute(state))
            .unwrap_or_else(|_| state.to_owned());
        let digits = crc32fast::hash(state.as_os_str().as_encoded_bytes());
        let uid = rustix::process::geteuid().as_raw();
        let private = PathBuf::from(format!("/tmp/croon-{uid}"));
        Self {
            folders: runtime
                .map(|folder| folder.join("croon"))
                .into_iter()
                .chain([private])
                .collect(),
            name: format!("croon-{digits:08x}.sock"),
        }
    }

    /// Where a croon listens, or would.
    pub fn path(&self) -> PathBuf {
        let mut places = self.folders.iter().map(|folder| folder.join(&self.name));
        let first = places.next().unwrap_or_default();
        if first.exists() {
            return first;
        }
        places.find(|place| place.exists()).unwrap_or(first)
    }
}

/// The open socket; dropping it removes it.
#[derive(Debug)]
pub(super) struct SocketListener {
    pub listener: UnixListener,
    path: PathBuf,
    /// Held as long as somebody listens here, so that a socket without it is known to be dead.
    _owner: File,
}

impl SocketListener {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketListener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens the socket, in the first folder that can be used.
pub(super) fn bind(address: &Address) -> Result<SocketListener, SocketError> {
    let mut first = None;
    for folder in &address.folders {
        match bind_in(folder, &address.name) {
            Ok(door) => return Ok(door),
            // elsewhere it would not be found by those who look here
            Err(taken @ SocketError::Taken { .. }) => return Err(taken),
            Err(reason) => {
                tracing::debug!("no socket in {}: {reason}", folder.display());
                first.get_or_insert(reason);
            }
        }
    }
    Err(first.unwrap_or_else(|| SocketError::Io {
        path: address.path(),
        error: ErrorKind::NotFound.into(),
    }))
}

fn bind_in(folder: &Path, name: &str) -> Result<SocketListener, SocketError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| SocketError::Io { path, error }
    };
    make_private(folder)?;
    let path = folder.join(name);
    let lock = path.with_extension("lock");
    let owner = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock)
        .map_err(failed(&lock))?;
    match flock(&owner, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Err(SocketError::Taken { path }),
        Err(error) => return Err(failed(&lock)(error.into())),
    }
    // Whoever made it is gone, or would hold the lock.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&path)(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(failed(&path))?;
    let door = SocketListener {
        listener,
        path,
        _owner: owner,
    };
    // until here the folder alone kept others out
    fs::set_permissions(&door.path, fs::Permissions::from_mode(0o600)).map_err(failed(&door.path))?;
    door.listener.set_nonblocking(true).map_err(failed(&door.path))?;
    Ok(door)
}

/// A folder of ours that nobody else may enter. In a folder that all may write to (`/tmp`), somebody
/// else may have been there first.
fn make_private(folder: &Path) -> Result<(), SocketError> {
    let failed = |error| SocketError::Io {
        path: folder.to_owned(),
        error,
    };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // not followed: a link may lead anywhere
    let meta = fs::symlink_metadata(folder).map_err(failed)?;
    if !meta.is_dir() || !is_ours(&meta) {
        return Err(SocketError::Foreign {
            path: folder.to_owned(),
        });
    }
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

fn is_ours(meta: &fs::Metadata) -> bool {
    meta.uid() == rustix::process::geteuid().as_raw()
}

/// Connects to the croon that listens there. `Ok(None)`: none does.
pub(super) fn connect(address: &Address) -> Result<Option<UnixStream>, SocketError> {
    let mut foreign = None;
    // Who has no XDG_RUNTIME_DIR (another login, `su`) looks where the desktop's croon has its own.
    let uid = rustix::process::geteuid().as_raw();
    let desktop = PathBuf::from(format!("/run/user/{uid}/croon"));
    for folder in address.folders.iter().chain([&desktop]) {
        let path = folder.join(&address.name);
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        if !is_ours(&meta) || !meta.file_type().is_socket() {
            foreign.get_or_insert(SocketError::Foreign { path });
            continue;
        }
        match connect_to(&path) {
            Ok(stream) => return Ok(Some(stream)),
            // nobody listens: what a killed croon left behind
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {}
            Err(error) => return Err(SocketError::Io { path, error }),
        }
    }
    foreign.map_or(Ok(None), Err)
}

/// A croon that accepts nobody (a suspended one) makes its callers stand in a queue, which may be full:
/// on a thread of its own, so that the wait has an end.
fn connect_to(path: &Path) -> io::Result<UnixStream> {
    let (tell, connected) = crossbeam_channel::bounded(1);
    let path = path.to_owned();
    std::thread::Builder::new()
        .name("connect".into())
        .spawn(move || tell.send(UnixStream::connect(path)))?;
    connected
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn the_socket_is_for_the_user_alone_and_goes_with_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("croon");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let door = bind_in(&folder, "a.sock").unwrap();
        assert_eq!((mode(&folder), mode(door.path())), (0o700, 0o600));
        let second = bind_in(&folder, "a.sock");
        assert!(matches!(second, Err(SocketError::Taken { .. })), "{second:?}");
        let path = door.path().to_owned();
        drop(door);
        assert!(!path.exists());
        bind_in(&folder, "a.sock").unwrap();
    }

    #[test]
    fn what_a_killed_croon_left_is_taken_over() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("croon");
        make_private(&folder).unwrap();
        let path = folder.join("a.sock");
        // its socket stays when a process is killed, its lock does not
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists() && connect_to(&path).is_err());
        let door = bind_in(&folder, "a.sock").unwrap();
        assert!(connect_to(door.path()).is_ok());
    }

    #[test]
    fn a_folder_that_is_a_link_or_somebody_elses_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(matches!(
            bind_in(&link, "a.sock"),
            Err(SocketError::Foreign { .. })
        ));
        // only root can give a folder away; for everybody else the root folder is somebody else's
        let foreign = home.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        let foreign = match std::os::unix::fs::chown(&foreign, Some(12_345), None) {
            Ok(()) => foreign,
            Err(_) => PathBuf::from("/"),
        };
        let said = bind_in(&foreign, "a.sock").unwrap_err();
        assert!(
            matches!(said, SocketError::Foreign { .. }) && said.to_string().contains("another user"),
            "{said}"
        );
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_a_reason_not_a_panic() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("x".repeat(120));
        assert!(matches!(bind_in(&folder, "a.sock"), Err(SocketError::Io { .. })));
        assert!(connect_to(&folder.join("a.sock")).is_err());
    }

    #[test]
    fn each_state_folder_has_its_own_name() {
        let at = |state| Address::new(Path::new(state), Some(Path::new("/run/x"))).path();
        assert_eq!(at("/nowhere/a"), at("/nowhere/a"));
        assert_ne!(at("/nowhere/a"), at("/nowhere/b"));
        assert!(at("/nowhere/a").starts_with("/run/x/croon"));
        let bare = Address::new(Path::new("/nowhere/a"), None).path();
        assert!(bare.starts_with(format!("/tmp/croon-{}", rustix::process::geteuid().as_raw())));
    }
}
