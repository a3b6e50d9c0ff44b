//! `croon ctl` and a second croon against one that runs in a terminal.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::fake_engine;
use crate::support::player::{Home, Screen, song};
use rustix::process::Signal;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

fn config(more: &str) -> String {
    format!("[separation]\ncommand = {:?}\n{more}", fake_engine::line("half"))
}

fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_croon"));
    command
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(home.environment())
        .current_dir(home.path())
        .stdin(Stdio::null());
    command
}

fn run(home: &Home, args: &[&str]) -> Output {
    command(home, args).output().unwrap()
}

/// Does it, and fails with what was said if it is refused.
fn ctl(home: &Home, args: &[&str]) -> String {
    let output = run(home, &[&["ctl"], args].concat());
    let said = err(&output);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    said
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn status(home: &Home) -> Value {
    let output = run(home, &["ctl", "status", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn until(home: &Home, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = status(home);
        if holds(&status) {
            return status;
        }
        assert!(Instant::now() < end, "waited for {what}: {status:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A croon with these songs of 100 seconds on its list, and nothing playing.
fn evening(home: &Home, songs: &[&str]) -> Screen {
    for (name, pitch) in songs.iter().zip([220.0, 250.0, 280.0]) {
        // each another recording: equal ones are one song, with one memory
        song(&home.music().join(format!("{name}.wav")), 8_000, 100.0, pitch);
    }
    let mut screen = open(home);
    screen.until("the songs", |text| songs.iter().all(|name| text.contains(name)));
    screen
}

/// One that listens already.
fn open(home: &Home) -> Screen {
    let mut screen = Screen::open(home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until_text("Library");
    let end = Instant::now() + PATIENCE;
    while run(home, &["ctl", "status"]).status.code() != Some(0) {
        assert!(
            Instant::now() < end,
            "nobody listens; the screen:\n{}",
            screen.text()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    screen
}

fn socket(home: &Home) -> PathBuf {
    let folder = home.path().join("run/croon");
    let mut found = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    found
        .find(|path| path.extension().is_some_and(|ext| ext == "sock"))
        .expect("a socket")
}

#[test]
fn every_request_does_what_its_key_does() {
    let home = Home::new(&config(""));
    let _screen = evening(&home, &["Amber", "Birch", "Cedar"]);
    let before = status(&home);
    assert_eq!(
        (&before["state"], &before["title"], &before["schema"]),
        (&"stopped".into(), &Value::Null, &1.into())
    );
    let refused = run(&home, &["ctl", "seek", "10"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        err(&refused).contains("no song is on the deck"),
        "{}",
        err(&refused)
    );

    ctl(&home, &["play"]);
    let playing = until(&home, "the song", |status| {
        status["position_us"].as_u64() > Some(0) && status["duration_us"] == 100_000_000
    });
    assert_eq!(
        (&playing["title"], &playing["playing"]),
        (&"Amber".into(), &true.into())
    );
    assert_eq!(
        playing["path"],
        home.music()
            .join("Amber.wav")
            .canonicalize()
            .unwrap()
            .to_str()
            .unwrap()
    );
    assert!(playing["uri"].as_str().unwrap().starts_with("file:///"));

    ctl(&home, &["toggle"]);
    assert_eq!(status(&home)["state"], "paused");
    // exactly where it was put: a frame of the silent clock is 22.7 microseconds
    ctl(&home, &["seek", "1:23.456789"]);
    let at = until(&home, "the place", |status| {
        status["position_us"].as_u64() > Some(83_000_000)
    });
    let position = at["position_us"].as_u64().unwrap();
    assert!(position.abs_diff(83_456_789) <= 23, "{position}");
    ctl(&home, &["seek", "-30"]);
    until(&home, "half a minute before", |status| {
        status["position_us"].as_u64().unwrap().abs_diff(53_456_789) <= 46
    });

    ctl(&home, &["vocals", "50"]);
    assert!(ctl(&home, &["vocals", "-10"]).contains("40 %"));
    ctl(&home, &["key", "+2"]);
    ctl(&home, &["key", "=-3"]);
    ctl(&home, &["tempo", "90%"]);
    ctl(&home, &["tempo", "-5"]);
    ctl(&home, &["volume", "70"]);
    ctl(&home, &["volume", "mute"]);
    let changed = status(&home);
    for (name, value) in [("vocals", 40), ("key", -3), ("tempo", 85), ("volume", 70)] {
        assert_eq!(changed[name], value, "{name}");
    }
    assert_eq!(
        (&changed["muted"], &changed["playing"]),
        (&true.into(), &false.into())
    );

    ctl(&home, &["next"]);
    until(&home, "the second song", |status| {
        status["title"] == "Birch" && status["playing"] == true && status["key"] == 0
    });
    ctl(&home, &["previous"]);
    until(&home, "the first song again", |status| status["title"] == "Amber");
    ctl(&home, &["stop"]);
    let stopped = status(&home);
    assert_eq!(
        (&stopped["state"], &stopped["position_us"]),
        (&"stopped".into(), &0.into())
    );
    ctl(&home, &["play"]);
    until(&home, "from the start", |status| {
        status["playing"] == true && status["key"] == -3 && status["position_us"].as_u64() > Some(0)
    });
    let separated = until(&home, "the voice", |status| status["separated"] == true);
    assert_eq!(separated["segments_ready"], separated["segments"]);
    assert_eq!(separated["engine"]["state"], "up");
    let text = run(&home, &["ctl", "status"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.starts_with("playing  Amber  0:") && text.contains("key -3"),
        "{text}"
    );
}

#[test]
fn songs_come_from_anywhere_on_the_disk() {
    let home = Home::new(&config(""));
    let mut screen = evening(&home, &["Amber"]);
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    song(&elsewhere.join("Far.wav"), 8_000, 5.0, 300.0);
    song(&elsewhere.join("Farther.wav"), 8_000, 5.0, 300.0);
    // relative to where `croon ctl` runs, not to where croon does
    assert!(ctl(&home, &["add", "elsewhere/Far.wav"]).contains("Far is number 1"));
    assert_eq!(status(&home)["queue"], 1);
    ctl(&home, &["play"]);
    until(&home, "what was asked for plays first", |status| {
        status["title"] == "Far"
    });
    ctl(&home, &["play", "elsewhere/Farther.wav", "elsewhere/Far.wav"]);
    let both = until(&home, "the other one", |status| status["title"] == "Farther");
    assert_eq!(both["queue"], 1);
    screen.until("its screen", |text| {
        text.contains("[3 Sing") && text.contains("Farther")
    });

    std::fs::write(elsewhere.join("list.txt"), "no music").unwrap();
    for (file, why) in [
        ("elsewhere/list.txt", "no song"),
        ("elsewhere/none.wav", "cannot be opened"),
    ] {
        let output = run(&home, &["ctl", "add", file]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(err(&output).contains(why), "{file}: {}", err(&output));
    }
}

#[test]
fn a_second_croon_hands_its_songs_to_the_first() {
    let home = Home::new(&config(""));
    let mut first = evening(&home, &["Amber", "Birch"]);
    let pid = first.pid().to_string();
    // no terminal is needed for that: a file manager has none
    let second = run(&home, &["music/Birch.wav"]);
    assert_eq!(second.status.code(), Some(0), "{}", err(&second));
    assert!(
        err(&second).contains("Birch plays") && err(&second).contains(&pid),
        "{}",
        err(&second)
    );
    until(&home, "the song", |status| {
        status["title"] == "Birch" && status["playing"] == true
    });
    let third = run(&home, &["music/Amber.wav"]);
    assert_eq!(third.status.code(), Some(0));
    assert!(err(&third).contains("number 1 of the queue"), "{}", err(&third));
    assert_eq!(status(&home)["title"], "Birch", "who sings is not interrupted");

    let bare = run(&home, &[]);
    assert_eq!(bare.status.code(), Some(5), "{}", err(&bare));
    assert!(
        err(&bare).contains(&pid) && err(&bare).contains("croon ctl"),
        "{}",
        err(&bare)
    );
    // what works on the store itself still says why it cannot
    let watch = run(&home, &["watch", "music"]);
    assert_eq!(watch.status.code(), Some(5), "{}", err(&watch));
    assert!(err(&watch).contains(&pid), "{}", err(&watch));
    first.keys("q");
    assert!(first.ended().0.success());
}

#[test]
fn the_socket_is_private_and_survives_a_kill() {
    let home = Home::new(&config(""));
    let mut screen = evening(&home, &["Amber"]);
    let path = socket(&home);
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().mode() & 0o777;
    assert!(std::fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    screen.signal(Signal::KILL);
    screen.ended();
    assert!(path.exists(), "a killed croon cannot tidy up");
    let output = run(&home, &["ctl", "toggle"]);
    assert_eq!(output.status.code(), Some(7), "{}", err(&output));
    assert!(err(&output).contains("no croon is running"), "{}", err(&output));

    let mut screen = open(&home);
    assert_eq!(socket(&home), path);
    ctl(&home, &["toggle"]);
    screen.keys("q");
    let (ended, _) = screen.ended();
    assert!(ended.success() && !path.exists());
}

#[test]
fn without_a_folder_of_the_system_a_private_one_is_made() {
    let mut home = Home::new(&config(""));
    home.set("XDG_RUNTIME_DIR", "/nowhere");
    let mut screen = evening(&home, &["Amber"]);
    ctl(&home, &["volume", "55"]);
    assert_eq!(status(&home)["volume"], 55);
    screen.keys("q");
    assert!(screen.ended().0.success());
    assert_eq!(run(&home, &["ctl", "status"]).status.code(), Some(7));
}

#[test]
fn a_croon_that_shall_not_listen_says_so() {
    let home = Home::new(&config("[remote]\nsocket = false\n"));
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until_text("Library");
    let output = run(&home, &["ctl", "status"]);
    assert_eq!(output.status.code(), Some(7));
    assert!(
        err(&output).contains("socket = false") && err(&output).contains(&screen.pid().to_string()),
        "{}",
        err(&output)
    );
}

#[test]
fn what_cannot_be_meant_is_said_without_asking_anybody() {
    let home = Home::new("");
    for args in [
        &["ctl"][..],
        &["ctl", "dance"],
        &["ctl", "vocals"],
        &["ctl", "vocals", "loud"],
        &["ctl", "key", "13"],
        &["ctl", "seek", "1:99"],
        &["ctl", "add"],
    ] {
        assert_eq!(run(&home, args).status.code(), Some(2), "{args:?}");
    }
    let help = run(&home, &["ctl", "vocals", "--help"]);
    assert_eq!(help.status.code(), Some(0), "{}", err(&help));
    assert_eq!(run(&home, &["ctl", "vocals", "-10%"]).status.code(), Some(7));
}

#[test]
fn following_prints_a_line_for_every_change_until_croon_ends() {
    let home = Home::new(&config(""));
    let mut screen = evening(&home, &["Amber"]);
    let mut child = command(&home, &["ctl", "follow", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let mut seen = Vec::new();
        for line in lines.by_ref() {
            let status: Value = serde_json::from_str(&line.unwrap()).unwrap();
            assert_eq!(status["schema"], 1);
            if holds(&status) {
                return;
            }
            seen.push(status);
        }
        panic!("waited for {what}: {seen:#?}");
    };
    until("the first line", &|status| status["title"] == Value::Null);
    ctl(&home, &["play"]);
    until("the song", &|status| {
        status["title"] == "Amber" && status["playing"] == true
    });
    until("two seconds of it", &|status| {
        status["position_us"].as_u64() > Some(2_000_000)
    });
    screen.keys("v");
    until("a key on the keyboard", &|status| status["vocals"] == 0);
    screen.keys(" ");
    until("the pause", &|status| status["state"] == "paused");
    screen.keys("q");
    assert!(screen.ended().0.success());
    assert!(child.wait().unwrap().success());
}

/// Half-dead and silent clients must not keep a thread turning, nor a suspended croon its callers.
#[test]
fn nobody_turns_in_vain_and_nobody_waits_for_ever() {
    let home = Home::new(&config(""));
    let screen = evening(&home, &["Amber"]);
    let mut crowd = Vec::new();
    for half in [true, false] {
        for _ in 0..10 {
            let mut stream = std::os::unix::net::UnixStream::connect(socket(&home)).unwrap();
            std::io::Write::write_all(&mut stream, b"{\"request\":\"follow\"}\n{\"req").unwrap();
            if half {
                stream.shutdown(std::net::Shutdown::Write).unwrap();
            }
            crowd.push(stream);
        }
    }
    status(&home);
    let ticks = || -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", screen.pid())).unwrap();
        let of = |task: &Path| -> Option<u64> {
            let text = std::fs::read_to_string(task.join("stat")).ok()?;
            let (name, rest) = text.rsplit_once(')')?;
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let sum = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
            name.ends_with("(remote").then_some(sum)
        };
        tasks.filter_map(|task| of(&task.ok()?.path())).sum()
    };
    std::thread::sleep(Duration::from_millis(300));
    let before = ticks();
    std::thread::sleep(Duration::from_secs(2));
    let used = ticks() - before;
    assert!(
        used <= 4,
        "{used} hundredths of a second of processor for nothing"
    );

    screen.signal(Signal::STOP);
    let mut waiting = command(&home, &["ctl", "status"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = waiting.wait().unwrap();
    screen.signal(Signal::CONT);
    assert_eq!(ended.code(), Some(1));
    drop(crowd);
    assert_eq!(status(&home)["state"], "stopped");
}
