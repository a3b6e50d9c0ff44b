//! Which line of the lyrics is sung at a moment, and how far it is sung.

use crate::app::state::vocal_fallback::VocalSpan;
use crate::app::state::vocal_map::VocalMap;
use crate::lyrics::{Line, Lyrics, Millis, syllables};

/// A gap of more than this gets a countdown.
const GAP_MS: Millis = 4_000;

/// A line stays this long after its last word.
const HOLD_MS: Millis = 600;

/// Where nothing says how long a syllable takes.
pub(crate) const SYLLABLE_MS: f64 = 330.0;

/// What the Sing screen shows of the lyrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LyricsMoment {
    /// The line in the middle: sung now, or next.
    pub line: usize,
    /// Graphemes of it that are sung.
    pub sung: f64,
    /// Seconds until it begins, in a long gap.
    pub countdown: Option<f64>,
    /// A line of another singer that is still going on, and how far.
    pub other: Option<(usize, f64)>,
}

/// Line, steps of its wipe, graphemes sung of the other singer's, seconds left.
pub(crate) type LyricsFrame = (usize, i64, i64, i64);

/// Where the lyrics are at this moment of the song, the listener's offset taken off.
pub fn moment(lyrics: &Lyrics, voice: &VocalMap, ms: Millis) -> Option<LyricsMoment> {
    let next = |line: usize, gap: Millis| {
        let begins = lyrics.lines.get(line)?.start_ms;
        let countdown = (gap > GAP_MS).then_some((begins - ms) as f64 / 1000.0);
        Some(LyricsMoment {
            line,
            sung: 0.0,
            countdown,
            other: None,
        })
    };
    let Some(line) = lyrics.line_at(ms) else {
        return next(0, lyrics.lines.first()?.start_ms);
    };
    let over = sung_until_ms(lyrics, line, voice);
    if let Some(following) = lyrics.lines.get(line + 1) {
        let gap = following.start_ms - over;
        if ms >= over + HOLD_MS.min(gap / 2) {
            return next(line + 1, gap);
        }
    }
    Some(LyricsMoment {
        line,
        sung: sung_graphemes(lyrics, line, voice, ms),
        countdown: None,
        other: other_singer(lyrics, line, voice, ms),
    })
}

/// In a duet, the line before that its own singer has not finished.
pub(crate) fn other_singer(
    lyrics: &Lyrics,
    line: usize,
    voice: &VocalMap,
    ms: Millis,
) -> Option<(usize, f64)> {
    let singers = lyrics.lines.get(line)?.singers;
    let before = (line.saturating_sub(3)..line).rev();
    let mut others = before.filter(|other| {
        let theirs = lyrics.lines[*other].singers;
        theirs != singers && sung_until_ms(lyrics, *other, voice) > ms
    });
    others
        .next()
        .map(|other| (other, sung_graphemes(lyrics, other, voice, ms)))
}

/// Graphemes of a line that are sung at a moment.
pub(crate) fn sung_graphemes(lyrics: &Lyrics, number: usize, voice: &VocalMap, ms: Millis) -> f64 {
    let line = &lyrics.lines[number];
    if !line.words.is_empty() {
        return line.sung_at(ms);
    }
    let end = lyrics.end_ms(number);
    let share = match VocalSpan::between(voice, line.start_ms, end) {
        Some(heard) => heard.before(ms) / heard.before(end),
        None => {
            let end = guessed_end(line, end);
            (ms - line.start_ms) as f64 / (end - line.start_ms).max(1) as f64
        }
    };
    graphemes_of(line, share)
}

/// Share of a line's syllables as graphemes.
fn graphemes_of(line: &Line, share: f64) -> f64 {
    let weights = syllables::weights(&line.text);
    let mut left = share.clamp(0.0, 1.0) * weights.iter().map(|w| f64::from(*w)).sum::<f64>();
    for (at, weight) in weights.iter().enumerate() {
        let weight = f64::from(*weight);
        if left < weight {
            return at as f64 + left / weight;
        }
        left -= weight;
    }
    weights.len() as f64
}

/// When the last word of a line is over.
pub(crate) fn sung_until_ms(lyrics: &Lyrics, number: usize, voice: &VocalMap) -> Millis {
    let line = &lyrics.lines[number];
    let end = lyrics.end_ms(number);
    if let Some(last) = line.words.last() {
        return last.end_ms.min(end);
    }
    match VocalSpan::between(voice, line.start_ms, end) {
        Some(heard) => heard.last().min(end),
        None => guessed_end(line, end),
    }
}

/// The end of a line of which only the next one's begin is known.
fn guessed_end(line: &Line, end: Millis) -> Millis {
    let usual = f64::from(syllables::total(&line.text)) * SYLLABLE_MS * 1.4 + 500.0;
    end.min(line.start_ms + usual as Millis)
}
