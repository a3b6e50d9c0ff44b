//! The mind about sound: the singer up to 200 % and alone, outputs chosen, late, and gone.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hand;

use croon::app::{App, Effect, Event, Output, Overlay, SavedOutputs, Settings};
use croon::keymap::Keymap;
use hand::{Hand, loaded, path, peaks};

fn device(name: &str) -> Event {
    Event::Output(Output::Device {
        name: name.into(),
        rate: 48_000,
        instead_of: None,
    })
}

fn lost(name: &str) -> Event {
    Event::Output(Output::Lost {
        name: name.into(),
        reason: "it was taken away".into(),
    })
}

fn message(hand: &Hand) -> String {
    hand.app
        .toasts
        .shown()
        .map(|toast| toast.text.clone())
        .unwrap_or_default()
}

/// A song plays on the headphones.
fn singing(settings: Settings) -> Hand {
    let mut hand = Hand::new();
    hand.app = App::new(settings, Keymap::default());
    hand.find_songs();
    hand.event(device("Headphones"));
    let token = hand.play("Paper Lanterns", None, true);
    hand.position(token, 67.0);
    hand
}

#[test]
fn the_fader_goes_to_twice_the_recording_and_the_level_is_kept() {
    let mut hand = singing(Settings::default());
    for _ in 0..50 {
        hand.keys("Up");
    }
    assert_eq!(hand.app.fader.level(), 200);
    assert_eq!(hand.keys("Shift-Down"), [Effect::SetLevel(1.99)]);
    let token = hand.play("Tideline", Some(1.8), true);
    hand.position(token, 1.0);
    assert_eq!(hand.app.fader.level(), 180);
    hand.check();
}

#[test]
fn the_singer_is_alone_only_where_the_vocals_are_known_and_only_in_this_song() {
    let mut hand = Hand::new();
    hand.find_songs();
    assert_eq!(hand.keys("V"), [], "nothing plays");
    let token = hand.play("Paper Lanterns", None, false);
    hand.position(token, 1.0);
    assert_eq!(hand.keys("V"), []);
    assert!(message(&hand).contains("nothing plays") || message(&hand).contains("separated"));
    let stored = |segment| Event::SegmentStored {
        path: path("Paper Lanterns"),
        segment,
        peaks: Some(peaks(segment)),
    };
    assert!(hand.event(stored(0)).contains(&Effect::SetSolo(true)));
    // Four seconds a segment, and the second is not known.
    assert!(hand.position(token, 4.5).contains(&Effect::SetSolo(false)));
    assert!(hand.event(stored(1)).contains(&Effect::SetSolo(true)));
    assert_eq!(hand.keys("V"), [Effect::SetSolo(false)]);
    assert_eq!(hand.keys("V"), [Effect::SetSolo(true)]);
    assert!(hand.sing("Tideline").contains(&Effect::SetSolo(false)));
    hand.check();
}

#[test]
fn an_output_is_chosen_at_once_and_remembered() {
    let mut hand = singing(Settings::default());
    assert_eq!(hand.keys("O"), [Effect::ListOutputs]);
    hand.event(Event::Outputs(vec!["Headphones".into(), "Party Box".into()]));
    let names: Vec<_> = hand.app.outputs.lines().into_iter().map(|l| l.name).collect();
    assert_eq!(names, [None, Some("Headphones".into()), Some("Party Box".into())]);
    let saved = SavedOutputs {
        chosen: Some("Party Box".into()),
        ..SavedOutputs::default()
    };
    assert_eq!(
        hand.keys("j j Enter"),
        [
            Effect::ChooseOutput(Some("Party Box".into())),
            Effect::SaveOutputs(saved.clone())
        ]
    );
    assert!(matches!(hand.app.overlay, Overlay::None));
    hand.event(device("Party Box"));
    assert!(hand.app.deck.playing, "a choice is no reason to pause");
    // The next evening it is not there, and still stands in the chooser.
    let mut hand = singing(Settings {
        outputs: saved,
        ..Settings::default()
    });
    hand.event(Event::Output(Output::Device {
        name: "Headphones".into(),
        rate: 48_000,
        instead_of: Some("Party Box".into()),
    }));
    assert!(
        message(&hand).contains("Party Box is not there"),
        "{}",
        message(&hand)
    );
    hand.keys("O");
    hand.event(Event::Outputs(vec!["Headphones".into()]));
    let lines = hand.app.outputs.lines();
    assert_eq!(hand.app.outputs.cursor.at, 2);
    assert!(!lines[2].there && lines[2].name.as_deref() == Some("Party Box"));
    let effects = hand.keys("k k Enter");
    assert_eq!(effects[0], Effect::ChooseOutput(None));
}

#[test]
fn each_output_has_a_delay_of_its_own() {
    let mut hand = singing(Settings::default());
    hand.keys("O");
    hand.event(Event::Outputs(vec!["Headphones".into(), "Party Box".into()]));
    // On the first line it is the one that is heard.
    let effects = hand.keys("Right Right");
    assert!(effects.contains(&Effect::SetOutputDelay(20)), "{effects:?}");
    let effects = hand.keys("j j l");
    assert!(
        effects.iter().all(|e| !matches!(e, Effect::SetOutputDelay(_))),
        "the other one is not heard"
    );
    let saved = effects.iter().find_map(|e| match e {
        Effect::SaveOutputs(saved) => Some(saved.delays_ms.clone()),
        _ => None,
    });
    assert_eq!(
        saved.unwrap(),
        [("Headphones".to_owned(), 20), ("Party Box".to_owned(), 10)].into()
    );
    assert!(
        hand.event(device("Party Box"))
            .contains(&Effect::SetOutputDelay(10))
    );
    assert!(hand.event(device("Kitchen")).contains(&Effect::SetOutputDelay(0)));
    hand.keys("h h h");
    assert_eq!(hand.app.outputs.delay("Party Box"), 0, "and not less");
}

