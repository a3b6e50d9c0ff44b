//! The mind, tested as state, keys, state: no terminal, no sound, no clock.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hand;

use croon::action::Screen;
use croon::app::board::Wish;
use croon::app::{CacheStats, Effect, Event, NextUp, Output, Overlay, Saved, Sort};
use croon::key_tempo::KeyTempo;
use croon::keymap::{Keymap, TABLE, show_keys};
use croon::request::{Request, Target};
use croon::song_memory::Change;
use croon::track::{StemState, TrackId};
use hand::{Hand, SONGS, engine, loaded, path, peaks};
use proptest::prelude::*;

fn is_play(effect: &Effect) -> Option<(&std::path::Path, u64)> {
    match effect {
        Effect::Play { token, path, .. } => Some((path, *token)),
        _ => None,
    }
}

#[test]
fn songs_stand_by_artist_and_title_and_the_newest_file_is_separated_first() {
    let mut hand = Hand::new();
    let effects = hand.find_songs();
    let titles: Vec<_> = hand.shown();
    assert_eq!(
        titles,
        [
            "Cold Fjord Hymn",
            "Paper Lanterns",
            "Salt on the Window",
            "Moth to Moth",
            "Tideline"
        ]
    );
    // the youngest of SONGS is the last
    assert_eq!(
        effects,
        [Effect::BeginJob {
            path: path("Tideline"),
            id: None,
            from_seconds: 0.0
        }]
    );
    let waiting: Vec<_> = hand
        .app
        .board
        .waiting()
        .iter()
        .map(|w| hand.app.title(w.key))
        .collect();
    assert_eq!(
        waiting,
        [
            "Moth to Moth",
            "Salt on the Window",
            "Paper Lanterns",
            "Cold Fjord Hymn"
        ]
    );
}

