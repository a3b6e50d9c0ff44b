//! Lyrics from a song's own tags: ID3 SYLT as pairs of text and time, and the texts of USLT, Vorbis
//! comments, MP4 and APE, which may hold a whole LRC file. Whoever reads the tags takes the bytes
//! apart; what they mean is decided here.

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem, Millis, Timing};
use crate::lyrics::text_file::read_text;
use crate::text::printable;

/// Lyrics read of one file; more than this is nobody's choice.
const MOST: usize = 16;

/// What the tags of one file hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embedded {
    pub synced: Vec<Synced>,
    /// As they stand in the tags, the most telling key first.
    pub texts: Vec<String>,
}

/// One SYLT frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Synced {
    pub language: Option<String>,
    /// Each text with the moment it begins.
    pub texts: Vec<(Millis, String)>,
}

/// Whatever the tags have, each with a name that tells it from the others: words with times first,
/// then lines with times, then plain text.
pub fn all(embedded: &Embedded) -> Vec<(String, Lyrics)> {
    let synced = embedded.synced.iter().map(|synced| {
        let language = synced.language.as_deref().unwrap_or_default();
        (printable(&format!("SYLT {language}")), read_synced(synced).ok())
    });
    let texts = embedded
        .texts
        .iter()
        .enumerate()
        .map(|(nth, text)| (format!("text {}", nth + 1), read_text(text).ok()));
    let read = synced.chain(texts);
    let mut all: Vec<(String, Lyrics)> = read
        .filter_map(|(name, read)| Some((name, read?.0)))
        .take(MOST)
        .collect();
    // the first of the best, as the tags have them in order
    all.sort_by_key(|(_, lyrics)| match lyrics.timing {
        Timing::Words => 0,
        Timing::Lines | Timing::Guessed => 1,
        Timing::None => 2,
    });
    all
}

/// A newline in any text means that texts are syllables and newlines part the lines; without one each
/// text is a line.
pub fn read_synced(synced: &Synced) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let mut builder = Builder::new(Format::Sylt);
    builder.timing(Timing::Words);
    if let Some(language) = &synced.language {
        builder.language(language);
    }
    let syllables = synced.texts.iter().any(|(_, text)| text.contains(['\n', '\r']));
    let mut draft = LineDraft::default();
    for (at, (ms, text)) in synced.texts.iter().enumerate() {
        if builder.is_full() {
            break;
        }
        if let Some(last) = draft.pieces.last_mut().filter(|last| last.end_ms.is_none()) {
            last.end_ms = Some(*ms);
        }
        if !syllables {
            take(&mut builder, &mut draft);
            draft = LineDraft {
                at: at + 1,
                start_ms: Some(*ms),
                pieces: vec![TimedText::new(text.as_str(), None, None)],
                ..LineDraft::default()
            };
            continue;
        }
        for (part, text) in text.split(['\n', '\r']).enumerate() {
            if part > 0 {
                take(&mut builder, &mut draft);
            }
            if !text.is_empty() {
                draft.at = at + 1;
                draft.pieces.push(TimedText::new(text, Some(*ms), None));
            }
        }
    }
    take(&mut builder, &mut draft);
    builder.finish()
}

fn take(builder: &mut Builder, draft: &mut LineDraft) {
    let mut draft = std::mem::take(draft);
    draft.end_ms = draft.pieces.last().and_then(|piece| piece.end_ms);
    if !draft.pieces.is_empty() {
        builder.line(draft);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn synced(texts: &[(Millis, &str)]) -> Synced {
        Synced {
            language: Some("eng".into()),
            texts: texts.iter().map(|(ms, text)| (*ms, (*text).to_owned())).collect(),
        }
    }

    #[test]
    fn a_newline_begins_a_line_of_syllables() {
        let (song, _) = read_synced(&synced(&[
            (1000, "Pa"),
            (1200, "per"),
            (2000, "\non "),
            (2500, "wa"),
            (3000, "ter\n"),
            (4000, ""),
        ]))
        .unwrap();
        assert_eq!(song.text(), "Paper\non water");
        assert_eq!(
            (song.timing, song.language.as_deref()),
            (Timing::Words, Some("eng"))
        );
        let times: Vec<(Millis, Millis)> = song.lines[1]
            .words
            .iter()
            .map(|w| (w.start_ms, w.end_ms))
            .collect();
        assert_eq!(times, [(2000, 2500), (2500, 3000), (3000, 3600)]);
    }

    #[test]
    fn without_newlines_each_text_is_a_line_and_an_empty_one_its_end() {
        let (song, _) = read_synced(&synced(&[
            (1000, "Paper lanterns"),
            (3000, ""),
            (5000, "on the water"),
        ]))
        .unwrap();
        assert_eq!((song.timing, song.lines[0].end_ms), (Timing::Lines, Some(3000)));
        assert_eq!(song.text(), "Paper lanterns\non the water");
    }

    #[test]
    fn a_whole_lrc_in_a_text_counts_as_timed() {
        let embedded = Embedded {
            synced: vec![synced(&[(0, "lines")])],
            texts: vec![
                "plain words".into(),
                "[00:01.00]<00:01.00>timed <00:02.00>words".into(),
            ],
        };
        let all = all(&embedded);
        let said: Vec<(&str, String)> = all
            .iter()
            .map(|(name, lyrics)| (name.as_str(), lyrics.text()))
            .collect();
        assert_eq!(
            said,
            [
                ("text 2", "timed words".to_owned()),
                ("SYLT eng", "lines".to_owned()),
                ("text 1", "plain words".to_owned())
            ]
        );
    }

    proptest! {
        #[test]
        fn any_pairs_are_read_or_refused(texts in prop::collection::vec((any::<i64>(), "(\\PC|\n){0,12}"), 0..40)) {
            if let Ok((song, _)) = read_synced(&Synced { language: None, texts }) {
                crate::lyrics::tests::holds(&song);
            }
        }
    }
}
