//! The face: what each screen looks like, at the usual size and on a wide terminal, and that no size
//! breaks it. Look at the snapshots in `tests/snapshots` when something here changes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hand;

use croon::app::{App, CacheStats, Event, Found, Output, Settings, Toasts};
use croon::keymap::Keymap;
use croon::track::StemState;
use croon::ui::{self, Theme};
use hand::{Hand, SONGS, engine, path, peaks};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

fn draw(app: &App, theme: &Theme, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| ui::draw(app, theme, frame)).unwrap();
    terminal.backend().clone()
}

/// Both sizes of one state.
fn look(name: &str, hand: &Hand) {
    for (columns, rows) in [(80, 24), (140, 45)] {
        insta::assert_snapshot!(
            format!("{name}_{columns}x{rows}"),
            draw(&hand.app, &Theme::default(), columns, rows)
        );
    }
}

/// An evening in full swing: one song sung, one separated, one failed, two waiting.
fn evening() -> Hand {
    let mut hand = Hand::new();
    hand.event(engine());
    hand.find_songs();
    hand.event(Event::ScanDone { files: 12 });
    hand.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "HE-AAC is not supported: croon decodes AAC-LC, so convert it with another program".into(),
    });
    hand.event(Event::Output(Output::Device {
        name: "default".into(),
        rate: 48_000,
        instead_of: None,
    }));
    let token = hand.play("Paper Lanterns", None, false);
    for segment in 0..30 {
        hand.event(Event::SegmentStored {
            path: path("Paper Lanterns"),
            segment,
            peaks: Some(peaks(segment)),
        });
    }
    hand.event(Event::JobProgress {
        path: path("Paper Lanterns"),
        done: 30,
        total: 50,
        speed: 8.2,
    });
    hand.position(token, 67.0);
    hand.event(Event::Cache(CacheStats {
        bytes: 13_200_000_000,
        cap_bytes: 20_000_000_000,
        songs: 418,
        pinned: 12,
    }));
    hand.app.toasts = Toasts::default();
    hand
}

#[test]
fn first_run() {
    let settings = Settings {
        folders: vec!["/home/ana/Music".into()],
        config_file: "/home/ana/.config/croon/config.toml".into(),
        ..Settings::default()
    };
    let mut hand = Hand::new();
    hand.app = App::new(settings, Keymap::default());
    hand.event(Event::ScanDone { files: 3 });
    look("first_run", &hand);
}

#[test]
fn library() {
    let mut hand = evening();
    hand.keys("1 j j a");
    hand.app.toasts = Toasts::default();
    look("library", &hand);
}

#[test]
fn library_while_filtering() {
    let mut hand = evening();
    hand.keys("1 f");
    hand.type_text("lamp");
    look("filter", &hand);
}

#[test]
fn queue() {
    let mut hand = evening();
    hand.keys("1 g g a a 2 j");
    hand.app.toasts = Toasts::default();
    look("queue", &hand);
}

#[test]
fn sing() {
    look("sing", &evening());
}

#[test]
fn what_is_moved_stands_on_every_screen() {
    let mut hand = evening();
    let top = |hand: &Hand, columns| {
        let screen = draw(&hand.app, &Theme::default(), columns, 24).to_string();
        screen.lines().next().unwrap().to_owned()
    };
    assert!(!top(&hand, 100).contains("key"), "{}", top(&hand, 100));
    hand.keys("} } [ 1");
    assert!(
        top(&hand, 100).contains(" key +2  tempo 95 %  singer"),
        "{}",
        top(&hand, 100)
    );
    assert!(top(&hand, 80).contains(" +2 95%  singer"), "{}", top(&hand, 80));
    hand.keys("\\");
    assert!(!top(&hand, 100).contains("key"), "{}", top(&hand, 100));
    assert!(!top(&hand, 80).contains("100%"), "{}", top(&hand, 80));
}

#[test]
fn sing_where_the_singer_is_still_heard() {
    let mut hand = evening();
    let token = hand.app.deck.song.as_ref().unwrap().token;
    hand.position(token, 180.0);
    hand.keys("v");
    hand.event(Event::Output(Output::Silent {
        reason: "no sound card".into(),
    }));
    hand.app.toasts = Toasts::default();
    look("sing_not_separated_yet", &hand);
}