#[test]
fn a_song_whose_output_went_away_waits_and_goes_on_with_the_next() {
    let mut hand = singing(Settings::default());
    assert_eq!(hand.event(lost("Headphones")), [Effect::Pause]);
    assert!(!hand.app.deck.playing);
    assert!(message(&hand).contains("Headphones went away"));
    assert!(message(&hand).contains("(O chooses an output)"));
    hand.event(Event::Output(Output::Silent {
        reason: "no card".into(),
    }));
    assert!(!hand.app.deck.playing, "it goes on in silence");
    assert_eq!(hand.app.deck.seconds, 67.0);
    let effects = hand.event(device("Speakers"));
    assert!(effects.contains(&Effect::Resume), "{effects:?}");
    assert!(hand.app.deck.playing && hand.app.outputs.gone.is_none());
}

#[test]
fn a_song_that_waits_for_a_key_waits_for_a_key() {
    let mut hand = singing(Settings {
        resume_after_unplug: false,
        ..Settings::default()
    });
    hand.event(lost("Headphones"));
    let effects = hand.event(device("Speakers"));
    assert!(!effects.contains(&Effect::Resume) && !hand.app.deck.playing);
    assert!(hand.app.outputs.gone.is_some(), "the banner stays until the key");
    assert!(hand.keys("Space").contains(&Effect::Resume));
    assert!(hand.app.outputs.gone.is_none());
}

#[test]
fn a_song_paused_by_hand_is_not_begun_by_an_output() {
    let mut hand = singing(Settings::default());
    hand.keys("Space");
    hand.event(lost("Headphones"));
    let effects = hand.event(device("Speakers"));
    assert!(!effects.contains(&Effect::Resume) && !hand.app.deck.playing);
    // And one taken up in silence meanwhile is not paused again.
    hand.keys("Space");
    hand.event(lost("Speakers"));
    assert!(hand.keys("Space").contains(&Effect::Resume));
    let effects = hand.event(device("Headphones"));
    assert!(!effects.contains(&Effect::Pause) && hand.app.deck.playing);
}

#[test]
fn damage_is_said_once_a_place_and_not_for_ever() {
    let mut hand = singing(Settings::default());
    let token = hand.app.deck.song.as_ref().unwrap().token;
    let damaged = |at, seconds| Event::PlayerDamaged { token, at, seconds };
    hand.event(damaged(83.2, 0.004));
    assert_eq!(message(&hand), "", "nobody hears that");
    hand.event(damaged(83.2, 0.41));
    assert_eq!(
        message(&hand),
        "skipped 0.4 s of damage at 1:23 of Paper Lanterns"
    );
    let troubles = hand.app.board.troubles.len();
    // A loop over it, and the song once more.
    for _ in 0..50 {
        hand.event(damaged(83.2, 0.41));
    }
    hand.tick(60_000);
    hand.event(damaged(83.3, 0.3));
    assert_eq!(message(&hand), "");
    hand.event(damaged(130.0, 0.03));
    assert_eq!(
        message(&hand),
        "skipped 0.4 s of damage in 2 places of Paper Lanterns, the last at 2:10"
    );
    for place in 0..500 {
        hand.event(damaged(135.0 + f64::from(place), 0.5));
    }
    hand.tick(9_000);
    assert!(message(&hand).contains("Copy it again"), "{}", message(&hand));
    assert_eq!(hand.app.board.troubles.len(), troubles + 1);
    hand.tick(200_000);
    hand.event(damaged(10.0, 3.0));
    hand.event(damaged(f64::NAN, 3.0));
    assert_eq!(message(&hand), "");
    assert!(hand.app.deck.moves(), "the song plays on");
    // Another file under the same name.
    let mut found = hand::song(1);
    found.track.stamp.size = 2;
    hand.event(Event::Found(vec![found]));
    hand.event(damaged(10.0, 0.2));
    assert_eq!(
        message(&hand),
        "skipped 0.2 s of damage at 0:10 of Paper Lanterns"
    );
}

#[test]
fn one_song_goes_into_the_next_only_where_it_is_another() {
    let settings = Settings {
        crossfade_seconds: 8.0,
        ..Settings::default()
    };
    let crossfade = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::QueueNext(Some(next)) => Some(next.crossfade),
            _ => None,
        })
    };
    let mut hand = singing(settings);
    let token = hand.app.deck.song.as_ref().unwrap().token;
    // 15 seconds ahead, and what 8 seconds take at the fastest tempo.
    assert_eq!(hand.position(token, 172.9), []);
    assert_ne!(hand.position(token, 173.1), []);
    let next = loaded("Salt on the Window", None, true);
    assert_eq!(crossfade(hand.event(Event::Loaded(Box::new(next)))), Some(8.0));
    // Repeated for ever it goes round as it was made.
    hand.keys("2 r");
    hand.position(token, 173.2);
    let again = loaded("Paper Lanterns", None, true);
    assert_eq!(crossfade(hand.event(Event::Loaded(Box::new(again)))), Some(0.0));
    hand.check();
}
