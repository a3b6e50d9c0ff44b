//! From the notes of an UltraStar file to lines and syllables with times.

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Millis, NoteKind, Read, Singers, Timing};
use crate::lyrics::ultrastar::{Note, UltraStarFile, UltraStarItem, inside};

/// Performous' limits: beyond them a number is a mistake.
const LATEST_BEAT: i64 = 1 << 18;
const LONGEST_NOTE: i64 = 2048;

pub fn read(bytes: &[u8]) -> Result<Read, LyricsError> {
    let file = UltraStarFile::parse(bytes);
    let mut builder = Builder::new(Format::UltraStar);
    builder.timing(Timing::Words);
    for key in ["TITLE", "ARTIST", "BPM"] {
        if file.header(key).is_none() {
            builder.flaw(0, format!("the header #{key} is missing"));
        }
    }
    let bpm = file.number("BPM").filter(|bpm| (0.1..=100_000.0).contains(bpm));
    let Some(bpm) = bpm else {
        return Err(LyricsError::Broken {
            format: Format::UltraStar,
            reason: "without a #BPM above 0 its beats have no length".into(),
        });
    };
    builder.title(file.header("TITLE").unwrap_or_default());
    builder.artist(file.header("ARTIST").unwrap_or_default());
    builder.language(file.header("LANGUAGE").unwrap_or_default());
    let name = |keys: [&str; 2]| {
        keys.into_iter()
            .find_map(|key| file.header(key))
            .unwrap_or_default()
            .to_owned()
    };
    let mut song = Song {
        gap: file.number("GAP").unwrap_or(0.0),
        beat_ms: 15_000.0 / bpm,
        relative: file
            .header("RELATIVE")
            .is_some_and(|yes| yes.eq_ignore_ascii_case("yes")),
        start_ms: file.start_ms(),
        end_ms: file.end_ms(),
        base: 0,
        singers: Singers::default(),
        phrase: LineDraft::default(),
        builder,
    };
    let old = file.version() == 0;
    let mut ended = false;
    let mut voices = 0;
    for (at, item) in file.items() {
        if ended || song.builder.is_full() {
            break;
        }
        match item {
            UltraStarItem::Header { key, value } => song.header(at, key, value),
            UltraStarItem::Note(note) => song.note(at, note),
            UltraStarItem::Break { shift } => song.phrase_over(at, *shift),
            UltraStarItem::Voice(voice) => {
                song.phrase_over(at, None);
                song.base = 0;
                voices = voices.max(*voice);
                // Performous' files say "both" with the third
                song.singers = if old && *voice == 3 {
                    Singers::BOTH
                } else {
                    Singers(1 << (voice - 1))
                };
            }
            UltraStarItem::End => ended = true,
            UltraStarItem::Blank => {}
            UltraStarItem::Other => song
                .builder
                .flaw(at, "the row is neither header nor note; it is left alone"),
        }
    }
    if !ended {
        song.builder.flaw(0, "the closing E is missing");
    }
    song.phrase_over(0, None);
    let mut builder = song.builder;
    if voices > 0 {
        builder.voices(vec![name(["P1", "DUETSINGERP1"]), name(["P2", "DUETSINGERP2"])]);
    }
    let (lyrics, flaws) = builder.finish()?;
    Ok(Read {
        lyrics,
        flaws,
        encoding: file.encoding(),
    })
}

struct Song {
    gap: f64,
    beat_ms: f64,
    relative: bool,
    /// Of the audio that is sung to; what lies outside is not.
    start_ms: Millis,
    end_ms: Option<Millis>,
    /// Of relative beats.
    base: i64,
    singers: Singers,
    phrase: LineDraft,
    builder: Builder,
}

impl Song {
    fn header(&mut self, at: usize, key: &str, value: &str) {
        const FILES: [&str; 7] = [
            "AUDIO",
            "MP3",
            "VOCALS",
            "INSTRUMENTAL",
            "VIDEO",
            "COVER",
            "BACKGROUND",
        ];
        if FILES.contains(&key) && !value.is_empty() && inside(value).is_none() {
            self.builder.flaw(
                at,
                format!("#{key} leads out of the song's folder; it is not followed"),
            );
        }
        let number = matches!(key, "BPM" | "GAP" | "START" | "END");
        if number && !value.is_empty() && value.replace(',', ".").parse::<f64>().is_err() {
            self.builder.flaw(at, format!("#{key} is no number"));
        }
    }

    fn ms(&self, beat: i64) -> Millis {
        (self.gap + beat as f64 * self.beat_ms).round() as Millis
    }

    fn note(&mut self, at: usize, note: &Note) {
        if !note.known {
            self.builder
                .flaw(at, "a note of an unknown kind; it is taken for a free one");
        }
        let start = note.start.saturating_add(self.base);
        if start.unsigned_abs() >= LATEST_BEAT.unsigned_abs() || !(0..LONGEST_NOTE).contains(&note.length) {
            self.builder
                .flaw(at, "a beat or length no song has; the nearest possible is taken");
        }
        let start = start.clamp(-LATEST_BEAT, LATEST_BEAT);
        let (start_ms, end_ms) = (
            self.ms(start),
            self.ms(start + note.length.clamp(0, LONGEST_NOTE)),
        );
        if self.phrase.pieces.is_empty() {
            self.phrase.at = at;
        }
        // `~` holds the syllable before
        let text = note.text.replacen('~', "", 1);
        let held = note.text.trim_start().starts_with('~');
        match self.phrase.pieces.last_mut() {
            Some(last) if held && text.trim().is_empty() => {
                last.end_ms = last.end_ms.max(Some(end_ms));
                last.text.push_str(&text);
            }
            _ => self.phrase.pieces.push(TimedText {
                text: if held { text } else { note.text.clone() },
                start_ms: Some(start_ms),
                end_ms: Some(end_ms),
                manner: note.manner,
            }),
        }
    }

    fn phrase_over(&mut self, at: usize, shift: Option<i64>) {
        if self.relative {
            self.base = self
                .base
                .saturating_add(shift.unwrap_or(0))
                .clamp(-LATEST_BEAT, LATEST_BEAT);
        }
        let mut phrase = std::mem::take(&mut self.phrase);
        let before = phrase
            .pieces
            .windows(2)
            .any(|pair| pair[1].start_ms < pair[0].start_ms);
        if before {
            self.builder
                .flaw(phrase.at, "the notes of this phrase are not in order");
            phrase.pieces.sort_by_key(|piece| piece.start_ms);
        }
        let starts = phrase.pieces.iter().filter_map(|piece| piece.start_ms);
        let Some(start) = starts.min() else { return };
        let end = phrase
            .pieces
            .iter()
            .filter_map(|piece| piece.end_ms)
            .max()
            .unwrap_or(start);
        if end <= self.start_ms || self.end_ms.is_some_and(|last| start >= last) {
            if end < 0 {
                self.builder
                    .flaw(at.max(phrase.at), "the phrase lies before the song");
            }
            return;
        }
        phrase.start_ms = Some(start);
        phrase.end_ms = Some(end);
        phrase.singers = self.singers;
        self.builder.line(phrase);
    }
}

impl NoteKind {
    /// The letter it has in such a file.
    pub fn letter(self) -> char {
        match self {
            Self::Sung => ':',
            Self::Golden => '*',
            Self::Free => 'F',
            Self::Rap => 'R',
            Self::GoldenRap => 'G',
        }
    }
}
