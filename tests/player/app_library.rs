//! The mind about the Library: its orders, and songs whose vocals stay.

use proptest::prelude::*;

use crate::harness::{Harness, SONGS, loaded, path, song};
use croon::app::{App, Effect, Event, FoundSong, Settings, SongHistory, Sort, SungSong};
use croon::keymap::Keymap;
use croon::song_settings::SongSettings;
use croon::track::TrackId;

/// Songs that were sung more often and longer ago the earlier they stand in `SONGS`, the last one never.
fn lived() -> Vec<FoundSong> {
    let past = |i: usize| SongHistory {
        pinned: i == 2,
        plays: [9, 5, 5, 2, 0][i],
        last_sung: [100, 200, 300, 400, 0][i],
        added: [50, 10, 40, 20, 30][i],
    };
    (0..SONGS.len())
        .map(|i| FoundSong {
            past: past(i),
            ..song(i)
        })
        .collect()
}

const COLD: &str = "Cold Fjord Hymn";
const PAPER: &str = "Paper Lanterns";
const SALT: &str = "Salt on the Window";
const MOTH: &str = "Moth to Moth";
const TIDE: &str = "Tideline";

#[test]
fn the_library_stands_as_it_is_asked_to_and_the_cursor_stays_on_its_song() {
    let mut harness = Harness::new();
    harness.event(Event::SongsFound(lived()));
    harness.keys("j j");
    assert_eq!(harness.selected(), SALT);
    for (keys, order) in [
        ("o t", [COLD, MOTH, PAPER, SALT, TIDE]),
        ("o r", [COLD, SALT, TIDE, MOTH, PAPER]),
        ("o p", [COLD, PAPER, SALT, MOTH, TIDE]),
        ("o s", [MOTH, SALT, PAPER, COLD, TIDE]),
        ("o a", [COLD, PAPER, SALT, MOTH, TIDE]),
    ] {
        harness.keys(keys);
        assert_eq!(harness.shown(), order, "{keys}");
        assert_eq!(harness.selected(), SALT, "{keys}");
        harness.check();
    }
    // What follows a song is what stands below it.
    harness.keys("o s");
    harness.sing(SALT);
    assert_eq!(
        harness
            .app
            .title(croon::app::queries::next_song(&harness.app).unwrap()),
        PAPER
    );
}

#[test]
fn the_order_is_kept_for_the_next_evening_and_a_song_just_sung_moves_up() {
    let mut harness = Harness::new();
    harness.event(Event::SongsFound(lived()));
    harness.keys("o s");
    let kept = harness.tick(2_000).into_iter().find_map(|effect| match effect {
        Effect::SaveState(saved) => Some(saved),
        _ => None,
    });
    let saved = kept.expect("it is kept");
    assert_eq!(saved.sort, Sort::Sung);
    let mut harness = Harness::new();
    let settings = Settings {
        saved,
        ..Settings::default()
    };
    harness.app = App::new(settings, Keymap::default());
    harness.event(Event::SongsFound(lived()));
    assert_eq!(harness.shown()[0], MOTH);
    harness.event(Event::Sung(SungSong {
        at: 500,
        path: path(TIDE),
        name: TIDE.into(),
        singer: None,
    }));
    assert_eq!(harness.shown(), [TIDE, MOTH, SALT, PAPER, COLD]);
    harness.check();
}

#[test]
fn a_pin_is_set_and_taken_back_and_is_known_of_a_song_that_was_opened() {
    let mut harness = Harness::new();
    harness.event(Event::SongsFound(lived()));
    let pinned = |harness: &Harness, title: &str| {
        let key = harness.app.tracks.key(&path(title)).unwrap();
        harness.app.tracks.get(key).unwrap().history.pinned
    };
    assert!(pinned(&harness, SALT));
    let pin = |pinned| {
        vec![Effect::Pin {
            path: path(COLD),
            id: None,
            pinned,
        }]
    };
    assert_eq!(harness.keys("g g p"), pin(true));
    assert!(pinned(&harness, COLD));
    assert_eq!(harness.keys("p"), pin(false));
    assert!(!pinned(&harness, COLD));
    harness.sing(PAPER);
    let memory = SongSettings {
        pinned: true,
        plays: 3,
        ..SongSettings::default()
    };
    let opened = croon::app::LoadedSong {
        memory,
        ..loaded(PAPER, None, true)
    };
    harness.event(Event::Loaded(Box::new(opened)));
    assert!(pinned(&harness, PAPER), "the store knows it");
    // Its packets have been read: the store is told by name.
    harness.event(Event::Identified {
        path: path(COLD),
        id: TrackId([3; 16]),
    });
    let effects = harness.keys("1 g g p");
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Pin { id: Some(TrackId(id)), pinned: true, .. } if *id == [3; 16])),
        "{effects:?}"
    );
}

proptest! {
    #[test]
    fn whatever_comes_the_list_stands_in_its_order(
        news in prop::collection::vec((0usize..12, 0u32..3, 0i64..4, 0i64..3), 0..30),
        sort in 0usize..5,
        gone in prop::collection::vec(0usize..12, 0..3),
    ) {
        let mut harness = Harness::new();
        harness.keys(["o a", "o t", "o r", "o p", "o s"][sort]);
        for (i, plays, last_sung, added) in news {
            let past = SongHistory { pinned: false, plays, last_sung, added };
            harness.event(Event::SongsFound(vec![FoundSong { past, ..song(i) }]));
        }
        harness.event(Event::SongsGone(gone.iter().map(|i| song(*i).track.path).collect()));
        harness.check();
        let shown: Vec<_> = harness.app.tracks.shown().iter().map(|key| harness.app.tracks.get(*key).unwrap()).collect();
        prop_assert_eq!(shown.len(), harness.app.tracks.all().len());
        for two in shown.windows(2) {
            let (a, b) = (two[0].history, two[1].history);
            let holds = match sort {
                0 => two[0].search_text <= two[1].search_text,
                1 => two[0].track.title().to_lowercase() <= two[1].track.title().to_lowercase(),
                2 => a.added >= b.added,
                3 => a.plays >= b.plays,
                _ => a.last_sung >= b.last_sung,
            };
            prop_assert!(holds);
        }
    }
}
