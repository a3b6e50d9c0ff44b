//! Why a file cannot be read as lyrics.

use crate::lyrics::model::Format;
use crate::lyrics::model::MOST_BYTES;

/// A file that holds no lyrics croon can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LyricsError {
    #[error("it is larger than {} MiB, which no song's words are; if it is the right file, cut it down", MOST_BYTES >> 20)]
    TooLarge,
    #[error("it is no text; croon reads LRC, UltraStar, Lyricsfile, ASS, MIDI karaoke and plain text")]
    Binary,
    #[error("it holds no words to sing")]
    Empty,
    #[error("it is no {format}: {reason}")]
    Broken { format: Format, reason: String },
}
