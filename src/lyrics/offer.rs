//! The lyrics a song could be sung with, and which of them is meant.

use std::path::PathBuf;

use crate::lyrics::model::{Format, Timing};
use crate::lyrics::source::LyricsSource;
use crate::text::printable;
use crate::track::TrackId;

/// A song whose lyrics are wanted, by its names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LyricsRequest {
    pub path: PathBuf,
    /// For what croon keeps of it in its own folder.
    pub id: Option<TrackId>,
    pub artist: String,
    pub title: String,
    pub album: Option<String>,
    /// Seconds.
    pub duration: Option<f64>,
    /// The lyrics chosen by hand; where they are not there, or None, the best there are.
    pub pick: Option<Pick>,
    /// The LRCLIB server is to be asked now, whatever else there is.
    pub ask: bool,
}

/// How it stands with the LRCLIB server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Online {
    /// It is not to be asked, or cannot be asked for this song.
    #[default]
    Off,
    Unasked,
    Asking,
    /// Its lyrics are among those found.
    Here,
    Nothing,
    /// It could not be asked, in one sentence.
    Failed(String),
}

/// Which of a song's lyrics: where they are from and, among several from there, which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pick {
    pub source: LyricsSource,
    /// The file's name without its folder, or which of the tags; empty where there is but one.
    pub name: String,
}

impl Pick {
    /// The LRCLIB server has one answer.
    pub fn lrclib() -> Self {
        Self {
            source: LyricsSource::Lrclib,
            name: String::new(),
        }
    }
}

/// Lyrics that a song could be sung with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub pick: Pick,
    pub format: Format,
    pub timing: Timing,
}

impl Offer {
    /// How early it stands in the list: what was made here, then whatever has times, then pictures, then
    /// the rest, and what was asked of others last; the order of the sources within each.
    pub fn rank(&self) -> (u8, LyricsSource) {
        let group = match (self.pick.source, self.format, self.timing) {
            (LyricsSource::Edited, ..) => 0,
            (LyricsSource::Lrclib, ..) => 4,
            (_, Format::Cdg, _) => 2,
            (_, _, Timing::None | Timing::Guessed) => 3,
            (_, _, Timing::Words | Timing::Lines) => 1,
        };
        (group, self.pick.source)
    }
}

/// Bytes of artist and title in a name, so that every file system takes it.
const LONGEST_NAME: usize = 160;

/// The name of a song's lyrics in croon's own folder: `Artist - Title [0123456789abcdef].lrc`, for a
/// person to find them and for croon to know the recording.
pub fn own_name(id: TrackId, artist: &str, title: &str, ending: &str) -> String {
    let name = if artist.is_empty() {
        title.to_owned()
    } else {
        format!("{artist} - {title}")
    };
    let plain = |c: char| match c {
        '/' | '\\' | ':' | '?' | '*' | '"' | '<' | '>' | '|' | '[' | ']' => '_',
        c => c,
    };
    let mut name: String = printable(&name).chars().map(plain).collect();
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    // a dot at the start would hide the file
    let name = name.trim_start_matches('.').trim();
    format!("{name} {}.{ending}", own_mark(id))
}

/// What a file of this recording has at the end of its name.
pub fn own_mark(id: TrackId) -> String {
    format!("[{}]", &id.to_string()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_here_goes_first_and_text_without_times_after_all_that_has_them() {
        let offer = |source, timing| Offer {
            pick: Pick {
                source,
                name: String::new(),
            },
            format: Format::Plain,
            timing,
        };
        let order = [
            offer(LyricsSource::Edited, Timing::None),
            offer(LyricsSource::Beside, Timing::Lines),
            offer(LyricsSource::Tags, Timing::Words),
            offer(LyricsSource::UltraStar, Timing::Words),
            offer(LyricsSource::Folder, Timing::Lines),
            offer(LyricsSource::Beside, Timing::None),
            offer(LyricsSource::Tags, Timing::None),
            offer(LyricsSource::Lrclib, Timing::Lines),
        ];
        let mut sorted = order.to_vec();
        sorted.reverse();
        sorted.sort_by_key(Offer::rank);
        assert_eq!(sorted, order);
    }
}
