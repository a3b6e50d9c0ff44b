//! The mind about sound: the singer up to 200 % and alone, outputs chosen, late, and gone.

use crate::harness::{Harness, loaded, path, peaks};
use croon::app::{App, Effect, Event, OutputSettings, Overlay, Settings};
use croon::keymap::Keymap;
use croon::output_state::OutputState;

fn device(name: &str) -> Event {
    Event::Output(OutputState::Device {
        name: name.into(),
        rate: 48_000,
        instead_of: None,
    })
}

fn lost(name: &str) -> Event {
    Event::Output(OutputState::Lost {
        name: name.into(),
        reason: "it was taken away".into(),
    })
}

fn message(harness: &Harness) -> String {
    harness
        .app
        .toasts
        .shown()
        .map(|toast| toast.text.clone())
        .unwrap_or_default()
}

/// A song plays on the headphones.
fn singing(settings: Settings) -> Harness {
    let mut harness = Harness::new();
    harness.app = App::new(settings, Keymap::default());
    harness.find_songs();
    harness.event(device("Headphones"));
    let play_id = harness.play("Paper Lanterns", None, true);
    harness.position(play_id, 67.0);
    harness
}

#[test]
fn the_fader_goes_to_twice_the_recording_and_the_level_is_kept() {
    let mut harness = singing(Settings::default());
    for _ in 0..50 {
        harness.keys("Up");
    }
    assert_eq!(harness.app.levels.fader.level(), 200);
    assert_eq!(harness.keys("Shift-Down"), [Effect::SetLevel(1.99)]);
    let play_id = harness.play("Tideline", Some(1.8), true);
    harness.position(play_id, 1.0);
    assert_eq!(harness.app.levels.fader.level(), 180);
    harness.check();
}

#[test]
fn the_singer_is_alone_only_where_the_vocals_are_known_and_only_in_this_song() {
    let mut harness = Harness::new();
    harness.find_songs();
    assert_eq!(harness.keys("V"), [], "nothing plays");
    let play_id = harness.play("Paper Lanterns", None, false);
    harness.position(play_id, 1.0);
    assert_eq!(harness.keys("V"), []);
    assert!(message(&harness).contains("nothing plays") || message(&harness).contains("separated"));
    let stored = |segment| Event::SegmentStored {
        path: path("Paper Lanterns"),
        segment,
        peaks: Some(peaks(segment)),
    };
    assert!(harness.event(stored(0)).contains(&Effect::SetSolo(true)));
    // Four seconds a segment, and the second is not known.
    assert!(harness.position(play_id, 4.5).contains(&Effect::SetSolo(false)));
    assert!(harness.event(stored(1)).contains(&Effect::SetSolo(true)));
    assert_eq!(harness.keys("V"), [Effect::SetSolo(false)]);
    assert_eq!(harness.keys("V"), [Effect::SetSolo(true)]);
    assert!(harness.sing("Tideline").contains(&Effect::SetSolo(false)));
    harness.check();
}

#[test]
fn an_output_is_chosen_at_once_and_remembered() {
    let mut harness = singing(Settings::default());
    assert_eq!(harness.keys("O"), [Effect::ListOutputs]);
    harness.event(Event::Outputs(vec!["Headphones".into(), "Party Box".into()]));
    let names: Vec<_> = harness.app.outputs.lines().into_iter().map(|l| l.name).collect();
    assert_eq!(names, [None, Some("Headphones".into()), Some("Party Box".into())]);
    let saved = OutputSettings {
        chosen: Some("Party Box".into()),
        ..OutputSettings::default()
    };
    assert_eq!(
        harness.keys("j j Enter"),
        [
            Effect::ChooseOutput(Some("Party Box".into())),
            Effect::SaveOutputs(saved.clone())
        ]
    );
    assert!(matches!(harness.app.overlay, Overlay::None));
    harness.event(device("Party Box"));
    assert!(harness.app.deck.playing, "a choice is no reason to pause");
    // At the next start it is not there, and still stands in the chooser.
    let mut harness = singing(Settings {
        outputs: saved,
        ..Settings::default()
    });
    harness.event(Event::Output(OutputState::Device {
        name: "Headphones".into(),
        rate: 48_000,
        instead_of: Some("Party Box".into()),
    }));
    assert!(
        message(&harness).contains("Party Box is not there"),
        "{}",
        message(&harness)
    );
    harness.keys("O");
    harness.event(Event::Outputs(vec!["Headphones".into()]));
    let lines = harness.app.outputs.lines();
    assert_eq!(harness.app.outputs.cursor.at, 2);
    assert!(!lines[2].available && lines[2].name.as_deref() == Some("Party Box"));
    let effects = harness.keys("k k Enter");
    assert_eq!(effects[0], Effect::ChooseOutput(None));
}

#[test]
fn each_output_has_a_delay_of_its_own() {
    let mut harness = singing(Settings::default());
    harness.keys("O");
    harness.event(Event::Outputs(vec!["Headphones".into(), "Party Box".into()]));
    // On the first line it is the one that is heard.
    let effects = harness.keys("Right Right");
    assert!(effects.contains(&Effect::SetOutputDelay(20)), "{effects:?}");
    let effects = harness.keys("j j l");
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
        harness
            .event(device("Party Box"))
            .contains(&Effect::SetOutputDelay(10))
    );
    assert!(
        harness
            .event(device("Kitchen"))
            .contains(&Effect::SetOutputDelay(0))
    );
    harness.keys("h h h");
    assert_eq!(harness.app.outputs.delay("Party Box"), 0, "and not less");
}

