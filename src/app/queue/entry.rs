//! One song that waits, and what is done at its end.

use std::path::PathBuf;

use crate::app::tracks::SongKey;

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

/// What happens at the end of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    #[default]
    Off,
    /// The same song again.
    One,
    /// A song of the queue goes to its end; the Library begins anew.
    All,
}

impl Repeat {
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::One,
            Self::One => Self::All,
            Self::All => Self::Off,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::One => "one",
            Self::All => "all",
        }
    }

    pub fn from_word(word: &str) -> Self {
        [Self::One, Self::All]
            .into_iter()
            .find(|repeat| repeat.word() == word)
            .unwrap_or_default()
    }
}

/// Longer names than this are a mistake of the clipboard.
const LONGEST_NAME: usize = 40;

/// A name as it is shown: harmless, one space between words, not too long.
pub fn tidy_name(name: &str) -> String {
    let name: String = crate::track::printable(name).chars().take(LONGEST_NAME).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
