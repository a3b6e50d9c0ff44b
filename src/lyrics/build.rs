//! From what a parser found to the model: text made harmless, times put in order and kept within
//! reason, memory kept within limits whatever the file says.

use unicode_segmentation::UnicodeSegmentation;

use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{
    Format, LATEST_MS, Line, Lyrics, LyricsProblem, Millis, NoteKind, Singers, SubLine, SubLineKind, Timing,
    Word,
};
use crate::text::{harmless, printable};

/// Lines kept of a file.
pub const MOST_LINES: usize = 20_000;
/// Characters kept of a line; nobody sings more in one breath.
pub const LONGEST_LINE: usize = 1_000;
/// Bytes of text kept of a file, rows under the lines included.
pub const MOST_TEXT: usize = 4 << 20;
/// Rows kept under one line.
const MOST_UNDER: usize = 4;
const MOST_FLAWS: usize = 100;
const LONGEST_NAME: usize = 300;

/// A piece of a line with times as far as the file gives them.
#[derive(Debug, Clone, Default)]
pub struct TimedText {
    /// With the spaces that part it from its neighbours.
    pub text: String,
    pub start_ms: Option<Millis>,
    pub end_ms: Option<Millis>,
    pub manner: NoteKind,
}

impl TimedText {
    pub fn new(text: impl Into<String>, start_ms: Option<Millis>, end_ms: Option<Millis>) -> Self {
        Self {
            text: text.into(),
            start_ms,
            end_ms,
            manner: NoteKind::Sung,
        }
    }
}

/// A line as a parser found it.
#[derive(Debug, Clone, Default)]
pub struct LineDraft {
    /// Line of the file.
    pub at: usize,
    pub start_ms: Option<Millis>,
    pub end_ms: Option<Millis>,
    pub pieces: Vec<TimedText>,
    pub singers: Singers,
    pub under: Vec<SubLine>,
    /// A blank row stands before it.
    pub stanza: bool,
}

/// Takes drafts in and gives lyrics out.
#[derive(Debug, Default)]
pub struct Builder {
    lyrics: Lyrics,
    flaws: Vec<LyricsProblem>,
    /// Flaws beyond those kept.
    unsaid: usize,
    text: usize,
    full: bool,
}

impl Builder {
    pub fn new(format: Format) -> Self {
        let mut builder = Self::default();
        builder.lyrics.format = format;
        builder
    }

    pub fn format(&mut self, format: Format) {
        self.lyrics.format = format;
    }

    pub fn title(&mut self, text: &str) {
        self.lyrics.title = name(text).or(self.lyrics.title.take());
    }

    pub fn artist(&mut self, text: &str) {
        self.lyrics.artist = name(text).or(self.lyrics.artist.take());
    }

    pub fn language(&mut self, text: &str) {
        self.lyrics.language = name(text).or(self.lyrics.language.take());
    }

    pub fn voices(&mut self, names: Vec<String>) {
        self.lyrics.voices = names.iter().map(|text| name(text).unwrap_or_default()).collect();
    }

    /// All times given from here on are to be moved by so much; parsers that know it only at the end
    /// may tell it then.
    pub fn offset(&mut self, later_ms: Millis) {
        self.lyrics.offset_ms = later_ms;
    }

    pub fn flaw(&mut self, line: usize, what: impl Into<String>) {
        if self.flaws.len() < MOST_FLAWS {
            self.flaws.push(LyricsProblem {
                line,
                what: printable(&what.into()),
            });
        } else {
            self.unsaid += 1;
        }
    }

    /// True once nothing more will be taken in, so that a parser can stop.
    pub fn is_full(&self) -> bool {
        self.full
    }

    pub fn line(&mut self, draft: LineDraft) {
        if self.full {
            return;
        }
        let at = draft.at;
        let Some(line) = self.line_of(draft) else { return };
        let under: usize = line.under.iter().map(|under| under.text.len()).sum();
        self.text += line.text.len() + under;
        if self.lyrics.lines.len() == MOST_LINES || self.text > MOST_TEXT {
            self.full = true;
            self.flaw(at, "more lines than any song has; the rest is left out");
            return;
        }
        self.lyrics.lines.push(line);
    }

