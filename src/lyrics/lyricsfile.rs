//! Lyricsfile 1.0: YAML with explicit ends and explicit spaces. Published with
//! <https://github.com/tranxuanthang/lrcget>.

use serde::Deserialize;

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::encoding::rows;
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem, Millis, Timing};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LyricsfileDocument {
    metadata: Metadata,
    lines: Vec<TimedEntry>,
    plain: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    title: Option<String>,
    artist: Option<String>,
    language: Option<String>,
    offset_ms: Option<f64>,
}

/// A line, or a word of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TimedEntry {
    text: String,
    start_ms: Option<f64>,
    end_ms: Option<f64>,
    words: Vec<TimedEntry>,
}

/// True where a row says what only such a file says.
pub fn looks_like(text: &str) -> bool {
    let said = || rows(text).map(|(_, row)| row.trim_end()).take(100);
    let part = |row: &str| matches!(row, "lines:" | "metadata:") || row.starts_with("plain:");
    said().any(|row| row.starts_with("version:")) && said().any(part)
}

pub fn read(text: &str) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let broken = |reason: String| LyricsError::Broken {
        format: Format::Lyricsfile,
        reason: crate::text::printable(&reason),
    };
    let file: LyricsfileDocument = serde_saphyr::from_str(text).map_err(|error| broken(error.to_string()))?;
    let mut builder = Builder::new(Format::Lyricsfile);
    builder.title(file.metadata.title.as_deref().unwrap_or_default());
    builder.artist(file.metadata.artist.as_deref().unwrap_or_default());
    builder.language(file.metadata.language.as_deref().unwrap_or_default());
    builder.offset(file.metadata.offset_ms.map_or(0, ms));
    let timed = file.lines.iter().any(|line| line.start_ms.is_some());
    builder.timing(if timed { Timing::Words } else { Timing::None });
    for (at, line) in file.lines.into_iter().enumerate() {
        if timed && line.start_ms.is_none() {
            builder.flaw(
                0,
                format!("line {} of the song has no start and is left out", at + 1),
            );
            continue;
        }
        let pieces = if line.words.is_empty() {
            vec![TimedText::new(line.text, None, None)]
        } else {
            let words = line.words.into_iter();
            words
                .map(|word| {
                    TimedText::new(
                        word.text,
                        word.start_ms.filter(|_| timed).map(ms),
                        word.end_ms.map(ms),
                    )
                })
                .collect()
        };
        builder.line(LineDraft {
            at: 0,
            start_ms: line.start_ms.map(ms),
            end_ms: line.end_ms.map(ms),
            pieces,
            ..LineDraft::default()
        });
    }
    if !timed {
        for (at, row) in rows(file.plain.as_deref().unwrap_or_default()) {
            builder.line(LineDraft {
                at,
                pieces: vec![TimedText::new(row, None, None)],
                ..LineDraft::default()
            });
        }
    }
    builder.finish()
}

/// Whatever is no number becomes the start; the builder keeps the rest within reason.
fn ms(number: f64) -> Millis {
    number.round() as Millis
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SONG: &str = "version: '1.0'\nmetadata:\n  title: Lanterns\n  artist: Ana\n  language: en\n  offset_ms: 100\nlines:\n\
        - text: Paper lanterns\n  start_ms: 1000\n  end_ms: 3000\n  words:\n  - text: 'Paper '\n    start_ms: 1000\n    end_ms: 1500\n\
        \x20 - text: lanterns\n    start_ms: 1600\n    end_ms: 2800\n- text: on the water\n  start_ms: 5000\n";

    #[test]
    fn lines_and_words_are_read_with_their_ends() {
        assert!(looks_like(SONG));
        let (song, flaws) = read(SONG).unwrap();
        assert!(flaws.is_empty());
        assert_eq!(song.text(), "Paper lanterns\non the water");
        assert_eq!((song.lines[0].start_ms, song.lines[0].end_ms), (1100, Some(3100)));
        let times: Vec<(Millis, Millis)> = song.lines[0]
            .words
            .iter()
            .map(|w| (w.start_ms, w.end_ms))
            .collect();
        assert_eq!(times, [(1100, 1600), (1700, 2900)]);
        assert_eq!(
            (song.title.as_deref(), song.language.as_deref()),
            (Some("Lanterns"), Some("en"))
        );
    }

    #[test]
    fn plain_words_stay_without_times() {
        let (song, _) = read("version: '1.0'\nplain: |\n  one\n\n  two\n").unwrap();
        assert_eq!((song.text().as_str(), song.timing), ("one\ntwo", Timing::None));
    }

    #[test]
    fn broken_yaml_and_bombs_are_refused() {
        assert!(matches!(read("lines: [\n"), Err(LyricsError::Broken { .. })));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let alias = format!("*a{}, ", i - 1).repeat(9);
            bomb += &format!("a{i}: &a{i} [{alias}]\n");
        }
        assert!(read(&format!("{bomb}lines: *a11\n")).is_err());
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn ten_thousand_lines_are_no_bomb() {
        let line = "- text: one two\n  start_ms: 1\n  words:\n  - {text: 'one ', start_ms: 1, end_ms: 2}\n  - {text: two, start_ms: 2, end_ms: 3}\n";
        let (song, _) = read(&format!("lines:\n{}", line.repeat(10_000))).unwrap();
        assert_eq!(song.lines.len(), 10_000);
    }

    proptest! {
        #[test]
        fn anything_like_it_is_read_or_refused(
            body in "(- text: [a-z ]{0,9}\n|  start_ms: -?[0-9.e]{0,12}\n|  end_ms: [0-9]{0,5}\n|  words: \\[\\{text: a, start_ms: [0-9]{0,4}\\}\\]\n|[ -~]{0,9}\n){0,30}"
        ) {
            if let Ok((song, _)) = read(&format!("lines:\n{body}")) {
                crate::lyrics::tests::holds(&song);
            }
        }
    }
}
