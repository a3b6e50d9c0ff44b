//! The mind, tested as state, keys, state: no terminal, no sound, no clock.

mod anything;
mod jobs;
mod levels;
mod library;
mod playback;
mod queue;
mod redo;
mod requests;

use crate::harness::Harness;
use croon::app::{CacheStats, Effect, Event};
use croon::request::Request;

fn is_play(effect: &Effect) -> Option<(&std::path::Path, u64)> {
    match effect {
        Effect::Play { play_id, path, .. } => Some((path, *play_id)),
        _ => None,
    }
}

fn cache(bytes: u64, cap_bytes: u64) -> Event {
    Event::CacheStats(CacheStats {
        bytes,
        cap_bytes,
        songs: 9,
        pinned: 0,
    })
}

fn begun(effects: &[Effect]) -> Vec<&std::path::Path> {
    let begun = effects.iter().filter_map(|effect| match effect {
        Effect::StartJob { path, .. } => Some(path.as_path()),
        _ => None,
    });
    begun.collect()
}

/// What the one who asked is told; every request is answered once.
fn asked(harness: &mut Harness, request: Request) -> (Result<String, String>, Vec<Effect>) {
    let mut effects = harness.event(Event::Request(request));
    let is_answer = |effect: &Effect| matches!(effect, Effect::Reply(_));
    let at = effects.iter().position(is_answer).expect("an answer");
    let Effect::Reply(answer) = effects.remove(at) else {
        unreachable!()
    };
    assert!(!effects.iter().any(is_answer), "answered twice");
    (answer, effects)
}
