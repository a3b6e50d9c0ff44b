//! Songs whose vocals are of a model that is not as good as the one in use: they play, and are separated again.

use super::{begun, cache};
use crate::hand::{Hand, SONGS, loaded, path, song};
use croon::app::board::Wish;
use croon::app::{Effect, Event, Found};
use croon::track::{StemState, TrackId};

fn id(n: usize) -> TrackId {
    TrackId([n as u8; 16])
}

/// All songs, whole, of an older model but the first; the later ones were sung later.
fn songs() -> Vec<Found> {
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
    let mut hand = Hand::new();
    let effects = hand.event(Event::Found(songs()));
    assert_eq!(begun(&effects), [path(title(last()))]);
    assert_eq!(hand.stems(title(last())), StemState::Ready, "the old vocals play");
    assert_eq!(hand.older(title(last())).as_deref(), Some("light"));
    assert!(hand.app.board.waiting().iter().all(|w| w.wish == Wish::Again));
    let rest: Vec<&str> = (1..last()).rev().map(title).collect();
    assert_eq!(hand.waiting(), rest);
    let effects = hand.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    assert_eq!(hand.older(title(last())), None);
    assert_eq!(begun(&effects), [path(rest[0])]);
    // cancelled by hand it keeps what it has
    hand.keys("4 g g");
    assert_eq!(hand.keys("x"), [Effect::CancelJob]);
    hand.event(Event::JobCancelled { path: path(rest[0]) });
    assert_eq!(hand.stems(rest[0]), StemState::Ready);
    assert_eq!(hand.older(rest[0]).as_deref(), Some("light"));
    hand.check();
}

#[test]
fn whatever_else_waits_goes_first_and_a_wish_by_hand_at_once() {
    let mut hand = Hand::new();
    let mut found = songs();
    let new = found.last_mut().unwrap();
    (new.ready, new.older) = (false, None);
    let effects = hand.event(Event::Found(found));
    assert_eq!(begun(&effects), [path(title(last()))], "a new song first");
    hand.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    let running = |hand: &Hand| hand.app.board.running.clone().unwrap();
    assert_eq!(running(&hand).wish, Wish::Again);
    // the one that was sung longest ago, by hand
    let key = hand.app.tracks.key(&path(title(1))).unwrap();
    hand.app.tracks.select(key);
    assert_eq!(hand.keys("1 s"), [Effect::CancelJob]);
    let stopped = running(&hand).path;
    let effects = hand.event(Event::JobCancelled {
        path: stopped.clone(),
    });
    assert_eq!(begun(&effects), [path(title(1))]);
    assert_eq!(hand.stems(title(1)), StemState::Ready);
    assert!(hand.app.board.waiting().iter().any(|w| w.wish == Wish::Again));
    hand.check();
}

#[test]
fn a_song_that_is_sung_plays_as_it_is_to_its_end_and_is_the_next_to_be_made_again() {
    let mut hand = Hand::new();
    hand.event(Event::Found(songs()));
    let mut opened = loaded(title(1), None, true);
    opened.older = Some("light".into());
    opened.id = Some(id(1));
    hand.sing(title(1));
    hand.event(Event::Loaded(Box::new(opened)));
    assert_eq!(hand.waiting()[0], title(1));
    hand.event(Event::JobFinished {
        path: path(title(last())),
        already: false,
    });
    // while it plays its new vocals come, and are not for this play
    for segment in 0..3 {
        let effects = hand.event(Event::SegmentStored {
            path: path(title(1)),
            segment,
            peaks: None,
        });
        assert_eq!(effects, []);
    }
    let effects = hand.event(Event::JobFinished {
        path: path(title(1)),
        already: false,
    });
    let touched = |effect: &Effect| matches!(effect, Effect::RefreshVocals | Effect::Load { .. });
    assert!(!effects.iter().any(touched), "{effects:?}");
    assert_eq!(hand.older(title(1)), None);
    hand.check();
}

#[test]
fn nothing_is_made_again_unasked_where_the_user_separates_by_hand_or_the_cache_is_full() {
    let mut hand = Hand::new();
    hand.app.settings.redo = false;
    assert_eq!(
        begun(&hand.event(Event::Found(songs()))),
        [] as [&std::path::Path; 0]
    );
    assert!(hand.app.board.is_empty());
    assert_eq!(hand.older(title(1)).as_deref(), Some("light"), "but it is said");
    let key = hand.app.tracks.key(&path(title(1))).unwrap();
    hand.app.tracks.select(key);
    assert_eq!(
        begun(&hand.keys("s")),
        [path(title(1))],
        "asked for by hand it is"
    );

    let mut full = Hand::new();
    full.event(cache(990_000_000, 1_000_000_000));
    assert_eq!(
        begun(&full.event(Event::Found(songs()))),
        [] as [&std::path::Path; 0]
    );
    assert!(full.app.held());
    full.check();
}

#[test]
fn another_model_than_was_thought_changes_what_is_made_again() {
    let mut hand = Hand::new();
    let mut found = songs();
    found.iter_mut().for_each(|one| one.older = None);
    assert_eq!(
        begun(&hand.event(Event::Found(found))),
        [] as [&std::path::Path; 0]
    );
    let changed = |older: &[usize]| Event::ModelChanged {
        ready: (0..SONGS.len()).map(id).collect(),
        older: older.iter().map(|n| (id(*n), "light".to_owned())).collect(),
    };
    let effects = hand.event(changed(&[1, 2]));
    assert_eq!(begun(&effects), [path(title(2))]);
    assert_eq!(hand.waiting(), [title(1)]);
    hand.event(changed(&[]));
    assert_eq!(hand.waiting(), [] as [&str; 0]);
    assert_eq!(hand.older(title(1)), None);
    hand.check();
}

#[test]
fn an_evicted_song_is_no_longer_ready_and_waits_for_nothing() {
    let mut hand = Hand::new();
    hand.event(Event::Found(songs()));
    assert!(hand.waiting().contains(&title(1).to_owned()));
    let effects = hand.event(Event::Evicted(vec![id(0), id(1)]));
    assert_eq!(effects, [Effect::AskCache]);
    for evicted in [0, 1] {
        assert_eq!(hand.stems(title(evicted)), StemState::New);
        assert_eq!(hand.older(title(evicted)), None);
    }
    assert!(!hand.waiting().contains(&title(1).to_owned()));
    hand.check();
}
