//! The words being timed: rows of words, each with a stamp or none yet. Whatever is done to them, the
//! stamps of a row stay in order, and so do the rows of one voice.

use std::ops::Range;

use crate::app::state::editor::tap_units::words;
use crate::lyrics::{
    Format, LATEST_MS, Line, Lyrics, LyricsSource, Millis, NoteKind, Singers, SubLine, Timing, Word,
};

/// A word without a stamp after it lasts so long.
const WORD_MS: Millis = 600;
/// Two rows begin so far apart at least: at the same moment a reader would take the second for a
/// translation of the first.
const APART_MS: Millis = 10;

/// The words of a song.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    pub rows: Vec<SheetRow>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetRow {
    /// Never empty.
    pub text: String,
    /// Never empty, in order.
    pub parts: Vec<SheetPart>,
    /// When the last of it is over; not before any of its stamps.
    pub end: Option<Millis>,
    pub singers: Singers,
    pub under: Vec<SubLine>,
    pub stanza: bool,
}

/// A word or syllable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPart {
    /// Bytes of the row's text, without the space around.
    pub at: Range<usize>,
    pub stamp: Option<Millis>,
}

/// A part of a row; the row after the last is where everything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SheetPosition {
    pub row: usize,
    pub part: usize,
}

impl SheetRow {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            parts: words(text)
                .into_iter()
                .map(|at| SheetPart { at, stamp: None })
                .collect(),
            ..Self::default()
        }
    }

    fn of(line: &Line, later: Millis, timed: bool) -> Self {
        let mut row = Self {
            singers: line.singers,
            under: line.under.clone(),
            stanza: line.stanza,
            ..Self::new(&line.text)
        };
        if !timed {
            return row;
        }
        let moved = |ms: Millis| ms.saturating_add(later).clamp(0, LATEST_MS);
        let parts = line.words.iter().filter_map(|word| {
            let text = &line.text[word.from..word.to];
            let from = word.from + (text.len() - text.trim_start().len());
            let at = from..word.from + text.trim_end().len();
            (!at.is_empty()).then(|| SheetPart {
                at,
                stamp: Some(moved(word.start_ms)),
            })
        });
        let parts: Vec<SheetPart> = parts.collect();
        if parts.is_empty() {
            row.parts[0].stamp = Some(moved(line.start_ms));
        } else {
            row.parts = parts;
            // the line may begin before its first word does: it is its first word here
            row.parts[0].stamp = row.parts[0].stamp.min(Some(moved(line.start_ms)));
        }
        row.end = line.end_ms.map(moved).max(row.last());
        row
    }

    /// When it begins.
    pub fn start(&self) -> Option<Millis> {
        self.stamps().next()
    }

    /// Its last stamp, the end left out.
    fn last(&self) -> Option<Millis> {
        self.stamps().last()
    }

    fn stamps(&self) -> impl Iterator<Item = Millis> {
        self.parts.iter().filter_map(|part| part.stamp)
    }

    /// Every word has its time.
    pub fn is_worded(&self) -> bool {
        self.parts.iter().all(|part| part.stamp.is_some())
    }
}

impl Sheet {
    /// Of lyrics as they are shown, moved `later`; a guess gives the words alone.
    pub fn of(lyrics: &Lyrics, later: Millis) -> Self {
        let timed = matches!(lyrics.timing, Timing::Words | Timing::Lines);
        let rows = lyrics.lines.iter().map(|line| SheetRow::of(line, later, timed));
        Self::ordered(rows.collect())
    }

    /// Of rows whose stamps may break the order.
    pub fn ordered(rows: Vec<SheetRow>) -> Self {
        let mut sheet = Self { rows };
        sheet.settle();
        sheet
    }

    /// The rows of a pasted text, without times.
    pub fn of_text(lyrics: &Lyrics) -> Vec<SheetRow> {
        lyrics
            .lines
            .iter()
            .map(|line| SheetRow::of(line, 0, false))
            .collect()
    }

