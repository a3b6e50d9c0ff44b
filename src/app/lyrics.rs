//! The lyrics of the song on the deck: which line is sung at a moment and how far, by the times of
//! the file or, where it has none for words, by where the vocals are heard; steps from line to line,
//! and the offset of the listener.

mod heard;
mod suggestion;
mod words;

use super::deck::Voiceprint;
use super::sources::WordsFound;
use super::{App, Effect, looping, transport};
use crate::action::{Action, Screen};
use crate::lyrics::cdg::Graphics;
use crate::lyrics::{Line, Lyrics, Millis, syllables};
use crate::song_memory::Change;
use heard::Heard;

pub use suggestion::{Listening, words as suggestion_words};
pub(super) use suggestion::{listen, settle, take as take_suggestion, traced};
pub use words::Words;

/// A gap of more than this gets a countdown.
const GAP_MS: Millis = 4_000;
/// A line stays this long after its last word.
const HOLD_MS: Millis = 600;
/// One step of the offset.
const OFFSET_STEP_MS: i32 = 50;
/// Further than this an offset finds no other line of the song.
const MOST_OFFSET_MS: i32 = 60_000;
/// A step to a line lands so much before it: a breath.
const BREATH_MS: Millis = 200;
/// Later than this in a line, a step back goes to its own beginning.
const RESTART_MS: Millis = 1_500;
/// Where nothing says how long a syllable takes.
const SYLLABLE_MS: f64 = 330.0;
/// A big letter is wiped in so many steps.
const LETTER_CELLS: f64 = 4.0;
/// Between two pictures.
const PICTURE_MS: Millis = 33;
/// Between two looks at a wipe whose steps are not known beforehand: three letters of fast singing.
const LOOK_MS: u64 = 30;
/// The same for parts of letters, of which there are more: 60 a second.
const STEP_MS: u64 = 16;

/// What the Sing screen shows of the lyrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
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
pub(super) type Face = (usize, i64, i64, i64);

/// Where the lyrics are at this moment of the song, the listener's offset taken off.
pub fn moment(lyrics: &Lyrics, voice: &Voiceprint, ms: Millis) -> Option<Moment> {
    let next = |line: usize, gap: Millis| {
        let begins = lyrics.lines.get(line)?.start_ms;
        let countdown = (gap > GAP_MS).then_some((begins - ms) as f64 / 1000.0);
        Some(Moment {
            line,
            sung: 0.0,
            countdown,
            other: None,
        })
    };
    let Some(line) = lyrics.line_at(ms) else {
        return next(0, lyrics.lines.first()?.start_ms);
    };
    let over = sung_until(lyrics, line, voice);
    if let Some(following) = lyrics.lines.get(line + 1) {
        let gap = following.start_ms - over;
        if ms >= over + HOLD_MS.min(gap / 2) {
            return next(line + 1, gap);
        }
    }
    Some(Moment {
        line,
        sung: sung(lyrics, line, voice, ms),
        countdown: None,
        other: other(lyrics, line, voice, ms),
    })
}

/// In a duet, the line before that its own singer has not finished.
fn other(lyrics: &Lyrics, line: usize, voice: &Voiceprint, ms: Millis) -> Option<(usize, f64)> {
    let singers = lyrics.lines.get(line)?.singers;
    let before = (line.saturating_sub(3)..line).rev();
    let mut others = before.filter(|other| {
        let theirs = lyrics.lines[*other].singers;
        theirs != singers && sung_until(lyrics, *other, voice) > ms
    });
    others.next().map(|other| (other, sung(lyrics, other, voice, ms)))
}

