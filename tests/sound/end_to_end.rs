//! The whole player as a person meets it: in a terminal, through a sound server, over kill -9.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::server::{RATE, Sound, align};
use crate::support::fake_engine;
use crate::support::player::{Home, Screen, song};
use rustix::process::Signal;

/// Recordings made before what is heard counts as wrong.
const TAKES: usize = 4;

/// A configuration with a fake engine and whatever else is wanted.
fn config(mode: &str, more: &str) -> String {
    format!("[separation]\ncommand = {:?}\n{more}", fake_engine::line(mode))
}

fn frames(pcm: &[f32]) -> Vec<[f32; 2]> {
    pcm.chunks_exact(2).map(|frame| [frame[0], frame[1]]).collect()
}

fn decibels(of: impl Iterator<Item = f32>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    of.for_each(|x| {
        sum += f64::from(x).powi(2);
        count += 1.0;
    });
    10.0 * (sum / f64::max(count, 1.0)).max(1e-30).log10()
}

/// Plays the selected song once from the Library and returns what was heard until it fell silent.
fn heard_once(screen: &mut Screen, sound: &Sound, seconds: f64) -> Vec<[f32; 2]> {
    let recording = sound.record();
    screen.keys("1\r");
    screen.until("the song on the Sing screen", |text| text.contains("[3 Sing]"));
    std::thread::sleep(Duration::from_secs_f64(seconds + 2.5));
    recording.stop()
}

#[test]
fn a_listener_hears_the_original_at_full_and_no_voice_at_zero() {
    let Some(sound) = Sound::start() else { return };
    let seconds = 6.0;
    let mut home = Home::new(&config(
        "left-minus-right",
        "[playback]\nvocals_level = 100\nbuffer_frames = 4096\nloudness = \"off\"\n",
    ));
    sound
        .env()
        .into_iter()
        .for_each(|(name, value)| home.set(name, value.display().to_string()));
    let original = frames(&song(&home.music().join("Vowel.wav"), RATE, seconds, 220.0));
    let mut screen = Screen::open(&home, &[home.music().to_str().unwrap()]);
    screen.until("the song separated", |text| {
        text.contains("Vowel") && text.contains("ready")
    });

    // A loaded machine may starve the sound server itself; what croon plays is judged by a clean take.
    let mut takes = Vec::new();
    let clean = (0..TAKES).any(|_| {
        takes.push(align(&heard_once(&mut screen, &sound, seconds), &original).1);
        takes.last().is_some_and(|rest| *rest < -85.0)
    });
    assert!(
        clean,
        "at 100 % the original is heard, all but {takes:?} dB; a 16-bit sink would leave about -90"
    );

    screen.keys(&"\x1b[B".repeat(20)); // down: 20 times 5 %
    screen.until("the fader at 0 %", |text| text.contains("singer 0 %"));
    let band: Vec<[f32; 2]> = original.iter().map(|frame| [frame[1], frame[1]]).collect();
    // the voice is on the left alone: what the left has more than the band is what is left of it
    let inner = RATE as usize / 2..band.len() - RATE as usize / 2;
    let voice = decibels(inner.clone().map(|n| original[n][0] - original[n][1]));
    let mut takes = (0..TAKES).map(|_| {
        let quiet = heard_once(&mut screen, &sound, seconds);
        let at = usize::try_from(align(&quiet, &band).0).unwrap_or(0);
        decibels(
            inner
                .clone()
                .map(|n| quiet.get(at + n).map_or(1.0, |heard| heard[0] - band[n][0])),
        )
    });
    let left_of_it = takes.find(|left| *left < voice - 40.0);
    let left_of_it =
        left_of_it.unwrap_or_else(|| panic!("at 0 % the voice of {voice:.1} dB was still heard"));
    println!(
        "at 100 %: {takes:.1?} dB off the original; at 0 %: the voice {:.1} dB down",
        voice - left_of_it
    );
}

#[test]
fn nothing_is_separated_twice_or_lost_over_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (count, once) = (folder.path().join("windows"), folder.path().join("once"));
    let mode = format!(
        "half count:{} hang-after:4 once:{}",
        count.display(),
        once.display()
    );
    let home = Home::new(&config(&mode, ""));
    for (name, pitch) in [("One", 200.0), ("Two", 300.0), ("Three", 400.0)] {
        song(&home.music().join(format!("{name}.wav")), 44_100, 12.0, pitch);
    }
    let music = home.music();
    let args = ["--no-sound", music.to_str().unwrap()];
    let mut screen = Screen::open(&home, &args);
    screen.until_text("Three");
    wait(
        || fake_engine::counted(&count) >= 5,
        "the engine hangs in the middle",
    );
    screen.signal(Signal::KILL);
    screen.ended();

    let ready = |text: &str| text.matches("ready").count() == 3;
    let mut screen = Screen::open(&home, &args);
    screen.until("all three separated after the kill", ready);
    let asked = fake_engine::counted(&count);
    // 12 s are three segments; what was under way when the power went is asked again, no more
    assert!(
        (9..=9 + 4).contains(&asked),
        "{asked} windows for 9 segments and one kill"
    );
    screen.keys("q");
    assert!(screen.ended().0.success());

    let mut screen = Screen::open(&home, &args);
    screen.until("all three known at the third start", ready);
    screen.keys("\r");
    screen.until("one of them sung", |text| text.contains("0:01"));
    assert_eq!(
        fake_engine::counted(&count),
        asked,
        "separated again although stored"
    );
}

