//! The folders of the library and what in them counts: one question per path.

use std::path::{Path, PathBuf};

use crate::library::filter::{BadPattern, Filter, is_audio};
use crate::library::ultrastar::is_stem;

/// The roots, as given and as they really lie, and the filter.
#[derive(Debug, Clone)]
pub struct Scope {
    roots: Vec<PathBuf>,
    filter: Filter,
}

impl Scope {
    /// Roots that another root reaches already are left out, so that no file is told of twice.
    pub fn new(roots: &[PathBuf], exclude: &[String]) -> (Self, Vec<BadPattern>) {
        let (filter, bad) = Filter::new(exclude);
        let mut kept: Vec<PathBuf> = Vec::new();
        let absolute = roots
            .iter()
            .map(|root| std::path::absolute(root).unwrap_or_else(|_| root.clone()));
        for root in absolute.map(|root| root.components().collect::<PathBuf>()) {
            if kept.iter().any(|other| reaches(&filter, other, &root)) {
                continue;
            }
            kept.retain(|other| !reaches(&filter, &root, other));
            kept.push(root);
        }
        (Self { roots: kept, filter }, bad)
    }

    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The root that `path` lies in.
    pub fn root_of(&self, path: &Path) -> Option<&Path> {
        self.roots
            .iter()
            .map(PathBuf::as_path)
            .find(|root| path.starts_with(root))
    }

    /// Whether a walk that is in `path`'s folder already passes over it.
    pub fn skips_entry(&self, root: &Path, path: &Path) -> bool {
        self.filter.skips_entry(root, path)
    }

    /// Whether a folder of this name is walked.
    pub fn has_folder(&self, path: &Path) -> bool {
        self.root_of(path)
            .is_some_and(|root| !self.filter.skips(root, path))
    }

    /// Whether a file of this name is a song of the library.
    pub fn has_song(&self, path: &Path) -> bool {
        // a file that was named itself is wanted, whatever its ending
        self.root_of(path).is_some_and(|root| {
            root == path || is_audio(path) && !self.filter.skips(root, path) && !is_stem(path)
        })
    }

    /// Whether this symbolic link leads to what the library reaches by its own path too.
    pub fn is_alias(&self, link: &Path) -> bool {
        let Ok(target) = link.canonicalize() else {
            return false;
        };
        self.roots
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .any(|root| {
                target.starts_with(&root)
                    && !self.filter.skips(&root, &target)
                    && (target.is_dir() || is_audio(&target))
            })
    }
}

fn reaches(filter: &Filter, outer: &Path, inner: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (outer, inner) = (real(outer), real(inner));
    outer == inner || inner.starts_with(&outer) && inner.is_dir() && !filter.skips(&outer, &inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(roots: &[&str]) -> Scope {
        let roots: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
        Scope::new(&roots, &["skipped".into()]).0
    }

    #[test]
    fn the_same_root_counts_once() {
        assert_eq!(
            scope(&["/nowhere/m", "/nowhere/m/", "/nowhere/n"]).roots().len(),
            2
        );
    }

    #[test]
    fn songs_are_asked_by_ending_and_exclusion() {
        let scope = scope(&["/nowhere/m", "/nowhere/one.song"]);
        assert!(scope.has_song(Path::new("/nowhere/m/a/b.mp3")));
        assert!(!scope.has_song(Path::new("/nowhere/m/skipped/b.mp3")));
        assert!(!scope.has_song(Path::new("/nowhere/m/a/b.txt")));
        assert!(!scope.has_song(Path::new("/nowhere/x.mp3")));
        assert!(scope.has_song(Path::new("/nowhere/one.song")), "named itself");
        assert!(
            scope.has_folder(Path::new("/nowhere/m/a")) && !scope.has_folder(Path::new("/nowhere/m/.git"))
        );
    }
}