#[test]
fn down_down_enter_sings_the_third_song_and_separates_it_before_all_others() {
    let mut hand = Hand::new();
    hand.find_songs();
    let effects = hand.keys("j j Enter");
    assert_eq!(
        effects,
        [
            Effect::Load {
                path: path("Salt on the Window"),
                id: None
            },
            Effect::CancelJob
        ],
        "the running job makes way"
    );
    assert_eq!(hand.app.screen, Screen::Sing);
    let effects = hand.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    assert_eq!(
        effects,
        [Effect::BeginJob {
            path: path("Salt on the Window"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(
        hand.app.board.waiting().len(),
        4,
        "the job that made way waits again"
    );

    let effects = hand.event(Event::Loaded(Box::new(loaded(
        "Salt on the Window",
        Some(0.4),
        false,
    ))));
    assert_eq!(effects[0], Effect::SetLevel(0.4));
    assert_eq!(
        is_play(&effects[1]).map(|(path, _)| path),
        Some(path("Salt on the Window").as_path())
    );
    assert_eq!(hand.app.fader.level(), 40);
}

#[test]
fn the_fader_moves_in_steps_and_is_saved_once_the_hand_rests() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.play("Paper Lanterns", None, false);
    assert_eq!(hand.app.fader.level(), 20);
    assert_eq!(
        hand.keys("Up Up"),
        [Effect::SetLevel(0.25), Effect::SetLevel(0.3)]
    );
    assert_eq!(
        hand.keys("Shift-Down ("),
        [Effect::SetLevel(0.29), Effect::SetLevel(0.25)]
    );
    assert_eq!(
        hand.keys("v v v"),
        [
            Effect::SetLevel(0.0),
            Effect::SetLevel(1.0),
            Effect::SetLevel(0.25)
        ]
    );
    assert_eq!(hand.tick(500), []);
    let saved = hand.tick(1_001);
    let id = TrackId([7; 16]);
    assert_eq!(
        saved,
        [
            Effect::Remember {
                id,
                singer: None,
                changes: vec![Change::Level(25)]
            },
            Effect::SaveState(Saved {
                level: 25,
                volume: 100,
                sort: Sort::Artist,
                readings: false,
            })
        ]
    );
    assert_eq!(hand.tick(5_000), []);
}

#[test]
fn key_and_tempo_move_with_the_keys_stay_with_their_song_and_go_back() {
    let mut hand = Hand::new();
    hand.find_songs();
    assert_eq!(hand.keys("} ]"), [], "no song to move");
    hand.play("Paper Lanterns", Some(0.2), false);
    let moved = |key, tempo| Effect::SetKeyTempo(KeyTempo::new(key, tempo));
    assert_eq!(hand.keys("} } ["), [moved(1, 100), moved(2, 100), moved(2, 95)]);
    assert_eq!(hand.keys("{ ]"), [moved(1, 95), moved(1, 100)]);
    assert_eq!(hand.tick(500), []);
    let id = TrackId([7; 16]);
    let saved = |key, tempo| Effect::Remember {
        id,
        singer: None,
        changes: vec![Change::KeyTempo(KeyTempo::new(key, tempo))],
    };
    assert_eq!(hand.tick(1_001), [saved(1, 100)]);
    assert_eq!(
        hand.keys("\\ \\"),
        [moved(0, 100)],
        "a second time nothing is left to move"
    );
    hand.keys("{ {");
    // Another song does not take them over, and theirs is saved before it is left.
    let effects = hand.sing("Salt on the Window");
    assert_eq!(effects.first(), Some(&saved(-2, 100)));
    let mut loaded = loaded("Salt on the Window", None, false);
    loaded.memory.apply(None, Change::KeyTempo(KeyTempo::new(3, 90)));
    let effects = hand.event(Event::Loaded(Box::new(loaded)));
    assert!(
        effects.iter().any(|effect| matches!(
            effect,
            Effect::Play { key_tempo, .. } if *key_tempo == KeyTempo::new(3, 90)
        )),
        "{effects:?}"
    );
    assert_eq!(hand.keys("}"), [moved(4, 90)]);
}

#[test]
fn a_song_keeps_its_own_level_and_others_take_the_last_one_set() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.play("Paper Lanterns", Some(0.8), true);
    assert_eq!(hand.app.fader.level(), 80);
    hand.play("Tideline", None, true);
    assert_eq!(hand.app.fader.level(), 20);
    hand.keys("3 Down Down");
    hand.play("Moth to Moth", None, true);
    assert_eq!(hand.app.fader.level(), 10);
}

#[test]
fn what_is_changed_while_a_song_is_opened_is_neither_lost_nor_the_rest_forgotten() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.sing("Paper Lanterns");
    hand.keys("Up");
    let mut loaded = loaded("Paper Lanterns", Some(0.8), false);
    loaded.memory.lyrics_offset_ms = 150;
    loaded
        .memory
        .apply(None, Change::KeyTempo(KeyTempo::new(-1, 100)));
    let effects = hand.event(Event::Loaded(Box::new(loaded)));
    assert_eq!(
        effects[0],
        Effect::SetLevel(0.25),
        "the hand was faster than the disk"
    );
    let song = hand.app.deck.song.as_ref().unwrap();
    assert_eq!(song.memory.lyrics_offset_ms, 150);
    assert_eq!(song.key_tempo, KeyTempo::new(-1, 100));
    let saved = Effect::Remember {
        id: TrackId([7; 16]),
        singer: None,
        changes: vec![Change::Level(25)],
    };
    assert!(hand.keys("q").contains(&saved));
}

#[test]
fn a_song_counts_as_sung_once_half_of_it_or_four_minutes_were_heard() {
    let heard = |duration: Option<f64>, jumps: &[(f64, f64)]| {
        let mut hand = Hand::new();
        hand.find_songs();
        let token = hand.play("Paper Lanterns", None, true);
        hand.app.deck.song.as_mut().unwrap().duration = duration;
        let mut sung = Vec::new();
        for (from, to) in jumps {
            let mut at = *from;
            while at < *to {
                let effects = hand.position(token, at);
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
    let mut hand = Hand::new();
    assert_eq!(
        hand.keys("- m m m +"),
        [0.95, 0.0, 0.95, 0.0, 1.0].map(Effect::SetVolume)
    );
    assert_eq!(
        hand.keys("q"),
        [
            Effect::SaveState(Saved {
                level: 20,
                volume: 100,
                sort: Sort::Artist,
                readings: false,
            }),
            Effect::Quit
        ]
    );
}

#[test]
fn near_its_end_a_song_asks_for_the_next_and_hands_over_without_a_gap() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Cold Fjord Hymn", None, true);
    assert_eq!(hand.position(token, 100.0), []);
    let next = loaded("Paper Lanterns", Some(0.6), true);
    assert_eq!(
        hand.position(token, 190.0),
        [
            Effect::Load {
                path: path("Paper Lanterns"),
                id: None
            },
            Effect::CancelJob
        ],
        "what is sung next is separated next"
    );
    let effects = hand.event(Event::Loaded(Box::new(next)));
    let Some(Effect::QueueNext(Some(NextUp { token: second, .. }))) = effects.first().cloned() else {
        panic!("{effects:?}")
    };
    assert_eq!(hand.position(token, 199.0), []);
    assert_eq!(hand.event(Event::PlayerEnded { token }), []);
    let effects = hand.event(Event::PlayerStarted {
        token: second,
        duration: Some(200.0),
    });
    assert_eq!(effects, [Effect::SetLevel(0.6)]);
    assert_eq!(hand.playing(), Some("Paper Lanterns".into()));
    assert!(hand.app.deck.playing);
}

#[test]
fn what_is_put_next_at_the_last_moment_replaces_what_was_ready() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Cold Fjord Hymn", None, true);
    hand.position(token, 190.0);
    hand.event(Event::Loaded(Box::new(loaded("Paper Lanterns", None, true))));
    hand.keys("1 G A");
    let effects = hand.position(token, 191.0);
    assert_eq!(
        effects,
        [
            Effect::QueueNext(None),
            Effect::Load {
                path: path("Tideline"),
                id: None
            }
        ]
    );
    let effects = hand.event(Event::Loaded(Box::new(loaded("Tideline", None, true))));
    let Some(Effect::QueueNext(Some(next))) = effects.first().cloned() else {
        panic!("{effects:?}")
    };
    hand.event(Event::PlayerEnded { token });
    hand.event(Event::PlayerStarted {
        token: next.token,
        duration: None,
    });
    assert_eq!(hand.playing(), Some("Tideline".into()));
    assert!(hand.app.queue.is_empty(), "its turn in the queue is used");
}

#[test]
fn the_last_song_comes_to_rest_and_space_sings_it_again() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Tideline", None, true);
    assert_eq!(hand.event(Event::PlayerEnded { token }), []);
    assert!(!hand.app.deck.moves());
    assert_eq!(
        hand.app.next_wake().filter(|_| hand.app.toasts.shown().is_none()),
        None,
        "nothing moves, nothing wakes"
    );
    let effects = hand.keys("Space");
    assert!(matches!(&effects[..], [Effect::Load { path: p, .. }] if *p == path("Tideline")));
}

#[test]
fn pause_seek_and_restart() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Cold Fjord Hymn", None, true);
    hand.event(Event::JobFinished {
        path: path("Cold Fjord Hymn"),
        already: true,
    });
    hand.position(token, 60.0);
    assert_eq!(hand.keys("Space Space"), [Effect::Pause, Effect::Resume]);
    assert_eq!(
        hand.keys("Right Left"),
        [65.0, 60.0].map(|seconds| Effect::Seek { seconds })
    );
    assert_eq!(
        hand.keys("Shift-Left Shift-Left Shift-Left"),
        [30.0, 0.0, 0.0].map(|seconds| Effect::Seek { seconds })
    );
    hand.position(token, 190.0);
    assert_eq!(
        hand.keys("Shift-Right"),
        [Effect::Seek { seconds: 199.5 }],
        "a seek too far stays in the song"
    );
    assert_eq!(hand.keys("0"), [Effect::Seek { seconds: 0.0 }]);
}

