//! The files the library has told of, in path order, so that a folder's files lie together.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::track::FileStamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct IndexEntry {
    stamp: FileStamp,
    /// The last walk that met this file.
    seen: u32,
}

/// Path and stamp of every file told of; the tracks themselves are the listener's.
#[derive(Debug, Default)]
pub struct Index {
    files: BTreeMap<Box<Path>, IndexEntry>,
    walk: u32,
}

impl Index {
    #[cfg(test)]
    fn len(&self) -> usize {
        self.files.len()
    }

    pub fn stamp(&self, path: &Path) -> Option<FileStamp> {
        self.files.get(path).map(|entry| entry.stamp)
    }

    /// Begins a walk; files inserted or seen from now on belong to it or a later one.
    pub fn begin_walk(&mut self) -> u32 {
        self.walk = self.walk.wrapping_add(1);
        self.walk
    }

    pub fn insert(&mut self, path: &Path, stamp: FileStamp) {
        self.files.insert(
            path.into(),
            IndexEntry {
                stamp,
                seen: self.walk,
            },
        );
    }

    /// Marks a file as met; its stamp as known, if it is.
    pub fn see(&mut self, path: &Path) -> Option<FileStamp> {
        let walk = self.walk;
        self.files.get_mut(path).map(|entry| {
            entry.seen = walk;
            entry.stamp
        })
    }

    /// Removes the file, or all files below the folder, of that name.
    pub fn remove(&mut self, path: &Path) -> Vec<PathBuf> {
        self.take(path, |_| true)
            .into_iter()
            .map(|(file, _)| file)
            .collect()
    }

    /// Removes and tells the files below `folder` that the walk (and any later one) did not meet.
    pub fn remove_unseen(&mut self, folder: &Path, walk: u32) -> Vec<PathBuf> {
        self.take(folder, |entry| entry.seen < walk)
            .into_iter()
            .map(|(file, _)| file)
            .collect()
    }

    /// Gives the file, or all files below the folder, its new name: pairs of old and new path.
    pub fn rename(&mut self, from: &Path, to: &Path) -> Vec<(PathBuf, PathBuf)> {
        self.take(from, |_| true)
            .into_iter()
            .map(|(old, stamp)| {
                let new = match old.strip_prefix(from) {
                    Ok(rest) if rest.as_os_str().is_empty() => to.to_owned(),
                    Ok(rest) => to.join(rest),
                    Err(_) => to.to_owned(),
                };
                self.insert(&new, stamp);
                (old, new)
            })
            .collect()
    }

    /// Takes out the chosen ones of the file of that very name and all below it: neighbours, since
    /// paths sort part by part.
    fn take(&mut self, path: &Path, chosen: impl Fn(&IndexEntry) -> bool) -> Vec<(PathBuf, FileStamp)> {
        let found: Vec<_> = self
            .files
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
            .take_while(|(file, _)| file.starts_with(path))
            .filter(|(_, entry)| chosen(entry))
            .map(|(file, entry)| (file.to_path_buf(), entry.stamp))
            .collect();
        for (file, _) in &found {
            self.files.remove(file.as_path());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: FileStamp = FileStamp {
        size: 1,
        modified_ns: 2,
    };

    fn index(paths: &[&str]) -> Index {
        let mut index = Index::default();
        for path in paths {
            index.insert(Path::new(path), STAMP);
        }
        index
    }

    #[test]
    fn a_folder_takes_its_own_files_and_no_namesakes() {
        let mut index = index(&["/m/a b/1", "/m/a/1", "/m/a/b/2", "/m/a.mp3", "/m/ab/3"]);
        assert_eq!(
            index.remove(Path::new("/m/a")),
            [PathBuf::from("/m/a/1"), PathBuf::from("/m/a/b/2")]
        );
        assert_eq!(index.len(), 3);
    }

    #[test]
    fn renaming_a_folder_renames_its_files() {
        let mut index = index(&["/m/a/1", "/m/a/b/2", "/m/c"]);
        let moved = index.rename(Path::new("/m/a"), Path::new("/m/z"));
        assert_eq!(moved[1], (PathBuf::from("/m/a/b/2"), PathBuf::from("/m/z/b/2")));
        assert_eq!(index.stamp(Path::new("/m/z/1")), Some(STAMP));
        assert_eq!(index.rename(Path::new("/m/c"), Path::new("/m/d")).len(), 1);
        assert_eq!(index.stamp(Path::new("/m/d")), Some(STAMP));
    }

    #[test]
    fn what_a_walk_did_not_meet_is_gone() {
        let mut index = index(&["/m/a", "/m/b", "/other"]);
        let walk = index.begin_walk();
        assert_eq!(index.see(Path::new("/m/a")), Some(STAMP));
        index.insert(Path::new("/m/c"), STAMP);
        assert_eq!(
            index.remove_unseen(Path::new("/m"), walk),
            [PathBuf::from("/m/b")]
        );
        assert_eq!(index.len(), 3, "/other is not below the walked folder");
    }
}
