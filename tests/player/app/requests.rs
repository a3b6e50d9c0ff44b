//! What is asked from outside.

use super::asked;
use crate::harness::{Harness, path};
use croon::action::Screen;
use croon::app::Overlay;
use croon::request::{Request, Target};

#[test]
fn requests_do_what_the_keys_do() {
    let (mut by_hand, mut from_outside) = (Harness::new(), Harness::new());
    for harness in [&mut by_hand, &mut from_outside] {
        harness.find_songs();
        harness.play("Tideline", Some(0.5), true);
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
    assert_eq!(by_hand.app.levels.fader, from_outside.app.levels.fader);
    assert_eq!(by_hand.app.deck, from_outside.app.deck);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let mut harness = Harness::new();
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
        let (answer, effects) = asked(&mut harness, request.clone());
        assert!(answer.is_err() && effects.is_empty(), "{request:?}: {answer:?}");
    }
    harness.find_songs();
    harness.sing("Tideline");
    let (answer, _) = asked(&mut harness, Request::Key(Target::By(1)));
    assert!(answer.unwrap_err().contains("still being opened"));
}

#[test]
fn a_song_from_outside_plays_or_waits_for_the_singer() {
    let mut harness = Harness::new();
    harness.find_songs();
    let (said, _) = asked(&mut harness, Request::Open(path("Tideline")));
    assert_eq!(said.unwrap(), "Tideline plays");
    assert_eq!(
        (harness.playing().as_deref(), harness.app.view.screen),
        (Some("Tideline"), Screen::Sing)
    );
    let (said, _) = asked(&mut harness, Request::Open(path("Moth to Moth")));
    assert_eq!(said.unwrap(), "Moth to Moth is number 1 of the queue");
    assert_eq!(harness.playing().as_deref(), Some("Tideline"));
    harness.check();
    // stopped, it begins anew, and nothing of the old goes on
    asked(&mut harness, Request::Stop).0.unwrap();
    assert!(!harness.app.deck.is_moving() && harness.app.deck.seconds == 0.0);
    asked(&mut harness, Request::Next).0.unwrap();
    assert_eq!(harness.playing().as_deref(), Some("Moth to Moth"));
    // not from under the hand of somebody who is typing
    harness.keys("1 /");
    asked(&mut harness, Request::PlayFile(path("Tideline")))
        .0
        .unwrap();
    assert_eq!(harness.app.view.screen, Screen::Library);
    assert!(matches!(harness.app.overlay, Overlay::Prompt(_)));
}
