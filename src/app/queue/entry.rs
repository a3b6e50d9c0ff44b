//! One song that waits, and what is done at its end.

use std::path::PathBuf;

use crate::app::tracks::SongKey;
pub use crate::request::Repeat;

/// A place in the queue; never given twice.
pub type Place = u64;

/// One song that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    pub place: Place,
    pub path: PathBuf,
    /// None while the library does not have the file.
    pub key: Option<SongKey>,
    /// It could not be played.
    pub broken: bool,
    /// `Title - Artist`, for when the file is not there.
    pub name: String,
    pub seconds: Option<f64>,
    pub singer: Option<String>,
}

impl Queued {
    pub fn is_playable(&self) -> bool {
        self.key.is_some() && !self.broken
    }
}

/// Longer names than this are a mistake of the clipboard.
const LONGEST_NAME: usize = 40;

/// A name as it is shown: harmless, one space between words, not too long.
pub fn tidy_name(name: &str) -> String {
    let name: String = crate::text::printable(name).chars().take(LONGEST_NAME).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
