//! The words of all songs as one text, so that looking through 100,000 songs is one walk through a few
//! megabytes of memory, and not one through each of them.

use memchr::memmem;

use crate::app::state::search_query::{FuzzyQuery, Needle, folded};
use crate::app::state::song_key::SongKey;

/// Ends the words of a song; no typed text holds it.
const END: u8 = 0;
/// Between artist, title and album.
const FIELD: u8 = 1;
/// Many songs answer to letters with anything between; so many of them are weighed against each other.
const WEIGHED: usize = 4_000;
/// Words of songs that are gone are dropped when there are more of them than of the others, and so many.
const DEAD: usize = 4_096;

#[derive(Debug, Clone, Copy)]
struct IndexRecord {
    start: u32,
    /// None: the song is gone, or has other words now.
    key: Option<SongKey>,
    /// The letters it holds, a bit for each; some share one.
    letters: u64,
}

/// The words of all songs, and where each song's are.
#[derive(Debug, Default)]
pub(super) struct SearchIndex {
    text: String,
    records: Vec<IndexRecord>,
    /// By number of the song.
    places: Vec<Option<u32>>,
    dead: usize,
}

/// How well each song answers, by its number; 0: not at all.
pub(super) type SearchScores = Vec<u16>;

impl SearchIndex {
    /// Sets the words of a song: small letters, fields apart by [`FIELD`].
    pub fn set(&mut self, key: SongKey, words: &str) {
        self.forget(key);
        let number = key.0 as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, None);
        }
        let start = self.text.len();
        folded(words, &mut self.text);
        let letters = letters(&self.text.as_bytes()[start..]);
        self.text.push(char::from(END));
        // text of 4 GiB would be a hundred million songs
        if let (Ok(start), Ok(place)) = (u32::try_from(start), u32::try_from(self.records.len())) {
            self.places[number] = Some(place);
            self.records.push(IndexRecord {
                start,
                key: Some(key),
                letters,
            });
        }
    }

    pub fn forget(&mut self, key: SongKey) {
        let place = self.places.get_mut(key.0 as usize).and_then(Option::take);
        if let Some(record) = place.and_then(|place| self.records.get_mut(place as usize)) {
            record.key = None;
            self.dead += 1;
        }
        if self.dead > DEAD && self.dead * 2 > self.records.len() {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let old = std::mem::take(self);
        self.places = vec![None; old.places.len()];
        for (at, record) in old.records.iter().enumerate() {
            let Some(key) = record.key else { continue };
            let words = old.words(at);
            self.places[key.0 as usize] = Some(self.records.len() as u32);
            self.records.push(IndexRecord {
                start: self.text.len() as u32,
                ..*record
            });
            self.text.push_str(words);
            self.text.push(char::from(END));
        }
    }

    fn end(&self, at: usize) -> usize {
        let next = self.records.get(at + 1).map(|next| next.start as usize);
        next.unwrap_or(self.text.len()) - 1
    }

    fn words(&self, at: usize) -> &str {
        &self.text[self.records[at].start as usize..self.end(at)]
    }

    /// The songs that hold each of these words as it stands, the better the nearer a word is to be a whole
    /// name. `original` are the words a song was set with: a needle with marks over its letters wants
    /// them there.
    pub fn holding<'w>(&self, needles: &[Needle], original: impl Fn(SongKey) -> &'w str) -> SearchScores {
        let mut marks = vec![0; self.places.len()];
        // the longest is the rarest, about
        let Some(first) = needles.iter().max_by_key(|needle| needle.folded.len()) else {
            return marks;
        };
        let finder = memmem::Finder::new(first.folded.as_bytes());
        let others: Vec<memmem::Finder> = needles
            .iter()
            .filter(|needle| !std::ptr::eq(*needle, first))
            .map(|needle| memmem::Finder::new(needle.folded.as_bytes()))
            .collect();
        let bytes = self.text.as_bytes();
        let (mut from, mut at) = (0, 0);
        while let Some(hit) = finder.find(&bytes[from..]) {
            let hit = from + hit;
            // hits come in order: the song of this one is the last one's or a later one
            while self
                .records
                .get(at + 1)
                .is_some_and(|next| next.start as usize <= hit)
            {
                at += 1;
            }
            let IndexRecord { start, key, .. } = self.records[at];
            let end = self.end(at);
            from = end;
            let Some(key) = key else { continue };
            let words = &bytes[start as usize..end];
            let mut mark = best(&finder, words, hit - start as usize);
            for finder in &others {
                let Some(hit) = finder.find(words) else {
                    mark = 0;
                    break;
                };
                mark += best(finder, words, hit);
            }
            let exact = |needle: &Needle| {
                needle
                    .exact
                    .as_ref()
                    .is_none_or(|exact| original(key).contains(exact))
            };
            if mark > 0 && needles.iter().all(exact) {
                marks[key.0 as usize] = mark;
            }
        }
        marks
    }

    /// The songs that hold these letters in this order with anything between; the first ones of `order`
    /// are weighed, the rest follows them.
    pub fn answering(&self, query: &mut FuzzyQuery, order: &[SongKey]) -> SearchScores {
        let mut marks = vec![0; self.places.len()];
        let wanted = letters(query.folded().as_bytes());
        for (at, record) in self.records.iter().enumerate() {
            if let Some(key) = record.key
                && record.letters & wanted == wanted
                && query
                    .needles()
                    .iter()
                    .all(|needle| in_order(&needle.folded, self.words(at)))
            {
                marks[key.0 as usize] = 1;
            }
        }
        let found = order
            .iter()
            .filter(|key| marks.get(key.0 as usize).is_some_and(|mark| *mark > 0));
        let weighed: Vec<SongKey> = found.take(WEIGHED).copied().collect();
        for key in weighed {
            let place = self.places[key.0 as usize].unwrap_or(0) as usize;
            let mark = query.weigh(self.words(place));
            marks[key.0 as usize] = mark.map_or(0, |mark| mark.saturating_add(2));
        }
        marks
    }
}

/// How good a place of a needle in the words of a song is: 4 where it is a whole name, 3 at the beginning
/// of one, 2 at the beginning of a word, else 1.
fn place(words: &[u8], at: usize, length: usize) -> u16 {
    match at.checked_sub(1).map(|before| words[before]) {
        None | Some(FIELD) => match words.get(at + length) {
            None | Some(&FIELD) => 4,
            Some(_) => 3,
        },
        Some(byte) if byte.is_ascii() && !byte.is_ascii_alphanumeric() => 2,
        Some(_) => 1,
    }
}

/// The best place of a needle, given its first one. A beginning is good enough: looking on for a whole
/// name doubles the time of a key press, and hardly ever finds one.
fn best(finder: &memmem::Finder, words: &[u8], first: usize) -> u16 {
    let length = finder.needle().len();
    let (mut at, mut mark) = (first, place(words, first, length));
    while mark < 3 {
        let Some(next) = words.get(at + 1..).and_then(|rest| finder.find(rest)) else {
            break;
        };
        at += 1 + next;
        mark = mark.max(place(words, at, length));
    }
    mark
}

/// A bit for each byte, 64 of them.
fn letters(text: &[u8]) -> u64 {
    text.iter().fold(0, |bits, byte| bits | 1 << (byte & 63))
}

fn in_order(needle: &str, words: &str) -> bool {
    let mut rest = words;
    needle.chars().all(|c| match rest.find(c) {
        Some(at) => {
            rest = &rest[at + c.len_utf8()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests;
