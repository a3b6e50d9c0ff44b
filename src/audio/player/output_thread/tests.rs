//! Outputs that come, go, refuse and are chosen, under a song that plays.

use std::path::PathBuf;
use std::sync::mpsc;

use super::*;
use crate::audio::Vocals;
use crate::audio::player::Player;
use crate::audio::player::output_thread::fake::Fake;
use crate::audio::player::song::PlayerSong;
use crate::key_tempo::KeyTempo;

const TIMES: Times = Times {
    retry: Duration::from_millis(60),
    // A clock that is paused ticks every 100 ms.
    watch: Duration::from_millis(300),
    settling: Duration::ZERO,
    starting: Duration::ZERO,
    short_life: Duration::ZERO,
};
const PATIENCE: Duration = Duration::from_secs(60);

struct NoVoice;

impl Vocals for NoVoice {
    fn rate(&self) -> u32 {
        44_100
    }
    fn read(&mut self, _: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        true
    }
}

struct Rig {
    player: Player,
    events: mpsc::Receiver<PlayerEvent>,
    _folder: tempfile::TempDir,
}

impl Rig {
    /// A minute of a song plays on what the fake says.
    fn new(fake: &Fake, settings: PlayerSettings) -> Self {
        Self::timed(fake, settings, TIMES)
    }

    fn timed(fake: &Fake, settings: PlayerSettings, times: Times) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = song(folder.path());
        let (tell, events) = mpsc::channel();
        let system = fake.clone();
        let player = Player::start_with(
            settings,
            move || system,
            times,
            move |event| drop(tell.send(event)),
        );
        player.load(
            PlayerSong {
                play_id: 1,
                path,
                vocals: Box::new(NoVoice),
                start: 0.0,
                gain: 1.0,
                crossfade: 0.0,
                key_tempo: KeyTempo::default(),
            },
            true,
        );
        Self {
            player,
            events,
            _folder: folder,
        }
    }

    /// The next word about the output.
    fn output(&self) -> OutputState {
        loop {
            if let PlayerEvent::Output(state) = self.events.recv_timeout(PATIENCE).expect("no word") {
                return state;
            }
        }
    }

    fn on(&self, name: &str) {
        let state = self.output();
        assert!(
            matches!(&state, OutputState::Device { name: device, .. } if device == name),
            "{state:?} instead of {name}"
        );
    }

    fn seconds(&self) -> f64 {
        self.player.position().seconds
    }

    fn until(&self, what: &str, is: impl Fn(f64) -> bool) -> f64 {
        let until = Instant::now() + PATIENCE;
        while !is(self.seconds()) {
            assert!(Instant::now() < until, "{what}: {}", self.seconds());
            std::thread::sleep(Duration::from_millis(2));
        }
        self.seconds()
    }
}