    /// None where nothing is to be sung.
    fn line_of(&mut self, draft: LineDraft) -> Option<Line> {
        let mut line = Line {
            singers: draft.singers,
            stanza: draft.stanza,
            ..Line::default()
        };
        let mut room = LONGEST_LINE;
        let mut words: Vec<(Word, bool)> = Vec::new();
        let start = draft
            .start_ms
            .or_else(|| draft.pieces.iter().find_map(|p| p.start_ms));
        for piece in &draft.pieces {
            // what lies beyond the longest line is never looked at
            let mut cut = piece.text.len().min(4 * (LONGEST_LINE + 1));
            while !piece.text.is_char_boundary(cut) {
                cut -= 1;
            }
            let mut text = harmless(&piece.text[..cut]);
            if line.text.is_empty() || line.text.ends_with(' ') {
                text.drain(..text.len() - text.trim_start().len());
            }
            if let Some((end, _)) = text.char_indices().nth(room) {
                text.truncate(end);
                self.flaw(draft.at, "the line is longer than a breath; its end is left out");
                room = 0;
            } else {
                room -= text.chars().count();
            }
            let from = line.text.len();
            line.text.push_str(&text);
            if let Some(start_ms) = piece.start_ms {
                let word = Word {
                    from,
                    to: line.text.len(),
                    start_ms,
                    end_ms: piece.end_ms.unwrap_or(start_ms),
                    manner: piece.manner,
                };
                words.push((word, piece.end_ms.is_some()));
            } else if let Some((word, _)) = words.last_mut() {
                word.to = line.text.len();
            }
            if room == 0 {
                break;
            }
        }
        line.text.truncate(line.text.trim_end().len());
        if line.text.is_empty() {
            return None;
        }
        let between = boundary(&line.text);
        for (word, _) in &mut words {
            (word.from, word.to) = (between(word.from), between(word.to));
        }
        line.start_ms = start.unwrap_or(0);
        line.end_ms = draft.end_ms;
        line.words = self.ordered(draft.at, &line, words);
        line.under = draft.under;
        line.under.retain_mut(|under| {
            under.text = printable(&under.text);
            if let Some((end, _)) = under.text.char_indices().nth(LONGEST_LINE) {
                under.text.truncate(end);
            }
            !under.text.is_empty()
        });
        line.under.truncate(MOST_UNDER);
        Some(line)
    }

    /// Words in order, each over when the next begins, ends filled in where the file leaves them open.
    fn ordered(&mut self, at: usize, line: &Line, mut words: Vec<(Word, bool)>) -> Vec<Word> {
        words.retain(|(word, _)| word.from < word.to);
        let mut backwards = false;
        let mut earliest = line.start_ms;
        for (word, _) in &mut words {
            if word.start_ms < earliest {
                backwards = true;
                word.start_ms = earliest;
            }
            earliest = word.start_ms;
        }
        if backwards {
            self.flaw(at, "a word begins before the one it follows; it is moved on");
        }
        let starts: Vec<Millis> = words.iter().skip(1).map(|(word, _)| word.start_ms).collect();
        for (i, (word, ended)) in words.iter_mut().enumerate() {
            let next = starts.get(i).copied();
            // open, and nothing follows: the line's end, else the time a word takes
            let open = next.or(line.end_ms).unwrap_or(word.start_ms.saturating_add(600));
            let end = if *ended { word.end_ms } else { open };
            word.end_ms = end.clamp(word.start_ms, next.unwrap_or(Millis::MAX).max(word.start_ms));
        }
        words.into_iter().map(|(word, _)| word).collect()
    }

