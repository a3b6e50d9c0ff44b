//! Key and tempo while a song plays: when they are heard, where the song is, and that the
//! recording comes back untouched.

use super::*;
use crate::audio::dsp::time_stretch::tests::{cents, pitch_of};

const RATE: u32 = 44_100;

/// A song with a tone of its own in every second: 400 Hz, 500 Hz, 600 Hz, ...
fn tones(rig: &Rig, seconds: u64, key_tempo: KeyTempo) -> PlayerSong {
    let path = rig.folder.join("tones.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..seconds * u64::from(RATE) {
        let hz = tone(frame / u64::from(RATE));
        let phase = frame as f64 * hz / f64::from(RATE);
        writer
            .write_sample((phase * std::f64::consts::TAU).sin() as f32 * 0.4)
            .unwrap();
    }
    writer.finalize().unwrap();
    PlayerSong {
        play_id: 1,
        path,
        vocals: Box::new(Silence),
        start: 0.0,
        gain: 1.0,
        crossfade: 0.0,
        key_tempo,
    }
}

fn tone(second: u64) -> f64 {
    400.0 + 100.0 * second as f64
}

struct Silence;

impl Vocals for Silence {
    fn rate(&self) -> u32 {
        RATE
    }
    fn read(&mut self, _: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        true
    }
}

fn left(frames: &[[f32; 2]]) -> Vec<f32> {
    frames.iter().map(|frame| frame[0]).collect()
}

#[test]
fn a_new_key_is_heard_within_a_tenth_of_a_second_and_the_song_stays_where_it_is() {
    let mut rig = rig(RATE);
    let song = tones(&rig, 3, KeyTempo::default());
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(8_820);
    let before = rig.shared.position().seconds;
    rig.feeder.apply(PlayerCommand::KeyTempo(KeyTempo::new(12, 100)));
    assert!((rig.shared.position().seconds - before).abs() < 1e-3);
    rig.hear(4_410);
    let heard = left(&rig.hear(8_192));
    let off = cents(pitch_of(&heard, RATE), 2.0 * tone(0));
    assert!(off.abs() < 10.0, "{off} cents off");
    // Nothing was skipped, and the change itself took no more than the fades.
    let gone = rig.shared.position().seconds - before;
    let listened = (4_410.0 + 8_192.0) / f64::from(RATE);
    assert!(
        (listened - 0.05..=listened + 0.01).contains(&gone),
        "{gone} of {listened}"
    );
}

