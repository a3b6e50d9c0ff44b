//! The song that plays, the one that follows, and what is known of their voices.

use super::clock::Clock;
use super::event::{Peaks, WAVE_POINTS};
use super::lyrics::Words;
use super::tracks::SongKey;
use super::turn::Turn;
use crate::key_tempo::KeyTempo;
use crate::song_memory::{Change, SongMemory};
use crate::track::{Track, TrackId};

/// How far a song on the deck is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `Effect::Load` is under way.
    Loading,
    /// The player has it, as playing or as next.
    Given,
    /// It has been heard to its end.
    Over,
}

/// A song on the deck.
#[derive(Debug, Clone, PartialEq)]
pub struct Song {
    pub token: u64,
    pub key: SongKey,
    /// Its names stay on the screen even if the file goes.
    pub title: String,
    pub artist: String,
    pub stage: Stage,
    pub start: f64,
    pub id: Option<TrackId>,
    /// Where it comes from, and goes back to if it cannot play.
    pub(super) turn: Turn,
    /// Who sings it, where the queue says so.
    pub singer: Option<String>,
    /// What the store remembers of it, with what was changed since; see `App::remember`.
    pub memory: SongMemory,
    /// Changes that are not stored yet.
    pub(super) unsaved: Vec<Change>,
    /// Of this singer, as `memory` says; what the player has.
    pub key_tempo: KeyTempo,
    /// Seconds of it that were heard, and whether they counted as sung.
    pub(super) heard: f64,
    pub(super) sung: bool,
    pub duration: Option<f64>,
    /// Where it ends, in seconds, if not with its audio.
    pub ends: Option<f64>,
    pub voice: Voiceprint,
    pub words: Words,
    /// Where a loop will begin once its end is set, in seconds.
    pub loop_in: Option<f64>,
    /// Seconds it goes round between.
    pub looped: Option<(f64, f64)>,
    /// Its turn came by itself, not by a key.
    pub automatic: bool,
}

impl Song {
    pub fn new(token: u64, key: SongKey, start: f64, track: &Track) -> Self {
        Self {
            token,
            key,
            title: track.title(),
            artist: track.artist().to_owned(),
            stage: Stage::Loading,
            start,
            id: None,
            turn: Turn::Library,
            singer: None,
            memory: SongMemory::default(),
            unsaved: Vec::new(),
            key_tempo: KeyTempo::default(),
            heard: 0.0,
            sung: false,
            duration: track.duration,
            ends: None,
            voice: Voiceprint::default(),
            words: Words::default(),
            loop_in: None,
            looped: None,
            automatic: false,
        }
    }
}

/// Which segments of a song have their vocals, and how loud they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voiceprint {
    pub segment_seconds: f64,
    pub segments: Vec<Option<Peaks>>,
    pub complete: bool,
}

/// More segments than this (two days) no song has; a wrong number must not take memory.
const MOST_SEGMENTS: u32 = 40_000;

impl Voiceprint {
    pub fn store(&mut self, segment: u32, peaks: Option<Peaks>) {
        if segment < MOST_SEGMENTS {
            let at = segment as usize;
            if self.segments.len() <= at {
                self.segments.resize(at + 1, None);
            }
            self.segments[at] = peaks.or(Some(Peaks {
                vocals: [0; WAVE_POINTS],
                instrumental: [0; WAVE_POINTS],
            }));
        }
    }

    /// A segment is known no longer.
    pub fn lose(&mut self, segment: u32) {
        self.complete = false;
        if let Some(lost) = self.segments.get_mut(segment as usize) {
            *lost = None;
        }
    }

    /// Something of a segment lies between two moments.
    pub fn reaches(&self, segment: u32, from: f64, to: f64) -> bool {
        let start = f64::from(segment) * self.segment_seconds;
        start < to && start + self.segment_seconds > from
    }

    /// The segments that are stored, out of those there are.
    pub fn stored(&self) -> (usize, usize) {
        (self.segments.iter().flatten().count(), self.segments.len())
    }

    /// The singer can be taken out here.
    pub fn ready_at(&self, seconds: f64) -> bool {
        if self.complete {
            return true;
        }
        if self.segment_seconds <= 0.0 || seconds < 0.0 {
            return false;
        }
        matches!(
            self.segments.get((seconds / self.segment_seconds) as usize),
            Some(Some(_))
        )
    }

