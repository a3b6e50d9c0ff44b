//! What is separated, when, and what becomes of it.

use super::{begun, cache};
use crate::harness::{Harness, engine, path};
use croon::action::Screen;
use croon::app::state::job_queue::Priority;
use croon::app::{Effect, Event, Overlay};
use croon::track::{StemState, TrackId};

#[test]
fn jobs_are_cancelled_retried_and_moved() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("4");
    assert_eq!(harness.keys("x"), [Effect::CancelJob]);
    let effects = harness.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    assert_eq!(
        effects,
        [Effect::StartJob {
            path: path("Moth to Moth"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(harness.stems("Tideline"), StemState::New);
    // waiting now: Salt, Paper, Cold
    harness.keys("j J J");
    assert_eq!(
        harness.waiting(),
        ["Paper Lanterns", "Cold Fjord Hymn", "Salt on the Window"]
    );
    harness.event(Event::JobFailed {
        path: path("Moth to Moth"),
        reason: "damaged".into(),
    });
    assert_eq!(harness.stems("Moth to Moth"), StemState::Failed("damaged".into()));
    harness.keys("G r");
    assert_eq!(harness.app.jobs.failed, []);
    assert_eq!(harness.app.jobs.waiting()[0].priority, Priority::Requested);
    harness.keys("g g j x");
    assert_eq!(harness.stems("Moth to Moth"), StemState::New);
}

#[test]
fn a_wish_between_the_loss_of_the_engine_and_the_end_of_its_job_blames_no_song() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.event(Event::EngineDown {
        reason: "libtorch is missing: run make".into(),
    });
    harness.keys("Enter");
    harness.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "no engine".into(),
    });
    assert_eq!(
        (harness.app.jobs.failed.len(), harness.app.jobs.waiting().len()),
        (0, 5)
    );
}

#[test]
fn without_an_engine_no_song_is_blamed_and_a_wish_tries_again() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.event(Event::EngineDown {
        reason: "libtorch is missing: run make".into(),
    });
    let effects = harness.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "no engine".into(),
    });
    assert_eq!(effects, []);
    assert_eq!(
        (harness.app.jobs.failed.len(), harness.app.jobs.waiting().len()),
        (0, 5)
    );
    let effects = harness.keys("4 r");
    assert_eq!(
        effects.last(),
        Some(&Effect::StartJob {
            path: path("Tideline"),
            id: None,
            from_seconds: 0.0
        })
    );
    harness.event(engine());
    assert_eq!(harness.app.jobs.paused, None);
}

#[test]
fn song_after_song_failing_alike_stops_the_queue() {
    let mut harness = Harness::new();
    harness.find_songs();
    for song in ["Tideline", "Moth to Moth", "Salt on the Window", "Paper Lanterns"] {
        harness.event(Event::JobFailed {
            path: path(song),
            reason: "the disk is full".into(),
        });
    }
    assert_eq!(harness.app.jobs.paused.as_deref(), Some("the disk is full"));
    assert!(harness.app.jobs.running.is_none());
    let effects = harness.keys("4 R");
    assert!(matches!(effects.last(), Some(Effect::StartJob { .. })));
    assert_eq!(harness.app.jobs.failed, []);
}

#[test]
fn with_automatic_separation_off_only_wishes_run() {
    let mut harness = Harness::new();
    harness.app.settings.auto_separate = false;
    // nothing runs, but the selected song may be sung at any moment
    assert_eq!(harness.find_songs(), [Effect::WarmUpEngine]);
    assert_eq!(
        harness.keys("s"),
        [Effect::StartJob {
            path: path("Cold Fjord Hymn"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(harness.keys("j s"), []);
    assert_eq!(harness.app.jobs.waiting().len(), 1);
}

#[test]
fn a_full_cache_keeps_songs_nobody_asked_for_waiting() {
    let mut harness = Harness::new();
    assert!(harness.app.initial_effects().contains(&Effect::ReadCacheStats));
    harness.event(cache(990_000_000, 1_000_000_000));
    assert_eq!(harness.find_songs(), [Effect::WarmUpEngine]);
    assert!(harness.app.waits_for_cache());
    assert_eq!(harness.stems("Tideline"), StemState::Queued);
    // asked for by hand, and sung
    assert_eq!(begun(&harness.keys("s")), [path("Cold Fjord Hymn")]);
    harness.event(Event::JobFinished {
        path: path("Cold Fjord Hymn"),
        already: false,
    });
    assert_eq!(begun(&harness.sing("Moth to Moth")), [path("Moth to Moth")]);
    harness.event(Event::JobFinished {
        path: path("Moth to Moth"),
        already: false,
    });
    assert!(harness.app.waits_for_cache() && harness.app.jobs.running.is_none());
    // there is room again
    assert_eq!(begun(&harness.event(cache(0, 1_000_000_000))), [path("Tideline")]);
    harness.check();
}

#[test]
fn songs_are_separated_unasked_only_while_there_is_room_for_them() {
    let mut harness = Harness::new();
    harness.event(cache(0, 50_000_000));
    assert_eq!(begun(&harness.find_songs()), [path("Tideline")]);
    let mut finish = |title: &str| {
        harness.event(Event::JobFinished {
            path: path(title),
            already: false,
        })
    };
    let effects = finish("Tideline");
    assert!(effects.contains(&Effect::ReadCacheStats));
    assert_eq!(begun(&effects), [path("Moth to Moth")]);
    // without waiting for the answer
    assert_eq!(begun(&finish("Moth to Moth")), [] as [&std::path::Path; 0]);
    assert!(harness.app.waits_for_cache());
    // another song had to go: whatever the numbers say, that would go round in circles
    harness.event(Event::Evicted(vec![TrackId([3; 16])]));
    assert_eq!(harness.event(cache(0, 50_000_000)), []);
    assert!(harness.app.waits_for_cache());
}

#[test]
fn a_job_begun_before_the_cache_was_added_up_makes_way() {
    let mut harness = Harness::new();
    assert_eq!(begun(&harness.find_songs()), [path("Tideline")]);
    assert_eq!(harness.event(cache(10, 10)), [Effect::CancelJob]);
    assert_eq!(
        harness.event(Event::JobCancelled {
            path: path("Tideline"),
        }),
        []
    );
    assert_eq!(harness.stems("Tideline"), StemState::Queued);
    assert!(harness.app.waits_for_cache());
}

#[test]
fn enter_on_a_failed_job_shows_the_whole_reason_and_r_tries_again() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "broken".into(),
    });
    assert_eq!(harness.keys("w G Enter"), [Effect::ReadCacheStats]);
    let Overlay::FullText { heading, text: words } = &harness.app.overlay else {
        panic!("{:?}", harness.app.overlay)
    };
    assert_eq!((heading.as_str(), words.as_str()), ("Tideline", "broken"));
    harness.keys("Enter");
    assert!(matches!(harness.app.overlay, Overlay::None));
    assert_eq!(harness.app.view.screen, Screen::Jobs);
    harness.keys("Enter r");
    assert!(matches!(harness.app.overlay, Overlay::None));
    assert!(harness.app.jobs.failed.is_empty());
    assert!(
        harness
            .app
            .jobs
            .waiting()
            .iter()
            .any(|w| w.priority == Priority::Requested)
    );
}