    /// The lyrics, in order; an error where there is nothing to sing.
    pub fn finish(mut self) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
        let timed = self.lyrics.timing != Timing::None;
        if timed {
            self.settle_times();
        }
        if self.unsaid > 0 {
            let what = format!("and {} more", self.unsaid);
            self.flaws.push(LyricsProblem { line: 0, what });
        }
        if self.lyrics.lines.is_empty() {
            return Err(LyricsError::Empty);
        }
        Ok((self.lyrics, self.flaws))
    }

    /// Says how exact the times are; without it the lines stay in the order they came.
    pub fn timing(&mut self, timing: Timing) {
        self.lyrics.timing = timing;
    }

    fn settle_times(&mut self) {
        let offset = self.lyrics.offset_ms;
        let settle = |ms: Millis| ms.saturating_add(offset).clamp(0, LATEST_MS);
        let lines = &mut self.lyrics.lines;
        for line in lines.iter_mut() {
            line.start_ms = settle(line.start_ms);
            line.end_ms = line.end_ms.map(|end| settle(end).max(line.start_ms));
            for word in &mut line.words {
                word.start_ms = settle(word.start_ms);
                word.end_ms = settle(word.end_ms);
            }
        }
        lines.sort_by_key(|line| line.start_ms);
        // where the same mouth begins its next line, this one is over
        for i in 0..lines.len() {
            let (this, later) = lines[i..].split_at_mut(1);
            let this = &mut this[0];
            let next = later
                .iter()
                .take(8)
                .find(|next| next.start_ms > this.start_ms && next.singers.collides(this.singers));
            let Some(limit) = next.map(|next| next.start_ms) else {
                continue;
            };
            this.end_ms = this.end_ms.map(|end| end.min(limit));
            for word in &mut this.words {
                word.start_ms = word.start_ms.min(limit);
                word.end_ms = word.end_ms.min(limit);
            }
        }
        let words = lines.iter().any(|line| !line.words.is_empty());
        if !words && self.lyrics.timing == Timing::Words {
            self.lyrics.timing = Timing::Lines;
        }
        for line in lines.iter_mut().filter(|line| line.end_ms.is_none()) {
            line.end_ms = line.words.last().map(|word| word.end_ms);
        }
    }

    /// Puts lines that begin at the very same moment and are sung by the same voices under the first
    /// of them: one in the language that is sung, the others its translations.
    pub fn fold_doubled(&mut self) {
        let lines = std::mem::take(&mut self.lyrics.lines);
        let mut groups: Vec<Vec<Line>> = Vec::new();
        for line in lines {
            match groups.last_mut() {
                Some(group) if group[0].start_ms == line.start_ms && group[0].singers == line.singers => {
                    group.push(line);
                }
                _ => groups.push(vec![line]),
            }
        }
        for mut group in groups {
            // credits pile up at the start of some files: those are no translations
            if group.len() > 3 {
                self.lyrics.lines.append(&mut group);
                continue;
            }
            let mut group = group.into_iter();
            let Some(mut line) = group.next() else { continue };
            for other in group.filter(|other| other.text != line.text).collect::<Vec<_>>() {
                line.under.push(SubLine {
                    kind: SubLineKind::Translation,
                    text: other.text,
                });
                line.under.extend(other.under);
            }
            line.under.truncate(MOST_UNDER);
            self.lyrics.lines.push(line);
        }
    }

    /// Before [`Builder::fold_doubled`]: by start, the order of the file kept among equals.
    pub fn sort(&mut self) {
        self.lyrics.lines.sort_by_key(|line| line.start_ms);
    }

    pub fn lines_mut(&mut self) -> &mut Vec<Line> {
        &mut self.lyrics.lines
    }
}

/// The next place between two graphemes of a text, at or after a byte: a mark that stands in another
/// piece than its letter belongs to the letter.
fn boundary(text: &str) -> impl Fn(usize) -> usize + use<> {
    let length = text.len();
    let starts: Option<Vec<usize>> =
        (!text.is_ascii()).then(|| text.grapheme_indices(true).map(|(at, _)| at).collect());
    move |byte| match &starts {
        None => byte.min(length),
        Some(starts) => starts
            .get(starts.partition_point(|at| *at < byte))
            .copied()
            .unwrap_or(length),
    }
}

fn name(text: &str) -> Option<String> {
    // a header may be megabytes long; what is cut here is never looked at
    let cut = text
        .char_indices()
        .nth(LONGEST_NAME)
        .map_or(text, |(end, _)| &text[..end]);
    Some(printable(cut)).filter(|text| !text.is_empty())
}
