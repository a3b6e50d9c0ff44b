//! The song that plays, the one that follows, and what is known of their voices.

use crate::app::state::playback_clock::Clock;
use crate::app::state::queue::Taken;
use crate::app::state::queue::entry::{Place, Queued};
use crate::app::state::song_key::SongKey;
use crate::app::state::song_lyrics::Words;
use crate::app::state::vocal_map::Voiceprint;
use crate::key_tempo::KeyTempo;
use crate::song_settings::{Change, SongSettings};
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
    pub(crate) turn: Turn,
    /// Who sings it, where the queue says so.
    pub singer: Option<String>,
    /// What the store remembers of it, with what was changed since; see `App::remember`.
    pub memory: SongSettings,
    /// Changes that are not stored yet.
    pub(crate) unsaved: Vec<Change>,
    /// Of this singer, as `memory` says; what the player has.
    pub key_tempo: KeyTempo,
    /// Seconds of it that were heard, and whether they counted as sung.
    pub(crate) heard: f64,
    pub(crate) sung: bool,
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
            memory: SongSettings::default(),
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
    pub(crate) fn position(&mut self, seconds: f64) {
        self.seconds = seconds;
        self.clock.told(seconds);
    }

    pub(crate) fn tick(&mut self, now_ms: u64) {
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

/// Where a song on the deck comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Turn {
    /// Nobody queued it.
    #[default]
    Library,
    /// It still stands in the queue and is taken from there when it begins.
    Waiting(Place),
    /// The song that plays, once more.
    Again,
    /// Taken from the queue.
    Queue(Taken),
}

/// A song that comes next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Next {
    pub key: SongKey,
    pub turn: Turn,
    pub singer: Option<String>,
}

impl Next {
    /// By hand or from the Library.
    pub fn library(key: SongKey) -> Self {
        Self {
            key,
            turn: Turn::Library,
            singer: None,
        }
    }

    pub fn queued(entry: &Queued) -> Option<Self> {
        Some(Self {
            key: entry.key?,
            turn: Turn::Waiting(entry.place),
            singer: entry.singer.clone(),
        })
    }

    /// True if this song on the deck is what was meant.
    pub fn is(&self, song: &Song) -> bool {
        song.key == self.key && song.turn == self.turn && song.singer == self.singer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::Peaks;
    use crate::waveform::WAVE_POINTS;

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
