//! croon itself in a terminal: nothing is sent while nothing moves, the terminal is given back with its
//! mouse, and everything can be told in lines.

use std::time::{Duration, Instant};

use crate::support::player::{Home, Screen, song};

/// A song of twenty seconds with words; no engine, and nothing separated unasked.
fn home(more: &str) -> Home {
    let home = Home::new(&format!(
        "[library]\nauto_separate = false\n[separation]\ncommand = [\"/nowhere/croon-separator\"]\n{more}"
    ));
    song(&home.music().join("Lanterns.wav"), 44_100, 20.0, 220.0);
    std::fs::write(
        home.music().join("Lanterns.lrc"),
        "[00:00.50]we set them down\n[00:03.00]Paper lanterns\n[00:06.00]on the water\n[00:09.00]and home\n",
    )
    .unwrap();
    home
}

fn open(home: &Home, option: &str) -> Screen {
    let music = home.music();
    let mut screen = Screen::open(home, &["--no-sound", option, music.to_str().unwrap()]);
    screen.until_text("Lanterns");
    screen
}

/// Until so long nothing was sent; how long that took to begin.
fn quiet_for(screen: &mut Screen, seconds: f64) {
    let end = Instant::now() + Duration::from_secs(60);
    let mut last = Instant::now();
    while last.elapsed().as_secs_f64() < seconds {
        if screen.sent(Duration::from_millis(100)) > 0 {
            last = Instant::now();
        }
        assert!(Instant::now() < end, "it never falls silent:\n{}", screen.text());
    }
}

#[test]
fn a_paused_song_sends_not_one_byte_and_the_mouse_is_given_back() {
    let home = home("");
    let mut screen = open(&home, "--color=always");
    screen.keys("\r");
    screen.until_text("Paper lanterns");
    screen.keys(" ");
    // messages go by themselves, and what was changed is saved
    quiet_for(&mut screen, 4.0);
    assert_eq!(screen.sent(Duration::from_secs(3)), 0, "paused on Sing");
    screen.keys("1");
    quiet_for(&mut screen, 1.0);
    assert_eq!(screen.sent(Duration::from_secs(2)), 0, "on the Library");
    assert!(screen.has_mouse());
    // a click on the tab: column 21 of the first row
    screen.keys("3");
    screen.until_text("[3 Sing]");
    screen.keys("\x1b[<0;4;1M\x1b[<0;4;1m");
    screen.until_text("[1 Library]");
    screen.keys("q");
    let (status, _) = screen.ended();
    assert!(status.success());
    assert!(!screen.has_mouse() && !screen.in_alternate_screen());
}

#[test]
fn a_playing_song_sends_no_more_than_it_has_to() {
    let home = home("");
    let mut screen = open(&home, "--color=always");
    screen.keys("\r");
    screen.until_text("Paper lanterns");
    let bytes = screen.sent(Duration::from_secs(4));
    // some letters of a line, a second of the clock, a cell of the bar: a screen has 3,000 cells
    assert!((100..30_000).contains(&bytes), "{bytes} bytes in four seconds");
    println!("{bytes} bytes in four seconds of singing");
    screen.keys("q");
    screen.ended();
}

#[test]
fn the_mouse_stays_with_the_terminal_where_that_is_wanted() {
    let home = home("[screen]\nmouse = false\n");
    let mut screen = open(&home, "--ascii");
    assert!(!screen.has_mouse() && screen.in_alternate_screen());
    screen.keys("q");
    assert!(screen.ended().0.success());
}

#[test]
fn everything_is_told_in_lines_without_one_escape_code() {
    let home = home("");
    let mut screen = open(&home, "--plain");
    screen.until_text("1 of 1: Lanterns");
    screen.keys("\r");
    screen.until_text("song: Lanterns");
    screen.until_text("Paper lanterns");
    screen.keys("\x1b[B");
    screen.until_text("vocals 15 %");
    screen.keys(" ");
    screen.until_text("paused at 0:0");
    screen.keys("?");
    screen.until_text("any key closes");
    screen.keys("x1/");
    screen.until_text("find:");
    screen.keys("lan");
    screen.until_text("find: lan");
    screen.keys("\x1b");
    // at once it would be Alt-q
    std::thread::sleep(Duration::from_millis(300));
    screen.keys("q");
    let (status, _) = screen.ended();
    assert!(status.success());
    let raw = screen.raw();
    assert!(!raw.contains('\x1b'), "{raw:?}");
    assert!(raw.contains("vocals 15 %\r\n"));
    assert_eq!(raw.matches("Paper lanterns").count(), 1, "once: {raw}");
}
