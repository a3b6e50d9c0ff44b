//! Real outputs, as far as a sound server without a sound card has them: sinks of every kind, one that is
//! pulled out in the middle of a song, and a default that moves. What is heard is recorded and compared.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::server::{Sound, align};
use crate::support::player::{Home, Screen};
use croon::audio::Vocals;
use croon::audio::player::Player;
use croon::audio::player::event::PlayerEvent;
use croon::audio::player::settings::PlayerSettings;
use croon::audio::player::song::PlayerSong;
use croon::output_state::OutputState;

/// Of the song.
const RATE: u32 = 44_100;
const SECONDS: f64 = 3.0;
/// Recordings made before what is heard counts as wrong: a busy machine makes the server skip.
const TAKES: usize = 4;

/// A tone that never repeats, left and right apart, without what a resampler may take away.
fn music(t: f64) -> [f32; 2] {
    let sweep = (t * t * 900.0).sin() * 0.3;
    [
        (sweep + (t * 5000.0).sin() * 0.1) as f32,
        (sweep * 0.7 + (t * 3100.0).cos() * 0.2) as f32,
    ]
}

fn frames(rate: u32, from: f64, to: f64) -> Vec<[f32; 2]> {
    let at = |n: u64| music(n as f64 / f64::from(rate));
    let frame = |seconds: f64| (seconds * f64::from(rate)) as u64;
    (frame(from)..frame(to)).map(at).collect()
}

fn song(folder: &Path, seconds: f64) -> PathBuf {
    let path = folder.join("Sweep.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for sample in frames(RATE, 0.0, seconds).into_iter().flatten() {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    path
}

struct Nothing;

impl Vocals for Nothing {
    fn rate(&self) -> u32 {
        RATE
    }

    fn read(&mut self, _: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        true
    }
}

/// Run as a child, because a sound server is chosen by the environment.
#[test]
#[ignore = "the child of the tests below"]
fn play_once() {
    let folder = tempfile::tempdir().unwrap();
    let (tell, events) = mpsc::channel();
    let player = Player::start(PlayerSettings::default(), move |event| tell.send(event).unwrap());
    let state = events.recv_timeout(Duration::from_secs(60)).unwrap();
    println!("{state:?}");
    assert!(
        matches!(state, PlayerEvent::Output(OutputState::Device { .. })),
        "{state:?}"
    );
    player.load(
        PlayerSong {
            play_id: 1,
            path: song(folder.path(), SECONDS),
            vocals: Box::new(Nothing),
            start: 0.0,
            gain: 1.0,
            crossfade: 0.0,
            key_tempo: Default::default(),
        },
        true,
    );
    let ended = |event| matches!(event, PlayerEvent::Ended { play_id: 1 });
    while !ended(events.recv_timeout(Duration::from_secs(120)).unwrap()) {}
    println!("underruns {}", player.underruns());
    // The last buffers are still on their way to the ear.
    std::thread::sleep(Duration::from_millis(500));
}

/// What is heard of the song on a sink, frame by frame, and what the player said.
fn listen(sound: &Sound, sink: &str, rate: u32, channels: u16) -> (Vec<Vec<f32>>, String) {
    let recording = sound.record_from(sink, rate, channels);
    let played = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "outputs::play_once", "--ignored", "--nocapture"])
        .envs(sound.env())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
    (recording.stop_channels(), said)
}

fn pair(heard: &[Vec<f32>], left: usize, right: usize) -> Vec<[f32; 2]> {
    heard.iter().map(|frame| [frame[left], frame[right]]).collect()
}

#[test]
fn every_rate_and_number_of_channels_sounds_right() {
    let Some(sound) = Sound::start() else { return };
    for (sink, rate, channels) in [
        ("low", 44_100, 2),
        ("usual", 48_000, 2),
        ("high", 96_000, 2),
        ("mono", 48_000, 1),
        ("surround", 48_000, 6),
    ] {
        let module = sound.plug(sink, rate, channels);
        sound.pactl(&["set-default-sink", sink]);
        // But for the first and the last moment: another rate rings where a song is cut.
        let whole = frames(rate, 0.1, SECONDS - 0.1);
        let mean: Vec<[f32; 2]> = whole.iter().map(|f| [(f[0] + f[1]) / 2.0; 2]).collect();
        let mut takes = Vec::new();
        let right = (0..TAKES).any(|_| {
            let (heard, said) = listen(&sound, sink, rate, channels);
            assert!(
                said.contains(&format!("rate: {rate}")),
                "the device's own rate is used: {said}"
            );
            let silent = |from: usize| heard.iter().all(|frame| frame[from..].iter().all(|s| *s == 0.0));
            let off = match channels {
                1 => align(&pair(&heard, 0, 0), &mean).1,
                _ => align(&pair(&heard, 0, 1), &whole).1,
            };
            takes.push(off);
            off < -60.0 && (channels <= 2 || silent(2))
        });
        println!("{sink}: what differs is at {takes:.1?} dB");
        assert!(
            right,
            "{sink}, {rate} Hz, {channels} channels: {takes:?} dB off the song"
        );
        sound.unplug(&module);
    }
}

