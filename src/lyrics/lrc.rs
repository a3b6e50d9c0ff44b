//! LRC and enhanced LRC (A2), with the dialects met in the wild: several stamps before a line repeat
//! it, stamps inside a line time its words (`<00:12.00>` or `[00:12.00]`, one before each word or a
//! pair around it), the same stamp on two lines makes the second a translation, `F:` `M:` `D:`
//! (Walaoke) and `v1:` `v2:` say who sings, `[bg:...]` is the choir. A positive `[offset:]` shows
//! the lyrics sooner, as most players have it.

use crate::lyrics::build::{Builder, LONGEST_LINE, LineDraft, TimedText};
use crate::lyrics::encoding::rows;
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem, Millis, Singers, SubLine, SubLineKind, Timing};

/// A file's own offset beyond this is a mistake.
const MOST_OFFSET: Millis = 60_000;
/// One line is not sung more often than this.
const MOST_REPEATS: usize = 200;

/// True where a line begins with a stamp.
pub fn looks_like(text: &str) -> bool {
    rows(text).any(|(_, row)| stamp(row.trim_start(), '[').is_some())
}

pub fn read(text: &str) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let mut reader = LrcReader {
        builder: Builder::new(Format::Lrc),
        singers: Singers::default(),
        ends: Vec::new(),
        worded: false,
    };
    reader.builder.timing(Timing::Words);
    for (at, row) in rows(text) {
        if reader.builder.is_full() {
            break;
        }
        reader.row(at, row.trim());
    }
    reader.finish()
}

struct LrcReader {
    builder: Builder,
    /// Said once, it holds for the lines that follow.
    singers: Singers,
    /// Stamps without text: the line before is over.
    ends: Vec<Millis>,
    worded: bool,
}

impl LrcReader {
    fn row(&mut self, at: usize, row: &str) {
        let (mut stamps, mut rest) = (Vec::new(), row);
        while let Some((ms, length)) = stamp(rest, '[') {
            stamps.push(ms);
            rest = rest[length..].trim_start();
        }
        let Some(&first) = stamps.first() else {
            return self.untimed(at, row);
        };
        if stamps.iter().any(|ms| *ms < 0) {
            self.builder
                .flaw(at, "the time lies before the song; its start is taken");
        }
        let rest = self.who(rest.trim());
        let (mut pieces, inline) = pieces(rest, first);
        if let Inline::Square = inline {
            // [line][word]text[end]: the last stamp before the text is the first word's
            if let (Some(piece), Some(&start)) = (pieces.first_mut(), stamps.last()) {
                piece.start_ms = Some(start);
            }
            stamps.truncate(1);
        }
        self.worded |= inline != Inline::None;
        if pieces.iter().all(|piece| piece.text.trim().is_empty()) {
            self.ends.extend(stamps);
            return;
        }
        if stamps.len() > MOST_REPEATS {
            self.builder.flaw(
                at,
                "the line repeats more often than any is sung; the rest is left out",
            );
            stamps.truncate(MOST_REPEATS);
        }
        for start in stamps {
            let moved = |ms: Millis| ms.saturating_add(start.saturating_sub(first));
            let end = match inline {
                Inline::None => None,
                _ => pieces.last().and_then(|piece| piece.end_ms).map(moved),
            };
            let pieces = pieces.iter().map(|piece| TimedText {
                start_ms: piece.start_ms.map(moved),
                end_ms: piece.end_ms.map(moved),
                ..piece.clone()
            });
            self.builder.line(LineDraft {
                at,
                start_ms: Some(start),
                end_ms: end,
                pieces: pieces.collect(),
                singers: self.singers,
                ..LineDraft::default()
            });
        }
    }

    /// A row without a time: a header, the choir, a comment, or a row under the line before.
    fn untimed(&mut self, at: usize, row: &str) {
        if let Some((key, value)) = tag(row) {
            return self.tag(at, &key, value);
        }
        if row.is_empty() || row.starts_with('#') || (row.starts_with('[') && row.ends_with(']')) {
            return;
        }
        match self.builder.lines_mut().last_mut() {
            Some(line) if line.under.is_empty() => {
                line.under.push(under(SubLineKind::Translation, row));
                self.builder
                    .flaw(at, "the line has no time; it is shown under the one before");
            }
            _ => self.builder.flaw(at, "the line has no time and is left out"),
        }
    }

    fn tag(&mut self, at: usize, key: &str, value: &str) {
        match key {
            "ti" => self.builder.title(value),
            "ar" => self.builder.artist(value),
            "la" | "lang" | "language" => self.builder.language(value),
            "offset" => match value.trim().trim_start_matches('+').parse::<Millis>() {
                Ok(sooner) if (-MOST_OFFSET..=MOST_OFFSET).contains(&sooner) => self.builder.offset(-sooner),
                Ok(_) => self
                    .builder
                    .flaw(at, "an offset of more than a minute is a mistake; it is ignored"),
                Err(_) => self
                    .builder
                    .flaw(at, "the offset is no number of milliseconds; it is ignored"),
            },
            "bg" => {
                let (pieces, _) = pieces(value, 0);
                let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
                if let Some(line) = self.builder.lines_mut().last_mut() {
                    line.under.push(under(SubLineKind::Backing, text.trim()));
                    line.under.truncate(4);
                }
            }
            _ => {}
        }
    }

