//! Standard MIDI files with words: `.kar`, whose text events are syllables with `\` and `/` before
//! those that begin a screen or a line, and files with lyric events. Only words and times are read.

use midly::{Fps, MetaMessage, Timing as Beat, TrackEventKind};

use crate::lyrics::build::{Builder, LineDraft, TimedText};
use crate::lyrics::error::LyricsError;
use crate::lyrics::model::{Format, Lyrics, LyricsProblem, Millis, Read, Timing};
use crate::lyrics::{encoding, tags};

/// Text events kept of a file.
const MOST_TEXTS: usize = 100_000;
/// Changes of tempo kept of a file.
const MOST_TEMPOS: usize = 20_000;

pub fn read(bytes: &[u8]) -> Result<Read, LyricsError> {
    // an RMID file is a MIDI file in a box
    let at = bytes.windows(4).take(64).position(|four| four == b"MThd");
    let file = Midi::parse(&bytes[at.unwrap_or(0)..])?;
    let encoding = encoding::guess(&file.all_text());
    let (lyrics, flaws) = if file.lyrics.len() > file.texts.len() / 2 && !file.is_kar() {
        let texts = file.lyrics.iter().map(|(tick, text)| {
            let (text, _) = encoding.decode_without_bom_handling(text);
            (file.ms(*tick), text.into_owned())
        });
        let synced = tags::Synced {
            language: None,
            texts: texts.collect(),
        };
        let (mut lyrics, flaws) = tags::read_synced(&synced)?;
        lyrics.format = Format::Midi;
        (lyrics, flaws)
    } else {
        karaoke(&file, encoding)?
    };
    Ok(Read {
        lyrics,
        flaws,
        encoding: encoding.name(),
    })
}

/// What is of use, by tick.
struct Midi<'a> {
    beat: Beat,
    tempos: Vec<(u64, u32)>,
    texts: Vec<(u64, &'a [u8])>,
    lyrics: Vec<(u64, &'a [u8])>,
}

impl<'a> Midi<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, LyricsError> {
        let broken = |error: midly::Error| LyricsError::Broken {
            format: Format::Midi,
            reason: error.to_string(),
        };
        // the one number of frames a second that the crate below cannot negate
        if bytes.get(12) == Some(&0x80) {
            return Err(LyricsError::Broken {
                format: Format::Midi,
                reason: "its ticks have no length".into(),
            });
        }
        let (header, tracks) = midly::parse(bytes).map_err(broken)?;
        let mut file = Self {
            beat: header.timing,
            tempos: vec![(0, 500_000)],
            texts: Vec::new(),
            lyrics: Vec::new(),
        };
        for track in tracks {
            let Ok(events) = track else { break };
            let mut tick = 0_u64;
            let (mut texts, mut lyrics) = (Vec::new(), Vec::new());
            for event in events {
                let Ok(event) = event else { break };
                tick += u64::from(event.delta.as_int());
                match event.kind {
                    TrackEventKind::Meta(MetaMessage::Text(text)) if texts.len() < MOST_TEXTS => {
                        texts.push((tick, text))
                    }
                    TrackEventKind::Meta(MetaMessage::Lyric(text)) if lyrics.len() < MOST_TEXTS => {
                        lyrics.push((tick, text))
                    }
                    TrackEventKind::Meta(MetaMessage::Tempo(tempo)) if file.tempos.len() < MOST_TEMPOS => {
                        file.tempos.push((tick, tempo.as_int()));
                    }
                    _ => {}
                }
            }
            // the words stand in one track; what others say is about the instruments
            let head: Vec<_> = texts
                .iter()
                .filter(|(_, text)| text.starts_with(b"@"))
                .copied()
                .collect();
            if texts.len() > file.texts.len() {
                let before = std::mem::replace(&mut file.texts, texts);
                file.texts
                    .extend(before.into_iter().filter(|(_, text)| text.starts_with(b"@")));
            } else {
                file.texts.extend(head);
            }
            if lyrics.len() > file.lyrics.len() {
                file.lyrics = lyrics;
            }
        }
        file.texts.sort_by_key(|(tick, _)| *tick);
        file.tempos.sort_by_key(|(tick, _)| *tick);
        Ok(file)
    }

    fn is_kar(&self) -> bool {
        let line = |text: &[u8]| matches!(text.first(), Some(b'\\' | b'/'));
        self.texts.iter().any(|(_, text)| line(text))
    }

    fn all_text(&self) -> Vec<u8> {
        let texts = self.texts.iter().chain(&self.lyrics);
        texts.flat_map(|(_, text)| text.iter().copied()).collect()
    }

    fn ms(&self, tick: u64) -> Millis {
        let micros = match self.beat {
            Beat::Timecode(fps, subframes) => {
                let fps = match fps {
                    Fps::Fps29 => 29.97,
                    whole => f64::from(whole.as_int()),
                };
                tick as f64 * 1e6 / (fps * f64::from(subframes.max(1)))
            }
            Beat::Metrical(ticks) => {
                let quarter = f64::from(ticks.as_int().max(1));
                let mut micros = 0.0;
                // a tempo holds until the next one; few files have more than a handful
                let passed = self.tempos.partition_point(|(at, _)| *at <= tick);
                for (i, (at, tempo)) in self.tempos[..passed].iter().enumerate() {
                    let until = self.tempos[..passed].get(i + 1).map_or(tick, |(next, _)| *next);
                    micros += (until - at) as f64 / quarter * f64::from(*tempo);
                }
                micros
            }
        };
        (micros / 1000.0).round() as Millis
    }
}

fn karaoke(
    file: &Midi,
    encoding: &'static encoding_rs::Encoding,
) -> Result<(Lyrics, Vec<LyricsProblem>), LyricsError> {
    let mut builder = Builder::new(Format::Midi);
    builder.timing(Timing::Words);
    let mut draft = LineDraft::default();
    let mut titles = 0;
    for (at, (tick, text)) in file.texts.iter().enumerate() {
        if builder.is_full() {
            break;
        }
        let (text, _) = encoding.decode_without_bom_handling(text);
        if let Some(header) = text.strip_prefix('@') {
            match header.chars().next() {
                Some('T') if titles == 0 => builder.title(&header[1..]),
                Some('T') if titles == 1 => builder.artist(&header[1..]),
                Some('L') => builder.language(&header[1..]),
                _ => {}
            }
            titles += usize::from(header.starts_with('T'));
            continue;
        }
        let ms = file.ms(*tick);
        let begins = text.starts_with(['\\', '/']);
        if let Some(last) = draft.pieces.last_mut() {
            last.end_ms = Some(ms);
        }
        if begins {
            line(&mut builder, &mut draft);
        }
        let text = if begins { &text[1..] } else { &text[..] };
        if !text.is_empty() {
            draft.at = at + 1;
            draft.pieces.push(TimedText::new(text, Some(ms), None));
        }
    }
    line(&mut builder, &mut draft);
    builder.finish()
}

/// The last syllable of a line is not held until the next line begins.
const LONGEST_LAST: Millis = 1_500;

fn line(builder: &mut Builder, draft: &mut LineDraft) {
    let mut draft = std::mem::take(draft);
    if let Some(last) = draft.pieces.last_mut() {
        let most = last.start_ms.map(|start| start.saturating_add(LONGEST_LAST));
        last.end_ms = last.end_ms.or(most).min(most);
        draft.end_ms = last.end_ms;
        builder.line(draft);
    }
}

#[cfg(test)]
mod tests;
