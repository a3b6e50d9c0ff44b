//! Romaji: a line is cut into words with IPADIC by vibrato, each is read as the dictionary has it, and
//! its kana are written after Hepburn. The dictionary is packed into the program by `scripts/ipadic`;
//! its licence lies beside it.

use std::fmt::Write as _;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use vibrato::{Dictionary, SystemDictionaryBuilder, Tokenizer};
use wana_kana::ConvertJapanese as _;

use crate::lyrics::romanization::{RomanizedPiece, is_han, is_kana};

const PACKED: &[u8] = include_bytes!("japanese/ipadic.bin");
/// The costs of neighbours are packed in steps of this.
const COST_STEP: i32 = 64;

/// The dictionary in the program cannot be used: the program itself is damaged.
#[derive(Debug, thiserror::Error)]
#[error("the Japanese dictionary inside croon is damaged ({0}); install croon again")]
pub struct BrokenDictionary(String);

fn broken(reason: impl ToString) -> BrokenDictionary {
    BrokenDictionary(reason.to_string())
}

/// The dictionary, ready to use.
pub(super) struct Japanese(Tokenizer);

impl Japanese {
    pub fn unpack() -> Result<Self, BrokenDictionary> {
        let mut bytes = Vec::new();
        ZlibDecoder::new(PACKED).read_to_end(&mut bytes).map_err(broken)?;
        let dictionary = dictionary(&bytes)?;
        Ok(Self(Tokenizer::new(dictionary)))
    }

    pub fn read<'t>(&self, lines: impl Iterator<Item = &'t str>) -> Vec<Vec<RomanizedPiece>> {
        let mut worker = self.0.new_worker();
        let mut read = |text: &str| {
            if !text.chars().any(|c| is_kana(c) || is_han(c)) {
                return Vec::new();
            }
            worker.reset_sentence(text);
            worker.tokenize();
            let mut words = Words::default();
            for token in worker.token_iter() {
                let range = token.range_byte();
                words.add(range.start, range.end, token.surface(), token.feature());
            }
            words.finish()
        };
        lines.map(&mut read).collect()
    }
}

/// Words of a line and their kana; endings grow together with the word before, so that 行っ and た are
/// "itta".
#[derive(Default)]
struct Words {
    pieces: Vec<RomanizedPiece>,
    kana: String,
    from: usize,
    to: usize,
}

impl Words {
    fn add(&mut self, from: usize, to: usize, surface: &str, feature: &str) {
        let (ending, reading) = match feature.strip_prefix('+') {
            Some(reading) => (true, reading),
            None => (false, feature),
        };
        // unknown words have none; what has kanji in it then stays unread
        let known = !reading.is_empty() && reading.chars().all(|c| is_kana(c) || c == 'ー');
        let kana = match known {
            true => reading,
            false if surface.chars().any(is_kana) && !surface.chars().any(is_han) => surface,
            false => "",
        };
        // a small tsu wants the consonant that follows it
        let open = self.kana.ends_with(['っ', 'ッ']);
        if kana.is_empty() || self.to != from || !(ending || open) {
            self.flush();
            self.from = from;
        }
        self.kana += kana;
        self.to = to;
    }

    fn flush(&mut self) {
        let kana = std::mem::take(&mut self.kana);
        let said = kana.as_str().to_romaji();
        let text: String = said.chars().filter(|c| !is_kana(*c) && *c != 'ー').collect();
        let text = text.trim();
        if !text.is_empty() {
            self.pieces.push(RomanizedPiece {
                from: self.from,
                to: self.to,
                text: text.to_owned(),
            });
        }
    }

    fn finish(mut self) -> Vec<RomanizedPiece> {
        self.flush();
        self.pieces
    }
}

/// Reads the sections that `scripts/ipadic` writes, and gives them to vibrato as MeCab's own files.
fn dictionary(bytes: &[u8]) -> Result<Dictionary, BrokenDictionary> {
    let mut rest = bytes;
    let mut take = |length: usize| {
        let (part, after) = rest
            .split_at_checked(length)
            .ok_or_else(|| broken("it is cut off"))?;
        rest = after;
        Ok::<_, BrokenDictionary>(part)
    };
    let mut head = [0_usize; 10];
    for number in &mut head {
        let bytes: [u8; 4] = take(4)?.try_into().map_err(broken)?;
        *number = u32::from_le_bytes(bytes) as usize;
    }
    let [
        words,
        right,
        left,
        surfaces,
        rights,
        lefts,
        costs,
        readings,
        matrix,
        classes,
    ] = head;
    let surfaces = take(surfaces)?;
    let numbers = [take(rights)?, take(lefts)?, take(costs)?];
    let readings = std::str::from_utf8(take(readings)?).map_err(broken)?;
    let matrix = take(matrix)?;
    let classes = std::str::from_utf8(take(classes)?).map_err(broken)?;
    let lexicon = lexicon(words, surfaces, numbers, readings)?;
    let mut connector = format!("{right} {left}\n");
    if matrix.len() != right * left || left == 0 {
        return Err(broken("its costs are not all there"));
    }
    for (at, cost) in matrix.iter().enumerate() {
        let cost = i32::from(*cost as i8) * COST_STEP;
        // a String takes all that is written
        let _ = writeln!(connector, "{} {} {cost}", at / left, at % left);
    }
    let (characters, unknown) = classes.split_once('\0').ok_or_else(|| broken("no classes"))?;
    let unknown = unknown.trim_end_matches('\0');
    SystemDictionaryBuilder::from_readers(
        lexicon.as_bytes(),
        connector.as_bytes(),
        characters.as_bytes(),
        unknown.as_bytes(),
    )
    .map_err(broken)
}

/// Rows of MeCab's CSV: word, two contexts, cost, reading.
fn lexicon(
    words: usize,
    surfaces: &[u8],
    [right, left, costs]: [&[u8]; 3],
    readings: &str,
) -> Result<String, BrokenDictionary> {
    let number = |of: &[u8], at: usize| -> Result<[u8; 2], BrokenDictionary> {
        let bytes = of
            .get(2 * at..2 * at + 2)
            .ok_or_else(|| broken("numbers are missing"))?;
        bytes.try_into().map_err(broken)
    };
    let mut rows = String::with_capacity(words * 40);
    let mut surface: Vec<u8> = Vec::new();
    let mut surfaces = surfaces.split_inclusive(|byte| *byte == b'\n');
    let mut readings = readings.lines();
    for at in 0..words {
        let coded = next_surface(&mut surfaces).ok_or_else(|| broken("words are missing"))?;
        let (same, new) = (usize::from(coded.0), coded.1);
        surface.truncate(same);
        surface.extend_from_slice(new);
        let text = std::str::from_utf8(&surface).map_err(broken)?;
        let right = u16::from_le_bytes(number(right, at)?);
        let left = u16::from_le_bytes(number(left, at)?);
        let cost = i16::from_le_bytes(number(costs, at)?);
        let reading = readings.next().ok_or_else(|| broken("readings are missing"))?;
        let _ = writeln!(rows, "{text},{right},{left},{cost},{reading}");
    }
    Ok(rows)
}

/// How many bytes it shares with the word before, and the rest. A count of ten looks like the end of a
/// row: then the rest stands in the next one.
fn next_surface<'a>(rows: &mut impl Iterator<Item = &'a [u8]>) -> Option<(u8, &'a [u8])> {
    let row = rows.next()?;
    let (same, rest) = row.split_first()?;
    let rest = if *same == b'\n' && rest.is_empty() {
        rows.next()?
    } else {
        rest
    };
    Some((*same, rest.strip_suffix(b"\n")?))
}
