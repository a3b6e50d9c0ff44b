//! The queue: repeats, singers, lists, and what a crash leaves.

use super::is_play;
use crate::harness::{Harness, loaded, path, song};
use croon::app::{Effect, Event};
use croon::key_tempo::KeyTempo;
use croon::song_settings::Change;
use croon::track::TrackId;

/// Plays a song to its end; the title of what follows, once the player has it.
fn hear_out(harness: &mut Harness, play_id: u64) -> (String, u64) {
    let effects = harness.position(play_id, 190.0);
    let Some(Effect::Load { path, .. }) = effects.first().cloned() else {
        panic!("{effects:?}")
    };
    let title = path.file_stem().unwrap().to_string_lossy().into_owned();
    let effects = harness.event(Event::Loaded(Box::new(loaded(&title, None, true))));
    let next = effects.iter().find_map(|effect| match effect {
        Effect::QueueNext(Some(next)) => Some(next.play_id),
        _ => None,
    });
    let next = next.expect("it follows without a gap");
    harness.event(Event::PlayerEnded { play_id });
    harness.event(Event::PlayerStarted {
        play_id: next,
        duration: Some(200.0),
    });
    assert_eq!(harness.playing().as_deref(), Some(title.as_str()));
    (title, next)
}

#[test]
fn one_song_repeats_without_a_gap_until_next_is_pressed() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("1 G a 2 r");
    let mut play_id = harness.play("Paper Lanterns", None, true);
    for _ in 0..3 {
        let (title, next) = hear_out(&mut harness, play_id);
        assert_eq!(title, "Paper Lanterns");
        play_id = next;
    }
    assert_eq!(harness.app.queue.len(), 1);
    let effects = harness.keys(">");
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Load { path: p, .. } if *p == path("Tideline"))),
        "{effects:?}"
    );
    assert!(harness.app.queue.is_empty());
}

#[test]
fn while_all_is_repeated_a_song_sung_waits_again_at_the_end() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("1 g g a a 2 r r Enter");
    harness.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    let effects = harness.event(Event::Loaded(Box::new(loaded("Cold Fjord Hymn", None, true))));
    let (_, mut play_id) = effects.iter().find_map(is_play).unwrap();
    harness.event(Event::PlayerStarted {
        play_id,
        duration: Some(200.0),
    });
    let mut heard = Vec::new();
    for _ in 0..4 {
        let (title, next) = hear_out(&mut harness, play_id);
        heard.push(title);
        play_id = next;
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
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("1 g g a a 2");
    let titles = |harness: &Harness| -> Vec<String> {
        let songs = harness.app.queue.songs().map(|key| harness.app.title(key));
        songs.collect()
    };
    harness.keys(">");
    harness.play("Tideline", None, true);
    harness.keys(">");
    assert_eq!(titles(&harness), ["Paper Lanterns"]);
    let effects = harness.event(Event::LoadFailed {
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
    assert_eq!(titles(&harness), ["Cold Fjord Hymn"]);
    assert!(harness.app.queue.first().is_none(), "and is not tried by itself");
    harness.check();
}

#[test]
fn what_a_crash_leaves_is_the_queue_and_the_place_to_go_on() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("1 g g a a 2 s");
    harness.type_text("Ana");
    harness.keys("Enter r x x");
    let play_id = harness.play("Tideline", None, true);
    harness.position(play_id, 90.0);
    let kept = harness.kept.clone();
    let mut after = Harness::new();
    after.find_songs();
    after.event(Event::SessionRestored(Box::new(kept)));
    let shown = |harness: &Harness| -> Vec<_> {
        let entries = harness.app.queue.entries().iter();
        entries
            .map(|e| (e.key, e.path.clone(), e.singer.clone()))
            .collect()
    };
    assert_eq!(shown(&harness), shown(&after));
    assert_eq!(after.app.queue.repeat(), harness.app.queue.repeat());
    assert!(after.playing().is_none(), "nothing plays by itself");
    let effects = after.keys("Space");
    assert!(matches!(&effects[0], Effect::Load { path: p, .. } if *p == path("Tideline")));
    let start = after.app.deck.song.as_ref().unwrap().start;
    assert!((start - 90.0).abs() <= 5.0, "{start}");
}

#[test]
fn a_singer_keeps_a_key_of_their_own_and_the_history_says_who_sang() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("1 g g j a 2 s");
    harness.type_text("Ana");
    harness.keys("Enter");
    assert_eq!(harness.app.queue.singers(), ["Ana"]);
    harness.keys("Enter");
    harness.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    let effects = harness.event(Event::Loaded(Box::new(loaded("Paper Lanterns", Some(0.8), true))));
    let (_, play_id) = effects.iter().find_map(is_play).unwrap();
    harness.keys("}");
    let saved = harness.tick(2_000);
    let expected = Effect::SaveSongSettings {
        id: TrackId([7; 16]),
        singer: Some("Ana".into()),
        changes: vec![Change::KeyTempo(KeyTempo::new(1, 100))],
    };
    assert!(saved.contains(&expected), "{saved:?}");
    let mut sung = Vec::new();
    for step in 0..140 {
        sung.extend(harness.position(play_id, f64::from(step)));
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
    let mut harness = Harness::new();
    harness.find_songs();
    let item = |path: std::path::PathBuf| croon::m3u::ListItem {
        path,
        name: "Ana - Gone".into(),
        seconds: Some(10),
        singer: None,
    };
    let gone = std::path::PathBuf::from("/nowhere/gone.mp3");
    let effects = harness.event(Event::ListRead {
        items: vec![item(path("Tideline")), item(gone.clone())],
        left_out: 0,
        instead: true,
    });
    assert_eq!(effects, [Effect::FindFiles(vec![gone.clone()])]);
    assert_eq!(
        (harness.app.queue.len(), harness.app.queue.songs().count()),
        (2, 1)
    );
    harness.keys("W");
    harness.type_text("party");
    let effects = harness.keys("Enter");
    let Some(Effect::WriteList {
        path: file,
        items,
        over: false,
    }) = effects.first().cloned()
    else {
        panic!("{effects:?}")
    };
    assert_eq!((file.clone(), items.len()), ("party.m3u8".into(), 2));
    harness.event(Event::ListExists { path: file.clone() });
    assert_eq!(harness.keys("n"), [], "no");
    harness.event(Event::ListExists { path: file });
    assert!(matches!(
        harness.keys("y")[..],
        [Effect::WriteList { over: true, .. }]
    ));
    // it comes back, and with it its place
    let mut found = song(0);
    found.track.path = gone;
    harness.event(Event::SongsFound(vec![found]));
    assert_eq!(harness.app.queue.songs().count(), 2);
    harness.keys("2 u");
    assert!(harness.app.queue.is_empty(), "the list is out again");
}
