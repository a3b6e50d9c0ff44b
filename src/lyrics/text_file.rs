//! Lyrics as plain text: LRC if there are time stamps, otherwise lines without times.

use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Lyrics, LyricsProblem};
use crate::lyrics::{lrc, plain};

/// Text as it stands in a tag or a `.txt`: LRC where it has stamps, else plain.
pub fn read_text(text: &str) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    if lrc::looks_like(text) {
        lrc::read(text)
    } else {
        plain::read(text)
    }
}