    /// Stamps that break the order are lifted to the ones before them.
    fn settle(&mut self) {
        for row in 0..self.rows.len() {
            let mut earliest = self.floor(SheetPosition { row, part: 0 });
            let this = &mut self.rows[row];
            for part in &mut this.parts {
                part.stamp = part.stamp.map(|stamp| stamp.max(earliest));
                earliest = part.stamp.unwrap_or(earliest);
            }
        }
        self.settle_ends();
    }

    pub fn part(&self, place: SheetPosition) -> Option<&SheetPart> {
        self.rows.get(place.row)?.parts.get(place.part)
    }

    pub fn stamp(&self, place: SheetPosition) -> Option<Millis> {
        self.part(place)?.stamp
    }

    /// The place behind the last.
    pub fn behind(&self) -> SheetPosition {
        SheetPosition {
            row: self.rows.len(),
            part: 0,
        }
    }

    /// The next word, or, line by line, the next row.
    pub fn next(&self, place: SheetPosition, by_words: bool) -> SheetPosition {
        match self.rows.get(place.row) {
            None => self.behind(),
            Some(row) if by_words && place.part + 1 < row.parts.len() => SheetPosition {
                part: place.part + 1,
                ..place
            },
            Some(_) => SheetPosition {
                row: place.row + 1,
                part: 0,
            },
        }
    }

    pub fn previous(&self, place: SheetPosition, by_words: bool) -> Option<SheetPosition> {
        if by_words && place.part > 0 {
            return Some(SheetPosition {
                part: place.part - 1,
                ..place
            });
        }
        let row = if place.part > 0 {
            place.row
        } else {
            place.row.checked_sub(1)?
        };
        let last = self.rows.get(row)?.parts.len() - 1;
        let part = if by_words { last } else { 0 };
        Some(SheetPosition { row, part })
    }

    /// The last stamped place before this one.
    pub fn stamped_before(&self, place: SheetPosition) -> Option<SheetPosition> {
        let mut at = place;
        loop {
            at = self.previous(at, true)?;
            if self.stamp(at).is_some() {
                return Some(at);
            }
        }
    }

    /// No stamp here may be earlier: what the same voice sings before, and where the row before begins.
    fn floor(&self, place: SheetPosition) -> Millis {
        let Some(row) = self.rows.get(place.row) else {
            return 0;
        };
        let own = row.parts[..place.part.min(row.parts.len())]
            .iter()
            .filter_map(|p| p.stamp);
        let others = self.rows[..place.row].iter().filter_map(|other| {
            let after = other.start()? + APART_MS;
            let over = other.last().filter(|_| other.singers.collides(row.singers));
            Some(over.map_or(after, |over| over.max(after)))
        });
        own.chain(others).max().unwrap_or(0)
    }

    /// Nor later, by the same rule seen from behind.
    fn ceiling(&self, place: SheetPosition) -> Millis {
        let Some(row) = self.rows.get(place.row) else {
            return LATEST_MS;
        };
        let own = row
            .parts
            .iter()
            .skip(place.part + 1)
            .filter_map(|part| part.stamp);
        let first = row.parts[..place.part.min(row.parts.len())]
            .iter()
            .all(|p| p.stamp.is_none());
        let others = self.rows[place.row + 1..].iter().filter_map(|other| {
            // only a row's beginning holds back those of another voice
            let held = first || other.singers.collides(row.singers);
            other.start().filter(|_| held).map(|start| start - APART_MS)
        });
        own.chain(others)
            .min()
            .unwrap_or(LATEST_MS)
            .max(self.floor(place))
    }

    /// Stamps a word. It cannot come before what stands before it; what it overtakes loses its stamp
    /// and is tapped again.
    pub fn tap(&mut self, place: SheetPosition, ms: Millis) {
        if self.part(place).is_none() {
            return;
        }
        let ms = ms.clamp(0, LATEST_MS).max(self.floor(place));
        let row = &mut self.rows[place.row];
        row.parts[place.part].stamp = Some(ms);
        for part in row.parts.iter_mut().skip(place.part + 1) {
            part.stamp = part.stamp.filter(|stamp| *stamp >= ms);
        }
        let (singers, begins) = (row.singers, row.start().unwrap_or(ms));
        for later in &mut self.rows[place.row + 1..] {
            // a row of another voice may begin while this one is sung, but not before it
            let least = if later.singers.collides(singers) {
                ms
            } else {
                begins
            } + APART_MS;
            let mut first = true;
            for part in &mut later.parts {
                part.stamp = part.stamp.filter(|stamp| !first || *stamp >= least);
                first &= part.stamp.is_none();
            }
        }
        // a row that lost its first stamp begins later now
        self.settle();
    }

