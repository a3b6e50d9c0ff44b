//! Cross-fades, sample by sample: lengths, levels, loudness, key and tempo of both songs.

use std::f64::consts::FRAC_PI_2;

use proptest::prelude::*;

use super::*;

const RATE: u32 = 44_100;

impl Rig {
    /// A song that comes in over the one before for so many frames of the device.
    pub(super) fn next_song(&self, play_id: u64, frames: u64, fade: u64, device: u32) -> PlayerSong {
        PlayerSong {
            crossfade: fade as f64 / f64::from(device),
            ..self.song(play_id, RATE, frames, 0.0)
        }
    }

    /// Frames until nothing more is heard.
    fn hear_out(&mut self) -> Vec<[f32; 2]> {
        let mut heard = self.hear(4096);
        while heard[heard.len() - 1024..].iter().any(|frame| *frame != [0.0; 2]) {
            heard.extend(self.hear(4096));
            assert!(heard.len() < 2_000_000, "it never ends");
        }
        heard
    }
}

/// Vocals that end with their song.
struct Ending(u64);

impl Vocals for Ending {
    fn rate(&self) -> u32 {
        RATE
    }

    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        for (at, frame) in (start..).zip(out.chunks_mut(2)) {
            frame.fill(if at < self.0 { sung(at) } else { 0.0 });
        }
        true
    }
}

/// What the song before and the next one are multiplied by, in frame `at` of a fade of `length`.
pub(super) fn shares(at: u64, length: u64) -> (f32, f32) {
    let before = ((at as f64 + 0.5) / length as f64 * FRAC_PI_2).cos() as f32;
    (before, (1.0 - before * before).sqrt())
}

/// Frame `at` of songs 1 and 2 of so many frames with a fade between.
fn expected(at: u64, first: u64, fade: u64) -> [f32; 2] {
    let begins = first - fade;
    if at < begins {
        return sample(1, at);
    }
    let next = sample(2, at - begins);
    if at >= first {
        return next;
    }
    let (before, now) = shares(at - begins, fade);
    let last = sample(1, at);
    [0, 1].map(|side| next[side] * now + last[side] * before)
}

