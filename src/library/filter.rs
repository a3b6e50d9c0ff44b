//! Which files are songs: the audio file endings, hidden names and the user's exclude patterns.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::audio::mp3g_zip;

/// File name endings that are taken for songs; of films, in the last line, the sound is played.
pub const AUDIO_ENDINGS: [&str; 29] = [
    "aac", "aif", "aifc", "aiff", "alac", "caf", "flac", "m4a", "m4b", "mka", "mp1", "mp2", "mp3", "mpga",
    "oga", "ogg", "ogx", "opus", "wav", "wave", "weba", //
    "3gp", "m4v", "mkv", "mov", "mp4", "ogm", "ogv", "webm",
];

/// An exclude pattern that is none.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the exclude pattern {pattern:?} is not understood ({reason}) and excludes nothing; correct it in [library] exclude"
)]
pub struct BadPattern {
    pub pattern: String,
    reason: String,
}

/// Decides which paths below a root belong to the library.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Patterns without a slash, against each name on the way.
    names: GlobSet,
    /// Patterns with a slash, against the path below the root and the whole path.
    paths: GlobSet,
}

impl Filter {
    /// A pattern without `/` excludes every file or folder of that name; one with `/` is matched
    /// against the path below the music folder, or, starting with `/` or `~/`, the whole path.
    pub fn new(exclude: &[String]) -> (Self, Vec<BadPattern>) {
        let mut bad = Vec::new();
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in exclude {
            let trimmed = pattern.trim();
            let wanted = trimmed.strip_suffix('/').unwrap_or(trimmed);
            if wanted.is_empty() {
                continue;
            }
            let whole = match (wanted.strip_prefix("~/"), std::env::var("HOME")) {
                (Some(rest), Ok(home)) => format!("{home}/{rest}"),
                _ => wanted.to_owned(),
            };
            match glob(&whole) {
                Ok(glob) if whole.contains('/') => {
                    paths.add(glob);
                }
                Ok(glob) => {
                    names.add(glob);
                }
                Err(error) => bad.push(BadPattern {
                    pattern: pattern.clone(),
                    reason: error.kind().to_string(),
                }),
            }
        }
        let mut build = |set: GlobSetBuilder| match set.build() {
            Ok(set) => set,
            Err(error) => {
                bad.push(BadPattern {
                    pattern: exclude.join(", "),
                    reason: error.kind().to_string(),
                });
                GlobSet::empty()
            }
        };
        let (names, paths) = (build(names), build(paths));
        (Self { names, paths }, bad)
    }

    /// Whether this name is hidden or excluded, looking at the last part of `path` only: walking
    /// down, the parts before it have been asked already.
    pub fn skips_entry(&self, root: &Path, path: &Path) -> bool {
        let name = path.file_name().unwrap_or(OsStr::new(""));
        if is_hidden(name) || self.names.is_match(name) {
            return true;
        }
        !self.paths.is_empty() && {
            let below = path.strip_prefix(root).unwrap_or(path);
            self.paths.is_match_candidate(&Candidate::new(below))
                || self.paths.is_match_candidate(&Candidate::new(path))
        }
    }

    /// Whether any part of `path` below `root` is hidden or excluded.
    pub fn skips(&self, root: &Path, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(root) else {
            return true;
        };
        let mut sofar = PathBuf::from(root);
        below.components().any(|part| {
            sofar.push(part);
            self.skips_entry(root, &sofar)
        })
    }
}

/// Whether the name ends like an audio file's; a zip is looked into for a song with its pictures.
pub fn is_audio(path: &Path) -> bool {
    let known = path.extension().is_some_and(|ending| {
        AUDIO_ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    });
    known || mp3g_zip::holds_song(path)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    // `*` stops at a slash, so that "demos/*" is not everything below demos but its entries
    GlobBuilder::new(pattern).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skips(patterns: &[&str], path: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|p| p.to_string()).collect();
        let (filter, bad) = Filter::new(&patterns);
        assert!(bad.is_empty(), "{bad:?}");
        filter.skips(Path::new("/music"), Path::new(path))
    }

    #[test]
    fn names_and_paths_are_excluded() {
        assert!(skips(&["Podcasts"], "/music/Podcasts/one.mp3"));
        assert!(skips(&["*.live.mp3"], "/music/a/b.live.mp3"));
        assert!(skips(&["a/*/demos/"], "/music/a/b/demos/x.mp3"));
        assert!(
            !skips(&["demos/x.mp3"], "/music/a/demos/x.mp3"),
            "a path pattern starts at the root"
        );
        assert!(skips(&["**/demos/x.mp3"], "/music/a/demos/x.mp3"));
        assert!(skips(&["/music/a"], "/music/a/b.mp3"));
        assert!(!skips(&["Podcasts"], "/music/Podcasts2/one.mp3"));
    }

    #[test]
    fn hidden_names_are_skipped_but_a_hidden_root_is_not() {
        assert!(skips(&[], "/music/.trash/a.mp3"));
        assert!(skips(&[], "/music/._a.mp3"));
        let (filter, _) = Filter::new(&[]);
        assert!(!filter.skips(Path::new("/home/.music"), Path::new("/home/.music/a.mp3")));
        assert!(
            filter.skips(Path::new("/music"), Path::new("/elsewhere/a.mp3")),
            "outside the root"
        );
    }

    #[test]
    fn a_broken_pattern_is_told_and_the_others_hold() {
        let (filter, bad) = Filter::new(&["a[".into(), "b".into()]);
        assert_eq!(bad.len(), 1);
        assert!(bad[0].to_string().contains("a["));
        assert!(filter.skips(Path::new("/m"), Path::new("/m/b/x.mp3")));
    }

    #[test]
    fn endings_are_known_in_any_case() {
        assert!(is_audio(Path::new("a.FLAC")) && is_audio(Path::new("b.x.Mp3")));
        assert!(
            !is_audio(Path::new("mp3"))
                && !is_audio(Path::new("a.txt"))
                && !is_audio(Path::new("a.mp3.part"))
        );
    }
}
