//! Advanced SubStation Alpha: the dialogue lines, with the times of their `\k` syllables. Positions,
//! colours and drawings are left out.

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::encoding::rows;
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem, Millis, Timing};

pub fn looks_like(text: &str) -> bool {
    let section = |row: &str| ["[script info]", "[events]"].contains(&row.trim().to_lowercase().as_str());
    rows(text)
        .take(100)
        .any(|(_, row)| row.len() < 40 && section(row))
}

pub fn read(text: &str) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let mut builder = Builder::new(Format::Ass);
    builder.timing(Timing::Words);
    let mut section = String::new();
    let mut columns = Columns::default();
    // a template keeps the words in comments and what a program made of them in lines of effects
    let made = rows(text).any(|(_, row)| row.starts_with("Comment:") && row.contains(",karaoke,"));
    for (at, row) in rows(text) {
        if builder.is_full() {
            break;
        }
        let row = row.trim();
        if row.starts_with('[') && row.ends_with(']') {
            section = row.to_lowercase();
            continue;
        }
        let Some((key, value)) = row.split_once(':') else {
            continue;
        };
        match (section.as_str(), key.trim()) {
            ("[script info]", "Title") => builder.title(value),
            ("[script info]", "Language") => builder.language(value),
            ("[events]", "Format") => columns = Columns::of(value),
            ("[events]", kind @ ("Dialogue" | "Comment")) => {
                let Some(event) = columns.event(value) else {
                    builder.flaw(at, "the line has fewer parts than its Format says");
                    continue;
                };
                let sung = if made {
                    event.effect == "karaoke"
                } else {
                    kind == "Dialogue"
                };
                if sung {
                    dialogue(&mut builder, at, &event);
                }
            }
            _ => {}
        }
    }
    builder.sort();
    builder.fold_doubled();
    builder.finish()
}

/// Where in a line the parts we read stand; the text is the last one.
struct Columns {
    start: usize,
    end: usize,
    effect: usize,
    count: usize,
}

struct AssEvent<'a> {
    start: &'a str,
    end: &'a str,
    effect: &'a str,
    text: &'a str,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            start: 1,
            end: 2,
            effect: 8,
            count: 10,
        }
    }
}

impl Columns {
    fn of(format: &str) -> Self {
        let names: Vec<String> = format
            .split(',')
            .take(40)
            .map(|name| name.trim().to_lowercase())
            .collect();
        let usual = Self::default();
        let at = |name: &str, usual: usize| names.iter().position(|n| n == name).unwrap_or(usual);
        Self {
            start: at("start", usual.start),
            end: at("end", usual.end),
            effect: at("effect", usual.effect),
            count: names.len().max(1),
        }
    }

    fn event<'a>(&self, value: &'a str) -> Option<AssEvent<'a>> {
        let parts: Vec<&str> = value.splitn(self.count, ',').collect();
        Some(AssEvent {
            start: parts.get(self.start)?.trim(),
            end: parts.get(self.end)?.trim(),
            effect: parts.get(self.effect).copied().unwrap_or_default().trim(),
            text: parts.get(self.count - 1)?,
        })
    }
}

fn dialogue(builder: &mut Builder, at: usize, event: &AssEvent) {
    let (Some(start), Some(end)) = (time(event.start), time(event.end)) else {
        return builder.flaw(at, "the line's start or end is no time; it is left out");
    };
    if end < start {
        builder.flaw(at, "the line ends before it begins");
    }
    let mut pieces = vec![TimedText::default()];
    let (mut clock, mut drawing) = (start, false);
    let mut rest = event.text;
    while !rest.is_empty() {
        if let Some(tags) = rest.strip_prefix('{')
            && let Some(close) = tags.find('}')
        {
            for tag in tags[..close].split('\\').skip(1) {
                match Tag::of(tag) {
                    Tag::Syllable(ms) => {
                        let begin = clock;
                        clock = clock.saturating_add(ms);
                        pieces.push(TimedText::new("", Some(begin), Some(clock)));
                    }
                    Tag::Clock(ms) => clock = start.saturating_add(ms),
                    Tag::Drawing(on) => drawing = on,
                    Tag::Other => {}
                }
            }
            rest = &tags[close + 1..];
            continue;
        }
        // a brace that never closes is text
        let brace = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '{')
            .map_or(rest.len(), |(at, _)| at);
        if let (false, Some(piece)) = (drawing, pieces.last_mut()) {
            let text = rest[..brace]
                .replace("\\N", " ")
                .replace("\\n", " ")
                .replace("\\h", " ");
            piece.text.push_str(&text);
        }
        rest = &rest[brace..];
    }
    builder.line(LineDraft {
        at,
        start_ms: Some(start),
        end_ms: Some(end.max(start)),
        pieces,
        ..LineDraft::default()
    });
}