/// Graphemes of a line that are sung at a moment.
fn sung(lyrics: &Lyrics, number: usize, voice: &Voiceprint, ms: Millis) -> f64 {
    let line = &lyrics.lines[number];
    if !line.words.is_empty() {
        return line.sung_at(ms);
    }
    let end = lyrics.end_ms(number);
    let share = match Heard::between(voice, line.start_ms, end) {
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
fn sung_until(lyrics: &Lyrics, number: usize, voice: &Voiceprint) -> Millis {
    let line = &lyrics.lines[number];
    let end = lyrics.end_ms(number);
    if let Some(last) = line.words.last() {
        return last.end_ms.min(end);
    }
    match Heard::between(voice, line.start_ms, end) {
        Some(heard) => heard.last().min(end),
        None => guessed_end(line, end),
    }
}

/// The end of a line of which only the next one's begin is known.
fn guessed_end(line: &Line, end: Millis) -> Millis {
    let usual = f64::from(syllables::total(&line.text)) * SYLLABLE_MS * 1.4 + 500.0;
    end.min(line.start_ms + usual as Millis)
}

/// Lyrics came for a song.
pub(super) fn show_found(app: &mut App, found: WordsFound) {
    let Some(key) = app.tracks.key(&found.path) else {
        return;
    };
    let songs = [&mut app.deck.song, &mut app.deck.next];
    for song in songs.into_iter().flatten().filter(|song| song.key == key) {
        song.words.take(&found);
        song.words.lay(&song.voice, song.duration);
        suggestion::look(song);
    }
}

impl App {
    /// The moment of the lyrics now; None without any.
    pub fn lyrics_moment(&self) -> Option<Moment> {
        let song = self.deck.song.as_ref()?;
        let lyrics = song.words.shown()?;
        let mut moment = moment(lyrics, &song.voice, self.lyrics_ms()?)?;
        if self.settings.reduce_motion {
            let still = |line: usize, sung| lyrics.lines.get(line).map_or(0.0, |line| line.lit_at_once(sung));
            moment.sung = still(moment.line, moment.sung);
            moment.other = moment.other.map(|(line, sung)| (line, still(line, sung)));
        }
        Some(moment)
    }

    /// The moment of the song that the lyrics are to show.
    fn lyrics_ms(&self) -> Option<Millis> {
        let song = self.deck.song.as_ref()?;
        Some((self.deck.heard(self.now_ms) * 1000.0) as Millis - Millis::from(song.memory.lyrics_offset_ms))
    }

    /// The pictures of the song on the deck, and the moment of them.
    pub fn pictures(&self) -> Option<(&Graphics, Millis)> {
        let graphics = self.deck.song.as_ref()?.words.graphics.as_deref()?;
        Some((graphics, self.lyrics_ms()?))
    }

    /// What of the lyrics is on the screen, so coarsely that it changes only where a cell does.
    pub(super) fn lyrics_face(&self) -> Option<Face> {
        if self.screen != Screen::Sing {
            return None;
        }
        if let Some((graphics, ms)) = self.pictures() {
            return Some((graphics.drawn(ms), 0, 0, 0));
        }
        let moment = self.lyrics_moment()?;
        let left = moment.countdown.map_or(-1, |seconds| seconds.ceil() as i64);
        let steps = if self.has_big_letters() { LETTER_CELLS } else { 1.0 };
        let other = moment.other.map_or(-1, |(_, sung)| sung as i64);
        Some((moment.line, (moment.sung * steps) as i64, other, left))
    }

    /// The screen has the room for letters of several cells.
    fn has_big_letters(&self) -> bool {
        self.columns >= 100 && self.rows >= 40
    }

    /// Milliseconds of the clock until the wipe makes its next step; None where it stands.
    pub(super) fn lyrics_wake(&self) -> Option<u64> {
        if self.screen != Screen::Sing || !self.deck.moves() {
            return None;
        }
        if let Some((graphics, ms)) = self.pictures() {
            let next = graphics.next_change(ms)? - ms;
            return Some(next.clamp(PICTURE_MS, 10_000) as u64);
        }
        let song = self.deck.song.as_ref()?;
        let lyrics = song.words.shown()?;
        let ms = self.lyrics_ms()?;
        let moment = moment(lyrics, &song.voice, ms)?;
        let line = lyrics.lines.get(moment.line)?;
        if line.words.is_empty() && moment.countdown.is_none() {
            return Some(if self.has_big_letters() { STEP_MS } else { LOOK_MS });
        }
        let other = moment
            .other
            .and_then(|(other, _)| lyrics.lines.get(other)?.next_change(ms));
        let next = [line.next_change(ms), other].into_iter().flatten().min()?;
        if self.has_big_letters() && ms >= line.start_ms {
            return Some(STEP_MS);
        }
        let tempo = f64::from(song.key_tempo.tempo()) / 100.0;
        // rounded up, or the step would come again and again just before it is due
        Some(((next - ms) as f64 / tempo.max(0.1)).ceil().clamp(1.0, 10_000.0) as u64)
    }
}

/// `j` and `k`: to the beginning of another line.
pub(super) fn step(app: &mut App, forward: bool, effects: &mut Vec<Effect>) {
    let Some((starts, offset, at)) = line_starts(app) else {
        return nothing(app);
    };
    // a step before lands a breath before its line, and counts as being in it
    let current = starts
        .partition_point(|start| *start <= at + BREATH_MS + 50)
        .checked_sub(1);
    let target = match (current, forward) {
        (None, _) => Some(0),
        (Some(line), true) => Some(line + 1),
        (Some(line), false) if at - starts[line] > RESTART_MS => Some(line),
        (Some(line), false) => Some(line.saturating_sub(1)),
    };
    match target.and_then(|line| starts.get(line)) {
        Some(start) => {
            let seconds = (start + offset - BREATH_MS).max(0) as f64 / 1000.0;
            transport::seek_to(app, seconds, effects);
        }
        None => app.say("this is the last line"),
    }
}

/// To a breath before a line.
pub(super) fn go_to(app: &mut App, line: usize, effects: &mut Vec<Effect>) {
    let Some(song) = &app.deck.song else { return };
    let lyrics = song.words.shown().filter(|lyrics| lyrics.is_timed());
    let Some(line) = lyrics.and_then(|lyrics| lyrics.lines.get(line)) else {
        return app.say("these lyrics have no times to go to");
    };
    let ms = line.start_ms + Millis::from(song.memory.lyrics_offset_ms) - BREATH_MS;
    transport::seek_to(app, ms.max(0) as f64 / 1000.0, effects);
}

/// `r`: this line again and again, from a breath before it; once more, and the song goes on.
pub(super) fn repeat(app: &mut App, effects: &mut Vec<Effect>) {
    let Some((from, to)) = line_span(app) else {
        return nothing(app);
    };
    let breath = BREATH_MS as f64 / 1000.0;
    let near = |a: f64, b: f64| (a - b).abs() < 0.02;
    let looped = app.deck.song.as_ref().and_then(|song| song.looped);
    if looped.is_some_and(|(a, b)| near(a, (from - breath).max(0.0)) && near(b, to)) {
        return looping::leave(app, f64::MAX, effects);
    }
    looping::repeat(app, from, to, breath, effects);
    let key = app.keymap.key_name(app.screen, Action::RepeatLine);
    let on = key.map(|key| format!("; {key} goes on")).unwrap_or_default();
    app.say(format!("this line again and again{on}"));
}

/// Start and end of the line on the screen, in seconds of the song.
fn line_span(app: &App) -> Option<(f64, f64)> {
    let song = app.deck.song.as_ref()?;
    let lyrics = song.words.shown()?;
    let line = app.lyrics_moment()?.line;
    let start = lyrics.lines.get(line)?.start_ms;
    // room for the last consonant
    let end = sung_until(lyrics, line, &song.voice).max(start + 500) + BREATH_MS;
    let seconds = |ms: Millis| (ms + Millis::from(song.memory.lyrics_offset_ms)).max(0) as f64 / 1000.0;
    Some((seconds(start), seconds(end)))
}

/// Starts of the lines, duplicates of duets left out; the offset; and where we are.
fn line_starts(app: &App) -> Option<(Vec<Millis>, Millis, Millis)> {
    let song = app.deck.song.as_ref()?;
    let lyrics = song.words.shown().filter(|lyrics| lyrics.is_timed())?;
    let mut starts: Vec<Millis> = lyrics.lines.iter().map(|line| line.start_ms).collect();
    starts.dedup();
    let at = (app.deck.seconds * 1000.0) as Millis - Millis::from(song.memory.lyrics_offset_ms);
    Some((starts, Millis::from(song.memory.lyrics_offset_ms), at))
}

pub(super) fn nothing(app: &mut App) {
    app.say("this song has no lyrics croon knows of; `croon lyrics show SONG` says where it looks");
}

/// `z` and `Z`: the lyrics a little sooner or later, for this song.
pub(super) fn offset(app: &mut App, later: bool) {
    let song = app.deck.song.as_ref().filter(|song| song.words.shown().is_some());
    let Some(song) = song else {
        return nothing(app);
    };
    let step = if later { OFFSET_STEP_MS } else { -OFFSET_STEP_MS };
    let moved = (song.memory.lyrics_offset_ms + step).clamp(-MOST_OFFSET_MS, MOST_OFFSET_MS);
    suggestion::drop_for(app);
    app.remember(Change::LyricsOffset(moved));
    let words = offset_words(moved).unwrap_or_else(|| "lyrics as the file has them".into());
    app.toasts.say_anew(app.now_ms, "lyrics ", words);
}

/// `lyrics 150 ms later`; nothing where they are not moved.
pub fn offset_words(ms: i32) -> Option<String> {
    match ms {
        0 => None,
        later @ 1.. => Some(format!("lyrics {later} ms later")),
        sooner => Some(format!("lyrics {} ms sooner", -sooner)),
    }
}

#[cfg(test)]
mod tests;
