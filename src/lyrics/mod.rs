//! Lyrics: the one model that every format is read into, and one file for each format. Plain data;
//! whoever reads a file brings its bytes. Text is harmless for a terminal when it is in the model,
//! and no input makes it larger than the limits of [`build`].

mod ass;
mod build;
pub mod cdg;
mod encoding;
mod lrc;
mod lyricsfile;
mod midi;
mod offer;
mod plain;
mod source;
pub mod syllables;
pub mod tags;
pub mod ultrastar;
pub mod write;

pub use crate::lyrics::encoding::decode;
pub use crate::lyrics::offer::{LyricsRequest, Offer, Online, Pick, own_mark, own_name};
pub use crate::lyrics::source::LyricsSource;

use std::path::Path;

use crate::lyrics::ultrastar::song;

/// File name endings of lyrics, in the order they are looked for beside a song.
pub const ENDINGS: [&str; 9] = [
    "lrc",
    "elrc",
    "lyricsfile",
    "yaml",
    "yml",
    "ass",
    "kar",
    "mid",
    "txt",
];

/// Reads a lyrics file; its name only helps where the content leaves a doubt.
pub fn read(bytes: &[u8], name: &Path) -> Result<Read, LyricsError> {
    if bytes.len() > MOST_BYTES {
        return Err(LyricsError::TooLarge);
    }
    if bytes.starts_with(b"MThd") || bytes.starts_with(b"RIFF") {
        return midi::read(bytes);
    }
    let ending = name
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    if ultrastar::looks_like(bytes) {
        return song::read(bytes);
    }
    let (text, encoding) = decode(bytes).ok_or(LyricsError::Binary)?;
    let (lyrics, flaws) = match ending.as_str() {
        "yaml" | "yml" | "lyricsfile" => lyricsfile::read(&text)?,
        "ass" | "ssa" => ass::read(&text)?,
        _ if ass::looks_like(&text) => ass::read(&text)?,
        _ if lyricsfile::looks_like(&text) => lyricsfile::read(&text)?,
        _ => read_text(&text)?,
    };
    Ok(Read {
        lyrics,
        flaws,
        encoding,
    })
}

mod error;
pub(crate) mod model;
pub mod romanization;
#[cfg(test)]
mod tests;
mod text_file;

pub use error::LyricsError;
pub use model::{
    Format, LATEST_MS, Line, Lyrics, LyricsProblem, MOST_BYTES, Millis, NoteKind, Read, Singers, SubLine,
    SubLineKind, Timing, Word,
};
pub use text_file::read_text;
