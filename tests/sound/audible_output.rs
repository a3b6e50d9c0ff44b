//! What a listener hears through a real sound server: the song as it is, and without its vocals.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use crate::server::{RATE, Sound, align};
use croon::audio::Vocals;
use croon::audio::player::Player;
use croon::audio::player::event::PlayerEvent;
use croon::audio::player::settings::PlayerSettings;
use croon::audio::player::song::PlayerSong;
use croon::output_state::OutputState;

const SECONDS: u64 = 3;

fn music(frame: u64) -> f32 {
    let t = frame as f64 / f64::from(RATE);
    ((t * t * 900.0).sin() * 0.25 + (t * 5000.0).sin() * 0.1) as f32
}

fn sung(frame: u64) -> f32 {
    let t = frame as f64 / f64::from(RATE);
    ((t * 2765.0 + (t * 30.0).sin() * 4.0).sin() * 0.3) as f32
}

struct Exact;

impl Vocals for Exact {
    fn rate(&self) -> u32 {
        RATE
    }
    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        out.chunks_mut(2)
            .enumerate()
            .for_each(|(i, frame)| frame.fill(sung(start + i as u64)));
        true
    }
}

fn song(folder: &Path) -> PathBuf {
    let path = folder.join("song.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..SECONDS * u64::from(RATE) {
        let sample = music(frame) + sung(frame);
        (0..2).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    path
}

/// Run as a child, because a sound server is chosen by the environment.
#[test]
#[ignore = "the child of the test below"]
fn play_once() {
    let folder = tempfile::tempdir().unwrap();
    let (tell, events) = mpsc::channel();
    let player = Player::start(PlayerSettings::default(), move |event| tell.send(event).unwrap());
    player.set_level(std::env::var("CROON_TEST_LEVEL").unwrap().parse().unwrap());
    let state = events.recv_timeout(Duration::from_secs(60)).unwrap();
    println!("{state:?}");
    assert!(
        matches!(state, PlayerEvent::Output(OutputState::Device { rate: RATE, .. })),
        "{state:?}"
    );
    player.load(
        PlayerSong {
            play_id: 1,
            path: song(folder.path()),
            vocals: Box::new(Exact),
            start: 0.0,
            gain: 1.0,
            crossfade: 0.0,
            key_tempo: Default::default(),
        },
        true,
    );
    while !matches!(
        events.recv_timeout(Duration::from_secs(120)).unwrap(),
        PlayerEvent::Ended { play_id: 1 }
    ) {}
    println!("underruns {}", player.underruns());
    // The last buffers are still on their way to the ear.
    std::thread::sleep(Duration::from_millis(500));
}

fn listen(sound: &Sound, level: &str) -> Vec<[f32; 2]> {
    let recording = sound.record();
    let played = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "audible_output::play_once", "--ignored", "--nocapture"])
        .env("CROON_TEST_LEVEL", level)
        .envs(sound.env())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
    println!("{said}");
    recording.stop()
}

#[test]
fn the_ear_gets_the_original_and_without_its_vocals_the_rest() {
    let Some(sound) = Sound::start() else { return };
    let frames = 0..SECONDS * u64::from(RATE);
    let whole: Vec<[f32; 2]> = frames.clone().map(|f| [music(f) + sung(f); 2]).collect();
    let rest: Vec<[f32; 2]> = frames.map(|f| [music(f); 2]).collect();
    // A busy machine may make the sound server skip, which is no fault of ours: a few attempts.
    let best = |level: &str, wanted: &[[f32; 2]]| {
        (0..3)
            .map(|_| align(&listen(&sound, level), wanted).1)
            .inspect(|db| println!("level {level}: what differs is at {db:.1} dB"))
            .find(|db| *db < -60.0)
    };
    assert!(best("1", &whole).is_some(), "the original did not come through");
    assert!(best("0", &rest).is_some(), "the vocals did not go away");
}
