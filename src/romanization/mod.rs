//! Writes lyrics in Latin letters: romaji, pinyin and romanised Hangul, from dictionaries that are part
//! of the program. Nothing here decides whether a song needs it; see [`crate::lyrics::romanization`].

mod chinese;
mod japanese;
mod korean;

pub use crate::romanization::japanese::BrokenDictionary;

use crate::lyrics::Lyrics;
use crate::lyrics::romanization::{Kind, Readings, RomanizedPiece};
use crate::romanization::japanese::Japanese;

/// A longer line is no line anybody sings, and is not read.
const LONGEST_LINE: usize = 2_000;

/// Reads songs; keeps the Japanese dictionary (about 60 MB) once a song needed it.
#[derive(Default)]
pub struct RomanizationReader {
    japanese: Option<Japanese>,
}

impl RomanizationReader {
    /// A row for each line. Takes about a second where the dictionary has to be unpacked, else some
    /// milliseconds.
    pub fn read(&mut self, kind: Kind, lyrics: &Lyrics) -> Result<Readings, BrokenDictionary> {
        let texts = lyrics.lines.iter().map(|line| line.text.as_str());
        let texts = texts.map(|text| if text.len() <= LONGEST_LINE { text } else { "" });
        let lines: Vec<Vec<RomanizedPiece>> = match kind {
            Kind::Pinyin => texts.map(chinese::read).collect(),
            Kind::Romaja => texts.map(korean::read).collect(),
            Kind::Romaji => {
                let japanese = match &mut self.japanese {
                    Some(japanese) => japanese,
                    none => none.insert(Japanese::unpack()?),
                };
                japanese.read(texts)
            }
        };
        Ok(Readings { kind, lines })
    }

    /// Gives the memory of the dictionary back.
    pub fn forget(&mut self) {
        self.japanese = None;
    }
}

#[cfg(test)]
mod tests;