#[test]
fn a_seek_moves_the_separation_of_the_song_being_sung() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.play("Tideline", None, false);
    let effects = hand.keys("Shift-Right");
    assert_eq!(
        effects,
        [Effect::Seek { seconds: 30.0 }, Effect::FocusJob { seconds: 30.0 }]
    );
}

#[test]
fn a_song_that_cannot_play_is_passed_over() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Cold Fjord Hymn", None, true);
    hand.position(token, 199.0);
    hand.event(Event::LoadFailed {
        path: path("Paper Lanterns"),
        reason: "no audio in it".into(),
    });
    assert!(hand.app.toasts.shown().unwrap().text.contains("no audio in it"));
    let effects = hand.position(token, 199.3);
    assert_eq!(
        effects,
        [Effect::Load {
            path: path("Salt on the Window"),
            id: None
        }]
    );
    // chosen by hand and broken: silence, and the reason, rather than another song
    let effects = hand.sing("Moth to Moth");
    assert!(matches!(effects[0], Effect::Load { .. }));
    let effects = hand.event(Event::LoadFailed {
        path: path("Moth to Moth"),
        reason: "empty".into(),
    });
    assert_eq!(effects, [Effect::Stop]);
}

#[test]
fn find_goes_to_a_song_and_n_to_the_next_one() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("/");
    hand.type_text("moth");
    assert_eq!(hand.selected(), "Moth to Moth");
    hand.keys("Enter");
    assert!(matches!(hand.app.overlay, Overlay::None));
    hand.keys("g g /");
    hand.type_text("t");
    hand.keys("Enter n n");
    let third = hand.selected();
    hand.keys("N");
    assert_ne!(hand.selected(), third);
    hand.keys("g g / x y z Esc");
    assert_eq!(hand.selected(), "Cold Fjord Hymn", "Esc takes the cursor back");
}

#[test]
fn filter_narrows_the_list_and_esc_shows_all_again() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("f");
    hand.type_text("lant");
    assert_eq!(hand.shown(), ["Paper Lanterns"]);
    hand.keys("Enter");
    assert_eq!(hand.shown().len(), 1);
    hand.keys("Esc");
    assert_eq!(hand.shown().len(), SONGS.len());
    assert_eq!(hand.selected(), "Paper Lanterns", "the cursor stays on its song");
    hand.keys("f");
    hand.type_text("lant");
    hand.keys("Esc");
    assert_eq!(hand.shown().len(), SONGS.len());
}

#[test]
fn jobs_are_cancelled_retried_and_moved() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("4");
    assert_eq!(hand.keys("x"), [Effect::CancelJob]);
    let effects = hand.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    assert_eq!(
        effects,
        [Effect::BeginJob {
            path: path("Moth to Moth"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(hand.stems("Tideline"), StemState::New);
    // waiting now: Salt, Paper, Cold
    hand.keys("j J J");
    let waiting: Vec<_> = hand
        .app
        .board
        .waiting()
        .iter()
        .map(|w| hand.app.title(w.key))
        .collect();
    assert_eq!(
        waiting,
        ["Paper Lanterns", "Cold Fjord Hymn", "Salt on the Window"]
    );
    hand.event(Event::JobFailed {
        path: path("Moth to Moth"),
        reason: "damaged".into(),
    });
    assert_eq!(hand.stems("Moth to Moth"), StemState::Failed("damaged".into()));
    hand.keys("G r");
    assert_eq!(hand.app.board.failed, []);
    assert_eq!(hand.app.board.waiting()[0].wish, Wish::Asked);
    hand.keys("g g j x");
    assert_eq!(hand.stems("Moth to Moth"), StemState::New);
}

#[test]
fn a_wish_between_the_loss_of_the_engine_and_the_end_of_its_job_blames_no_song() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.event(Event::EngineDown {
        reason: "libtorch is missing: run make".into(),
    });
    hand.keys("Enter");
    hand.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "no engine".into(),
    });
    assert_eq!(
        (hand.app.board.failed.len(), hand.app.board.waiting().len()),
        (0, 5)
    );
}

#[test]
fn without_an_engine_no_song_is_blamed_and_a_wish_tries_again() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.event(Event::EngineDown {
        reason: "libtorch is missing: run make".into(),
    });
    let effects = hand.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "no engine".into(),
    });
    assert_eq!(effects, []);
    assert_eq!(
        (hand.app.board.failed.len(), hand.app.board.waiting().len()),
        (0, 5)
    );
    let effects = hand.keys("4 r");
    assert_eq!(
        effects.last(),
        Some(&Effect::BeginJob {
            path: path("Tideline"),
            id: None,
            from_seconds: 0.0
        })
    );
    hand.event(engine());
    assert_eq!(hand.app.board.halted, None);
}

