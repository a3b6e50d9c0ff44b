//! Song lists as files: read, and written never over what somebody made. A folder is a list too.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files;
use crate::library::scope::Scope;
use crate::library::walk::{Walk, WalkStep};
use crate::m3u::{self, List, ListItem};
use crate::text::printable;

/// More songs than this nobody sings, and a folder of more was a slip of the hand.
const MOST: usize = 10_000;

/// The songs a list names, or all in and below a folder, in the order of their paths. The error says in
/// words why there are none.
pub fn songs_of(path: &Path) -> Result<List, String> {
    let what = if path.is_dir() { "folder" } else { "list" };
    let about = |error: io::Error| format!("the {what} cannot be read ({error}); check its name and rights");
    let path = std::path::absolute(path).map_err(about)?;
    if path.is_dir() {
        return folder(&path);
    }
    if !m3u::is_list(&path) {
        return Err("this is no list of songs; the name of one ends in .m3u8 or .m3u".into());
    }
    let size = fs::metadata(&path).map_err(about)?.len();
    if size > m3u::LONGEST_BYTES {
        return Err("too large for a list of songs; is it one?".into());
    }
    let bytes = fs::read(&path).map_err(about)?;
    Ok(m3u::read(&bytes, path.parent().unwrap_or(Path::new("/"))))
}

fn folder(path: &Path) -> Result<List, String> {
    let (scope, _) = Scope::new(&[path.to_owned()], &[]);
    let mut walk = Walk::new(Arc::new(scope), path, path);
    let mut songs = Vec::new();
    while let Some(step) = walk.step() {
        match step {
            WalkStep::Song { path, .. } => songs.push(path),
            WalkStep::Trouble { path, reason } => {
                tracing::warn!(path = %path.display(), "left out: {reason}");
            }
            WalkStep::Folder(_) | WalkStep::Other => {}
        }
        if songs.len() > MOST {
            return Err(format!(
                "there are more than {MOST} songs in it; name a folder below it"
            ));
        }
    }
    songs.sort();
    let item = |path: PathBuf| ListItem {
        path,
        name: String::new(),
        seconds: None,
        singer: None,
    };
    Ok(List {
        items: songs.into_iter().map(item).collect(),
        left_out: 0,
    })
}

/// Writes a list, whole or not at all; over a file that is there only where that is asked. Where it lies
/// now, as an absolute path.
pub fn write_list(path: &Path, items: &[ListItem], over: bool) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let text = m3u::write(items, folder);
    if over {
        files::write(&path, &text)?;
    } else {
        // never over a file that somebody made, not even one made this moment
        files::write_new(&path, &text)?;
    }
    Ok(path)
}

/// Why a list could not be written, in words.
pub fn not_written(path: &Path, error: &io::Error) -> String {
    let shown = printable(&path.to_string_lossy());
    if error.kind() == ErrorKind::AlreadyExists {
        return format!("{shown} is there already; --force writes over it, or choose another name");
    }
    format!("{shown}: the list cannot be written ({error}); choose another name or folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_file_is_never_written_over_unasked_and_whole_where_asked() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("party.m3u8");
        let items = [ListItem {
            path: home.path().join("a\nb.flac"),
            name: "Ana - Snow".into(),
            seconds: Some(61),
            singer: Some("Ben".into()),
        }];
        fs::write(&path, "mine").unwrap();
        let refused = write_list(&path, &items, false).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert!(not_written(&path, &refused).contains("--force"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        write_list(&path, &items, true).unwrap();
        assert_eq!(songs_of(&path).unwrap().items, items);
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing half-written stays"
        );
        assert!(songs_of(&home.path().join("none.m3u")).is_err());
    }

    #[test]
    fn a_folder_gives_its_songs_in_order_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let below = home.path().join("b side");
        fs::create_dir(&below).unwrap();
        for file in [
            home.path().join("z.mp3"),
            below.join("1.flac"),
            home.path().join("cover.jpg"),
        ] {
            fs::write(file, "x").unwrap();
        }
        let songs: Vec<PathBuf> = songs_of(home.path())
            .unwrap()
            .items
            .into_iter()
            .map(|i| i.path)
            .collect();
        assert_eq!(songs, [below.join("1.flac"), home.path().join("z.mp3")]);
        assert!(
            songs_of(&home.path().join("cover.jpg"))
                .unwrap_err()
                .contains(".m3u8")
        );
    }
}
