//! Drives an app without services: made songs, typed keys, asserted invariants.

use std::collections::HashSet;
use std::path::PathBuf;

use croon::app::state::deck::Stage;
use croon::app::{App, Effect, Event, FoundSong, LoadedSong, Peaks, Session, Settings, SongHistory, update};
use croon::engine_info::EngineInfo;
use croon::keymap::{Code, Key, Keymap, parse_keys};
use croon::song_settings::{Choices, SongSettings};
use croon::track::{FileStamp, StemState, Tags, Track, TrackId};

/// Title, artist, album; the later, the younger the file.
pub const SONGS: &[(&str, &str, &str)] = &[
    ("Cold Fjord Hymn", "Amber Harbour", "North"),
    ("Paper Lanterns", "Harbour Lights", "Lamplight"),
    ("Salt on the Window", "Harbour Lights", "Lamplight"),
    ("Moth to Moth", "Moth & Candle", "Wings"),
    ("Tideline", "Northern Relay", "Station"),
];

pub fn path(title: &str) -> PathBuf {
    PathBuf::from(format!("/music/{title}.flac"))
}

pub fn song(i: usize) -> FoundSong {
    let (title, artist, album) = SONGS[i % SONGS.len()];
    let title = if i < SONGS.len() {
        title.to_owned()
    } else {
        format!("{title} {i}")
    };
    let tags = Tags {
        title: Some(title.clone()),
        artist: Some(artist.into()),
        album: Some(album.into()),
        track_no: None,
    };
    let stamp = FileStamp {
        size: 1,
        modified_ns: i as i64,
    };
    let track = Track {
        path: path(&title),
        stamp,
        id: None,
        tags,
        duration: Some(200.0),
        rate: 44_100,
        channels: 2,
    };
    FoundSong {
        track,
        ready: false,
        older: None,
        past: SongHistory::default(),
    }
}

pub fn peaks(seed: u32) -> Peaks {
    // phrases with pauses over a band that swells
    let vocals = |i: usize| match (seed as usize * 48 + i) / 20 % 7 {
        0 | 5 => 0,
        phrase => (phrase * 45 + i * 13 % 40) as u8,
    };
    let band = |i: usize| 60 + (seed * 5 % 90) as u8 + (i * 31 % 50) as u8;
    Peaks {
        vocals: std::array::from_fn(vocals),
        instrumental: std::array::from_fn(band),
    }
}

pub fn loaded(title: &str, level: Option<f32>, complete: bool) -> LoadedSong {
    let segments = (0..50).map(|segment| complete.then(|| peaks(segment))).collect();
    let own = Choices {
        level: level.map(|level| (level * 100.0).round() as u8),
        ..Choices::default()
    };
    LoadedSong {
        path: path(title),
        id: Some(TrackId([7; 16])),
        memory: SongSettings {
            own,
            ..SongSettings::default()
        },
        duration: Some(200.0),
        segment_seconds: 4.0,
        segments,
        complete,
        older: None,
        begins: 0.0,
        ends: None,
    }
}

pub fn engine() -> Event {
    Event::EngineUp(EngineInfo {
        device: "cpu".into(),
        why: "no NVIDIA driver".into(),
        model: "croon-base".into(),
        model_why: "8.5 times real time here, the best that reaches 6".into(),
        speed: 8.2,
        ..EngineInfo::default()
    })
}

#[derive(Debug)]
pub struct Harness {
    pub app: App,
    quiet: u64,
    /// What a crash at this moment would leave.
    pub kept: Session,
}

impl Harness {
    pub fn new() -> Self {
        Self::with(Keymap::default())
    }

    pub fn with(keymap: Keymap) -> Self {
        Self {
            app: App::new(Settings::default(), keymap),
            quiet: 0,
            kept: Session::default(),
        }
    }

    /// What is wanted, but for what is kept for the next evening.
    pub fn event(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = update(&mut self.app, event);
        effects.retain(|effect| match effect {
            Effect::SaveQueue(queue) => {
                self.kept.queue = (**queue).clone();
                false
            }
            Effect::SaveResumePoint(now) => {
                self.kept.resume = now.clone();
                false
            }
            _ => true,
        });
        effects
    }

    pub fn find_songs(&mut self) -> Vec<Effect> {
        self.event(Event::SongsFound((0..SONGS.len()).map(song).collect()))
    }

