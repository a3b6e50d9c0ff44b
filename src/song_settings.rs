//! What croon remembers of a song from one session to the next, and the single changes to it.
//!
//! The store keeps one [`SongSettings`] per recording. A [`Change`] says one thing that became
//! different, so that two hands on the same song (the deck, a pin in the Library) never write each
//! other's news away.

use std::collections::BTreeMap;

use crate::key_tempo::KeyTempo;
use crate::lyrics::Pick;

/// The singer's level at most, in percent: twice as loud as recorded.
pub const LOUDEST_LEVEL: u8 = 200;
/// Lyrics earlier or later than by this are those of another song.
pub const OFFSET_RANGE_MS: i32 = 600_000;

/// Level, key and tempo that somebody chose; nothing where they never touched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choices {
    /// Of the singer on the recording, percent.
    pub level: Option<u8>,
    /// Semitones above the recording.
    pub key: Option<i8>,
    /// Percent of the recording's tempo.
    pub tempo: Option<u8>,
}

/// Everything remembered of one song.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SongSettings {
    /// Chosen for the song, while nobody with a name sang.
    pub own: Choices,
    /// Chosen while somebody with a name sang, by [`singer_key`].
    pub singers: BTreeMap<String, Choices>,
    /// Milliseconds by which the lyrics are shown later.
    pub lyrics_offset_ms: i32,
    /// The lyrics chosen by hand; None: the best there are.
    pub lyrics_from: Option<Pick>,
    /// Start and end of the loop, in seconds of the recording.
    pub loop_seconds: Option<(f64, f64)>,
    /// Its vocals are never evicted from the cache.
    pub pinned: bool,
    /// How often it was sung, not only begun.
    pub plays: u32,
    /// When last, in seconds since the Unix epoch; 0 where never.
    pub last_sung: i64,
}

/// One thing that became different.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Of the singer on the recording, percent.
    Level(u8),
    KeyTempo(KeyTempo),
    /// Milliseconds.
    LyricsOffset(i32),
    /// None: the best there are.
    LyricsFrom(Option<Pick>),
    /// Seconds of the recording.
    Loop(Option<(f64, f64)>),
    Pinned(bool),
    /// It was sung, at this second since the Unix epoch.
    Sung(i64),
}

impl Change {
    /// A later change of the same thing makes this one void.
    pub fn is_undone_by(&self, later: &Self) -> bool {
        !matches!(self, Self::Sung(_)) && std::mem::discriminant(self) == std::mem::discriminant(later)
    }
}

/// How a singer's name is looked up: `Ana` and `ana ` are one person.
pub fn singer_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// Songs are shorter than this; so a loop in whole milliseconds is exact wherever it is written down.
const LONGEST_SECONDS: f64 = 1e6;

/// A loop that can be played, in whole milliseconds: both ends in order, a tenth of a second apart.
pub fn playable_loop(ends: (f64, f64)) -> Option<(f64, f64)> {
    let whole = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
    let (from, to) = (whole(ends.0), whole(ends.1));
    (from >= 0.0 && to <= LONGEST_SECONDS && to - from >= 0.1).then_some((from, to))
}

impl SongSettings {
    fn of(&self, singer: Option<&str>) -> Choices {
        singer
            .and_then(|name| self.singers.get(&singer_key(name)))
            .copied()
            .unwrap_or_default()
    }

    /// The level for this singer, else the song's; percent.
    pub fn level(&self, singer: Option<&str>) -> Option<u8> {
        self.of(singer).level.or(self.own.level)
    }

    /// Key and tempo for this singer, each else the song's, else the recording's.
    pub fn key_tempo(&self, singer: Option<&str>) -> KeyTempo {
        let (theirs, recording) = (self.of(singer), KeyTempo::default());
        KeyTempo::new(
            theirs.key.or(self.own.key).unwrap_or(recording.key()),
            theirs.tempo.or(self.own.tempo).unwrap_or(recording.tempo()),
        )
    }

    /// Notes a change; level, key and tempo go to the singer, if there is one. Of key and tempo only
    /// what moved is noted, so that the other still follows the song.
    pub fn apply(&mut self, singer: Option<&str>, change: Change) {
        let before = self.key_tempo(singer);
        let choices = match singer.map(singer_key).filter(|key| !key.is_empty()) {
            Some(key) if matches!(change, Change::Level(_) | Change::KeyTempo(_)) => {
                self.singers.entry(key).or_default()
            }
            _ => &mut self.own,
        };
        match change {
            Change::Level(percent) => choices.level = Some(percent.min(LOUDEST_LEVEL)),
            Change::KeyTempo(now) => {
                if now.key() != before.key() {
                    choices.key = Some(now.key());
                }
                if now.tempo() != before.tempo() {
                    choices.tempo = Some(now.tempo());
                }
            }
            Change::LyricsOffset(ms) => {
                self.lyrics_offset_ms = ms.clamp(-OFFSET_RANGE_MS, OFFSET_RANGE_MS);
            }
            Change::LyricsFrom(pick) => self.lyrics_from = pick,
            Change::Loop(ends) => self.loop_seconds = ends.and_then(playable_loop),
            Change::Pinned(pinned) => self.pinned = pinned,
            Change::Sung(at) => {
                self.plays = self.plays.saturating_add(1);
                self.last_sung = self.last_sung.max(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_singer_has_choices_of_their_own_and_the_songs_where_they_have_none() {
        let mut song = SongSettings::default();
        song.apply(None, Change::Level(30));
        song.apply(None, Change::KeyTempo(KeyTempo::new(-2, 90)));
        assert_eq!(song.level(Some("Ana")), Some(30));
        song.apply(Some("Ana"), Change::Level(10));
        song.apply(Some(" ana"), Change::KeyTempo(KeyTempo::new(1, 90)));
        assert_eq!((song.level(Some("ANA")), song.level(None)), (Some(10), Some(30)));
        assert_eq!(song.key_tempo(Some("ana")), KeyTempo::new(1, 90));
        // Her tempo was never hers: it goes on following the song's.
        song.apply(None, Change::KeyTempo(KeyTempo::new(-2, 100)));
        assert_eq!(song.key_tempo(Some("Ana")), KeyTempo::new(1, 100));
        assert_eq!(song.key_tempo(Some("Ben")), KeyTempo::new(-2, 100));
        assert_eq!(song.singers.len(), 1);
    }

    #[test]
    fn what_belongs_to_the_song_does_not_ask_who_sings() {
        let mut song = SongSettings::default();
        for change in [
            Change::LyricsOffset(150),
            Change::LyricsFrom(Some(Pick::lrclib())),
            Change::Loop(Some((10.0, 12.5))),
            Change::Pinned(true),
            Change::Sung(1_800_000_000),
            Change::Sung(1_700_000_000),
        ] {
            song.apply(Some("Ana"), change);
        }
        let expected = SongSettings {
            lyrics_offset_ms: 150,
            lyrics_from: Some(Pick::lrclib()),
            loop_seconds: Some((10.0, 12.5)),
            pinned: true,
            plays: 2,
            last_sung: 1_800_000_000,
            ..SongSettings::default()
        };
        assert_eq!(song, expected);
    }

    #[test]
    fn a_loop_that_cannot_be_played_is_none() {
        for ends in [
            (5.0, 5.0),
            (5.0, 4.0),
            (-1.0, 3.0),
            (f64::NAN, 3.0),
            (0.0, f64::INFINITY),
        ] {
            assert_eq!(playable_loop(ends), None, "{ends:?}");
        }
        assert_eq!(playable_loop((0.000_1, 1.000_6)), Some((0.0, 1.001)));
    }
}