#[test]
fn without_a_sound_card_everything_still_moves_and_says_why() {
    let mut home = Home::new(&config("half", ""));
    home.set("ALSA_CONFIG_PATH", "/dev/null");
    home.set("PULSE_SERVER", "unix:/nowhere");
    song(&home.music().join("Quiet.wav"), 44_100, 8.0, 220.0);
    let mut screen = Screen::open(&home, &[home.music().to_str().unwrap()]);
    screen.until("the song and the missing sound", |text| {
        text.contains("Quiet") && text.contains("no sound")
    });
    screen.keys("\r");
    screen.until("the silent clock", |text| text.contains("0:02"));
    screen.keys("q");
    let (status, _) = screen.ended();
    assert!(status.success());
    assert!(
        !screen.in_alternate_screen() && !screen.cursor_hidden(),
        "the terminal is given back"
    );
}

#[test]
fn a_second_croon_says_who_holds_the_cache() {
    let home = Home::new(&config("half", ""));
    song(&home.music().join("Tune.wav"), 44_100, 2.0, 220.0);
    let music = home.music();
    let mut first = Screen::open(&home, &["--no-sound", music.to_str().unwrap()]);
    first.until_text("Tune");
    let mut second = Screen::open(&home, &["--no-sound"]);
    let (status, said) = second.ended();
    assert_eq!(status.exit_code(), 5, "{said}");
    assert!(said.contains(&first.pid().to_string()), "{said}");
}

#[test]
fn broken_files_are_named_and_the_others_go_on() {
    let home = Home::new(&config("half", ""));
    let music = home.music();
    song(&music.join("Good.wav"), 44_100, 5.0, 220.0);
    std::fs::write(music.join("Empty.mp3"), b"").unwrap();
    std::fs::write(
        music.join("Text.mp3"),
        "this is no music, it is a shopping list\n".repeat(40),
    )
    .unwrap();
    let whole = std::fs::read(music.join("Good.wav")).unwrap();
    std::fs::write(music.join("Cut.wav"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(music.join("\u{1b}[31mRed.wav"), &whole[..whole.len() / 3]).unwrap();
    let mut screen = Screen::open(&home, &["--no-sound", music.to_str().unwrap()]);
    screen.until("two failures among the good", |text| {
        let lines = |word: &str| {
            text.lines()
                .filter(|line| line.trim_end().ends_with(word))
                .count()
        };
        lines("  failed") == 2 && lines("  ready") == 3
    });
    screen.keys("4");
    let jobs = screen.until("the Jobs screen", |text| text.contains("[4 Jobs"));
    assert!(jobs.contains("Empty") && jobs.contains("Text"), "{jobs}");
    screen.keys("q");
    assert!(screen.ended().0.success());
}

#[test]
fn a_missing_engine_leaves_the_music_playing() {
    let home = Home::new("[separation]\ncommand = [\"/nowhere/croon-separator\", \"serve\"]\n");
    song(&home.music().join("Tune.wav"), 44_100, 6.0, 220.0);
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until("the song in the list", |text| text.contains("> Tune"));
    screen.keys("\r");
    screen.until("the song plays on", |text| text.contains("0:01"));
    screen.keys("4");
    let jobs = screen.until("why nothing is separated", |text| {
        text.contains("[4 Jobs") && text.contains("/nowhere")
    });
    assert!(jobs.contains("no engine"), "{jobs}");
}

#[test]
fn a_damaged_catalogue_or_a_file_in_its_place_ends_nothing() {
    let home = Home::new(&config("half", ""));
    song(&home.music().join("Tune.wav"), 44_100, 2.0, 220.0);
    let state = home.path().join("state/croon");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("catalogue"), b"not a folder").unwrap();
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until_text("Tune");
    screen.keys("q");
    let (status, said) = screen.ended();
    assert!(status.success(), "{said}");
}

#[test]
fn without_a_terminal_croon_names_what_works_there() {
    let home = Home::new("");
    let said = Command::new(env!("CARGO_BIN_EXE_croon"))
        .env_clear()
        .envs(home.environment())
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(6));
    let text = String::from_utf8_lossy(&said.stderr);
    for command in ["croon separate", "croon watch", "croon doctor"] {
        assert!(text.contains(command), "{text}");
    }
    assert!(!Path::new(&home.path().join("state/croon/catalogue")).exists());
}

fn wait(until: impl Fn() -> bool, what: &str) {
    for _ in 0..6000 {
        if until() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited for {what}");
}