#[test]
fn jobs() {
    let mut hand = evening();
    hand.keys("4 G");
    hand.event(Event::Trouble(
        "/home/ana/Music/private can't be read: its owner has to allow it".into(),
    ));
    hand.app.toasts = Toasts::default();
    look("jobs", &hand);
}

/// As the engine's machine says it.
const NO_ENGINE: &str = "the separation engine `/home/ana/.cargo/bin/croon-separator` is not there, so no \
    song can be separated; build it with `make build`, or name one under [separation] command in config.toml";

#[test]
fn jobs_without_an_engine() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.event(Event::ScanDone { files: 12 });
    hand.event(Event::EngineDown {
        reason: NO_ENGINE.into(),
    });
    hand.event(Event::JobFailed {
        path: path("Tideline"),
        reason: NO_ENGINE.into(),
    });
    look("toast_no_engine", &hand);
    hand.keys("w");
    hand.app.toasts = Toasts::default();
    look("jobs_no_engine", &hand);
    let screen = draw(&hand.app, &Theme::default(), 80, 24).to_string();
    let words: Vec<&str> = screen
        .split(['"', '\n', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    let said = words.join(" ");
    assert!(
        said.contains("is not there") && said.contains("`make build`") && said.contains("r tries again"),
        "{said}"
    );
}

#[test]
fn jobs_with_a_full_cache() {
    let mut hand = Hand::new();
    hand.event(engine());
    hand.event(Event::Cache(CacheStats {
        bytes: 19_990_000_000,
        cap_bytes: 20_000_000_000,
        songs: 418,
        pinned: 0,
    }));
    hand.find_songs();
    hand.event(Event::ScanDone { files: 12 });
    look("library_cache_full", &hand);
    hand.keys("w");
    look("jobs_cache_full", &hand);
}

#[test]
fn vocals_of_an_older_model_are_said_to_be() {
    let mut hand = Hand::new();
    let mut found: Vec<Found> = (0..2).map(hand::song).collect();
    found.iter_mut().for_each(|song| song.ready = true);
    found
        .iter_mut()
        .for_each(|song| song.older = Some("light".into()));
    let title = found[0].track.title();
    hand.event(Event::Found(found));
    let words = |hand: &Hand| draw(&hand.app, &Theme::default(), 80, 24).to_string();
    assert_eq!(words(&hand).matches(" older ").count(), 2, "{}", words(&hand));
    let mut opened = hand::loaded(&title, None, true);
    opened.older = Some("light".into());
    hand.sing(&title);
    hand.event(Event::Loaded(Box::new(opened)));
    let said = words(&hand);
    assert!(
        said.contains("ready, separated with light, will be redone"),
        "{said}"
    );
    hand.keys("4");
    assert!(words(&hand).contains("again, was light"), "{}", words(&hand));
    hand.app.settings.redo = false;
    hand.keys("3");
    let said = words(&hand);
    assert!(
        said.contains("separated with light ") && !said.contains("redone"),
        "{said}"
    );
}

#[test]
fn the_whole_reason() {
    let mut hand = evening();
    hand.keys("4 G Enter");
    look("whole_reason", &hand);
}

#[test]
fn help() {
    let mut hand = evening();
    hand.keys("?");
    look("help_sing", &hand);
    hand.keys("Esc 1 ?");
    look("help_library", &hand);
}

#[test]
fn a_message() {
    let mut hand = evening();
    hand.keys("1");
    hand.event(Event::Said("Half a Mile of Snow is ready".into()));
    look("toast", &hand);
}

#[test]
fn small_terminals_show_what_matters() {
    let hand = evening();
    for (columns, rows) in [(60, 15), (40, 10), (40, 4), (20, 3), (20, 1)] {
        let name = format!("small_{columns}x{rows}");
        insta::assert_snapshot!(name, draw(&hand.app, &Theme::default(), columns, rows));
    }
}

#[test]
fn ascii_is_ascii() {
    for screen in ["1", "2", "3", "4", "3 ?"] {
        let mut hand = evening();
        hand.keys("1 a");
        hand.keys(screen);
        for (columns, rows) in [(80, 24), (140, 45)] {
            let screen = draw(&hand.app, &Theme::new(true, true), columns, rows).to_string();
            assert!(screen.is_ascii(), "{screen}");
        }
    }
    insta::assert_snapshot!(
        "ascii_sing",
        draw(&evening().app, &Theme::new(false, true), 80, 24)
    );
}

#[test]
fn without_colour_attributes_alone_tell() {
    let mut hand = evening();
    hand.keys("1");
    let screen = draw(&hand.app, &Theme::new(false, false), 80, 24);
    let cells = screen.buffer().content();
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    assert!(
        cells
            .iter()
            .any(|cell| cell.modifier.contains(Modifier::REVERSED)),
        "the selected line is reversed"
    );
}

#[test]
fn names_in_any_script_keep_the_columns() {
    let mut hand = Hand::new();
    let mut songs: Vec<_> = (0..4).map(hand::song).collect();
    let titles = [
        "日本語の歌のとても長い題名がここにある歌",
        "Ünïcödé 👩‍👩‍👧 family",
        "عربي أغنية",
        "a\u{301}\u{301}\u{301} marks",
    ];
    for (song, title) in songs.iter_mut().zip(titles) {
        song.track.tags.title = Some(title.into());
        song.track.path = path(title);
    }
    hand.event(Event::Found(songs));
    hand.keys("4 1");
    let screen = draw(&hand.app, &Theme::default(), 80, 24);
    let buffer = screen.buffer();
    // the times stand under each other
    for y in 3..7 {
        let time: String = (64..72).map(|x| buffer[(x, y)].symbol()).collect();
        assert!(time.contains("3:20"), "row {y}: {time:?}\n{screen}");
    }
}

/// Some state, made by the hand and by the machines.
fn any_state() -> impl Strategy<Value = Hand> {
    let key = prop::sample::select(vec![
        "1", "2", "3", "4", "?", "/", "f", "a", "A", "j", "k", "G", "Enter", "Esc", "v", "Up", "Down", "x",
        "S", "Space", "m", "b",
    ]);
    let odd = prop_oneof![
        Just(Event::EngineDown {
            reason: "no engine here, and the reason is a very long one indeed ".repeat(4)
        }),
        Just(Event::Trouble("a folder is unreadable".into())),
        Just(Event::Output(Output::Silent {
            reason: "none".into()
        })),
        any::<f64>().prop_map(|seconds| Event::Position {
            token: 1,
            seconds,
            playing: true
        }),
        (any::<u32>(), any::<u32>(), any::<f32>()).prop_map(|(done, total, speed)| Event::JobProgress {
            path: path("Paper Lanterns"),
            done,
            total,
            speed
        }),
        any::<u64>().prop_map(|n| Event::Cache(CacheStats {
            bytes: n,
            cap_bytes: n / 3,
            songs: n,
            pinned: n
        })),
        (0..SONGS.len()).prop_map(|i| Event::Gone(vec![path(SONGS[i].0)])),
        ".*".prop_map(|title| {
            let mut song = hand::song(2);
            song.track.tags.title = Some(croon::text::printable(&title));
            song.track.duration = Some(f64::MAX);
            song.track.path = path("odd");
            Event::Found(vec![song])
        }),
    ];
    let steps = prop::collection::vec(prop_oneof![key.prop_map(Ok), odd.prop_map(Err)], 0..25);
    (any::<bool>(), steps).prop_map(|(busy, steps)| {
        let mut hand = if busy { evening() } else { Hand::new() };
        for step in steps {
            match step {
                Ok(key) => drop(hand.keys(key)),
                Err(event) => drop(hand.event(event)),
            }
        }
        hand
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_size_and_no_state_breaks_the_screen(
        hand in any_state().prop_map(std::sync::Arc::new).no_shrink(),
        columns in 0..=250_u16,
        rows in 0..=80_u16,
        ascii: bool,
    ) {
        draw(&hand.app, &Theme::new(!ascii, ascii), columns, rows);
        draw(&hand.app, &Theme::new(ascii, ascii), columns % 31, rows % 12);
    }
}

#[test]
fn a_failed_song_says_so_in_the_list() {
    let mut hand = evening();
    hand.keys("1");
    assert!(matches!(hand.stems("Tideline"), StemState::Failed(_)));
    let screen = draw(&hand.app, &Theme::default(), 80, 24).to_string();
    let line = screen.lines().find(|line| line.contains("Tideline")).unwrap();
    assert!(line.contains("failed"), "{line}");
}