    /// Up to where the singer can be taken out without a gap, from `seconds` on.
    pub fn ready_until(&self, seconds: f64) -> Option<f64> {
        if self.segment_seconds <= 0.0 || !self.ready_at(seconds) {
            return None;
        }
        let first = (seconds / self.segment_seconds) as usize;
        let ready = self
            .segments
            .iter()
            .skip(first)
            .take_while(|s| s.is_some())
            .count();
        Some((first + ready) as f64 * self.segment_seconds)
    }

    /// How loud vocals and instrumental are between two moments: the mean of their peaks. None where
    /// no vocals are stored.
    pub fn loudness(&self, from: f64, to: f64) -> Option<(u8, u8)> {
        let end = self.segment_seconds * self.segments.len() as f64;
        if from < 0.0 || from >= end || end.is_nan() {
            return None;
        }
        let per_second = WAVE_POINTS as f64 / self.segment_seconds;
        let first = (from * per_second) as usize;
        let last = ((to.min(end) * per_second).ceil() as usize).clamp(first + 1, first + WAVE_POINTS * 64);
        let (mut vocals, mut band, mut points) = (0_u32, 0_u32, 0_u32);
        for point in first..last {
            let Some(Some(peaks)) = self.segments.get(point / WAVE_POINTS) else {
                continue;
            };
            vocals += u32::from(peaks.vocals[point % WAVE_POINTS]);
            band += u32::from(peaks.instrumental[point % WAVE_POINTS]);
            points += 1;
        }
        (points > 0).then(|| ((vocals / points) as u8, (band / points) as u8))
    }
}

/// What the player does and will do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deck {
    pub song: Option<Song>,
    pub next: Option<Song>,
    /// Playing rather than paused, as wished; what is heard follows within milliseconds.
    pub playing: bool,
    pub seconds: f64,
    /// Carries `seconds` on.
    clock: Clock,
    tokens: u64,
}

impl Deck {
    pub fn fresh_token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }

    /// The player says where it is; the next tick tells when.
    pub(super) fn position(&mut self, seconds: f64) {
        self.seconds = seconds;
        self.clock.told(seconds);
    }

    pub(super) fn tick(&mut self, now_ms: u64) {
        let song = self.song.as_ref().filter(|_| self.moves());
        let pace = song.map(|song| f64::from(song.key_tempo.tempo()) / 100.0);
        self.clock.tick(now_ms, self.seconds, pace);
    }

    /// Where the song is now, carried on from what the player told by the clock and the tempo.
    pub fn heard(&self, now_ms: u64) -> f64 {
        if self.moves() {
            self.clock.at(now_ms, self.seconds)
        } else {
            self.seconds
        }
    }

    pub fn duration(&self) -> Option<f64> {
        self.song.as_ref()?.duration.filter(|d| d.is_finite() && *d > 0.0)
    }

    /// The song with this number, playing or next.
    pub fn with_token(&mut self, token: u64) -> Option<&mut Song> {
        [&mut self.song, &mut self.next]
            .into_iter()
            .flatten()
            .find(|song| song.token == token)
    }

    pub fn plays(&self, key: SongKey) -> bool {
        self.song.as_ref().is_some_and(|song| song.key == key)
    }

    /// Time passes on the screen.
    pub fn moves(&self) -> bool {
        self.playing && self.song.as_ref().is_some_and(|song| song.stage != Stage::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voiceprint_knows_where_the_singer_can_go() {
        let mut voice = Voiceprint {
            segment_seconds: 4.0,
            segments: vec![None; 4],
            complete: false,
        };
        assert!(!voice.ready_at(0.0) && voice.ready_until(0.0).is_none());
        voice.store(
            1,
            Some(Peaks {
                vocals: [7; WAVE_POINTS],
                instrumental: [9; WAVE_POINTS],
            }),
        );
        voice.store(2, None);
        assert!(voice.ready_at(4.0) && voice.ready_at(11.9) && !voice.ready_at(12.0));
        assert_eq!(voice.ready_until(5.0), Some(12.0));
        assert_eq!(voice.loudness(0.0, 3.9), None);
        assert_eq!(voice.loudness(3.0, 5.0), Some((7, 9)));
        assert_eq!(voice.stored(), (2, 4));
        voice.store(u32::MAX, None);
        assert_eq!(voice.segments.len(), 4);
        assert_eq!(voice.loudness(f64::MAX, f64::MAX), None);
    }
}