fn song(folder: &std::path::Path) -> PathBuf {
    let path = folder.join("song.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..60 * 8000i32).for_each(|i| writer.write_sample((i % 80 * 100) as i16).unwrap());
    writer.finalize().unwrap();
    path
}

fn plays(rig: &Rig) -> f64 {
    let from = rig.seconds();
    rig.until("it stands still", |now| now > from + 0.05)
}

#[test]
fn another_output_is_chosen_at_once_and_the_song_goes_on_where_it_was() {
    let fake = Fake::with(&[("Speakers", 44_100), ("Hall", 96_000), ("Radio", 48_000)]);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Speakers");
    for name in ["Hall", "Radio", "Speakers"] {
        let before = plays(&rig);
        rig.player.choose_output(Some(name.into()));
        rig.on(name);
        let after = rig.seconds();
        // to the frame of the other rate
        let least = before - 1.0 / 44_100.0;
        assert!(after >= least && after < before + 5.0, "{before} then {after}");
        assert!(rig.player.position().playing);
    }
    plays(&rig);
    // The one that plays, chosen again, is not opened again.
    let opened = fake.change(|plugged| plugged.opened.len());
    rig.player.choose_output(Some("Speakers".into()));
    rig.player.list_outputs();
    let listed = loop {
        if let PlayerEvent::Outputs(names) = rig.events.recv_timeout(PATIENCE).unwrap() {
            break names;
        }
    };
    assert_eq!(listed, ["Speakers", "Hall", "Radio"]);
    assert_eq!(fake.change(|plugged| plugged.opened.len()), opened);
}

#[test]
fn an_unplugged_output_pauses_the_song_which_waits_for_the_word_to_go_on() {
    let fake = Fake::with(&[("Headphones", 48_000), ("Speakers", 44_100)]);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Headphones");
    plays(&rig);
    fake.unplug("Headphones");
    let lost = rig.output();
    assert!(
        matches!(&lost, OutputState::Lost { name, reason } if name == "Headphones" && reason == "unplugged"),
        "{lost:?}"
    );
    rig.on("Speakers");
    let waits = rig.seconds();
    std::thread::sleep(Duration::from_millis(150));
    assert!(!rig.player.position().playing, "it went on by itself");
    assert_eq!(rig.seconds(), waits, "it does not wait");
    rig.player.play();
    let after = plays(&rig);
    assert!(after < waits + 5.0, "not where it was: {waits} then {after}");
}

#[test]
fn a_server_that_moves_the_sound_without_a_word_is_caught() {
    let fake = Fake::with(&[("Headphones", 48_000), ("Speakers", 44_100)]);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Headphones");
    plays(&rig);
    fake.change(|plugged| plugged.outputs.remove(0));
    assert!(matches!(rig.output(), OutputState::Lost { .. }));
    rig.on("Speakers");
}

#[test]
fn the_systems_default_is_followed_without_a_pause() {
    let fake = Fake::with(&[("Speakers", 44_100), ("Headphones", 48_000)]);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Speakers");
    plays(&rig);
    fake.change(|plugged| plugged.default = 1);
    rig.on("Headphones");
    assert!(rig.player.position().playing);
    plays(&rig);
}

#[test]
fn a_chosen_output_that_is_not_there_is_stood_in_for_and_taken_when_it_comes() {
    let fake = Fake::with(&[("Speakers", 44_100)]);
    let settings = PlayerSettings {
        chosen: Some("Party Box".into()),
        device: Some("speak".into()),
        ..PlayerSettings::default()
    };
    let rig = Rig::new(&fake, settings);
    let state = rig.output();
    assert_eq!(
        state,
        OutputState::Device {
            name: "Speakers".into(),
            rate: 44_100,
            instead_of: Some("Party Box".into())
        }
    );
    plays(&rig);
    fake.change(|plugged| plugged.outputs.push(("Party Box", 48_000)));
    rig.on("Party Box");
    assert!(rig.player.position().playing);
    // Back to what the configuration names, in part and in other letters.
    rig.player.choose_output(None);
    rig.on("Speakers");
    // The default is not followed where another output is wanted.
    fake.change(|plugged| plugged.default = 1);
    std::thread::sleep(2 * TIMES.watch);
    assert_eq!(
        fake.change(|plugged| plugged.opened.last().cloned()).as_deref(),
        Some("Speakers")
    );
}

#[test]
fn an_output_that_runs_dry_without_a_word_gets_larger_buffers_and_is_kept() {
    let fake = Fake::with(&[("Speakers", 48_000)]);
    fake.change(|plugged| plugged.slow = true);
    let rig = Rig::new(&fake, PlayerSettings::default());
    (0..2).for_each(|_| rig.on("Speakers"));
    let from = rig.seconds();
    rig.until("it was given up", |now| now > from + 0.5);
    let buffers = fake.change(|plugged| plugged.buffers.clone());
    assert_eq!(buffers, [2048, 4096], "the device's own choice may be seconds");
    assert!(
        rig.events
            .try_iter()
            .all(|event| !matches!(event, PlayerEvent::Output(_)))
    );
}

#[test]
fn an_output_that_is_lost_again_and_again_gets_no_larger_buffer_than_the_ring_can_fill() {
    let times = Times {
        short_life: PATIENCE,
        ..TIMES
    };
    let fake = Fake::with(&[("Speakers", 48_000)]);
    let rig = Rig::timed(&fake, PlayerSettings::default(), times);
    for _ in 0..3 {
        rig.on("Speakers");
        let tell = fake.change(|plugged| plugged.tell.clone()).unwrap();
        tell.send(StreamError::Lost("it stumbled".into())).unwrap();
        assert!(matches!(rig.output(), OutputState::Lost { .. }));
        assert!(matches!(rig.output(), OutputState::Silent { .. }));
    }
    rig.on("Speakers");
    let buffers = fake.change(|plugged| plugged.buffers.clone());
    assert_eq!(buffers, [2048, 4096, 4096, 4096]);
}

#[test]
fn the_thread_of_each_output_gets_real_time_priority() {
    let fake = Fake::with(&[("Speakers", 44_100), ("Hall", 96_000)]);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Speakers");
    plays(&rig);
    rig.player.choose_output(Some("Hall".into()));
    rig.on("Hall");
    plays(&rig);
    let until = Instant::now() + PATIENCE;
    while fake.change(|plugged| plugged.raised.len()) < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let raised = fake.change(|plugged| plugged.raised.clone());
    assert_eq!(raised.len(), 2, "{raised:?}");
    assert_ne!(raised[0], raised[1]);
}

#[test]
fn an_output_that_refuses_says_so_and_the_silent_clock_runs_until_it_gives_in() {
    let fake = Fake::with(&[("Old Card", 48_000)]);
    fake.change(|plugged| plugged.refuse = true);
    let rig = Rig::new(&fake, PlayerSettings::default());
    let silent = rig.output();
    assert!(
        matches!(&silent, OutputState::Silent { reason } if reason.contains("Old Card takes none")),
        "{silent:?}"
    );
    plays(&rig);
    fake.change(|plugged| plugged.refuse = false);
    rig.on("Old Card");
    plays(&rig);
}

#[test]
fn with_nothing_plugged_in_time_goes_on_and_the_first_output_is_taken() {
    let fake = Fake::default();
    let rig = Rig::new(&fake, PlayerSettings::default());
    assert!(matches!(rig.output(), OutputState::Silent { reason } if reason.contains("no sound device")));
    let before = plays(&rig);
    fake.change(|plugged| plugged.outputs.push(("Speakers", 48_000)));
    rig.on("Speakers");
    assert!(plays(&rig) > before);
}

#[test]
fn a_stream_that_never_closes_holds_up_nobody() {
    let fake = Fake::with(&[("Headphones", 44_100), ("Speakers", 48_000)]);
    fake.change(|plugged| plugged.hangs = true);
    let rig = Rig::new(&fake, PlayerSettings::default());
    rig.on("Headphones");
    fake.change(|plugged| plugged.hangs = false);
    let before = plays(&rig);
    fake.unplug("Headphones");
    assert!(matches!(rig.output(), OutputState::Lost { .. }));
    rig.on("Speakers");
    rig.player.play();
    let after = plays(&rig);
    assert!(after >= before && after < before + 20.0, "{before} then {after}");
}

#[test]
fn an_output_that_takes_its_time_to_start_is_waited_for_and_one_that_never_starts_is_lost() {
    let times = Times {
        starting: Duration::from_secs(4),
        ..TIMES
    };
    let fake = Fake::with(&[("sleepy", 48_000)]);
    fake.change(|plugged| plugged.starts = Duration::from_millis(1500));
    let rig = Rig::timed(&fake, PlayerSettings::default(), times);
    rig.on("sleepy");
    rig.until("the song", |at| at > 0.2);
    assert_eq!(fake.change(|plugged| plugged.opened.len()), 1);

    fake.change(|plugged| plugged.starts = Duration::MAX);
    let rig = Rig::timed(&fake, PlayerSettings::default(), times);
    rig.on("sleepy");
    let state = rig.output();
    assert!(matches!(state, OutputState::Lost { .. }), "{state:?}");
}