    /// Takes the prefix that says who sings off the text.
    fn who<'t>(&mut self, text: &'t str) -> &'t str {
        const PREFIXES: [(&str, Singers); 7] = [
            ("F:", Singers::SECOND),
            ("M:", Singers::FIRST),
            ("D:", Singers::BOTH),
            ("v1:", Singers::FIRST),
            ("v2:", Singers::SECOND),
            ("v3:", Singers(4)),
            ("v1000:", Singers::BOTH),
        ];
        for (prefix, singers) in PREFIXES {
            if let Some(rest) = text.strip_prefix(prefix) {
                self.singers = singers;
                return rest.trim_start();
            }
        }
        text
    }

    fn finish(mut self) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
        self.builder.sort();
        self.builder.fold_doubled();
        let lines = self.builder.lines_mut();
        for end in self.ends {
            let begun = lines.partition_point(|line| line.start_ms < end);
            if let Some(line) = begun.checked_sub(1).and_then(|last| lines.get_mut(last)) {
                line.end_ms = Some(line.end_ms.map_or(end, |known| known.min(end)));
            }
        }
        if self.worded {
            self.builder.format(Format::EnhancedLrc);
        }
        if self
            .builder
            .lines_mut()
            .iter()
            .any(|line| line.singers != Singers::default())
        {
            self.builder.voices(vec!["1".into(), "2".into()]);
        }
        self.builder.finish()
    }
}

fn under(kind: SubLineKind, text: &str) -> SubLine {
    // as much as a line may have; the builder cuts lines, not what is put under them afterwards
    let text: String = text.chars().take(LONGEST_LINE).collect();
    SubLine {
        kind,
        text: crate::text::printable(&text),
    }
}

/// `[key:value]`, the key in small letters.
fn tag(row: &str) -> Option<(String, &str)> {
    let inner = row.strip_prefix('[')?.strip_suffix(']')?;
    let (key, value) = inner.split_once(':')?;
    let key = key.trim();
    let plain =
        !key.is_empty() && key.len() <= 20 && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| (key.to_lowercase(), value))
}

/// Stamps inside a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inline {
    None,
    Angle,
    Square,
}

/// Cuts a line at the stamps inside it. A piece begins at the stamp before it and ends at the one
/// after it; what lies between two words has no time of its own.
fn pieces(text: &str, start: Millis) -> (Vec<TimedText>, Inline) {
    let mut pieces: Vec<TimedText> = Vec::new();
    let (mut from, mut look) = (0, 0);
    let mut begun = Some(start);
    let mut inline = Inline::None;
    while let Some(at) = text[look..].find(['<', '[']).map(|at| look + at) {
        let open = if text[at..].starts_with('<') { '<' } else { '[' };
        let Some((ms, length)) = stamp(&text[at..], open) else {
            look = at + 1;
            continue;
        };
        push(&mut pieces, &text[from..at], begun, Some(ms));
        if inline == Inline::None {
            inline = if open == '<' {
                Inline::Angle
            } else {
                Inline::Square
            };
        }
        begun = Some(ms);
        from = at + length;
        look = from;
    }
    let timed = inline != Inline::None;
    push(&mut pieces, &text[from..], begun.filter(|_| timed), None);
    (pieces, inline)
}

fn push(pieces: &mut Vec<TimedText>, text: &str, start: Option<Millis>, end: Option<Millis>) {
    if text.trim().is_empty() {
        if !text.is_empty() {
            pieces.push(TimedText::new(text, None, None));
        }
    } else {
        pieces.push(TimedText::new(text, start, end));
    }
}

/// The stamp a text begins with, and its length in bytes: minutes, seconds and, after a point or a
/// colon, tenths, hundredths or thousandths; with a second colon and a point, hours go before.
fn stamp(text: &str, open: char) -> Option<(Millis, usize)> {
    let close = if open == '<' { '>' } else { ']' };
    let inner = text.strip_prefix(open)?;
    // no stamp is longer, and a line of brackets must not be searched to its end for each of them
    let end = inner.char_indices().take(24).find(|(_, c)| *c == close)?.0;
    let inside = inner[..end].trim();
    let (sign, digits) = match inside.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, inside),
    };
    let mut parts = digits.split([':', '.', ',']);
    let marks: Vec<char> = digits.chars().filter(|c| matches!(c, ':' | '.' | ',')).collect();
    if marks.first() != Some(&':') {
        return None;
    }
    let mut number = |most: usize| -> Option<(i64, usize)> {
        let part = parts.next()?;
        let plain = !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
        Some((part.parse().ok().filter(|_| plain)?, part.len()))
    };
    let fraction = |(value, digits): (i64, usize)| match digits {
        1 => value * 100,
        2 => value * 10,
        3 => value,
        // finer than a millisecond
        more => value / 10_i64.pow(more as u32 - 3),
    };
    let ms = match marks.as_slice() {
        [_] => number(9)?.0 * 60_000 + number(2)?.0 * 1000,
        [_, ':', '.' | ','] => {
            number(6)?.0 * 3_600_000 + number(2)?.0 * 60_000 + number(2)?.0 * 1000 + fraction(number(6)?)
        }
        [_, _] => number(9)?.0 * 60_000 + number(2)?.0 * 1000 + fraction(number(6)?),
        _ => return None,
    };
    Some((sign * ms, open.len_utf8() + end + close.len_utf8()))
}

#[cfg(test)]
mod tests;