#[test]
fn song_after_song_failing_alike_stops_the_queue() {
    let mut hand = Hand::new();
    hand.find_songs();
    for song in ["Tideline", "Moth to Moth", "Salt on the Window", "Paper Lanterns"] {
        hand.event(Event::JobFailed {
            path: path(song),
            reason: "the disk is full".into(),
        });
    }
    assert_eq!(hand.app.board.halted.as_deref(), Some("the disk is full"));
    assert!(hand.app.board.running.is_none());
    let effects = hand.keys("4 R");
    assert!(matches!(effects.last(), Some(Effect::BeginJob { .. })));
    assert_eq!(hand.app.board.failed, []);
}

#[test]
fn with_automatic_separation_off_only_wishes_run() {
    let mut hand = Hand::new();
    hand.app.settings.auto_separate = false;
    // nothing runs, but the selected song may be sung at any moment
    assert_eq!(hand.find_songs(), [Effect::WarmEngine]);
    assert_eq!(
        hand.keys("s"),
        [Effect::BeginJob {
            path: path("Cold Fjord Hymn"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(hand.keys("j s"), []);
    assert_eq!(hand.app.board.waiting().len(), 1);
}

#[test]
fn stored_segments_and_a_finished_job_reach_the_song_on_the_deck() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.play("Tideline", None, false);
    hand.event(Event::SegmentStored {
        path: path("Tideline"),
        segment: 3,
        peaks: Some(peaks(3)),
    });
    let voice = &hand.app.deck.song.as_ref().unwrap().voice;
    assert!(voice.ready_at(13.0) && !voice.ready_at(0.0));
    hand.event(Event::JobProgress {
        path: path("Tideline"),
        done: 1,
        total: 45,
        speed: 8.0,
    });
    assert_eq!(hand.stems("Tideline"), StemState::Separating(1.0 / 45.0));
    hand.event(Event::JobFinished {
        path: path("Tideline"),
        already: false,
    });
    assert_eq!(hand.stems("Tideline"), StemState::Ready);
    assert!(hand.app.deck.song.as_ref().unwrap().voice.complete);
}

#[test]
fn files_that_go_leave_every_list_and_those_that_move_keep_their_place() {
    let mut hand = Hand::new();
    hand.find_songs();
    // the running job makes way for the queue
    assert_eq!(hand.keys("a a"), [Effect::CancelJob]);
    let effects = hand.event(Event::Gone(vec![path("Tideline"), path("Cold Fjord Hymn")]));
    assert_eq!(effects, []);
    assert_eq!((hand.app.queue.len(), hand.shown().len()), (2, 3));
    assert_eq!(
        hand.app.queue.songs().count(),
        1,
        "the other waits until it is back"
    );
    hand.event(Event::Moved {
        from: path("Paper Lanterns"),
        to: "/music/new name.flac".into(),
    });
    assert_eq!(hand.shown()[0], "Paper Lanterns");
    hand.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    assert_eq!(
        hand.app.board.running.as_ref().map(|r| r.path.clone()),
        Some("/music/new name.flac".into())
    );
}

#[test]
fn a_loop_is_set_with_two_keys_kept_with_the_song_and_left_behind_its_end() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Paper Lanterns", None, true);
    hand.keys("3");
    assert_eq!(hand.keys("o"), [], "nothing was begun");
    hand.position(token, 10.0);
    assert_eq!(hand.keys("i"), []);
    hand.position(token, 10.05);
    assert_eq!(hand.keys("o"), [], "too short");
    hand.position(token, 12.5);
    assert_eq!(hand.keys("o"), [Effect::SetLoop(Some((10.0, 12.5)))]);
    let looped = |hand: &Hand| hand.app.deck.song.as_ref().unwrap().looped;
    assert_eq!(looped(&hand), Some((10.0, 12.5)));
    hand.position(token, 11.0);
    assert_eq!(hand.keys("i"), [Effect::SetLoop(Some((11.0, 12.5)))]);
    // Its vocals are still being made, so the engine is told each time where the listener is.
    let mut moved = |keys: &str| {
        let mut effects = hand.keys(keys);
        effects.retain(|effect| !matches!(effect, Effect::FocusJob { .. }));
        effects
    };
    assert_eq!(
        moved("Left"),
        [Effect::Seek { seconds: 6.0 }],
        "before it, it stays"
    );
    assert_eq!(
        moved("Right Right"),
        [
            Effect::Seek { seconds: 11.0 },
            Effect::SetLoop(None),
            Effect::Seek { seconds: 16.0 }
        ]
    );
    assert_eq!(looped(&hand), None);
}

#[test]
fn vocals_that_arrive_under_the_playhead_are_read_at_once_and_others_in_their_time() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Tideline", None, false);
    let seconds = hand.app.deck.song.as_ref().unwrap().voice.segment_seconds;
    hand.position(token, seconds * 2.5);
    let mut refreshes = |segment: u32| {
        let stored = Event::SegmentStored {
            path: path("Tideline"),
            segment,
            peaks: Some(peaks(3)),
        };
        hand.event(stored).contains(&Effect::RefreshVocals)
    };
    assert!(refreshes(2) && !refreshes(0) && !refreshes(5));
}

#[test]
fn a_changed_file_is_separated_again_and_a_known_one_is_not() {
    let mut hand = Hand::new();
    let mut song = hand::song(0);
    song.ready = true;
    assert_eq!(hand.event(Event::Found(vec![song.clone()])), []);
    song.ready = false;
    assert_eq!(
        hand.event(Event::Found(vec![song.clone()])),
        [],
        "the scan finds what the catalogue knows"
    );
    song.track.stamp.size += 1;
    assert!(matches!(
        hand.event(Event::Found(vec![song]))[..],
        [Effect::BeginJob { .. }]
    ));
}

/// Plays a song to its end; the title of what follows, once the player has it.
fn hear_out(hand: &mut Hand, token: u64) -> (String, u64) {
    let effects = hand.position(token, 190.0);
    let Some(Effect::Load { path, .. }) = effects.first().cloned() else {
        panic!("{effects:?}")
    };
    let title = path.file_stem().unwrap().to_string_lossy().into_owned();
    let effects = hand.event(Event::Loaded(Box::new(loaded(&title, None, true))));
    let next = effects.iter().find_map(|effect| match effect {
        Effect::QueueNext(Some(next)) => Some(next.token),
        _ => None,
    });
    let next = next.expect("it follows without a gap");
    hand.event(Event::PlayerEnded { token });
    hand.event(Event::PlayerStarted {
        token: next,
        duration: Some(200.0),
    });
    assert_eq!(hand.playing().as_deref(), Some(title.as_str()));
    (title, next)
}

#[test]
fn one_song_repeats_without_a_gap_until_next_is_pressed() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("1 G a 2 r");
    let mut token = hand.play("Paper Lanterns", None, true);
    for _ in 0..3 {
        let (title, next) = hear_out(&mut hand, token);
        assert_eq!(title, "Paper Lanterns");
        token = next;
    }
    assert_eq!(hand.app.queue.len(), 1);
    let effects = hand.keys(">");
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Load { path: p, .. } if *p == path("Tideline"))),
        "{effects:?}"
    );
    assert!(hand.app.queue.is_empty());
}

