//! The face: what each screen looks like, at the usual size and on a wide terminal, and that no size
//! breaks it. Look at the snapshots in `tests/snapshots` when something here changes.

use crate::harness::{Harness, SONGS, engine, path, peaks};
use croon::app::{App, CacheStats, Event, FoundSong, Settings, Toasts};
use croon::keymap::Keymap;
use croon::output_state::OutputState;
use croon::track::StemState;
use croon::ui::{self, Theme};
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
fn look(name: &str, harness: &Harness) {
    for (columns, rows) in [(80, 24), (140, 45)] {
        insta::assert_snapshot!(
            format!("{name}_{columns}x{rows}"),
            draw(&harness.app, &Theme::default(), columns, rows)
        );
    }
}

/// An evening in full swing: one song sung, one separated, one failed, two waiting.
fn evening() -> Harness {
    let mut harness = Harness::new();
    harness.event(engine());
    harness.find_songs();
    harness.event(Event::ScanDone { files: 12 });
    harness.event(Event::JobFailed {
        path: path("Tideline"),
        reason: "HE-AAC is not supported: croon decodes AAC-LC, so convert it with another program".into(),
    });
    harness.event(Event::Output(OutputState::Device {
        name: "default".into(),
        rate: 48_000,
        instead_of: None,
    }));
    let play_id = harness.play("Paper Lanterns", None, false);
    for segment in 0..30 {
        harness.event(Event::SegmentStored {
            path: path("Paper Lanterns"),
            segment,
            peaks: Some(peaks(segment)),
        });
    }
    harness.event(Event::JobProgress {
        path: path("Paper Lanterns"),
        done: 30,
        total: 50,
        speed: 8.2,
    });
    harness.position(play_id, 67.0);
    harness.event(Event::CacheStats(CacheStats {
        bytes: 13_200_000_000,
        cap_bytes: 20_000_000_000,
        songs: 418,
        pinned: 12,
    }));
    harness.app.toasts = Toasts::default();
    harness
}

#[test]
fn first_run() {
    let settings = Settings {
        folders: vec!["/home/ana/Music".into()],
        config_file: "/home/ana/.config/croon/config.toml".into(),
        ..Settings::default()
    };
    let mut harness = Harness::new();
    harness.app = App::new(settings, Keymap::default());
    harness.event(Event::ScanDone { files: 3 });
    look("first_run", &harness);
}

#[test]
fn library() {
    let mut harness = evening();
    harness.keys("1 j j a");
    harness.app.toasts = Toasts::default();
    look("library", &harness);
}

#[test]
fn library_while_filtering() {
    let mut harness = evening();
    harness.keys("1 f");
    harness.type_text("lamp");
    look("filter", &harness);
}

#[test]
fn queue() {
    let mut harness = evening();
    harness.keys("1 g g a a 2 j");
    harness.app.toasts = Toasts::default();
    look("queue", &harness);
}

#[test]
fn sing() {
    look("sing", &evening());
}

#[test]
fn what_is_moved_stands_on_every_screen() {
    let mut harness = evening();
    let top = |harness: &Harness, columns| {
        let screen = draw(&harness.app, &Theme::default(), columns, 24).to_string();
        screen.lines().next().unwrap().to_owned()
    };
    assert!(!top(&harness, 100).contains("key"), "{}", top(&harness, 100));
    harness.keys("} } [ 1");
    assert!(
        top(&harness, 100).contains(" key +2  tempo 95 %  singer"),
        "{}",
        top(&harness, 100)
    );
    assert!(
        top(&harness, 80).contains(" +2 95%  singer"),
        "{}",
        top(&harness, 80)
    );
    harness.keys("\\");
    assert!(!top(&harness, 100).contains("key"), "{}", top(&harness, 100));
    assert!(!top(&harness, 80).contains("100%"), "{}", top(&harness, 80));
}

