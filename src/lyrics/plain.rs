//! Plain text: the lines of a song without times.

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::encoding::rows;
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem};

pub fn read(text: &str) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let mut builder = Builder::new(Format::Plain);
    let mut stanza = false;
    for (at, line) in rows(text) {
        if builder.is_full() {
            break;
        }
        if line.trim().is_empty() {
            stanza = true;
            continue;
        }
        builder.line(LineDraft {
            at,
            pieces: vec![TimedText::new(line, None, None)],
            stanza: std::mem::take(&mut stanza),
            ..LineDraft::default()
        });
    }
    builder.finish()
}