#[test]
fn as_recorded_again_every_sample_is_the_recordings() {
    let mut rig = rig(RATE);
    let song = rig.song(3, RATE, 300_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(10_048);
    rig.feeder.apply(PlayerCommand::KeyTempo(KeyTempo::new(-4, 80)));
    rig.hear(20_032);
    rig.feeder.apply(PlayerCommand::KeyTempo(KeyTempo::default()));
    // Whole blocks of the mixer, so that the position is that of the very next sample.
    rig.hear(4_416);
    let next = (rig.shared.position().seconds * f64::from(RATE)).round() as u64;
    let heard = rig.hear(20_032);
    for (i, frame) in heard.iter().enumerate() {
        assert_eq!(*frame, sample(3, next + i as u64), "{i} frames on");
    }
}

#[test]
fn the_song_lasts_as_long_as_its_tempo_says_and_its_clock_shows_song_time() {
    for tempo in [50, 80, 150] {
        let mut rig = rig(RATE);
        let song = tones(&rig, 2, KeyTempo::new(0, tempo));
        let speed = song.key_tempo.speed();
        rig.feeder.apply(PlayerCommand::Load(song, true));
        let quarter = (0.5 / speed * f64::from(RATE)) as usize;
        rig.hear(quarter);
        let seconds = rig.shared.position().seconds;
        assert!(
            (seconds - 0.5).abs() < 0.005,
            "at {tempo} % after a quarter: {seconds}"
        );
        let whole = 2.0 / speed * f64::from(RATE);
        rig.hear((whole * 0.99) as usize - quarter);
        assert!(
            matches!(rig.events()[..], [PlayerEvent::Started { .. }]),
            "at {tempo} %: too short"
        );
        rig.hear((whole * 0.02) as usize);
        assert_eq!(
            rig.events(),
            [PlayerEvent::Ended { play_id: 1 }],
            "at {tempo} %: too long"
        );
        assert_eq!(rig.shared.underruns(), 0);
    }
}

#[test]
fn a_seek_in_another_key_and_tempo_lands_where_it_was_sent() {
    let mut rig = rig(RATE);
    let change = KeyTempo::new(2, 60);
    let song = tones(&rig, 6, change);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(10_048);
    for second in [4, 1, 3] {
        rig.feeder.apply(PlayerCommand::Seek(second as f64));
        assert_eq!(rig.shared.position().seconds, second as f64);
        rig.hear(8_820);
        let heard = left(&rig.hear(16_384));
        let off = cents(pitch_of(&heard, RATE), tone(second) * change.pitch_ratio());
        assert!(off.abs() < 5.0, "at {second} s: {off} cents off");
        let seconds = rig.shared.position().seconds - second as f64;
        let listened = 0.6 * (8_820.0 + 16_384.0) / f64::from(RATE);
        assert!(
            (listened - 0.05..=listened).contains(&seconds),
            "{seconds} of {listened}"
        );
    }
}

#[test]
fn the_next_song_comes_without_a_gap_in_a_key_of_its_own() {
    let mut rig = rig(RATE);
    let first = rig.song(7, RATE, 30_000, 0.0);
    let mut second = tones(&rig, 2, KeyTempo::new(7, 100));
    second.play_id = 8;
    rig.feeder.apply(PlayerCommand::Load(first, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(second)));
    let heard = rig.hear(30_000 + 30_000);
    assert_eq!(heard[29_999], sample(7, 29_999));
    let off = cents(
        pitch_of(&left(&heard[40_000..56_384]), RATE),
        tone(0) * KeyTempo::new(7, 100).pitch_ratio(),
    );
    assert!(off.abs() < 5.0, "{off} cents off");
    assert_eq!(rig.shared.position().play_id, 8);
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn level_zero_takes_the_vocals_out_in_any_key_and_tempo() {
    let mut rig = rig(48_000);
    let path = rig.folder.join("sung.wav");
    // The song is the vocals alone: at level 0 nothing may be left.
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..88_200u64).for_each(|i| (0..2).for_each(|_| writer.write_sample(sung(i)).unwrap()));
    writer.finalize().unwrap();
    for (level, quiet) in [(1.0, false), (0.0, true)] {
        rig.shared.set_level(level);
        rig.feeder.apply(PlayerCommand::Load(
            PlayerSong {
                play_id: 9,
                path: path.clone(),
                vocals: Box::new(Sung(RATE)),
                start: 0.5,
                gain: 1.0,
                crossfade: 0.0,
                key_tempo: KeyTempo::new(-3, 120),
            },
            true,
        ));
        let heard = rig.hear(20_000);
        let loudest = heard[3_000..]
            .iter()
            .flatten()
            .fold(0.0f32, |a, b| a.max(b.abs()));
        assert_eq!(loudest < 1e-4, quiet, "at level {level}: {loudest}");
    }
}

#[test]
fn a_key_pressed_just_after_the_next_song_began_is_for_that_one() {
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, 30_000, 0.0);
    let next = rig.song(2, RATE, 60_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    rig.hear(64 * 468);
    assert_eq!(rig.shared.position().play_id, 1);
    (0..2 * 64 * 4).for_each(|_| assert!(rig.mixer.next().is_some()));
    rig.feeder.apply(PlayerCommand::KeyTempo(KeyTempo::new(4, 100)));
    rig.hear(64 * 60);
    let position = rig.shared.position();
    assert!(position.play_id == 2 && position.seconds < 0.2, "{position:?}");
}

/// The next song is heard at gain 0, so that what is heard is the song before alone.
#[test]
fn another_key_or_tempo_of_the_next_song_leaves_the_one_before_under_it() {
    let (first, second, fade) = (60_000u64, 80_000u64, 30_000u64);
    for changes in [
        &[KeyTempo::new(2, 100)][..],
        &[
            KeyTempo::new(-3, 80),
            KeyTempo::new(0, 150),
            KeyTempo::new(0, 100),
        ],
    ] {
        let mut rig = rig(RATE);
        let song = rig.song(1, RATE, first, 0.0);
        let next = PlayerSong {
            gain: 0.0,
            ..rig.next_song(2, second, fade, RATE)
        };
        rig.feeder.apply(PlayerCommand::Load(song, true));
        rig.feeder.apply(PlayerCommand::Queue(Some(next)));
        let begins = (first - fade) as usize;
        let under = |k: usize| {
            let share = crossfade::shares(k as u64, fade).0;
            sample(1, (begins + k) as u64).map(|sample| sample * share)
        };
        let mut done = 4_000;
        rig.hear(begins + done);
        for &change in changes {
            rig.feeder.apply(PlayerCommand::KeyTempo(change));
            let heard = rig.hear(8_000);
            // It goes silent for a moment; from there on each frame is the one that was due.
            let paused = (0..3_000).min_by_key(|paused| {
                let off = (4_000..4_500).map(|at| (heard[at][0] - under(done + at - paused)[0]).abs());
                (off.sum::<f32>() * 1e6) as u64
            });
            let paused = paused.unwrap();
            for (at, frame) in heard.iter().enumerate().skip(paused + 512) {
                let wanted = under(done + at - paused);
                let off = (frame[0] - wanted[0]).abs().max((frame[1] - wanted[1]).abs());
                assert!(
                    off < 1e-5,
                    "{change:?}, {at} - {paused}: {frame:?}, not {wanted:?}"
                );
            }
            done += heard.len() - paused;
        }
        assert_eq!(rig.shared.position().play_id, 2);
        // And it ends where it should have.
        let heard = rig.hear(40_000);
        let left = fade as usize - done;
        let last = heard.iter().rposition(|frame| *frame != [0.0; 2]).unwrap() + 1;
        assert!(left.abs_diff(last) < 16, "{last} more frames, not {left}");
    }
}
