//! What is separated, when, and what becomes of it.

use super::{begun, cache};
use crate::hand::{Hand, engine, path};
use croon::action::Screen;
use croon::app::board::Wish;
use croon::app::{Effect, Event, Overlay};
use croon::track::{StemState, TrackId};

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
    assert_eq!(
        hand.waiting(),
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