/// croon plays a song of half a minute on the default sink.
fn evening(sound: &Sound) -> (Home, Screen) {
    let mut home = Home::new(
        "[library]\nauto_separate = false\n[playback]\nvocals_level = 100\nloudness = \"off\"\n\
         [separation]\ncommand = [\"/nowhere\"]\n",
    );
    for (name, value) in sound.env() {
        home.set(name, value.display().to_string());
    }
    song(&home.music(), 30.0);
    let mut screen = Screen::open(&home, &[home.music().to_str().unwrap()]);
    screen.until_text("Sweep");
    screen.keys("\r");
    screen.until("the song sung", |text| {
        ["0:02", "0:03", "0:04"].iter().any(|time| text.contains(time))
    });
    (home, screen)
}

/// Where in the song what was heard on a sink stands: the second heard first, and how far it is off.
fn placed(heard: &[[f32; 2]], rate: u32) -> (f64, f64) {
    // A second of it, from where the sound has surely begun.
    let begins = heard.iter().position(|frame| frame[0].abs() > 0.05).unwrap_or(0);
    let from = begins + rate as usize / 2;
    let part = &heard[from..from + rate as usize];
    let whole = frames(rate, 0.0, 30.0);
    let (offset, off) = align(&whole, part);
    (
        (offset - from as i64 + begins as i64) as f64 / f64::from(rate),
        off,
    )
}

#[test]
fn pulled_out_in_the_middle_the_song_waits_and_goes_on_where_it_was_on_the_next_output() {
    let Some(sound) = Sound::start() else { return };
    let module = sound.plug("headphones", 48_000, 2);
    sound.pactl(&["set-default-sink", "headphones"]);
    let out = sound.pactl(&["list", "short", "modules"]);
    let out = out.lines().find(|line| line.contains("sink_name=out")).unwrap();
    sound.unplug(out.split_whitespace().next().unwrap());
    let (_home, mut screen) = evening(&sound);
    let before = sound.record_from("headphones", 48_000, 2);
    std::thread::sleep(Duration::from_millis(2500));
    sound.unplug(&module);
    let gone = screen.until("that the output is gone", |text| text.contains("went away"));
    println!("{gone}");
    let (heard_first, off) = placed(&before.stop(), 48_000);
    assert!(off < -40.0, "it was another song: {off} dB");
    std::thread::sleep(Duration::from_secs(3));
    let time = |text: &str| {
        let digits = |word: &&str| word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || c == ':');
        text.split_whitespace().find(digits).map(str::to_owned)
    };
    // A song that waits does not move on.
    assert_eq!(time(&screen.text()), time(&gone), "it moved on without an output");
    sound.plug("speakers", 44_100, 2);
    sound.pactl(&["set-default-sink", "speakers"]);
    let after = sound.record_from("speakers", 44_100, 2);
    screen.until("the song going on", |text| time(text) != time(&gone));
    std::thread::sleep(Duration::from_millis(2500));
    let (goes_on, off) = placed(&after.stop(), 44_100);
    println!("recorded from second {heard_first:.2} on; goes on at {goes_on:.2}, {off:.1} dB off");
    assert!(off < -40.0, "something else is heard: {off} dB");
    let paused = heard_first + 2.5;
    assert!(
        (paused - 1.0..paused + 1.2).contains(&goes_on),
        "it was at about {paused:.2} s and goes on at {goes_on:.2} s"
    );
    screen.keys("q");
    assert!(screen.ended().0.success());
}

#[test]
fn the_song_follows_the_default_to_another_output() {
    let Some(sound) = Sound::start() else { return };
    sound.plug("television", 48_000, 2);
    let (_home, mut screen) = evening(&sound);
    // Stopped before the default moves: the server would move the recording along.
    let recording = sound.record_from("out", 48_000, 2);
    std::thread::sleep(Duration::from_millis(2500));
    let old = recording.stop();
    let since = Instant::now();
    let (before, off) = placed(&old, 48_000);
    assert!(off < -40.0, "something else is heard: {off} dB");
    let left = before + old.len() as f64 / 48_000.0;
    let recording = sound.record_from("television", 48_000, 2);
    sound.pactl(&["set-default-sink", "television"]);
    std::thread::sleep(Duration::from_millis(7000));
    let heard = recording.stop();
    let passed = since.elapsed().as_secs_f64();
    // The server moves the old stream first, and croon's new one follows within seconds.
    let settled = heard.len() - 48_000 * 5 / 2;
    let (after, off) = placed(&heard[settled..], 48_000);
    assert!(off < -40.0, "something else is heard: {off} dB");
    let late = left + passed - 2.5 - after;
    println!("the default moved at {left:.2} s; the song stood still for {late:.2} s");
    assert!(
        (-0.5..4.0).contains(&late),
        "{left:.2} s, {passed:.2} s later {after:.2} s"
    );
    screen.keys("q");
    assert!(screen.ended().0.success());
}
