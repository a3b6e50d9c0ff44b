//! The one model that every format is read into: lines, words, their times and who sings them.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

use crate::lyrics::source::LyricsSource;

/// Larger files are not read.
pub const MOST_BYTES: usize = 4 << 20;

/// Milliseconds of the song.
pub type Millis = i64;

/// No song is longer (100 hours); stamps beyond it are taken for it.
pub const LATEST_MS: Millis = 360_000_000;

/// A song's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lyrics {
    pub format: Format,
    pub source: LyricsSource,
    pub timing: Timing,
    pub title: Option<String>,
    pub artist: Option<String>,
    /// As the file names it: `en`, `eng`, `English`.
    pub language: Option<String>,
    /// By how much the file itself wishes all its times moved, positive = later. Done already.
    pub offset_ms: Millis,
    /// Names of the singers where there is more than one, in the order of the bits of [`Singers`].
    pub voices: Vec<String>,
    /// By start, where there are times.
    pub lines: Vec<Line>,
}

/// What is sung in one breath, or shown in one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub start_ms: Millis,
    /// Not before the start; None where the file does not say.
    pub end_ms: Option<Millis>,
    /// Never empty, without space at its ends.
    pub text: String,
    /// Words or syllables in order, none overlapping; empty where only the line has a time.
    pub words: Vec<Word>,
    pub singers: Singers,
    pub under: Vec<SubLine>,
    /// A blank row stands before it: a stanza begins.
    pub stanza: bool,
}

/// A word or syllable with a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Bytes of the line's text, from and to, between graphemes.
    pub from: usize,
    pub to: usize,
    pub start_ms: Millis,
    /// Not before the start.
    pub end_ms: Millis,
    pub manner: NoteKind,
}

/// How a note is meant, where the file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoteKind {
    #[default]
    Sung,
    Golden,
    Free,
    Rap,
    GoldenRap,
}

/// Who sings a line: one bit for each of the [`Lyrics::voices`]; none: whoever is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Singers(pub u16);

impl Singers {
    pub const FIRST: Self = Self(1);
    pub const SECOND: Self = Self(2);
    pub const BOTH: Self = Self(3);

    /// The second voice alone.
    pub fn is_second(self) -> bool {
        self == Self::SECOND
    }

    /// More than one voice.
    pub fn is_together(self) -> bool {
        self.0.count_ones() > 1
    }

    /// One mouth cannot sing both lines at once.
    pub fn collides(self, other: Self) -> bool {
        self.0 == 0 || other.0 == 0 || self.0 & other.0 != 0
    }
}

/// A row that belongs under a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubLine {
    pub kind: SubLineKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubLineKind {
    /// The same words in another language or script.
    Translation,
    /// What the choir sings meanwhile.
    Backing,
}

/// How exactly the times are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timing {
    Words,
    Lines,
    /// The text alone.
    #[default]
    None,
    /// Laid along the song by ear, so to say: not from the file.
    Guessed,
}

impl Timing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Words => "word-timed",
            Self::Lines => "line-timed",
            Self::None => "without times",
            Self::Guessed => "times guessed",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    Lrc,
    EnhancedLrc,
    UltraStar,
    #[default]
    Plain,
    Sylt,
    Lyricsfile,
    Ass,
    Midi,
    /// Pictures of words.
    Cdg,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lrc => "LRC",
            Self::EnhancedLrc => "enhanced LRC",
            Self::UltraStar => "UltraStar",
            Self::Plain => "plain text",
            Self::Sylt => "ID3 SYLT",
            Self::Lyricsfile => "Lyricsfile",
            Self::Ass => "ASS",
            Self::Midi => "MIDI karaoke",
            Self::Cdg => "CD+G pictures",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something wrong in a file that the reader got over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LyricsProblem {
    /// Line of the file, from 1; 0 where it has none.
    pub line: usize,
    pub what: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub lyrics: Lyrics,
    /// The first hundred or so.
    pub flaws: Vec<LyricsProblem>,
    /// Of the text, as the Encoding Standard names it.
    pub encoding: &'static str,
}

impl Lyrics {
    pub fn is_timed(&self) -> bool {
        self.timing != Timing::None
    }

    /// The last line that has begun at this moment.
    pub fn line_at(&self, ms: Millis) -> Option<usize> {
        self.lines
            .partition_point(|line| line.start_ms <= ms)
            .checked_sub(1)
    }

    /// When a line is over: its own end, else where the next line begins.
    pub fn end_ms(&self, line: usize) -> Millis {
        let Some(this) = self.lines.get(line) else {
            return 0;
        };
        let next = || {
            let begins = self.lines.iter().skip(line + 1).map(|next| next.start_ms);
            begins.into_iter().find(|start| *start > this.start_ms)
        };
        // nobody sings one line for ten seconds and then nothing
        this.end_ms.or_else(next).unwrap_or(this.start_ms + 10_000)
    }

    /// All lines' texts.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }
}

impl Line {
    /// Graphemes of the text.
    pub fn graphemes(&self) -> usize {
        self.text.graphemes(true).count()
    }

    /// How many graphemes are sung at this moment, with the share of the one being sung; for lines
    /// whose words have times.
    pub fn sung_at(&self, ms: Millis) -> f64 {
        let mut sung = 0.0;
        let mut at = 0;
        for word in &self.words {
            if ms < word.start_ms {
                break;
            }
            sung += self.text[at..word.from].graphemes(true).count() as f64;
            at = word.to;
            let length = self.text[word.from..word.to].graphemes(true).count() as f64;
            if ms >= word.end_ms {
                sung += length;
                continue;
            }
            let share = (ms - word.start_ms) as f64 / (word.end_ms - word.start_ms).max(1) as f64;
            return sung + length * share;
        }
        if self.words.last().is_some_and(|last| ms >= last.end_ms) {
            return self.graphemes() as f64;
        }
        sung
    }

    /// So many sung graphemes rounded up to whole words where those have times, else to the whole line.
    pub fn lit_at_once(&self, sung: f64) -> f64 {
        if sung <= 0.0 {
            return 0.0;
        }
        let ends = self
            .words
            .iter()
            .map(|word| self.text[..word.to].graphemes(true).count() as f64);
        let end = ends.into_iter().find(|end| *end >= sung);
        end.unwrap_or_else(|| self.graphemes() as f64)
    }

    /// When the count of [`Line::sung_at`] next passes a whole number, after `ms`.
    pub fn next_change(&self, ms: Millis) -> Option<Millis> {
        if ms < self.start_ms {
            return Some(self.start_ms);
        }
        let word = self.words.iter().find(|word| word.end_ms > ms)?;
        if ms < word.start_ms {
            return Some(word.start_ms);
        }
        let length = self.text[word.from..word.to].graphemes(true).count().max(1) as i64;
        let span = word.end_ms - word.start_ms;
        let done = (ms - word.start_ms) * length / span.max(1);
        // rounded up: at that moment the count has passed
        let at = word.start_ms + ((done + 1) * span + length - 1) / length;
        Some(at.clamp(ms + 1, word.end_ms.max(ms + 1)))
    }
}
