//! Songs whose vocals are of a model that is not as good as the one in use: they play, and are separated again.

use super::{begun, cache};
use crate::harness::{Harness, SONGS, loaded, path, song};
use croon::app::state::job_queue::Priority;
use croon::app::{Effect, Event, FoundSong};
use croon::track::{StemState, TrackId};

fn id(n: usize) -> TrackId {
    TrackId([n as u8; 16])
}

/// All songs, whole, of an older model but the first; the later ones were sung later.
fn songs() -> Vec<FoundSong> {
    let older = |n: usize| {
        let mut found = song(n);
        found.track.id = Some(id(n));
        found.ready = true;
        found.older = (n > 0).then(|| "light".to_owned());
        found.past.last_sung = 1_000 * n as i64;
        found
    };
    (0..SONGS.len()).map(older).collect()
}

fn title(n: usize) -> &'static str {
    SONGS[n].0
}

fn last() -> usize {
    SONGS.len() - 1
}

#[test]
fn they_are_ready_and_are_separated_again_the_last_sung_first() {
    let mut harness = Harness::new();
    let effects = harness.event(Event::SongsFound(songs()));
    assert_eq!(begun(&effects), [path(title(last()))]);
    assert_eq!(
        harness.stems(title(last())),
        StemState::Ready,
        "the old vocals play"
    );
    assert_eq!(harness.older(title(last())).as_deref(), Some("light"));
    assert!(
        harness
            .app
            .jobs
            .waiting()
            .iter()
            .all(|w| w.priority == Priority::Redo)
    );
    let rest: Vec<&str> = (1..last()).rev().map(title).collect();
    assert_eq!(harness.waiting(), rest);
    let effects = harness.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    assert_eq!(harness.older(title(last())), None);
    assert_eq!(begun(&effects), [path(rest[0])]);
    // cancelled by harness it keeps what it has
    harness.keys("4 g g");
    assert_eq!(harness.keys("x"), [Effect::CancelJob]);
    harness.event(Event::JobCancelled { path: path(rest[0]) });
    assert_eq!(harness.stems(rest[0]), StemState::Ready);
    assert_eq!(harness.older(rest[0]).as_deref(), Some("light"));
    harness.check();
}

#[test]
fn whatever_else_waits_goes_first_and_a_wish_by_hand_at_once() {
    let mut harness = Harness::new();
    let mut found = songs();
    let new = found.last_mut().unwrap();
    (new.ready, new.older) = (false, None);
    let effects = harness.event(Event::SongsFound(found));
    assert_eq!(begun(&effects), [path(title(last()))], "a new song first");
    harness.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    let running = |harness: &Harness| harness.app.jobs.running.clone().unwrap();
    assert_eq!(running(&harness).priority, Priority::Redo);
    // the one that was sung longest ago, by harness
    let key = harness.app.tracks.key(&path(title(1))).unwrap();
    harness.app.tracks.select(key);
    assert_eq!(harness.keys("1 s"), [Effect::CancelJob]);
    let stopped = running(&harness).path;
    let effects = harness.event(Event::JobCancelled {
        path: stopped.clone(),
    });
    assert_eq!(begun(&effects), [path(title(1))]);
    assert_eq!(harness.stems(title(1)), StemState::Ready);
    assert!(
        harness
            .app
            .jobs
            .waiting()
            .iter()
            .any(|w| w.priority == Priority::Redo)
    );
    harness.check();
}

#[test]
fn a_song_that_is_sung_plays_as_it_is_to_its_end_and_is_the_next_to_be_made_again() {
    let mut harness = Harness::new();
    harness.event(Event::SongsFound(songs()));
    let mut opened = loaded(title(1), None, true);
    opened.older = Some("light".into());
    opened.id = Some(id(1));
    harness.sing(title(1));
    harness.event(Event::Loaded(Box::new(opened)));
    assert_eq!(harness.waiting()[0], title(1));
    harness.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    // while it plays its new vocals come, and are not for this play
    for segment in 0..3 {
        let effects = harness.event(Event::SegmentStored {
            path: path(title(1)),
            segment,
            peaks: None,
        });
        assert_eq!(effects, []);
    }
    let effects = harness.event(Event::JobFinished {
        path: path(title(1)),
        already: false,
    });
    let touched = |effect: &Effect| matches!(effect, Effect::RefreshVocals | Effect::Load { .. });
    assert!(!effects.iter().any(touched), "{effects:?}");
    assert_eq!(harness.older(title(1)), None);
    harness.check();
}

#[test]
fn nothing_is_made_again_unasked_where_the_user_separates_by_hand_or_the_cache_is_full() {
    let mut harness = Harness::new();
    harness.app.settings.redo = false;
    assert_eq!(
        begun(&harness.event(Event::SongsFound(songs()))),
        [] as [&std::path::Path; 0]
    );
    assert!(harness.app.jobs.is_empty());
    assert_eq!(
        harness.older(title(1)).as_deref(),
        Some("light"),
        "but it is said"
    );
    let key = harness.app.tracks.key(&path(title(1))).unwrap();
    harness.app.tracks.select(key);
    assert_eq!(
        begun(&harness.keys("s")),
        [path(title(1))],
        "asked for by harness it is"
    );

    let mut full = Harness::new();
    full.event(cache(990_000_000, 1_000_000_000));
    assert_eq!(
        begun(&full.event(Event::SongsFound(songs()))),
        [] as [&std::path::Path; 0]
    );
    assert!(full.app.waits_for_cache());
    full.check();
}

#[test]
fn another_model_than_was_thought_changes_what_is_made_again() {
    let mut harness = Harness::new();
    let mut found = songs();
    found.iter_mut().for_each(|one| one.older = None);
    assert_eq!(
        begun(&harness.event(Event::SongsFound(found))),
        [] as [&std::path::Path; 0]
    );
    let changed = |older: &[usize]| Event::ModelChanged {
        ready: (0..SONGS.len()).map(id).collect(),
        older: older.iter().map(|n| (id(*n), "light".to_owned())).collect(),
    };
    let effects = harness.event(changed(&[1, 2]));
    assert_eq!(begun(&effects), [path(title(2))]);
    assert_eq!(harness.waiting(), [title(1)]);
    harness.event(changed(&[]));
    assert_eq!(harness.waiting(), [] as [&str; 0]);
    assert_eq!(harness.older(title(1)), None);
    harness.check();
}

#[test]
fn an_evicted_song_is_no_longer_ready_and_waits_for_nothing() {
    let mut harness = Harness::new();
    harness.event(Event::SongsFound(songs()));
    assert!(harness.waiting().contains(&title(1).to_owned()));
    let effects = harness.event(Event::Evicted(vec![id(0), id(1)]));
    assert_eq!(effects, [Effect::ReadCacheStats]);
    for evicted in [0, 1] {
        assert_eq!(harness.stems(title(evicted)), StemState::New);
        assert_eq!(harness.older(title(evicted)), None);
    }
    assert!(!harness.waiting().contains(&title(1).to_owned()));
    harness.check();
}