#[test]
fn while_all_is_repeated_a_song_sung_waits_again_at_the_end() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("1 g g a a 2 r r Enter");
    hand.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    let effects = hand.event(Event::Loaded(Box::new(loaded("Cold Fjord Hymn", None, true))));
    let (_, mut token) = effects.iter().find_map(is_play).unwrap();
    hand.event(Event::PlayerStarted {
        token,
        duration: Some(200.0),
    });
    let mut heard = Vec::new();
    for _ in 0..4 {
        let (title, next) = hear_out(&mut hand, token);
        heard.push(title);
        token = next;
    }
    assert_eq!(
        heard,
        [
            "Paper Lanterns",
            "Cold Fjord Hymn",
            "Paper Lanterns",
            "Cold Fjord Hymn"
        ]
    );
}

#[test]
fn a_song_of_the_queue_that_cannot_begin_stays_in_it_and_the_next_one_plays() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("1 g g a a 2");
    let titles = |hand: &Hand| -> Vec<String> {
        let songs = hand.app.queue.songs().map(|key| hand.app.title(key));
        songs.collect()
    };
    hand.keys(">");
    hand.play("Tideline", None, true);
    hand.keys(">");
    assert_eq!(titles(&hand), ["Paper Lanterns"]);
    let effects = hand.event(Event::LoadFailed {
        path: path("Cold Fjord Hymn"),
        reason: "no".into(),
    });
    assert!(
        effects.contains(&Effect::Load {
            path: path("Paper Lanterns"),
            id: None
        }),
        "{effects:?}"
    );
    assert_eq!(titles(&hand), ["Cold Fjord Hymn"]);
    assert!(hand.app.queue.first().is_none(), "and is not tried by itself");
    hand.check();
}

#[test]
fn what_a_crash_leaves_is_the_queue_and_the_place_to_go_on() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("1 g g a a 2 s");
    hand.type_text("Ana");
    hand.keys("Enter r x x");
    let token = hand.play("Tideline", None, true);
    hand.position(token, 90.0);
    let kept = hand.kept.clone();
    let mut after = Hand::new();
    after.find_songs();
    after.event(Event::Restored(Box::new(kept)));
    let shown = |hand: &Hand| -> Vec<_> {
        let entries = hand.app.queue.entries().iter();
        entries
            .map(|e| (e.key, e.path.clone(), e.singer.clone()))
            .collect()
    };
    assert_eq!(shown(&hand), shown(&after));
    assert_eq!(after.app.queue.repeat(), hand.app.queue.repeat());
    assert!(after.playing().is_none(), "nothing plays by itself");
    let effects = after.keys("Space");
    assert!(matches!(&effects[0], Effect::Load { path: p, .. } if *p == path("Tideline")));
    let start = after.app.deck.song.as_ref().unwrap().start;
    assert!((start - 90.0).abs() <= 5.0, "{start}");
}

#[test]
fn a_singer_keeps_a_key_of_their_own_and_the_history_says_who_sang() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.keys("1 g g j a 2 s");
    hand.type_text("Ana");
    hand.keys("Enter");
    assert_eq!(hand.app.queue.singers(), ["Ana"]);
    hand.keys("Enter");
    hand.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    let effects = hand.event(Event::Loaded(Box::new(loaded("Paper Lanterns", Some(0.8), true))));
    let (_, token) = effects.iter().find_map(is_play).unwrap();
    hand.keys("}");
    let saved = hand.tick(2_000);
    let expected = Effect::Remember {
        id: TrackId([7; 16]),
        singer: Some("Ana".into()),
        changes: vec![Change::KeyTempo(KeyTempo::new(1, 100))],
    };
    assert!(saved.contains(&expected), "{saved:?}");
    let mut sung = Vec::new();
    for step in 0..140 {
        sung.extend(hand.position(token, f64::from(step)));
    }
    sung.retain(|effect| matches!(effect, Effect::Sung { .. }));
    let expected = Effect::Sung {
        id: Some(TrackId([7; 16])),
        path: path("Paper Lanterns"),
        name: "Harbour Lights - Paper Lanterns".into(),
        singer: Some("Ana".into()),
    };
    assert_eq!(sung, [expected]);
}

