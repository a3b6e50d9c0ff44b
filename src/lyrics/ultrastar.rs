//! UltraStar TXT: headers, notes with their syllables, phrases, duets; versioned and older files,
//! absolute and relative beats. The file is kept row by row, so that it goes back to the disk byte
//! for byte, unknown headers and all, but for what is changed on purpose.
//! Format: <https://github.com/UltraStar-Deluxe/format>.

pub(crate) mod song;

pub use crate::lyrics::ultrastar::song::read;

use std::ops::Range;
use std::path::{Component, Path};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1250, WINDOWS_1252};

use crate::lyrics::encoding;
use crate::lyrics::model::{LATEST_MS, Millis, NoteKind};
use crate::text::harmless;

/// Rows understood; what follows them is kept as it is.
const MOST_ROWS: usize = 200_000;
/// A header tells the kind of the file within so many rows.
const HEADER_ROWS: usize = 100;

/// A file taken apart.
#[derive(Debug, Clone)]
pub struct UltraStarFile {
    bytes: Vec<u8>,
    encoding: &'static Encoding,
    rows: Vec<UltraStarRow>,
}

#[derive(Debug, Clone, PartialEq)]
struct UltraStarRow {
    raw: Raw,
    item: UltraStarItem,
}

#[derive(Debug, Clone, PartialEq)]
enum Raw {
    /// Of the file's bytes, its ending included.
    Kept(Range<usize>),
    Written(Vec<u8>),
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum UltraStarItem {
    /// `#KEY:value`; the key in capitals.
    Header {
        key: String,
        value: String,
    },
    Note(Note),
    /// `-`: the phrase is over. `shift` moves what follows in relative files.
    Break {
        shift: Option<i64>,
    },
    /// `P1`: what follows belongs to this voice.
    Voice(u8),
    End,
    Blank,
    /// Kept and not understood.
    Other,
}

/// A note as written; beats are quarters of the beat that `BPM` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub start: i64,
    pub length: i64,
    /// Semitones above C4.
    pub pitch: i64,
    pub manner: NoteKind,
    /// False where the letter is none the format knows.
    pub known: bool,
    pub text: String,
}

/// True where the bytes begin with the headers of such a file.
pub fn looks_like(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut rows = bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
        .filter(|row| !row.is_empty())
        .take(HEADER_ROWS)
        .peekable();
    let is = |row: &[u8], key: &str| {
        row.len() >= key.len() && row[..key.len()].eq_ignore_ascii_case(key.as_bytes())
    };
    rows.peek().is_some_and(|row| row.starts_with(b"#"))
        && rows.any(|row| {
            ["#TITLE:", "#BPM:", "#MP3:", "#VERSION:"]
                .iter()
                .any(|key| is(row, key))
        })
}

impl UltraStarFile {
    pub fn parse(bytes: &[u8]) -> Self {
        let mut file = Self {
            bytes: bytes.to_vec(),
            encoding: encoding_of(bytes),
            rows: Vec::new(),
        };
        let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if at > 0 {
            file.rows.push(UltraStarRow {
                raw: Raw::Kept(0..at),
                item: UltraStarItem::Blank,
            });
        }
        while at < bytes.len() {
            let rest = &bytes[at..];
            let text = rest
                .iter()
                .position(|b| matches!(b, b'\n' | b'\r'))
                .unwrap_or(rest.len());
            let mut end = (text + 1).min(rest.len());
            if rest[text..].starts_with(b"\r\n") {
                end = text + 2;
            }
            let last = file.rows.len() == MOST_ROWS;
            let (end, item) = if last {
                (rest.len(), UltraStarItem::Other)
            } else {
                let (text, _) = file.encoding.decode_without_bom_handling(&rest[..text]);
                (end, item(&text))
            };
            file.rows.push(UltraStarRow {
                raw: Raw::Kept(at..at + end),
                item,
            });
            at += end;
        }
        file
    }

    pub fn items(&self) -> impl Iterator<Item = (usize, &UltraStarItem)> {
        // a byte order mark is no row
        let skip = usize::from(self.bytes.starts_with(b"\xef\xbb\xbf"));
        self.rows
            .iter()
            .skip(skip)
            .enumerate()
            .map(|(at, row)| (at + 1, &row.item))
    }

