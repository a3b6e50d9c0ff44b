//! The lyrics of the song on the deck: which line is sung at a moment and how far, by the times of
//! the file or, where it has none for words, by where the vocals are heard; steps from line to line,
//! and the offset of the listener.

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::queries::offset_text;
use crate::app::state::lyrics_moment::{LyricsFrame, LyricsMoment, moment, sung_until_ms};
use crate::app::update::{ab_loop, offset_suggestion, transport};
use crate::lyrics::Millis;
use crate::lyrics::cdg::Graphics;
use crate::song_settings::Change;

/// One step of the offset.
const OFFSET_STEP_MS: i32 = 50;
/// Further than this an offset finds no other line of the song.
const MOST_OFFSET_MS: i32 = 60_000;
/// A step to a line lands so much before it: a breath.
const BREATH_MS: Millis = 200;
/// Later than this in a line, a step back goes to its own beginning.
const RESTART_MS: Millis = 1_500;
/// A big letter is wiped in so many steps.
const LETTER_CELLS: f64 = 4.0;
/// Between two pictures.
const PICTURE_MS: Millis = 33;
/// Between two looks at a wipe whose steps are not known beforehand: three letters of fast singing.
const LOOK_MS: u64 = 30;
/// The same for parts of letters, of which there are more: 60 a second.
const STEP_MS: u64 = 16;

impl App {
    /// The moment of the lyrics now; None without any.
    pub fn lyrics_moment(&self) -> Option<LyricsMoment> {
        let song = self.deck.song.as_ref()?;
        let lyrics = song.lyrics.shown()?;
        let mut moment = moment(lyrics, &song.vocals, self.lyrics_ms()?)?;
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
        Some(
            (self.deck.position_at(self.now_ms) * 1000.0) as Millis
                - Millis::from(song.memory.lyrics_offset_ms),
        )
    }

    /// The pictures of the song on the deck, and the moment of them.
    pub fn pictures(&self) -> Option<(&Graphics, Millis)> {
        let graphics = self.deck.song.as_ref()?.lyrics.graphics.as_deref()?;
        Some((graphics, self.lyrics_ms()?))
    }

    /// What of the lyrics is on the screen, so coarsely that it changes only where a cell does.
    pub(super) fn lyrics_frame(&self) -> Option<LyricsFrame> {
        if self.view.screen != Screen::Sing {
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
        self.view.columns >= 100 && self.view.rows >= 40
    }

    /// Milliseconds of the clock until the wipe makes its next step; None where it stands.
    pub(crate) fn lyrics_wake(&self) -> Option<u64> {
        if self.view.screen != Screen::Sing || !self.deck.is_moving() {
            return None;
        }
        if let Some((graphics, ms)) = self.pictures() {
            let next = graphics.next_change(ms)? - ms;
            return Some(next.clamp(PICTURE_MS, 10_000) as u64);
        }
        let song = self.deck.song.as_ref()?;
        let lyrics = song.lyrics.shown()?;
        let ms = self.lyrics_ms()?;
        let moment = moment(lyrics, &song.vocals, ms)?;
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
        return app.toast_no_lyrics();
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
        None => app.toast("this is the last line"),
    }
}

/// To a breath before a line.
pub(super) fn go_to(app: &mut App, line: usize, effects: &mut Vec<Effect>) {
    let Some(song) = &app.deck.song else { return };
    let lyrics = song.lyrics.shown().filter(|lyrics| lyrics.is_timed());
    let Some(line) = lyrics.and_then(|lyrics| lyrics.lines.get(line)) else {
        return app.toast("these lyrics have no times to go to");
    };
    let ms = line.start_ms + Millis::from(song.memory.lyrics_offset_ms) - BREATH_MS;
    transport::seek_to(app, ms.max(0) as f64 / 1000.0, effects);
}

/// `r`: this line again and again, from a breath before it; once more, and the song goes on.
pub(super) fn repeat(app: &mut App, effects: &mut Vec<Effect>) {
    let Some((from, to)) = line_span(app) else {
        return app.toast_no_lyrics();
    };
    let breath = BREATH_MS as f64 / 1000.0;
    let near = |a: f64, b: f64| (a - b).abs() < 0.02;
    let looped = app.deck.song.as_ref().and_then(|song| song.looped);
    if looped.is_some_and(|(a, b)| near(a, (from - breath).max(0.0)) && near(b, to)) {
        return ab_loop::leave(app, f64::MAX, effects);
    }
    transport::repeat(app, from, to, breath, effects);
    let key = app.keymap.key_name(app.view.screen, Action::RepeatLine);
    let on = key.map(|key| format!("; {key} goes on")).unwrap_or_default();
    app.toast(format!("this line again and again{on}"));
}

/// Start and end of the line on the screen, in seconds of the song.
fn line_span(app: &App) -> Option<(f64, f64)> {
    let song = app.deck.song.as_ref()?;
    let lyrics = song.lyrics.shown()?;
    let line = app.lyrics_moment()?.line;
    let start = lyrics.lines.get(line)?.start_ms;
    // room for the last consonant
    let end = sung_until_ms(lyrics, line, &song.vocals).max(start + 500) + BREATH_MS;
    let seconds = |ms: Millis| (ms + Millis::from(song.memory.lyrics_offset_ms)).max(0) as f64 / 1000.0;
    Some((seconds(start), seconds(end)))
}

/// Starts of the lines, duplicates of duets left out; the offset; and where we are.
fn line_starts(app: &App) -> Option<(Vec<Millis>, Millis, Millis)> {
    let song = app.deck.song.as_ref()?;
    let lyrics = song.lyrics.shown().filter(|lyrics| lyrics.is_timed())?;
    let mut starts: Vec<Millis> = lyrics.lines.iter().map(|line| line.start_ms).collect();
    starts.dedup();
    let at = (app.deck.seconds * 1000.0) as Millis - Millis::from(song.memory.lyrics_offset_ms);
    Some((starts, Millis::from(song.memory.lyrics_offset_ms), at))
}

/// `z` and `Z`: the lyrics a little sooner or later, for this song.
pub(super) fn offset(app: &mut App, later: bool) {
    let song = app
        .deck
        .song
        .as_ref()
        .filter(|song| song.lyrics.shown().is_some());
    let Some(song) = song else {
        return app.toast_no_lyrics();
    };
    let step = if later { OFFSET_STEP_MS } else { -OFFSET_STEP_MS };
    let moved = (song.memory.lyrics_offset_ms + step).clamp(-MOST_OFFSET_MS, MOST_OFFSET_MS);
    offset_suggestion::dismiss(app);
    app.remember(Change::LyricsOffset(moved));
    let words = offset_text(moved).unwrap_or_else(|| "lyrics as the file has them".into());
    app.toasts.replace_info(app.now_ms, "lyrics ", words);
}

#[cfg(test)]
mod tests;
