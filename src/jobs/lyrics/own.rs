//! Lyrics made or brought here with croon: one file a song in a folder of croon's own, named so that a
//! person finds it and croon knows the recording by its identity, wherever the song's file goes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::files::PartFile;
use crate::lyrics::{ENDINGS, own_mark, own_name};
use crate::track::TrackId;

/// Entries looked at; so many songs nobody edits.
const ENTRIES: usize = 50_000;

/// Lyrics that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be written: {reason}; check the folder's permissions and the space on the disk", path.display())]
pub struct NotKept {
    pub path: PathBuf,
    pub reason: std::io::Error,
}

/// `Artist - Title [0123456789abcdef].lrc`
pub fn path(folder: &Path, id: TrackId, artist: &str, title: &str, ending: &str) -> PathBuf {
    folder.join(own_name(id, artist, title, ending))
}

/// What is kept of this recording, the newest first.
pub fn files(folder: &Path, id: TrackId) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mark = own_mark(id);
    let mut found: Vec<_> = entries
        .flatten()
        .take(ENTRIES)
        .filter(|entry| {
            let path = entry.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            stem.ends_with(&mark) && ENDINGS.contains(&ending.as_ref())
        })
        .map(|entry| {
            (
                entry.metadata().and_then(|meta| meta.modified()).ok(),
                entry.path(),
            )
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Keeps lyrics of a recording and tells where. What was kept there before stays beside it under the
/// ending `.before`.
pub fn save(
    folder: &Path,
    id: TrackId,
    artist: &str,
    title: &str,
    ending: &str,
    lyrics: &[u8],
) -> Result<PathBuf, NotKept> {
    let path = path(folder, id, artist, title, ending);
    let failed = |reason| NotKept {
        path: path.clone(),
        reason,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let write = || {
        let part = PartFile::create(&path)?;
        part.file().write_all(lyrics)?;
        part.sync()?;
        if path.exists() {
            let mut before = path.clone().into_os_string();
            before.push(".before");
            std::fs::rename(&path, before)?;
        }
        part.commit()
    };
    write().map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_finds_its_own_again_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let (id, other) = (TrackId([1; 16]), TrackId([2; 16]));
        assert!(files(folder.path(), id).is_empty());
        let saved = save(folder.path(), id, "A/B", "../\x1b[2JSong", "lrc", b"one").unwrap();
        assert_eq!(saved.parent(), Some(folder.path()));
        assert_eq!(files(folder.path(), id), std::slice::from_ref(&saved));
        assert!(files(folder.path(), other).is_empty());
        let again = save(folder.path(), id, "A/B", "../\x1b[2JSong", "lrc", b"two").unwrap();
        assert_eq!(again, saved);
        assert_eq!(std::fs::read(&saved).unwrap(), b"two");
        let before = format!("{}.before", saved.display());
        assert_eq!(std::fs::read(before).unwrap(), b"one");
        assert_eq!(files(folder.path(), id), [saved]);
    }

    #[test]
    fn a_name_of_any_length_and_signs_is_a_file_name() {
        let path = path(Path::new("/l"), TrackId([0xab; 16]), "", &"ü/".repeat(400), "lrc");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.len() < 200 && name.ends_with("[abababababababab].lrc"),
            "{name}"
        );
        assert_eq!(path.parent(), Some(Path::new("/l")));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = save(&file, TrackId([1; 16]), "", "x", "lrc", b"").unwrap_err();
        assert!(error.to_string().contains("could not be written"), "{error}");
    }
}