enum Tag {
    /// A syllable of so many milliseconds.
    Syllable(Millis),
    /// The next syllable begins so long after the line.
    Clock(Millis),
    Drawing(bool),
    Other,
}

impl Tag {
    fn of(tag: &str) -> Self {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let letters = tag.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | ' '));
        match (letters, number(&tag[letters.len()..])) {
            // centiseconds
            ("k" | "K" | "kf" | "ko", Some(length)) => {
                Self::Syllable((length.clamp(0.0, 1e6) * 10.0) as Millis)
            }
            ("kt", Some(start)) => Self::Clock((start.clamp(0.0, 1e7) * 10.0) as Millis),
            ("p", Some(scale)) => Self::Drawing(scale > 0.0),
            _ => Self::Other,
        }
    }
}

/// `0:01:02.34`
fn time(text: &str) -> Option<Millis> {
    let mut parts = text.split(':');
    let mut number = || {
        parts
            .next()?
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|n| (0.0..1e6).contains(n))
    };
    let (hours, minutes, seconds) = (number()?, number()?, number()?);
    Some(((hours * 3600.0 + minutes * 60.0 + seconds) * 1000.0).round() as Millis)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "[Script Info]\nTitle: Lanterns\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";

    fn song(events: &str) -> Lyrics {
        read(&format!("{HEAD}{events}")).unwrap().0
    }

    fn times(song: &Lyrics) -> Vec<(String, Millis, Millis)> {
        let line = &song.lines[0];
        line.words
            .iter()
            .map(|w| (line.text[w.from..w.to].to_owned(), w.start_ms, w.end_ms))
            .collect()
    }

    #[test]
    fn syllables_are_read_in_centiseconds() {
        let song = song(
            "Dialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,{\\k20}Pa{\\kf30\\c&HFF&}per {\\K50}lan{\\ko40}terns\n",
        );
        assert_eq!(song.text(), "Paper lanterns");
        let is = |text: &str, from, to| (text.to_owned(), from, to);
        assert_eq!(
            times(&song),
            [
                is("Pa", 1000, 1200),
                is("per ", 1200, 1500),
                is("lan", 1500, 2000),
                is("terns", 2000, 2400)
            ]
        );
        assert_eq!(
            (song.lines[0].end_ms, song.title.as_deref()),
            (Some(4000), Some("Lanterns"))
        );
    }

    #[test]
    fn other_tags_drawings_and_comments_are_left_out() {
        let events = "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not sung\n\
            Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}{\\an8\\i1}two\\Nrows, a {brace\n";
        assert_eq!(song(events).text(), "two rows, a {brace");
        let template = "Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,karaoke,{\\k50}a{\\k50}b\n\
            Dialogue: 0,0:00:02.00,0:00:02.50,Default,,0,0,0,fx,a\nDialogue: 0,0:00:02.50,0:00:03.00,Default,,0,0,0,fx,b\n";
        assert_eq!(song(template).text(), "ab");
    }

    #[test]
    fn lines_with_wrong_times_are_named() {
        let (_, flaws) = read(&format!("{HEAD}Dialogue: 0,soon,0:00:01.00,D,,0,0,0,,a\nDialogue: 0,1\nDialogue: 0,0:00:05.00,0:00:01.00,D,,0,0,0,,b\n")).unwrap();
        assert_eq!(flaws.iter().map(|flaw| flaw.line).collect::<Vec<_>>(), [6, 7, 8]);
    }

    proptest! {
        #[test]
        fn anything_like_it_is_read_or_refused(
            events in "((Dialogue|Comment|Format): ?(0,[0-9:.]{0,12},[0-9:.]{0,12},D,,0,0,0,(karaoke)?,)?(\\{\\\\k[fot]?-?[0-9]{0,9}\\}|[a-z{} \\\\]{0,6}){0,6}\n){0,20}"
        ) {
            if let Ok((song, _)) = read(&format!("{HEAD}{events}")) {
                crate::lyrics::tests::holds(&song);
            }
        }
    }
}
