//! Plain text: the lines of a song without times.

use super::build::{Builder, Draft, Piece};
use super::encoding::rows;
use super::{Flaw, Format, Lyrics, NotLyrics};

pub fn read(text: &str) -> Result<(Lyrics, Vec<Flaw>), NotLyrics> {
    let mut builder = Builder::new(Format::Plain);
    for (at, line) in rows(text) {
        if builder.is_full() {
            break;
        }
        builder.line(Draft {
            at,
            pieces: vec![Piece::new(line, None, None)],
            ..Draft::default()
        });
    }
    builder.finish()
}