    /// Types keys as the configuration writes them: `j j Enter`.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let keys = parse_keys(keys).unwrap();
        keys.into_iter()
            .flat_map(|key| self.event(Event::Key(key)))
            .collect()
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.event(Event::Key(Key::plain(Code::Char(c))));
        }
    }

    /// So many milliseconds after the last tick.
    pub fn tick(&mut self, ms: u64) -> Vec<Effect> {
        self.quiet += ms;
        self.event(Event::Tick { now_ms: self.quiet })
    }

    /// Selects a song in the Library and presses Enter.
    pub fn sing(&mut self, title: &str) -> Vec<Effect> {
        self.keys("1 g g");
        while self.selected() != title {
            self.keys("j");
        }
        self.keys("Enter")
    }

    /// Sings a song until the player has it; its number.
    pub fn play(&mut self, title: &str, level: Option<f32>, complete: bool) -> u64 {
        self.sing(title);
        if let Some(running) = self
            .app
            .jobs
            .running
            .clone()
            .filter(|running| running.stopping.is_some())
        {
            self.event(Event::JobCancelled { path: running.path });
        }
        let effects = self.event(Event::Loaded(Box::new(loaded(title, level, complete))));
        let play_id = effects.iter().find_map(|effect| match effect {
            Effect::Play { play_id, .. } => Some(*play_id),
            _ => None,
        });
        let play_id = play_id.expect("it plays");
        self.event(Event::PlayerStarted {
            play_id,
            duration: Some(200.0),
        });
        play_id
    }

    pub fn position(&mut self, play_id: u64, seconds: f64) -> Vec<Effect> {
        self.event(Event::Position { play_id, seconds })
    }

    /// The player says where it is and the clock ticks, as while a song plays.
    pub fn at(&mut self, play_id: u64, seconds: f64) {
        self.position(play_id, seconds);
        self.tick(10);
    }

    /// The titles of the songs that wait to be separated.
    pub fn waiting(&self) -> Vec<String> {
        let waiting = self.app.jobs.waiting().iter();
        waiting.map(|wish| self.app.title(wish.key)).collect()
    }

    pub fn shown(&self) -> Vec<String> {
        self.app
            .tracks
            .shown()
            .iter()
            .map(|key| self.app.title(*key))
            .collect()
    }

    pub fn selected(&self) -> String {
        self.app
            .tracks
            .selected()
            .map(|key| self.app.title(key))
            .unwrap_or_default()
    }

    pub fn playing(&self) -> Option<String> {
        self.app.deck.song.as_ref().map(|song| song.title.clone())
    }

    /// The model a song's vocals are of, where they are to be made again.
    pub fn older(&self, title: &str) -> Option<String> {
        let key = self.app.tracks.key(&path(title)).unwrap();
        self.app.tracks.get(key).unwrap().older.clone()
    }

    pub fn stems(&self, title: &str) -> StemState {
        let key = self.app.tracks.key(&path(title)).unwrap();
        self.app.tracks.get(key).unwrap().stems.clone()
    }

    /// What must hold after every event.
    pub fn check(&self) {
        let app = &self.app;
        let shown = app.tracks.shown();
        assert!(app.tracks.cursor.at < shown.len().max(1));
        assert!(app.queue.cursor.at < app.queue.len().max(1));
        assert!(app.history.cursor.at < app.history.songs.len().max(1));
        assert!(app.jobs.cursor.at < app.jobs.len().max(1));
        let all: HashSet<_> = app.tracks.all().iter().copied().collect();
        assert_eq!(
            all.len(),
            app.tracks.all().len(),
            "a song stands twice in the list"
        );
        assert!(shown.iter().all(|key| all.contains(key)));
        let sorted = app.tracks.all().windows(2).all(|pair| {
            let words = |key| &app.tracks.get(key).unwrap().search_text;
            words(pair[0]) <= words(pair[1])
        });
        assert!(sorted, "the list lost its order");
        let mut waiting: Vec<_> = app.jobs.waiting().iter().map(|w| w.key).collect();
        let running = app.jobs.running.as_ref().map(|running| running.key);
        waiting.extend(running);
        let jobs: HashSet<_> = waiting.iter().copied().collect();
        assert_eq!(jobs.len(), waiting.len(), "a song waits twice");
        for key in app.tracks.all() {
            let entry = app.tracks.get(*key).unwrap();
            assert!(entry.older.is_none() || entry.stems == StemState::Ready);
            match entry.stems {
                StemState::Queued => assert!(
                    jobs.contains(key),
                    "{} is queued and waits nowhere",
                    entry.track.title()
                ),
                StemState::Separating(share) => {
                    assert_eq!(
                        running,
                        Some(*key),
                        "{} is said to be separated",
                        entry.track.title()
                    );
                    assert!((0.0..=1.0).contains(&share));
                }
                StemState::New | StemState::Ready | StemState::Failed(_) => {}
            }
        }
        assert!(
            app.jobs.waiting().is_empty()
                || running.is_some()
                || app.jobs.paused.is_some()
                || app.waits_for_cache(),
            "the worker idles"
        );
        assert!(app.jobs.waiting_seconds() >= 0.0);
        if let Some(song) = &app.deck.song {
            assert!(!(song.stage == Stage::Over && app.deck.is_moving()));
            assert!(
                app.deck
                    .next
                    .as_ref()
                    .is_none_or(|next| next.play_id > song.play_id)
            );
        } else {
            assert!(app.deck.next.is_none());
        }
        assert!(app.levels.fader.level() <= 200 && app.levels.volume <= 100);
    }
}