#[test]
fn sing_where_the_singer_is_still_heard() {
    let mut harness = evening();
    let play_id = harness.app.deck.song.as_ref().unwrap().play_id;
    harness.position(play_id, 180.0);
    harness.keys("v");
    harness.event(Event::Output(OutputState::Silent {
        reason: "no sound card".into(),
    }));
    harness.app.toasts = Toasts::default();
    look("sing_not_separated_yet", &harness);
}

#[test]
fn jobs() {
    let mut harness = evening();
    harness.keys("4 G");
    harness.event(Event::Notice(
        "/home/ana/Music/private can't be read: its owner has to allow it".into(),
    ));
    harness.app.toasts = Toasts::default();
    look("jobs", &harness);
}

/// As the engine's machine says it.
const NO_ENGINE: &str = "the separation engine `/home/ana/.cargo/bin/croon-separator` is not there, so no \
    song can be separated; build it with `make build`, or name one under [separation] command in config.toml";

#[test]
fn jobs_without_an_engine() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.event(Event::ScanDone { files: 12 });
    harness.event(Event::EngineDown {
        reason: NO_ENGINE.into(),
    });
    harness.event(Event::JobFailed {
        path: path("Tideline"),
        reason: NO_ENGINE.into(),
    });
    look("toast_no_engine", &harness);
    harness.keys("w");
    harness.app.toasts = Toasts::default();
    look("jobs_no_engine", &harness);
    let screen = draw(&harness.app, &Theme::default(), 80, 24).to_string();
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
    let mut harness = Harness::new();
    harness.event(engine());
    harness.event(Event::CacheStats(CacheStats {
        bytes: 19_990_000_000,
        cap_bytes: 20_000_000_000,
        songs: 418,
        pinned: 0,
    }));
    harness.find_songs();
    harness.event(Event::ScanDone { files: 12 });
    look("library_cache_full", &harness);
    harness.keys("w");
    look("jobs_cache_full", &harness);
}

#[test]
fn vocals_of_an_older_model_are_said_to_be() {
    let mut harness = Harness::new();
    let mut found: Vec<FoundSong> = (0..2).map(crate::harness::song).collect();
    found.iter_mut().for_each(|song| song.ready = true);
    found
        .iter_mut()
        .for_each(|song| song.older = Some("light".into()));
    let title = found[0].track.title();
    harness.event(Event::SongsFound(found));
    let words = |harness: &Harness| draw(&harness.app, &Theme::default(), 80, 24).to_string();
    assert_eq!(
        words(&harness).matches(" older ").count(),
        2,
        "{}",
        words(&harness)
    );
    let mut opened = crate::harness::loaded(&title, None, true);
    opened.older = Some("light".into());
    harness.sing(&title);
    harness.event(Event::Loaded(Box::new(opened)));
    let said = words(&harness);
    assert!(
        said.contains("ready, separated with light, will be redone"),
        "{said}"
    );
    harness.keys("4");
    assert!(
        words(&harness).contains("again, was light"),
        "{}",
        words(&harness)
    );
    harness.app.settings.redo = false;
    harness.keys("3");
    let said = words(&harness);
    assert!(
        said.contains("separated with light ") && !said.contains("redone"),
        "{said}"
    );
}

#[test]
fn the_whole_reason() {
    let mut harness = evening();
    harness.keys("4 G Enter");
    look("whole_reason", &harness);
}

#[test]
fn help() {
    let mut harness = evening();
    harness.keys("?");
    look("help_sing", &harness);
    harness.keys("Esc 1 ?");
    look("help_library", &harness);
}

#[test]
fn a_message() {
    let mut harness = evening();
    harness.keys("1");
    harness.event(Event::Toast("Half a Mile of Snow is ready".into()));
    look("toast", &harness);
}

#[test]
fn small_terminals_show_what_matters() {
    let harness = evening();
    for (columns, rows) in [(60, 15), (40, 10), (40, 4), (20, 3), (20, 1)] {
        let name = format!("small_{columns}x{rows}");
        insta::assert_snapshot!(name, draw(&harness.app, &Theme::default(), columns, rows));
    }
}