#[test]
fn a_list_is_added_its_missing_files_stay_and_no_file_is_written_over_unasked() {
    let mut hand = Hand::new();
    hand.find_songs();
    let item = |path: std::path::PathBuf| croon::m3u::Item {
        path,
        name: "Ana - Gone".into(),
        seconds: Some(10),
        singer: None,
    };
    let gone = std::path::PathBuf::from("/nowhere/gone.mp3");
    let effects = hand.event(Event::ListRead {
        items: vec![item(path("Tideline")), item(gone.clone())],
        left_out: 0,
        instead: true,
    });
    assert_eq!(effects, [Effect::LookFor(vec![gone.clone()])]);
    assert_eq!((hand.app.queue.len(), hand.app.queue.songs().count()), (2, 1));
    hand.keys("W");
    hand.type_text("party");
    let effects = hand.keys("Enter");
    let Some(Effect::WriteList {
        path: file,
        items,
        over: false,
    }) = effects.first().cloned()
    else {
        panic!("{effects:?}")
    };
    assert_eq!((file.clone(), items.len()), ("party.m3u8".into(), 2));
    hand.event(Event::ListExists { path: file.clone() });
    assert_eq!(hand.keys("n"), [], "no");
    hand.event(Event::ListExists { path: file });
    assert!(matches!(
        hand.keys("y")[..],
        [Effect::WriteList { over: true, .. }]
    ));
    // it comes back, and with it its place
    let mut found = hand::song(0);
    found.track.path = gone;
    hand.event(Event::Found(vec![found]));
    assert_eq!(hand.app.queue.songs().count(), 2);
    hand.keys("2 u");
    assert!(hand.app.queue.is_empty(), "the list is out again");
}

#[test]
fn sound_that_goes_and_comes_back_is_said_once() {
    let mut hand = Hand::new();
    hand.event(Event::Output(Output::Silent {
        reason: "no card".into(),
    }));
    hand.event(Event::Output(Output::Silent {
        reason: "no card".into(),
    }));
    assert_eq!(
        hand.app.toasts.shown().unwrap().text,
        "no sound: no card (O chooses an output)"
    );
    hand.tick(20_000);
    assert_eq!(hand.app.toasts.shown(), None);
    hand.event(Event::Output(Output::Device {
        name: "default".into(),
        rate: 48_000,
        instead_of: None,
    }));
    assert_eq!(hand.app.toasts.shown().unwrap().text, "sound again: default");
}

#[test]
fn the_position_asks_for_a_frame_only_when_it_can_be_seen() {
    let mut hand = Hand::new();
    hand.find_songs();
    let token = hand.play("Tideline", None, true);
    hand.position(token, 10.0);
    hand.app.frame_drawn();
    hand.position(token, 10.1);
    assert!(!hand.app.needs_frame());
    hand.position(token, 10.26);
    assert!(hand.app.needs_frame());
    hand.position(token + 40, 99.0);
    assert_eq!(hand.app.deck.seconds, 10.26);
}

#[test]
fn keys_of_the_user_work_and_the_help_names_every_key_of_the_screen() {
    let lines = [
        ("x".to_owned(), "play-pause".to_owned()),
        ("m".to_owned(), "none".to_owned()),
    ];
    let (keymap, errors) = Keymap::with_overrides(&lines.into_iter().collect());
    assert_eq!(errors, []);
    let mut hand = Hand::with(keymap);
    hand.find_songs();
    for (screen, key) in Screen::ALL.into_iter().zip(["1", "2", "3", "4"]) {
        hand.keys(key);
        assert_eq!(hand.app.screen, screen);
        let help = croon::ui::help_lines(&hand.app);
        for binding in hand.app.keymap.bindings().iter().filter(|b| b.scope.has(screen)) {
            let keys = show_keys(&binding.keys);
            let says = TABLE
                .iter()
                .find(|row| row.action == binding.action)
                .unwrap()
                .help;
            let says = says.replace("{seek}", "5").replace("{far}", "30");
            assert!(
                help.iter()
                    .any(|(k, w)| *w == says && k.split("  ").any(|k| k == keys)),
                "{screen:?} {keys}"
            );
        }
    }
    assert!(matches!(hand.keys("x")[..], [Effect::Load { .. }]));
}

fn cache(bytes: u64, cap_bytes: u64) -> Event {
    Event::Cache(CacheStats {
        bytes,
        cap_bytes,
        songs: 9,
        pinned: 0,
    })
}

fn begun(effects: &[Effect]) -> Vec<&std::path::Path> {
    let begun = effects.iter().filter_map(|effect| match effect {
        Effect::BeginJob { path, .. } => Some(path.as_path()),
        _ => None,
    });
    begun.collect()
}

#[test]
fn a_full_cache_keeps_songs_nobody_asked_for_waiting() {
    let mut hand = Hand::new();
    assert!(hand.app.start().contains(&Effect::AskCache));
    hand.event(cache(990_000_000, 1_000_000_000));
    assert_eq!(hand.find_songs(), [Effect::WarmEngine]);
    assert!(hand.app.held());
    assert_eq!(hand.stems("Tideline"), StemState::Queued);
    // asked for by hand, and sung
    assert_eq!(begun(&hand.keys("s")), [path("Cold Fjord Hymn")]);
    hand.event(Event::JobFinished {
        path: path("Cold Fjord Hymn"),
        already: false,
    });
    assert_eq!(begun(&hand.sing("Moth to Moth")), [path("Moth to Moth")]);
    hand.event(Event::JobFinished {
        path: path("Moth to Moth"),
        already: false,
    });
    assert!(hand.app.held() && hand.app.board.running.is_none());
    // there is room again
    assert_eq!(begun(&hand.event(cache(0, 1_000_000_000))), [path("Tideline")]);
    hand.check();
}

