//! Lyrics as plain text: LRC if there are time stamps, otherwise lines without times.

use crate::lyrics::error::NotLyrics;
use crate::lyrics::model::{Flaw, Lyrics};
use crate::lyrics::{lrc, plain};

/// Text as it stands in a tag or a `.txt`: LRC where it has stamps, else plain.
pub fn read_text(text: &str) -> Result<(Lyrics, Vec<Flaw>), NotLyrics> {
    if lrc::looks_like(text) {
        lrc::read(text)
    } else {
        plain::read(text)
    }
}