#[test]
fn ascii_is_ascii() {
    for screen in ["1", "2", "3", "4", "3 ?"] {
        let mut harness = evening();
        harness.keys("1 a");
        harness.keys(screen);
        for (columns, rows) in [(80, 24), (140, 45)] {
            let screen = draw(&harness.app, &Theme::new(true, true), columns, rows).to_string();
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
    let mut harness = evening();
    harness.keys("1");
    let screen = draw(&harness.app, &Theme::new(false, false), 80, 24);
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
    let mut harness = Harness::new();
    let mut songs: Vec<_> = (0..4).map(crate::harness::song).collect();
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
    harness.event(Event::SongsFound(songs));
    harness.keys("4 1");
    let screen = draw(&harness.app, &Theme::default(), 80, 24);
    let buffer = screen.buffer();
    // the times stand under each other
    for y in 3..7 {
        let time: String = (64..72).map(|x| buffer[(x, y)].symbol()).collect();
        assert!(time.contains("3:20"), "row {y}: {time:?}\n{screen}");
    }
}

/// Some state, made by the hand and by the machines.
fn any_state() -> impl Strategy<Value = Harness> {
    let key = prop::sample::select(vec![
        "1", "2", "3", "4", "?", "/", "f", "a", "A", "j", "k", "G", "Enter", "Esc", "v", "Up", "Down", "x",
        "S", "Space", "m", "b",
    ]);
    let odd = prop_oneof![
        Just(Event::EngineDown {
            reason: "no engine here, and the reason is a very long one indeed ".repeat(4)
        }),
        Just(Event::Notice("a folder is unreadable".into())),
        Just(Event::Output(OutputState::Silent {
            reason: "none".into()
        })),
        any::<f64>().prop_map(|seconds| Event::Position { play_id: 1, seconds }),
        (any::<u32>(), any::<u32>(), any::<f32>()).prop_map(|(done, total, speed)| Event::JobProgress {
            path: path("Paper Lanterns"),
            done,
            total,
            speed
        }),
        any::<u64>().prop_map(|n| Event::CacheStats(CacheStats {
            bytes: n,
            cap_bytes: n / 3,
            songs: n,
            pinned: n
        })),
        (0..SONGS.len()).prop_map(|i| Event::SongsGone(vec![path(SONGS[i].0)])),
        ".*".prop_map(|title| {
            let mut song = crate::harness::song(2);
            song.track.tags.title = Some(croon::text::printable(&title));
            song.track.duration = Some(f64::MAX);
            song.track.path = path("odd");
            Event::SongsFound(vec![song])
        }),
    ];
    let steps = prop::collection::vec(prop_oneof![key.prop_map(Ok), odd.prop_map(Err)], 0..25);
    (any::<bool>(), steps).prop_map(|(busy, steps)| {
        let mut harness = if busy { evening() } else { Harness::new() };
        for step in steps {
            match step {
                Ok(key) => drop(harness.keys(key)),
                Err(event) => drop(harness.event(event)),
            }
        }
        harness
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_size_and_no_state_breaks_the_screen(
        harness in any_state().prop_map(std::sync::Arc::new).no_shrink(),
        columns in 0..=250_u16,
        rows in 0..=80_u16,
        ascii: bool,
    ) {
        draw(&harness.app, &Theme::new(!ascii, ascii), columns, rows);
        draw(&harness.app, &Theme::new(ascii, ascii), columns % 31, rows % 12);
    }
}

#[test]
fn a_failed_song_says_so_in_the_list() {
    let mut harness = evening();
    harness.keys("1");
    assert!(matches!(harness.stems("Tideline"), StemState::Failed(_)));
    let screen = draw(&harness.app, &Theme::default(), 80, 24).to_string();
    let line = screen.lines().find(|line| line.contains("Tideline")).unwrap();
    assert!(line.contains("failed"), "{line}");
}