#[test]
fn songs_are_separated_unasked_only_while_there_is_room_for_them() {
    let mut hand = Hand::new();
    hand.event(cache(0, 50_000_000));
    assert_eq!(begun(&hand.find_songs()), [path("Tideline")]);
    let mut finish = |title: &str| {
        hand.event(Event::JobFinished {
            path: path(title),
            already: false,
        })
    };
    let effects = finish("Tideline");
    assert!(effects.contains(&Effect::AskCache));
    assert_eq!(begun(&effects), [path("Moth to Moth")]);
    // without waiting for the answer
    assert_eq!(begun(&finish("Moth to Moth")), [] as [&std::path::Path; 0]);
    assert!(hand.app.held());
    // another song had to go: whatever the numbers say, that would go round in circles
    hand.event(Event::Evicted(vec![TrackId([3; 16])]));
    assert_eq!(hand.event(cache(0, 50_000_000)), []);
    assert!(hand.app.held());
}

#[test]
fn a_job_begun_before_the_cache_was_added_up_makes_way() {
    let mut hand = Hand::new();
    assert_eq!(begun(&hand.find_songs()), [path("Tideline")]);
    assert_eq!(hand.event(cache(10, 10)), [Effect::CancelJob]);
    assert_eq!(
        hand.event(Event::JobCancelled {
            path: path("Tideline"),
        }),
        []
    );
    assert_eq!(hand.stems("Tideline"), StemState::Queued);
    assert!(hand.app.held());
}

#[test]
fn enter_on_a_failed_job_shows_the_whole_reason_and_r_tries_again() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "broken".into(),
    });
    assert_eq!(hand.keys("w G Enter"), [Effect::AskCache]);
    let Overlay::Whole { heading, words } = &hand.app.overlay else {
        panic!("{:?}", hand.app.overlay)
    };
    assert_eq!((heading.as_str(), words.as_str()), ("Tideline", "broken"));
    hand.keys("Enter");
    assert!(matches!(hand.app.overlay, Overlay::None));
    assert_eq!(hand.app.screen, Screen::Jobs);
    hand.keys("Enter r");
    assert!(matches!(hand.app.overlay, Overlay::None));
    assert!(hand.app.board.failed.is_empty());
    assert!(hand.app.board.waiting().iter().any(|w| w.wish == Wish::Asked));
}

/// What the one who asked is told; every request is answered once.
fn asked(hand: &mut Hand, request: Request) -> (Result<String, String>, Vec<Effect>) {
    let mut effects = hand.event(Event::Request(request));
    let is_answer = |effect: &Effect| matches!(effect, Effect::Answer(_));
    let at = effects.iter().position(is_answer).expect("an answer");
    let Effect::Answer(answer) = effects.remove(at) else {
        unreachable!()
    };
    assert!(!effects.iter().any(is_answer), "answered twice");
    (answer, effects)
}

#[test]
fn requests_do_what_the_keys_do() {
    let (mut by_hand, mut from_outside) = (Hand::new(), Hand::new());
    for hand in [&mut by_hand, &mut from_outside] {
        hand.find_songs();
        hand.play("Tideline", Some(0.5), true);
    }
    for (keys, request) in [
        ("Space", Request::Pause),
        ("Space", Request::Play),
        (")", Request::Vocals(Target::By(5))),
        ("v", Request::ToggleVocals),
        ("}", Request::Key(Target::By(1))),
        ("[", Request::Tempo(Target::By(-5))),
        ("-", Request::Volume(Target::By(-5))),
        ("m", Request::Mute),
        ("0", Request::Seek(Target::To(0.0))),
        ("<", Request::Previous),
    ] {
        let wanted = by_hand.keys(keys);
        let (answer, effects) = asked(&mut from_outside, request.clone());
        assert_eq!(effects, wanted, "{keys} and {request:?}");
        assert!(answer.is_ok(), "{request:?}: {answer:?}");
    }
    assert_eq!(by_hand.app.fader, from_outside.app.fader);
    assert_eq!(by_hand.app.deck, from_outside.app.deck);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let mut hand = Hand::new();
    for request in [
        Request::Play,
        Request::Pause,
        Request::Next,
        Request::Previous,
        Request::Seek(Target::To(3.0)),
        Request::Key(Target::By(1)),
        Request::Add(path("Tideline")),
        Request::PlayFile("/nowhere/x.mp3".into()),
    ] {
        let (answer, effects) = asked(&mut hand, request.clone());
        assert!(answer.is_err() && effects.is_empty(), "{request:?}: {answer:?}");
    }
    hand.find_songs();
    hand.sing("Tideline");
    let (answer, _) = asked(&mut hand, Request::Key(Target::By(1)));
    assert!(answer.unwrap_err().contains("still being opened"));
}

