//! The fader, key, tempo and volume, and what a song remembers.

use crate::harness::{Harness, loaded};
use croon::app::{Effect, Event, SessionSettings, Sort};
use croon::key_tempo::KeyTempo;
use croon::song_settings::Change;
use croon::track::TrackId;

#[test]
fn the_fader_moves_in_steps_and_is_saved_once_the_hand_rests() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.play("Paper Lanterns", None, false);
    assert_eq!(harness.app.levels.fader.level(), 20);
    assert_eq!(
        harness.keys("Up Up"),
        [Effect::SetLevel(0.25), Effect::SetLevel(0.3)]
    );
    assert_eq!(
        harness.keys("Shift-Down ("),
        [Effect::SetLevel(0.29), Effect::SetLevel(0.25)]
    );
    assert_eq!(
        harness.keys("v v v"),
        [
            Effect::SetLevel(0.0),
            Effect::SetLevel(1.0),
            Effect::SetLevel(0.25)
        ]
    );
    assert_eq!(harness.tick(500), []);
    let saved = harness.tick(1_001);
    let id = TrackId([7; 16]);
    assert_eq!(
        saved,
        [
            Effect::SaveSongSettings {
                id,
                singer: None,
                changes: vec![Change::Level(25)]
            },
            Effect::SaveState(SessionSettings {
                level: 25,
                volume: 100,
                sort: Sort::Artist,
                readings: false,
            })
        ]
    );
    assert_eq!(harness.tick(5_000), []);
}

#[test]
fn key_and_tempo_move_with_the_keys_stay_with_their_song_and_go_back() {
    let mut harness = Harness::new();
    harness.find_songs();
    assert_eq!(harness.keys("} ]"), [], "no song to move");
    harness.play("Paper Lanterns", Some(0.2), false);
    let moved = |key, tempo| Effect::SetKeyTempo(KeyTempo::new(key, tempo));
    assert_eq!(
        harness.keys("} } ["),
        [moved(1, 100), moved(2, 100), moved(2, 95)]
    );
    assert_eq!(harness.keys("{ ]"), [moved(1, 95), moved(1, 100)]);
    assert_eq!(harness.tick(500), []);
    let id = TrackId([7; 16]);
    let saved = |key, tempo| Effect::SaveSongSettings {
        id,
        singer: None,
        changes: vec![Change::KeyTempo(KeyTempo::new(key, tempo))],
    };
    assert_eq!(harness.tick(1_001), [saved(1, 100)]);
    assert_eq!(
        harness.keys("\\ \\"),
        [moved(0, 100)],
        "a second time nothing is left to move"
    );
    harness.keys("{ {");
    // Another song does not take them over, and theirs is saved before it is left.
    let effects = harness.sing("Salt on the Window");
    assert_eq!(effects.first(), Some(&saved(-2, 100)));
    let mut loaded = loaded("Salt on the Window", None, false);
    loaded.memory.apply(None, Change::KeyTempo(KeyTempo::new(3, 90)));
    let effects = harness.event(Event::Loaded(Box::new(loaded)));
    assert!(
        effects.iter().any(|effect| matches!(
            effect,
            Effect::Play { key_tempo, .. } if *key_tempo == KeyTempo::new(3, 90)
        )),
        "{effects:?}"
    );
    assert_eq!(harness.keys("}"), [moved(4, 90)]);
}

#[test]
fn a_song_keeps_its_own_level_and_others_take_the_last_one_set() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.play("Paper Lanterns", Some(0.8), true);
    assert_eq!(harness.app.levels.fader.level(), 80);
    harness.play("Tideline", None, true);
    assert_eq!(harness.app.levels.fader.level(), 20);
    harness.keys("3 Down Down");
    harness.play("Moth to Moth", None, true);
    assert_eq!(harness.app.levels.fader.level(), 10);
}

#[test]
fn what_is_changed_while_a_song_is_opened_is_neither_lost_nor_the_rest_forgotten() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.sing("Paper Lanterns");
    harness.keys("Up");
    let mut loaded = loaded("Paper Lanterns", Some(0.8), false);
    loaded.memory.lyrics_offset_ms = 150;
    loaded
        .memory
        .apply(None, Change::KeyTempo(KeyTempo::new(-1, 100)));
    let effects = harness.event(Event::Loaded(Box::new(loaded)));
    assert_eq!(
        effects[0],
        Effect::SetLevel(0.25),
        "the hand was faster than the disk"
    );
    let song = harness.app.deck.song.as_ref().unwrap();
    assert_eq!(song.memory.lyrics_offset_ms, 150);
    assert_eq!(song.key_tempo, KeyTempo::new(-1, 100));
    let saved = Effect::SaveSongSettings {
        id: TrackId([7; 16]),
        singer: None,
        changes: vec![Change::Level(25)],
    };
    assert!(harness.keys("q").contains(&saved));
}

#[test]
fn a_song_counts_as_sung_once_half_of_it_or_four_minutes_were_heard() {
    let heard = |duration: Option<f64>, jumps: &[(f64, f64)]| {
        let mut harness = Harness::new();
        harness.find_songs();
        let play_id = harness.play("Paper Lanterns", None, true);
        harness.app.deck.song.as_mut().unwrap().duration = duration;
        let mut sung = Vec::new();
        for (from, to) in jumps {
            let mut at = *from;
            while at < *to {
                let effects = harness.position(play_id, at);
                let now = effects
                    .iter()
                    .filter(|e| matches!(e, Effect::Sung { .. }))
                    .count();
                (0..now).for_each(|_| sung.push(at));
                at += 0.1;
            }
        }
        sung
    };
    let once = |sung: Vec<f64>, at: f64| sung.len() == 1 && (sung[0] - at).abs() < 0.3;
    assert!(once(heard(Some(200.0), &[(0.0, 199.0)]), 100.0));
    assert!(heard(Some(200.0), &[(0.0, 99.0)]).is_empty());
    let jumped = heard(Some(200.0), &[(0.0, 50.0), (150.0, 195.0)]);
    assert!(jumped.is_empty(), "a jump is not heard");
    assert!(once(heard(Some(900.0), &[(0.0, 300.0)]), 240.0));
    assert!(once(heard(None, &[(0.0, 300.0)]), 240.0));
}

#[test]
fn volume_and_mute() {
    let mut harness = Harness::new();
    assert_eq!(
        harness.keys("- m m m +"),
        [0.95, 0.0, 0.95, 0.0, 1.0].map(Effect::SetVolume)
    );
    assert_eq!(
        harness.keys("q"),
        [
            Effect::SaveState(SessionSettings {
                level: 20,
                volume: 100,
                sort: Sort::Artist,
                readings: false,
            }),
            Effect::Quit
        ]
    );
}
