//! Which songs are shown, in what order, and how they are found.

use crate::harness::{Harness, SONGS, path, song};
use croon::action::Screen;
use croon::app::{Effect, Event, Overlay};
use croon::keymap::{Keymap, TABLE, show_keys};

#[test]
fn songs_stand_by_artist_and_title_and_the_newest_file_is_separated_first() {
    let mut harness = Harness::new();
    let effects = harness.find_songs();
    let titles: Vec<_> = harness.shown();
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
        [Effect::StartJob {
            path: path("Tideline"),
            id: None,
            from_seconds: 0.0
        }]
    );
    assert_eq!(
        harness.waiting(),
        [
            "Moth to Moth",
            "Salt on the Window",
            "Paper Lanterns",
            "Cold Fjord Hymn"
        ]
    );
}

#[test]
fn find_goes_to_a_song_and_n_to_the_next_one() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("/");
    harness.type_text("moth");
    assert_eq!(harness.selected(), "Moth to Moth");
    harness.keys("Enter");
    assert!(matches!(harness.app.overlay, Overlay::None));
    harness.keys("g g /");
    harness.type_text("t");
    harness.keys("Enter n n");
    let third = harness.selected();
    harness.keys("N");
    assert_ne!(harness.selected(), third);
    harness.keys("g g / x y z Esc");
    assert_eq!(harness.selected(), "Cold Fjord Hymn", "Esc takes the cursor back");
}

#[test]
fn filter_narrows_the_list_and_esc_shows_all_again() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.keys("f");
    harness.type_text("lant");
    assert_eq!(harness.shown(), ["Paper Lanterns"]);
    harness.keys("Enter");
    assert_eq!(harness.shown().len(), 1);
    harness.keys("Esc");
    assert_eq!(harness.shown().len(), SONGS.len());
    assert_eq!(
        harness.selected(),
        "Paper Lanterns",
        "the cursor stays on its song"
    );
    harness.keys("f");
    harness.type_text("lant");
    harness.keys("Esc");
    assert_eq!(harness.shown().len(), SONGS.len());
}

#[test]
fn files_that_go_leave_every_list_and_those_that_move_keep_their_place() {
    let mut harness = Harness::new();
    harness.find_songs();
    // the running job makes way for the queue
    assert_eq!(harness.keys("a a"), [Effect::CancelJob]);
    let effects = harness.event(Event::SongsGone(vec![path("Tideline"), path("Cold Fjord Hymn")]));
    assert_eq!(effects, []);
    assert_eq!((harness.app.queue.len(), harness.shown().len()), (2, 3));
    assert_eq!(
        harness.app.queue.songs().count(),
        1,
        "the other waits until it is back"
    );
    harness.event(Event::SongMoved {
        from: path("Paper Lanterns"),
        to: "/music/new name.flac".into(),
    });
    assert_eq!(harness.shown()[0], "Paper Lanterns");
    harness.event(Event::JobCancelled {
        path: path("Tideline"),
    });
    assert_eq!(
        harness.app.jobs.running.as_ref().map(|r| r.path.clone()),
        Some("/music/new name.flac".into())
    );
}

#[test]
fn a_changed_file_is_separated_again_and_a_known_one_is_not() {
    let mut harness = Harness::new();
    let mut song = song(0);
    song.ready = true;
    assert_eq!(harness.event(Event::SongsFound(vec![song.clone()])), []);
    song.ready = false;
    assert_eq!(
        harness.event(Event::SongsFound(vec![song.clone()])),
        [],
        "the scan finds what the catalogue knows"
    );
    song.track.stamp.size += 1;
    assert!(matches!(
        harness.event(Event::SongsFound(vec![song]))[..],
        [Effect::StartJob { .. }]
    ));
}

#[test]
fn keys_of_the_user_work_and_the_help_names_every_key_of_the_screen() {
    let lines = [
        ("x".to_owned(), "play-pause".to_owned()),
        ("m".to_owned(), "none".to_owned()),
    ];
    let (keymap, errors) = Keymap::with_overrides(&lines.into_iter().collect());
    assert_eq!(errors, []);
    let mut harness = Harness::with(keymap);
    harness.find_songs();
    for (screen, key) in Screen::ALL.into_iter().zip(["1", "2", "3", "4"]) {
        harness.keys(key);
        assert_eq!(harness.app.view.screen, screen);
        let help = croon::ui::help_lines(&harness.app);
        for binding in harness
            .app
            .keymap
            .bindings()
            .iter()
            .filter(|b| b.scope.has(screen))
        {
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
    assert!(matches!(harness.keys("x")[..], [Effect::Load { .. }]));
}