#[test]
fn a_song_from_outside_plays_or_waits_for_the_singer() {
    let mut hand = Hand::new();
    hand.find_songs();
    let (said, _) = asked(&mut hand, Request::Open(path("Tideline")));
    assert_eq!(said.unwrap(), "Tideline plays");
    assert_eq!(
        (hand.playing().as_deref(), hand.app.screen),
        (Some("Tideline"), Screen::Sing)
    );
    let (said, _) = asked(&mut hand, Request::Open(path("Moth to Moth")));
    assert_eq!(said.unwrap(), "Moth to Moth is number 1 of the queue");
    assert_eq!(hand.playing().as_deref(), Some("Tideline"));
    hand.check();
    // stopped, it begins anew, and nothing of the old goes on
    asked(&mut hand, Request::Stop).0.unwrap();
    assert!(!hand.app.deck.moves() && hand.app.deck.seconds == 0.0);
    asked(&mut hand, Request::Next).0.unwrap();
    assert_eq!(hand.playing().as_deref(), Some("Moth to Moth"));
    // not from under the hand of somebody who is typing
    hand.keys("1 /");
    asked(&mut hand, Request::PlayFile(path("Tideline"))).0.unwrap();
    assert_eq!(hand.app.screen, Screen::Library);
    assert!(matches!(hand.app.overlay, Overlay::Prompt(_)));
}

fn any_request() -> impl Strategy<Value = Request> {
    let song = || (0..SONGS.len()).prop_map(|i| path(SONGS[i].0));
    let change = || {
        prop_oneof![
            any::<i32>().prop_map(Target::To),
            any::<i32>().prop_map(Target::By)
        ]
    };
    prop_oneof![
        proptest::sample::select(vec![
            Request::Play,
            Request::Pause,
            Request::Toggle,
            Request::Stop,
            Request::Next,
            Request::Previous,
            Request::ToggleVocals,
            Request::Mute,
        ]),
        (-1e6..1e6_f64).prop_map(|by| Request::Seek(Target::By(by))),
        (0.0..1e6_f64).prop_map(|to| Request::Seek(Target::To(to))),
        change().prop_map(Request::Vocals),
        change().prop_map(Request::Key),
        change().prop_map(Request::Tempo),
        change().prop_map(Request::Volume),
        song().prop_map(Request::Add),
        song().prop_map(Request::PlayFile),
        song().prop_map(Request::Open),
    ]
}

/// What the machines and the hand can do, in any order.
fn any_event() -> impl Strategy<Value = Event> {
    let song = || (0..SONGS.len()).prop_map(|i| path(SONGS[i].0));
    let key = proptest::sample::select(
        TABLE
            .iter()
            .flat_map(|row| row.keys)
            .flat_map(|(keys, _)| croon::keymap::parse_keys(keys).unwrap())
            .filter(|key| key.to_string() != "q" && key.to_string() != "Ctrl-c")
            .collect::<Vec<_>>(),
    );
    prop_oneof![
        12 => key.prop_map(Event::Key),
        6 => any_request().prop_map(Event::Request),
        1 => any::<char>().prop_map(|c| Event::Key(croon::keymap::Key::char(c))),
        2 => (0..SONGS.len(), any::<bool>(), 0..3_u64).prop_map(|(i, ready, size)| {
            let mut found = hand::song(i);
            found.ready = ready;
            found.track.stamp.size = size;
            Event::Found(vec![found])
        }),
        1 => song().prop_map(|path| Event::Gone(vec![path])),
        1 => (song(), song()).prop_map(|(from, to)| Event::Moved { from, to }),
        1 => any::<u32>().prop_map(|ms| Event::Tick { now_ms: ms.into() }),
        1 => (0..300_u16, 0..100_u16).prop_map(|(columns, rows)| Event::Resize { columns, rows }),
        1 => Just(engine()),
        1 => (0..60_000_000_u64).prop_map(|bytes| cache(bytes, 50_000_000)),
        1 => Just(Event::Evicted(vec![TrackId([7; 16])])),
        1 => Just(Event::EngineDown { reason: "gone".into() }),
        2 => (song(), any::<bool>()).prop_map(|(path, already)| Event::JobFinished { path, already }),
        2 => song().prop_map(|path| Event::JobFailed { path, reason: "broken".into() }),
        2 => song().prop_map(|path| Event::JobCancelled { path }),
        1 => (song(), any::<u32>(), any::<u32>(), any::<f32>())
            .prop_map(|(path, done, total, speed)| Event::JobProgress { path, done, total, speed }),
        1 => (song(), any::<u32>()).prop_map(|(path, segment)| Event::SegmentStored { path, segment, peaks: None }),
        3 => (0..SONGS.len(), any::<bool>()).prop_map(|(i, complete)| {
            Event::Loaded(Box::new(loaded(SONGS[i].0, None, complete)))
        }),
        1 => song().prop_map(|path| Event::LoadFailed { path, reason: "no".into() }),
        1 => Just(Event::ListExists { path: "/x.m3u8".into() }),
        2 => (0..20_u64).prop_map(|token| Event::PlayerStarted { token, duration: None }),
        2 => (0..20_u64).prop_map(|token| Event::PlayerEnded { token }),
        1 => (0..20_u64).prop_map(|token| Event::PlayerFailed { token, reason: "no".into() }),
        2 => (0..20_u64, any::<f64>()).prop_map(|(token, seconds)| Event::Position { token, seconds, playing: true }),
        2 => (0..20_u64, 150.0..210.0).prop_map(|(token, seconds)| Event::Position { token, seconds, playing: true }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_state_holds_together(events in prop::collection::vec(any_event(), 1..120)) {
        let mut hand = Hand::new();
        hand.find_songs();
        for event in events {
            if let Event::Request(request) = event {
                let _ = asked(&mut hand, request);
            } else {
                hand.event(event);
            }
            hand.check();
        }
    }
}