    /// Ends stand where they can: behind the last word of their row, before the next of the same voice.
    fn settle_ends(&mut self) {
        for at in 0..self.rows.len() {
            let (this, later) = self.rows[at..].split_at_mut(1);
            let this = &mut this[0];
            let next = later.iter().filter(|row| row.singers.collides(this.singers));
            let next = next.filter_map(SheetRow::start).next().unwrap_or(LATEST_MS);
            this.end = match this.last() {
                None => None,
                Some(last) => this.end.map(|end| end.min(next).max(last)),
            };
        }
    }

    /// Moves a stamp, as far as its neighbours let it; true where it moved.
    pub fn nudge(&mut self, place: SheetPosition, by: Millis) -> bool {
        let Some(stamp) = self.stamp(place) else {
            return false;
        };
        let moved = (stamp + by).clamp(self.floor(place), self.ceiling(place));
        self.rows[place.row].parts[place.part].stamp = Some(moved);
        self.settle_ends();
        moved != stamp
    }

    /// Takes a stamp away, and the end with the last of a row.
    pub fn clear(&mut self, place: SheetPosition) {
        if let Some(row) = self.rows.get_mut(place.row) {
            if let Some(part) = row.parts.get_mut(place.part) {
                part.stamp = None;
            }
            self.settle();
        }
    }

    /// A row is over now; only one that began.
    pub fn end(&mut self, row: usize, ms: Millis) {
        if let Some(row) = self.rows.get_mut(row)
            && let Some(last) = row.last()
        {
            row.end = Some(ms.clamp(last, LATEST_MS));
            self.settle_ends();
        }
    }

    /// Rows with a time, and all.
    pub fn timed(&self) -> (usize, usize) {
        let timed = self.rows.iter().filter(|row| row.start().is_some()).count();
        (timed, self.rows.len())
    }

    /// As lyrics: rows that begin somewhere, their words where every one of them has a time.
    pub fn lyrics(&self) -> Lyrics {
        let mut lyrics = Lyrics {
            source: LyricsSource::Edited,
            format: Format::EnhancedLrc,
            timing: Timing::Lines,
            ..Lyrics::default()
        };
        for row in &self.rows {
            let Some(start) = row.start() else { continue };
            let mut line = Line {
                start_ms: start,
                end_ms: row.end,
                text: row.text.clone(),
                singers: row.singers,
                under: row.under.clone(),
                ..Line::default()
            };
            let stamps = row.stamps().count();
            if stamps > 1 || row.parts.len() == 1 && row.end.is_some() {
                line.words = words_of(row);
                line.end_ms = line.words.last().map(|word| word.end_ms);
                lyrics.timing = Timing::Words;
            }
            lyrics.lines.push(line);
        }
        lyrics.lines.sort_by_key(|line| line.start_ms);
        lyrics
    }
}

/// The stamped words of a row, each with those behind it that have no stamp.
fn words_of(row: &SheetRow) -> Vec<Word> {
    let stamped: Vec<(usize, Millis)> = row
        .parts
        .iter()
        .filter_map(|part| Some((part.at.start, part.stamp?)))
        .collect();
    let mut words = Vec::with_capacity(stamped.len());
    for (number, (from, start_ms)) in stamped.iter().enumerate() {
        let next = stamped.get(number + 1);
        // words before the first stamp begin with it
        let from = if number == 0 { 0 } else { *from };
        let text = &row.text[from..next.map_or(row.text.len(), |next| next.0)];
        words.push(Word {
            from,
            to: from + text.trim_end().len(),
            start_ms: *start_ms,
            end_ms: next.map_or_else(|| row.end.unwrap_or(start_ms + WORD_MS), |next| next.1),
            manner: NoteKind::Sung,
        });
    }
    words
}

#[cfg(test)]
mod tests;