    pub fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The value of a header; the last one counts, as in the games.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.rows.iter().rev().find_map(|row| match &row.item {
            UltraStarItem::Header { key: known, value } if known == key => {
                Some(value.as_str()).filter(|v| !v.is_empty())
            }
            _ => None,
        })
    }

    /// A number of a header, with a comma or a point.
    pub fn number(&self, key: &str) -> Option<f64> {
        let number = self.header(key)?.trim().replace(',', ".").parse::<f64>().ok()?;
        number.is_finite().then_some(number)
    }

    /// The first part of `VERSION`; 0 for the files from before there was one.
    pub fn version(&self) -> u32 {
        let major = |version: &str| version.trim().split('.').next()?.parse().ok();
        self.header("VERSION").and_then(major).unwrap_or(0)
    }

    /// The audio file, by a name below the file's folder; None where it points anywhere else.
    pub fn audio(&self) -> Option<&Path> {
        ["AUDIO", "MP3"]
            .into_iter()
            .find_map(|key| self.header(key))
            .and_then(inside)
    }

    /// Where the song begins in its audio, in milliseconds; `START` is in seconds, from version 2 on in
    /// milliseconds.
    pub fn start_ms(&self) -> Millis {
        let number = self.number("START").unwrap_or(0.0).max(0.0);
        let scale = if self.version() >= 2 { 1.0 } else { 1000.0 };
        ((number * scale) as Millis).min(LATEST_MS)
    }

    /// Where the song ends in its audio, in milliseconds, where that is before the audio's own end.
    pub fn end_ms(&self) -> Option<Millis> {
        let end = self.number("END").filter(|end| *end >= 1.0)?;
        Some((end as Millis).min(LATEST_MS))
    }

    /// Gives a header another value; all other bytes stay.
    pub fn set_header(&mut self, key: &str, value: &str) {
        let is = |row: &UltraStarRow| matches!(&row.item, UltraStarItem::Header { key: known, .. } if known == key);
        let header = |row: &UltraStarRow| matches!(row.item, UltraStarItem::Header { .. });
        let at = self.rows.iter().rposition(is);
        let beside = at.or_else(|| self.rows.iter().rposition(header));
        let ending = beside.map_or(&b"\n"[..], |row| ending(self.raw(row)));
        let (text, _, _) = self.encoding.encode(value);
        let mut raw = format!("#{key}:").into_bytes();
        raw.extend_from_slice(&text);
        raw.extend_from_slice(if ending.is_empty() { b"\n" } else { ending });
        let row = UltraStarRow {
            raw: Raw::Written(raw),
            item: UltraStarItem::Header {
                key: key.to_owned(),
                value: value.to_owned(),
            },
        };
        match at {
            Some(at) => self.rows[at] = row,
            None => self.rows.insert(beside.map_or(0, |last| last + 1), row),
        }
    }

    /// The file as it goes to the disk.
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 64);
        for row in 0..self.rows.len() {
            bytes.extend_from_slice(self.raw(row));
        }
        bytes
    }

    fn raw(&self, row: usize) -> &[u8] {
        match &self.rows[row].raw {
            Raw::Kept(range) => &self.bytes[range.clone()],
            Raw::Written(bytes) => bytes,
        }
    }
}

fn ending(raw: &[u8]) -> &[u8] {
    let text = raw
        .iter()
        .rposition(|b| !matches!(b, b'\n' | b'\r'))
        .map_or(0, |at| at + 1);
    &raw[text..]
}

/// A path that stays below the folder it is used from.
pub fn inside(name: &str) -> Option<&Path> {
    let path = Path::new(name.trim());
    let plain = |part: Component| matches!(part, Component::Normal(_));
    // a drive or a backslash would leave the folder on another system
    let safe = !name.contains(['\\', '\0']) && name.as_bytes().get(1) != Some(&b':');
    (safe && path.components().next().is_some() && path.components().all(plain)).then_some(path)
}

/// What the file says of itself, else UTF-8, else a guess.
fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return UTF_8;
    }
    let said = bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .take(HEADER_ROWS)
        .filter_map(|row| {
            std::str::from_utf8(row)
                .ok()?
                .trim()
                .strip_prefix('#')?
                .split_once(':')
        })
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("ENCODING"))
        .map(|(_, value)| value.trim().to_ascii_uppercase());
    match said.as_deref() {
        Some("CP1252") => WINDOWS_1252,
        Some("CP1250") => WINDOWS_1250,
        Some("UTF8" | "UTF-8") => UTF_8,
        _ => encoding::guess(bytes),
    }
}

fn item(row: &str) -> UltraStarItem {
    if row.trim().is_empty() {
        return UltraStarItem::Blank;
    }
    if let Some(header) = row.trim_start().strip_prefix('#') {
        return match header.split_once(':') {
            Some((key, value)) => UltraStarItem::Header {
                key: harmless(key).trim().to_uppercase(),
                value: harmless(value).trim().to_owned(),
            },
            None => UltraStarItem::Other,
        };
    }
    let row = row.trim_start();
    let mut chars = row.chars();
    let Some(letter) = chars.next() else {
        return UltraStarItem::Blank;
    };
    let rest = chars.as_str();
    match letter {
        'E' if rest.trim().is_empty() => UltraStarItem::End,
        '-' => {
            let mut numbers = rest.split_whitespace().map(|number| number.parse::<i64>().ok());
            match (numbers.next(), numbers.next()) {
                (Some(Some(_)) | None, shift) => UltraStarItem::Break {
                    shift: shift.flatten(),
                },
                _ => UltraStarItem::Other,
            }
        }
        'P' => match rest.trim().parse::<u8>() {
            Ok(voice @ 1..=9) => UltraStarItem::Voice(voice),
            _ => UltraStarItem::Other,
        },
        _ => note(letter, rest).map_or(UltraStarItem::Other, UltraStarItem::Note),
    }
}

fn note(letter: char, mut rest: &str) -> Option<Note> {
    let mut number = || -> Option<i64> {
        rest = rest.trim_start_matches([' ', '\t']);
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        let number = rest[..end].parse().ok()?;
        rest = &rest[end..];
        Some(number)
    };
    let (start, length, pitch) = (number()?, number()?, number()?);
    let (manner, known) = match letter {
        ':' => (NoteKind::Sung, true),
        '*' => (NoteKind::Golden, true),
        'F' => (NoteKind::Free, true),
        'R' => (NoteKind::Rap, true),
        'G' => (NoteKind::GoldenRap, true),
        // a letter of another word does not begin a note
        letter if !letter.is_alphanumeric() || letter.is_uppercase() => (NoteKind::Free, false),
        _ => return None,
    };
    // one space parts the text from the numbers, any other belongs to it
    let text = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
    Some(Note {
        start,
        length,
        pitch,
        manner,
        known,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests;
