//! The song that plays and the one that follows, with what is known of their vocals and lyrics.

use crate::app::state::playback_clock::PlaybackClock;
use crate::app::state::queue::DequeuedEntry;
use crate::app::state::queue::entry::{EntryId, QueueEntry};
use crate::app::state::song_key::SongKey;
use crate::app::state::song_lyrics::SongLyrics;
use crate::app::state::vocal_map::VocalMap;
use crate::key_tempo::KeyTempo;
use crate::song_settings::{Change, SongSettings};
use crate::track::{Track, TrackId};

/// How far a song on the deck has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `Effect::Load` has not been answered yet.
    Loading,
    /// The player has it, as the playing or the next song.
    Ready,
    /// It was played to its end.
    Over,
}

/// A song on the deck.
#[derive(Debug, Clone, PartialEq)]
pub struct DeckSong {
    /// Number of this play; a song that is played again gets a new one.
    pub play_id: u64,
    pub key: SongKey,
    /// Title and artist stay on the screen even if the file is deleted.
    pub title: String,
    pub artist: String,
    pub stage: Stage,
    /// Where it is to start, in seconds.
    pub start: f64,
    pub id: Option<TrackId>,
    /// Where it comes from, and returns to if it cannot play.
    pub(crate) origin: SongOrigin,
    /// Who sings it, if the queue says so.
    pub singer: Option<String>,
    /// Its stored settings, with the changes made since; see `App::remember`.
    pub memory: SongSettings,
    /// Changes that are not stored yet.
    pub(crate) unsaved: Vec<Change>,
    /// The key and tempo of this singer, as the player has them.
    pub key_tempo: KeyTempo,
    /// Seconds of it that were heard.
    pub(crate) heard: f64,
    /// Enough was heard that it counted as sung.
    pub(crate) sung: bool,
    /// Length in seconds.
    pub duration: Option<f64>,
    /// Where it ends, in seconds, if that is before the end of its audio.
    pub ends: Option<f64>,
    pub vocals: VocalMap,
    pub lyrics: SongLyrics,
    /// Start of a loop whose end is not set yet, in seconds.
    pub loop_in: Option<f64>,
    /// Start and end of the loop that is played, in seconds.
    pub looped: Option<(f64, f64)>,
    /// It was started by the end of the song before, not by a key.
    pub automatic: bool,
}

impl DeckSong {
    pub fn new(play_id: u64, key: SongKey, start: f64, track: &Track) -> Self {
        Self {
            play_id,
            key,
            title: track.title(),
            artist: track.artist().to_owned(),
            stage: Stage::Loading,
            start,
            id: None,
            origin: SongOrigin::Library,
            singer: None,
            memory: SongSettings::default(),
            unsaved: Vec::new(),
            key_tempo: KeyTempo::default(),
            heard: 0.0,
            sung: false,
            duration: track.duration,
            ends: None,
            vocals: VocalMap::default(),
            lyrics: SongLyrics::default(),
            loop_in: None,
            looped: None,
            automatic: false,
        }
    }
}

/// The playing and the next song, and the playback position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deck {
    pub song: Option<DeckSong>,
    pub next: Option<DeckSong>,
    /// Playing rather than paused, as last requested; the sound follows within milliseconds.
    pub playing: bool,
    /// The position in seconds, as the player last reported it.
    pub seconds: f64,
    /// Interpolates `seconds` between reports.
    clock: PlaybackClock,
    last_play_id: u64,
}

impl Deck {
    pub fn new_play_id(&mut self) -> u64 {
        self.last_play_id += 1;
        self.last_play_id
    }

    /// The player reports its position; the next tick gives the time of it.
    pub(crate) fn report_position(&mut self, seconds: f64) {
        self.seconds = seconds;
        self.clock.report(seconds);
    }

    pub(crate) fn tick(&mut self, now_ms: u64) {
        let song = self.song.as_ref().filter(|_| self.is_moving());
        let pace = song.map(|song| f64::from(song.key_tempo.tempo()) / 100.0);
        self.clock.tick(now_ms, self.seconds, pace);
    }

    /// The position in seconds at `now_ms`, interpolated from the player's reports.
    pub fn position_at(&self, now_ms: u64) -> f64 {
        if self.is_moving() {
            self.clock.at(now_ms, self.seconds)
        } else {
            self.seconds
        }
    }

    pub fn duration(&self) -> Option<f64> {
        self.song.as_ref()?.duration.filter(|d| d.is_finite() && *d > 0.0)
    }

    /// The playing or next song with this play id.
    pub fn song_by_play_id(&mut self, play_id: u64) -> Option<&mut DeckSong> {
        [&mut self.song, &mut self.next]
            .into_iter()
            .flatten()
            .find(|song| song.play_id == play_id)
    }

    pub fn plays(&self, key: SongKey) -> bool {
        self.song.as_ref().is_some_and(|song| song.key == key)
    }

    /// Returns `true` while a song plays, so that the screen changes with time.
    pub fn is_moving(&self) -> bool {
        self.playing && self.song.as_ref().is_some_and(|song| song.stage != Stage::Over)
    }
}

/// Where a song on the deck comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum SongOrigin {
    /// Nobody queued it.
    #[default]
    Library,
    /// It is still in the queue and is removed from there when it begins.
    Waiting(EntryId),
    /// The playing song is repeated.
    Again,
    /// It was removed from the queue.
    Queue(DequeuedEntry),
}

/// A song to play next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NextSong {
    pub key: SongKey,
    pub origin: SongOrigin,
    pub singer: Option<String>,
}

impl NextSong {
    /// A song that is played from the Library, not from the queue.
    pub fn library(key: SongKey) -> Self {
        Self {
            key,
            origin: SongOrigin::Library,
            singer: None,
        }
    }

    pub fn queued(entry: &QueueEntry) -> Option<Self> {
        Some(Self {
            key: entry.key?,
            origin: SongOrigin::Waiting(entry.id),
            singer: entry.singer.clone(),
        })
    }

    /// Returns `true` if this is the song on the deck.
    pub fn is(&self, song: &DeckSong) -> bool {
        song.key == self.key && song.origin == self.origin && song.singer == self.singer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::Peaks;
    use crate::waveform::WAVE_POINTS;

    #[test]
    fn the_voiceprint_knows_where_the_singer_can_go() {
        let mut voice = VocalMap {
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