fn holds(heard: &[[f32; 2]], from: u64, first: u64, second: u64, fade: u64) {
    let end = first + second - fade;
    for (i, frame) in heard.iter().enumerate() {
        let at = from + i as u64;
        let wanted = if at < end {
            expected(at, first, fade)
        } else {
            [0.0; 2]
        };
        let off = (frame[0] - wanted[0]).abs().max((frame[1] - wanted[1]).abs());
        assert!(
            off < 2e-6,
            "frame {at} of {first} + {second} - {fade}: {frame:?}, not {wanted:?}"
        );
        if at < first - fade || at >= first {
            assert_eq!(*frame, wanted, "frame {at} lies outside of the fade");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_songs_come_out_as_long_as_they_are_and_by_equal_power(
        first in 300u64..40_000,
        second in 300u64..40_000,
        wanted in 64u64..30_000,
    ) {
        let mut rig = rig(RATE);
        let song = rig.song(1, RATE, first, 0.0);
        let next = rig.next_song(2, second, wanted, RATE);
        rig.feeder.apply(PlayerCommand::Load(song, true));
        rig.feeder.apply(PlayerCommand::Queue(Some(next)));
        let heard = rig.hear((first + second) as usize + 2_000);
        let fade = ((wanted as f64 / f64::from(RATE)) * f64::from(RATE)) as u64;
        holds(&heard, 0, first, second, fade.min(first / 2).min(second / 2));
        let told = rig.events();
        prop_assert!(matches!(told[..], [
            PlayerEvent::Started { play_id: 1, .. },
            PlayerEvent::Ended { play_id: 1 },
            PlayerEvent::Started { play_id: 2, .. },
            PlayerEvent::Ended { play_id: 2 },
        ]), "{told:?}");
        prop_assert_eq!(rig.shared.underruns(), 0);
    }

    #[test]
    fn vocals_that_become_known_meanwhile_leave_the_fade_as_it_is(
        rounds in prop::collection::vec((200usize..9_000, any::<bool>()), 4..14),
    ) {
        let (first, second, fade) = (40_000, 50_000, 20_000);
        let mut rig = rig(RATE);
        let song = rig.song(1, RATE, first, 0.0);
        let next = rig.next_song(2, second, fade, RATE);
        rig.feeder.apply(PlayerCommand::Load(song, true));
        rig.feeder.apply(PlayerCommand::Queue(Some(next)));
        let mut heard = Vec::new();
        for (frames, renew) in rounds {
            heard.extend(rig.hear(frames));
            if renew {
                rig.feeder.apply(PlayerCommand::Vocals);
            }
        }
        holds(&heard, 0, first, second, fade);
        prop_assert_eq!(rig.shared.underruns(), 0);
    }
}

#[test]
fn each_song_keeps_its_own_level_and_loudness() {
    let (first, second, fade) = (60_000u64, 60_000u64, 20_000u64);
    let mut rig = rig(RATE);
    rig.shared.set_level(0.0);
    let song = PlayerSong {
        gain: 0.5,
        ..rig.song(1, RATE, first, 0.0)
    };
    let next = rig.next_song(2, second, fade, RATE);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    let begins = (first - fade) as usize;
    let mut heard = rig.hear(begins + 1024);
    assert!(matches!(
        rig.events().last(),
        Some(PlayerEvent::Started { play_id: 2, .. })
    ));
    // What the listener wants of the next song: its vocals as they are.
    rig.shared.set_level(1.0);
    heard.extend(rig.hear((first + second - fade) as usize - heard.len()));
    for (at, frame) in heard.iter().enumerate().skip(begins) {
        // The fader of the next song takes 15 ms to where it was set.
        if at < begins + 1024 + 1024 {
            continue;
        }
        let at = at as u64;
        let next = sample(2, at - (first - fade));
        let (before, now) = if at < first {
            shares(at - (first - fade), fade)
        } else {
            (0.0, 1.0)
        };
        for side in 0..2 {
            let last = if at < first {
                (sample(1, at)[side] - sung(at)) * 0.5
            } else {
                0.0
            };
            let wanted = next[side] * now + last * before;
            assert!(
                (frame[side] - wanted).abs() < 3e-6,
                "frame {at}: {frame:?}, not {wanted}"
            );
        }
    }
    // Until then the next song has the level of the one before: nobody said otherwise.
    for at in begins..begins + 1000 {
        let at = at as u64;
        let k = at - (first - fade);
        let (before, now) = shares(k, fade);
        let wanted = (sample(2, k)[0] - sung(k)) * now + (sample(1, at)[0] - sung(at)) * 0.5 * before;
        assert!((heard[at as usize][0] - wanted).abs() < 3e-6, "frame {at}");
    }
}

#[test]
fn in_keys_and_tempos_of_their_own_they_are_as_long_as_they_would_be_and_the_fader_stays_exact() {
    let device = 48_000;
    let (first, second, fade) = (120_000u64, 130_000u64, 30_000u64);
    for (one, other) in [
        (KeyTempo::new(0, 100), KeyTempo::new(3, 80)),
        (KeyTempo::new(-2, 125), KeyTempo::new(0, 100)),
        (KeyTempo::new(5, 150), KeyTempo::new(-5, 50)),
    ] {
        for level in [1.0, 0.0] {
            let mut rig = rig(device);
            rig.shared.set_level(level);
            // Both songs are their vocals alone: at level 0 nothing may be left.
            let song = |play_id, frames| {
                let path = rig.folder.join(format!("sung-{play_id}.wav"));
                let spec = hound::WavSpec {
                    channels: 2,
                    sample_rate: RATE,
                    bits_per_sample: 32,
                    sample_format: hound::SampleFormat::Float,
                };
                let mut writer = hound::WavWriter::create(&path, spec).unwrap();
                (0..frames).for_each(|i| (0..2).for_each(|_| writer.write_sample(sung(i)).unwrap()));
                writer.finalize().unwrap();
                path
            };
            let (path, next) = (song(1, first), song(2, second));
            let song = PlayerSong {
                path,
                vocals: Box::new(Ending(first)),
                key_tempo: one,
                ..rig.song(1, RATE, 10, 0.0)
            };
            let next = PlayerSong {
                path: next,
                vocals: Box::new(Ending(second)),
                key_tempo: other,
                ..rig.next_song(2, 10, fade, device)
            };
            rig.feeder.apply(PlayerCommand::Load(song, true));
            rig.feeder.apply(PlayerCommand::Queue(Some(next)));
            let seconds = |frames: u64, change: KeyTempo| frames as f64 / f64::from(RATE) / change.speed();
            let frames = (seconds(first, one) + seconds(second, other)) * f64::from(device) - fade as f64;
            let heard = if level > 0.0 {
                rig.hear_out()
            } else {
                rig.hear(frames as usize)
            };
            assert_eq!(rig.shared.underruns(), 0);
            assert_eq!(rig.shared.position().play_id, 2);
            if level == 0.0 {
                let loudest = heard[3_000..]
                    .iter()
                    .flatten()
                    .fold(0.0f32, |a, b| a.max(b.abs()));
                assert!(
                    loudest < 2e-4,
                    "{one:?} into {other:?}: {loudest} of the singers is left"
                );
                continue;
            }
            let last = heard.iter().rposition(|frame| *frame != [0.0; 2]).unwrap() as f64 + 1.0;
            // The last samples may be silent by themselves.
            assert!(
                (-40.0..=2.0).contains(&(last - frames)),
                "{one:?} into {other:?}: {last}, not {frames}"
            );
            // No hole and no bump where one goes into the other.
            let power = |range: std::ops::Range<usize>| {
                let some = &heard[range];
                some.iter().map(|f| f64::from(f[0]).powi(2)).sum::<f64>() / some.len() as f64
            };
            let begins = (seconds(first, one) * f64::from(device)) as usize - fade as usize;
            let usual = power(begins - 8_000..begins);
            for part in 0..6 {
                let from = begins + part * 5_000;
                let there = power(from..from + 5_000) / usual;
                assert!(
                    (0.3..2.6).contains(&there),
                    "part {part} of the fade has {there} of the power"
                );
            }
        }
    }
}

#[test]
fn a_seek_leaves_the_fade_and_one_back_before_it_meets_it_again() {
    let (first, second, fade) = (60_000, 60_000, 20_000);
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, first, 0.0);
    let next = rig.next_song(2, second, fade, RATE);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    // The ring holds the beginning of the fade already, and the listener goes back. All in whole blocks of
    // the mixer, so that the position is that of the next sample.
    rig.hear(64 * 594);
    assert_eq!(rig.shared.position().play_id, 1);
    rig.feeder.apply(PlayerCommand::Seek(0.5));
    rig.hear(64 * 100);
    let position = |rig: &Rig| (rig.shared.position().seconds * f64::from(RATE)).round() as u64;
    let from = position(&rig);
    let heard = rig.hear((first - from - 5_000) as usize / 64 * 64);
    holds(&heard, from, first, second, fade);
    // In the fade it is the next song that moves, and the one before is gone.
    rig.feeder.apply(PlayerCommand::Seek(0.25));
    rig.hear(64 * 69);
    assert_eq!(rig.shared.position().play_id, 2);
    let at = position(&rig);
    assert_eq!(
        rig.hear(64)[0],
        sample(2, at),
        "something else than the next song is heard at {at}"
    );
}

#[test]
fn a_loop_is_no_place_for_a_fade() {
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, 30_000, 0.0);
    let next = rig.next_song(2, 30_000, 10_000, RATE);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder
        .apply(PlayerCommand::Loop(Some((0.2, 30_000.0 / f64::from(RATE)))));
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    let heard = rig.hear(60_000);
    assert!(
        (0..30_000).all(|at| heard[at] == sample(1, at as u64)),
        "the next song came in over a loop"
    );
    assert_eq!(rig.shared.position().play_id, 1);
    // Without the loop the song goes on, and over into the next.
    rig.feeder.apply(PlayerCommand::Loop(None));
    rig.hear(60_000);
    assert_eq!(rig.shared.position().play_id, 2);
}

