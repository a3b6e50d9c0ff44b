//! Files written whole: under a temporary name in the target's folder, synced, then renamed over the target.
//! Whoever reads the target finds the old content or the new one, also after a crash or on a full disk.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

/// Start of a temporary name. The dot hides it from the library and from people.
const PREFIX: &str = ".croon-";
/// End of a temporary name, which no audio file and no lyrics file has.
const SUFFIX: &str = ".part";

/// Writes `bytes` to `target` whole, replacing a file that is there. Its permissions are kept.
///
/// # Errors
/// If the folder does not exist or cannot be written; the old file is then unchanged.
pub fn write(target: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let part = PartFile::create(target)?;
    part.file().write_all(bytes.as_ref())?;
    part.commit()
}

/// Writes `bytes` to a file that must not exist yet.
///
/// # Errors
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is a file of this name, which is then left alone, or
/// if the file cannot be written, which leaves none.
pub fn write_new(target: &Path, bytes: &[u8]) -> io::Result<()> {
    // Created under its own name: not every file system can rename without replacing.
    let mut file = File::create_new(target)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        // created above and incomplete, so nobody else's work
        let _ = fs::remove_file(target);
    })?;
    sync_folder(target);
    Ok(())
}

/// A file in the making beside its target. Dropped without [`commit`](Self::commit), it is removed.
///
/// A target that is a symbolic link is replaced, not the file the link points to.
#[derive(Debug)]
pub struct PartFile {
    file: NamedTempFile,
    target: PathBuf,
    /// The permissions of the file to be replaced; `None` if there is none.
    permissions: Option<Permissions>,
}

impl PartFile {
    /// Creates an empty file of a unique name in the folder of `target`.
    ///
    /// # Errors
    /// If the folder does not exist or cannot be written.
    pub fn create(target: &Path) -> io::Result<Self> {
        let old = fs::metadata(target).ok().filter(fs::Metadata::is_file);
        let permissions = old.map(|old| Permissions::from_mode(old.permissions().mode() & 0o777));
        // Never more open than the target, and writable for us until it is complete.
        let mode = permissions.as_ref().map_or(0o666, |old| old.mode() | 0o600);
        let file = Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder_of(target))?;
        Ok(Self {
            file,
            target: target.to_owned(),
            permissions,
        })
    }

    /// The temporary file, open for reading and writing.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// The temporary name, for libraries that write to a path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Waits until the data is on the disk, so that later steps may rely on it.
    ///
    /// # Errors
    /// If the data cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.file().sync_all()
    }

    /// Syncs the file and renames it over the target.
    ///
    /// # Errors
    /// If the data cannot be written or the target is a folder; the target is then unchanged.
    pub fn commit(self) -> io::Result<()> {
        if let Some(permissions) = self.permissions {
            // File systems without permissions refuse this, and lose nothing by it.
            let _ = self.file.as_file().set_permissions(permissions);
        }
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target)?;
        sync_folder(&self.target);
        Ok(())
    }
}

/// A folder in the making beside its target. Dropped without [`commit`](Self::commit), it is removed with all in it.
#[derive(Debug)]
pub struct PartFolder {
    folder: TempDir,
    target: PathBuf,
}

impl PartFolder {
    /// Creates an empty folder of a unique name beside `target`.
    ///
    /// # Errors
    /// If the folder above does not exist or cannot be written.
    pub fn create(target: &Path) -> io::Result<Self> {
        let folder = Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(folder_of(target))?;
        Ok(Self {
            folder,
            target: target.to_owned(),
        })
    }

    /// The temporary name.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Renames the folder to the target.
    ///
    /// # Errors
    /// If the target is a file, or a folder that is not empty.
    pub fn commit(self) -> io::Result<()> {
        fs::rename(self.folder.path(), &self.target)?;
        // the name to clean up no longer exists
        let _ = self.folder.keep();
        sync_folder(&self.target);
        Ok(())
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the new name itself outlast a power cut. Not every file system can, and the data is safe without it.
fn sync_folder(target: &Path) {
    let _ = File::open(folder_of(target)).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        entries.map(name).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn writers_at_the_same_time_leave_the_whole_file_of_one_of_them() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("list.m3u8");
        std::thread::scope(|scope| {
            for letter in b'a'..=b'h' {
                let target = &target;
                scope.spawn(move || {
                    for _ in 0..10 {
                        write(target, vec![letter; 50_000]).unwrap();
                        let read = fs::read(target).unwrap();
                        assert_eq!(read.len(), 50_000);
                        assert!(
                            read.iter().all(|byte| *byte == read[0]),
                            "two writers in one file"
                        );
                    }
                });
            }
        });
        assert_eq!(names(home.path()), ["list.m3u8"]);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("list.m3u8");
        write(&target, "old").unwrap();
        let part = PartFile::create(&target).unwrap();
        part.file().write_all(b"half of the n").unwrap();
        assert_eq!(names(home.path()).len(), 2);
        drop(part);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(names(home.path()), ["list.m3u8"]);

        let folder = home.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(write(&folder, "no file can go here").is_err());
        assert_eq!(names(home.path()).len(), 2);
        assert!(write(&home.path().join("gone/list.m3u8"), "").is_err());
    }

    #[test]
    fn the_permissions_of_the_file_that_was_there_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("secret");
        for kept in [0o600, 0o640, 0o666, 0o444] {
            fs::write(&target, "old").unwrap();
            fs::set_permissions(&target, Permissions::from_mode(kept)).unwrap();
            write(&target, "new").unwrap();
            assert_eq!((mode(&target), fs::read(&target).unwrap()), (kept, b"new".into()));
            fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn a_new_file_and_a_new_folder_have_the_usual_permissions() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::write(at("usual"), "").unwrap();
        fs::create_dir(at("usual folder")).unwrap();
        write(&at("file"), "").unwrap();
        PartFolder::create(&at("folder")).unwrap().commit().unwrap();
        assert_eq!(mode(&at("file")), mode(&at("usual")));
        assert_eq!(mode(&at("folder")), mode(&at("usual folder")));
    }

    #[test]
    fn a_link_is_replaced_and_what_it_points_to_is_not() {
        let home = tempfile::tempdir().unwrap();
        let (target, other) = (home.path().join("link"), home.path().join("other"));
        fs::write(&other, "other").unwrap();
        std::os::unix::fs::symlink(&other, &target).unwrap();
        write(&target, "new").unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"other");
        assert!(fs::symlink_metadata(&target).unwrap().is_file());
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("song.lrc");
        write_new(&target, b"first").unwrap();
        let refused = write_new(&target, b"second").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&target).unwrap(), b"first");
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("Song");
        let part = PartFolder::create(&target).unwrap();
        fs::write(part.path().join("song.txt"), "").unwrap();
        assert!(!target.exists());
        drop(part);
        assert!(names(home.path()).is_empty());

        let commit = || {
            let part = PartFolder::create(&target).unwrap();
            fs::write(part.path().join("song.txt"), "").unwrap();
            part.commit()
        };
        commit().unwrap();
        assert_eq!(names(&target), ["song.txt"]);
        assert!(commit().is_err(), "the folder of somebody was replaced");
        assert_eq!(names(home.path()), ["Song"]);
    }
}
