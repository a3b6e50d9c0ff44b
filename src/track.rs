//! What croon knows about a file: who it is, where it lies, what its tags say.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::printable;

/// Identity of a recording: a hash of its encoded audio packets, tags left out, so that a
/// retagged, renamed or moved file keeps its stems.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrackId(pub [u8; 16]);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrackId({self})")
    }
}

impl FromStr for TrackId {
    type Err = NotATrackId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return Err(NotATrackId);
        }
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotATrackId)?;
            if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(NotATrackId);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotATrackId)?;
        }
        Ok(Self(id))
    }
}

/// A text that is no [`TrackId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a track id is 32 hexadecimal digits")]
pub struct NotATrackId;

/// Size and modification time: enough to see that a file is still the one we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    pub size: u64,
    /// Nanoseconds since the Unix epoch; negative before it.
    pub modified_ns: i64,
}

/// The tags croon shows; already free of control characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tags {
    pub title: Option<String>,
    pub artist: Option<String>,
    pub album: Option<String>,
    pub track_no: Option<u32>,
}

/// How many bytes of the cache the vocals of a song this long take, rather too many than too few; 0 where
/// the length in seconds is unknown.
pub fn stored_bytes(seconds: Option<f64>) -> u64 {
    const BYTES_PER_SECOND: f64 = 120_000.0;
    (seconds.unwrap_or(0.0).max(0.0) * BYTES_PER_SECOND) as u64
}

/// One song file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    pub path: PathBuf,
    pub stamp: FileStamp,
    /// Known once the packets have been read: before the first separation, not at the scan.
    pub id: Option<TrackId>,
    pub tags: Tags,
    /// Seconds, as the container says.
    pub duration: Option<f64>,
    /// Frames per second of the file.
    pub rate: u32,
    pub channels: u16,
}

impl Track {
    /// The title tag, else [`file_title`]; never empty.
    pub fn title(&self) -> String {
        match &self.tags.title {
            Some(title) if !title.trim().is_empty() => title.clone(),
            _ => {
                let shown = file_title(&self.path);
                // what the artist's column says is not said again
                let rest = shown
                    .strip_prefix(self.artist())
                    .and_then(|rest| rest.strip_prefix(" - "));
                rest.map(str::trim)
                    .filter(|rest| !rest.is_empty())
                    .map_or(shown.clone(), str::to_owned)
            }
        }
    }

    /// The artist tag, or nothing.
    pub fn artist(&self) -> &str {
        self.tags.artist.as_deref().unwrap_or("")
    }
}

/// File names that say nothing: songs kept one to a folder have the name on the folder.
const SAYS_NOTHING: &[&str] = &[
    "audio", "mixture", "mix", "music", "output", "song", "track", "untitled",
];

/// A name to show for a file that has no title: its name without the extension, or its folder's
/// where that says nothing. Bytes that are no UTF-8 become the replacement character and control
/// characters are dropped.
pub fn file_title(path: &Path) -> String {
    let name = path.file_stem().or(path.file_name()).unwrap_or(path.as_os_str());
    let mut shown = printable(&name.to_string_lossy());
    let folder = path.parent().and_then(Path::file_name);
    if let Some(folder) = folder
        && SAYS_NOTHING.contains(&shown.to_lowercase().as_str())
    {
        let folder = printable(&folder.to_string_lossy());
        if !folder.is_empty() {
            shown = folder;
        }
    }
    if shown.is_empty() {
        "(no name)".into()
    } else {
        shown
    }
}

/// How far a track's vocals are.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum StemState {
    /// Nobody asked yet.
    #[default]
    New,
    Queued,
    /// Share done, 0 to 1.
    Separating(f32),
    Ready,
    /// Why, and what mends it.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = TrackId(std::array::from_fn(|i| i as u8 * 17));
        assert_eq!(id.to_string().parse::<TrackId>().unwrap(), id);
        assert_eq!("12".parse::<TrackId>(), Err(NotATrackId));
        assert!("+f".repeat(16).parse::<TrackId>().is_err());
    }

    #[test]
    fn a_track_without_a_title_shows_its_file_name() {
        assert_eq!(file_title(Path::new("/m/Über Song.mp3")), "Über Song");
        assert_eq!(file_title(Path::new("/m/\x1b")), "(no name)");
    }

    #[test]
    fn a_file_name_that_says_nothing_gives_way_to_the_folder() {
        assert_eq!(file_title(Path::new("/m/Ana - Snow/Audio.ogg")), "Ana - Snow");
        assert_eq!(
            file_title(Path::new("/m/Ana - Snow/audio take.ogg")),
            "audio take"
        );
        assert_eq!(file_title(Path::new("/song.ogg")), "song");
    }
}