#[test]
fn what_comes_late_fades_over_what_is_left_and_what_fails_leaves_the_end_alone() {
    let (first, second) = (60_000u64, 60_000u64);
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, first, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    let mut heard = rig.hear(30_000);
    // The ring is 0.4 s ahead.
    let next = rig.next_song(2, second, 29_000, RATE);
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    heard.extend(rig.hear(90_000));
    let silent = heard.iter().rposition(|frame| *frame != [0.0; 2]).unwrap() as u64 + 1;
    let fade = first + second - silent;
    assert!((10_000..20_000).contains(&fade), "{fade}");
    holds(&heard, 0, first, second, fade);

    let song = rig.song(1, RATE, first, 0.0);
    let bad = rig.folder.join("nothing.wav");
    std::fs::copy(rig.song(3, RATE, 20_000, 0.0).path, &bad).unwrap();
    let next = PlayerSong {
        path: bad.clone(),
        ..rig.next_song(3, 10, 10_000, RATE)
    };
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    let file = std::fs::OpenOptions::new().write(true).open(&bad).unwrap();
    file.set_len(100).unwrap();
    let heard = rig.hear(70_000);
    assert!((0..40_000).all(|at| heard[at] == sample(1, at as u64)));
    assert!(
        rig.events()
            .iter()
            .any(|event| matches!(event, PlayerEvent::Failed { play_id: 3, .. }))
    );
}