#[test]
fn a_song_whose_output_went_away_waits_and_goes_on_with_the_next() {
    let mut harness = singing(Settings::default());
    assert_eq!(harness.event(lost("Headphones")), [Effect::Pause]);
    assert!(!harness.app.deck.playing);
    assert!(message(&harness).contains("Headphones went away"));
    assert!(message(&harness).contains("(O chooses an output)"));
    harness.event(Event::Output(OutputState::Silent {
        reason: "no card".into(),
    }));
    assert!(!harness.app.deck.playing, "it goes on in silence");
    assert_eq!(harness.app.deck.seconds, 67.0);
    let effects = harness.event(device("Speakers"));
    assert!(effects.contains(&Effect::Resume), "{effects:?}");
    assert!(harness.app.deck.playing && harness.app.outputs.lost.is_none());
}

#[test]
fn a_song_that_waits_for_a_key_waits_for_a_key() {
    let mut harness = singing(Settings {
        resume_after_unplug: false,
        ..Settings::default()
    });
    harness.event(lost("Headphones"));
    let effects = harness.event(device("Speakers"));
    assert!(!effects.contains(&Effect::Resume) && !harness.app.deck.playing);
    assert!(
        harness.app.outputs.lost.is_some(),
        "the banner stays until the key"
    );
    assert!(harness.keys("Space").contains(&Effect::Resume));
    assert!(harness.app.outputs.lost.is_none());
}

#[test]
fn a_song_paused_by_hand_is_not_begun_by_an_output() {
    let mut harness = singing(Settings::default());
    harness.keys("Space");
    harness.event(lost("Headphones"));
    let effects = harness.event(device("Speakers"));
    assert!(!effects.contains(&Effect::Resume) && !harness.app.deck.playing);
    // And one taken up in silence meanwhile is not paused again.
    harness.keys("Space");
    harness.event(lost("Speakers"));
    assert!(harness.keys("Space").contains(&Effect::Resume));
    let effects = harness.event(device("Headphones"));
    assert!(!effects.contains(&Effect::Pause) && harness.app.deck.playing);
}

#[test]
fn damage_is_said_once_a_place_and_not_for_ever() {
    let mut harness = singing(Settings::default());
    let play_id = harness.app.deck.song.as_ref().unwrap().play_id;
    let damaged = |at, seconds| Event::PlayerDamaged { play_id, at, seconds };
    harness.event(damaged(83.2, 0.004));
    assert_eq!(message(&harness), "", "nobody hears that");
    harness.event(damaged(83.2, 0.41));
    assert_eq!(
        message(&harness),
        "skipped 0.4 s of damage at 1:23 of Paper Lanterns"
    );
    let troubles = harness.app.jobs.notices.len();
    // A loop over it, and the song once more.
    for _ in 0..50 {
        harness.event(damaged(83.2, 0.41));
    }
    harness.tick(60_000);
    harness.event(damaged(83.3, 0.3));
    assert_eq!(message(&harness), "");
    harness.event(damaged(130.0, 0.03));
    assert_eq!(
        message(&harness),
        "skipped 0.4 s of damage in 2 places of Paper Lanterns, the last at 2:10"
    );
    for place in 0..500 {
        harness.event(damaged(135.0 + f64::from(place), 0.5));
    }
    harness.tick(9_000);
    assert!(
        message(&harness).contains("Copy it again"),
        "{}",
        message(&harness)
    );
    assert_eq!(harness.app.jobs.notices.len(), troubles + 1);
    harness.tick(200_000);
    harness.event(damaged(10.0, 3.0));
    harness.event(damaged(f64::NAN, 3.0));
    assert_eq!(message(&harness), "");
    assert!(harness.app.deck.is_moving(), "the song plays on");
    // Another file under the same name.
    let mut found = crate::harness::song(1);
    found.track.stamp.size = 2;
    harness.event(Event::SongsFound(vec![found]));
    harness.event(damaged(10.0, 0.2));
    assert_eq!(
        message(&harness),
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
    let mut harness = singing(settings);
    let play_id = harness.app.deck.song.as_ref().unwrap().play_id;
    // 15 seconds ahead, and what 8 seconds take at the fastest tempo.
    assert_eq!(harness.position(play_id, 172.9), []);
    assert_ne!(harness.position(play_id, 173.1), []);
    let next = loaded("Salt on the Window", None, true);
    assert_eq!(crossfade(harness.event(Event::Loaded(Box::new(next)))), Some(8.0));
    // Repeated for ever it goes round as it was made.
    harness.keys("2 r");
    harness.position(play_id, 173.2);
    let again = loaded("Paper Lanterns", None, true);
    assert_eq!(
        crossfade(harness.event(Event::Loaded(Box::new(again)))),
        Some(0.0)
    );
    harness.check();
}
