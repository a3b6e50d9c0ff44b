//! Song lists and folders: into the queue of a croon that runs, or onto the one it left; and what is left
//! of an evening that ends without a word.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::fake_engine;
use crate::support::player::{Home, Screen, song};
use rustix::process::Signal;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

fn home() -> Home {
    let home = Home::new(&format!(
        "[separation]\ncommand = {:?}\n[library]\nauto_separate = false\n",
        fake_engine::line("half")
    ));
    for (name, pitch) in [("Amber", 220.0), ("Birch", 250.0), ("Cedar", 280.0)] {
        song(&home.music().join(format!("{name}.wav")), 8_000, 60.0, pitch);
    }
    home
}

fn run(home: &Home, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_croon"))
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(home.environment())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Does it, and fails with what was said if it is not done.
fn done(home: &Home, args: &[&str]) -> String {
    let output = run(home, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    said
}

fn refused(home: &Home, args: &[&str], code: i32) -> String {
    let output = run(home, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn status(home: &Home) -> Value {
    let output = run(home, &["ctl", "status", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

fn until(home: &Home, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = status(home);
        if holds(&status) {
            return status;
        }
        assert!(Instant::now() < end, "waited for {what}: {status:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn evening(home: &Home) -> Screen {
    let mut screen = Screen::open(home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until("the songs", |text| text.contains("Cedar"));
    until(home, "the socket", |status| status["state"].is_string());
    screen
}

fn read(home: &Home, list: &str) -> String {
    std::fs::read_to_string(home.path().join(list)).unwrap()
}

#[test]
fn the_queue_of_a_running_croon_becomes_a_list_and_a_list_the_queue() {
    let home = home();
    let mut screen = evening(&home);
    done(&home, &["ctl", "add", "music/Birch.wav", "music/Amber.wav"]);
    assert!(done(&home, &["queue", "save", "party.m3u8"]).contains("2 songs are in"));
    let list = read(&home, "party.m3u8");
    assert!(list.find("Birch.wav") < list.find("Amber.wav"), "{list}");
    assert!(
        list.contains("\nmusic/Birch.wav\n"),
        "paths are told from where the list lies: {list}"
    );

    // A file that is there is somebody's.
    std::fs::write(home.path().join("mine.m3u8"), "mine").unwrap();
    let said = refused(&home, &["queue", "save", "mine.m3u8"], 1);
    assert!(
        said.contains("--force") && read(&home, "mine.m3u8") == "mine",
        "{said}"
    );
    done(&home, &["queue", "save", "--force", "mine.m3u8"]);
    assert_eq!(read(&home, "mine.m3u8"), list);
    assert!(refused(&home, &["queue", "save", "list.txt"], 2).contains(".m3u8"));

    let one = "#EXTM3U\nhttp://example.com/stream\nmusic/Cedar.wav\n";
    std::fs::write(home.path().join("one.m3u8"), one).unwrap();
    assert!(done(&home, &["queue", "load", "--add", "one.m3u8"]).contains("1 song is added"));
    until(&home, "three songs", |status| status["queue"] == 3);
    assert!(done(&home, &["queue", "load", "one.m3u8"]).contains("1 song is the queue now"));
    until(&home, "one song", |status| status["queue"] == 1);
    screen.keys("2u");
    until(&home, "the change taken back", |status| status["queue"] == 3);

    std::fs::write(home.path().join("empty.m3u8"), "#EXTM3U\n").unwrap();
    assert!(refused(&home, &["queue", "load", "empty.m3u8"], 1).contains("no song in it"));
    assert!(refused(&home, &["queue", "load", "none.m3u8"], 1).contains("cannot be read"));
    assert!(refused(&home, &["queue", "load", "music/Amber.wav"], 1).contains("no list"));
    assert_eq!(status(&home)["queue"], 3, "what is refused changes nothing");
}

#[test]
fn a_list_or_a_folder_handed_to_a_running_croon_waits_in_its_queue() {
    let home = home();
    let _screen = evening(&home);
    done(&home, &["ctl", "play", "music/Amber.wav"]);
    let other = home.path().join("other");
    std::fs::create_dir(&other).unwrap();
    song(&other.join("Dusk.wav"), 8_000, 5.0, 300.0);
    song(&other.join("Echo.wav"), 8_000, 5.0, 320.0);
    std::fs::write(other.join("cover.jpg"), "no music").unwrap();
    assert!(done(&home, &["other"]).contains("2 songs are added"));
    until(&home, "the folder", |status| status["queue"] == 2);
    std::fs::write(
        home.path().join("party.m3u8"),
        "music/Cedar.wav\nother/Dusk.wav\n",
    )
    .unwrap();
    assert!(done(&home, &["party.m3u8"]).contains("2 songs are added"));
    done(&home, &["ctl", "add", "party.m3u8"]);
    let now = until(&home, "the lists", |status| status["queue"] == 6);
    assert_eq!(now["title"], "Amber", "who sings is not interrupted");
    done(&home, &["ctl", "next"]);
    until(&home, "a song of the folder", |status| status["title"] == "Dusk");
    // The whole Library in the queue is nothing that anybody wants.
    assert!(refused(&home, &["music"], 1).contains("Library already"));
    assert!(refused(&home, &["ctl", "play", "other"], 1).contains("folder"));
    assert_eq!(status(&home)["queue"], 5);
}

#[test]
fn without_a_running_croon_the_queue_it_left_is_meant() {
    let home = home();
    std::fs::write(
        home.path().join("party.m3u8"),
        "music/Cedar.wav\nmusic/Amber.wav\n",
    )
    .unwrap();
    assert!(done(&home, &["queue", "load", "party.m3u8"]).contains("2 songs wait"));
    assert!(done(&home, &["queue", "load", "--add", "music"]).contains("3 songs wait"));
    let mut screen = evening(&home);
    until(&home, "the queue of the list", |status| status["queue"] == 5);
    screen.keys("q");
    assert!(screen.ended().0.success());
    done(&home, &["queue", "save", "left.m3u8"]);
    let list = read(&home, "left.m3u8");
    let names: Vec<&str> = list.lines().filter(|line| line.ends_with(".wav")).collect();
    let [cedar, amber, birch] = ["music/Cedar.wav", "music/Amber.wav", "music/Birch.wav"];
    assert_eq!(names, [cedar, amber, amber, birch, cedar]);
    assert!(refused(&home, &["queue", "load", "other.m3u8"], 1).contains("cannot be read"));
}

#[test]
fn a_croon_killed_while_it_plays_leaves_its_queue_its_place_and_what_it_knows_of_the_song() {
    let home = home();
    let mut screen = evening(&home);
    done(&home, &["ctl", "play", "music/Amber.wav"]);
    done(&home, &["ctl", "add", "music/Cedar.wav", "music/Birch.wav"]);
    done(&home, &["ctl", "vocals", "35"]);
    done(&home, &["ctl", "key", "+2"]);
    done(&home, &["ctl", "tempo", "90"]);
    until(&home, "some seconds of it", |status| {
        status["position_us"].as_u64() > Some(8_000_000)
    });
    // the hand has rested and the disk has it
    std::thread::sleep(Duration::from_secs(2));
    screen.signal(Signal::KILL);
    screen.ended();

    let mut screen = evening(&home);
    let queue = until(&home, "the queue", |status| status["queue"] == 2);
    assert_eq!(queue["state"], "stopped", "nobody asked for music yet");
    // Space on the Queue goes on where the music stood
    screen.keys(" ");
    let now = until(&home, "the song", |status| {
        status["playing"] == true && status["key"] == 2
    });
    assert_eq!((&now["title"], &now["vocals"]), (&"Amber".into(), &35.into()));
    assert_eq!(now["tempo"], 90);
    let at = now["position_us"].as_u64().unwrap();
    assert!((2_000_000..16_000_000).contains(&at), "it goes on at {at} us");
    done(&home, &["ctl", "next"]);
    until(&home, "the first of the queue", |status| {
        status["title"] == "Cedar"
    });
}
