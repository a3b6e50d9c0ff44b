//! Loops, sample by sample.

use proptest::prelude::*;

use super::*;

/// Sets a loop before its end is reached and holds the result to the recording.
fn goes_round(rate: u32, from: u64, to: u64, set_after: usize) {
    let mut rig = rig(rate);
    let song = rig.song(1, rate, 40_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    let mut heard = rig.hear(set_after);
    let seconds = |frame: u64| frame as f64 / f64::from(rate);
    rig.feeder
        .apply(PlayerCommand::Loop(Some((seconds(from), seconds(to)))));
    heard.extend(rig.hear((to - from) as usize * 3 + to as usize));
    let mut at = 0;
    for (i, frame) in heard.iter().enumerate() {
        assert_eq!(*frame, sample(1, at), "frame {i} of the loop {from}..{to}");
        at += 1;
        if at == to {
            at = from;
        }
    }
    let position = (rig.shared.position().seconds * f64::from(rate)).round() as u64;
    assert!(
        (from..=to).contains(&position),
        "it shows {position} in {from}..{to}"
    );
    assert_eq!(rig.shared.underruns(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_loop_joins_to_the_sample_wherever_it_lies(
        from in 0u64..20_000,
        length in 200u64..15_000,
        early in 6_000usize..20_000,
    ) {
        let to = (from + length).max(12_000);
        goes_round(RATE, from, to.min(40_000), (to as usize).saturating_sub(early).min(8_000));
    }
}

#[test]
fn a_loop_up_to_the_very_end_of_the_song_goes_round_too() {
    goes_round(RATE, 30_000, 40_000, 1_000);
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, 20_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Loop(Some((0.25, 9.0))));
    let heard = rig.hear(40_000);
    assert_eq!(heard[19_999], sample(1, 19_999));
    assert_eq!(heard[20_000], sample(1, 11_025));
    assert!(
        rig.events()
            .iter()
            .all(|e| !matches!(e, PlayerEvent::Ended { .. }))
    );
}

#[test]
fn a_loop_set_behind_its_end_goes_back_at_once_and_one_taken_away_lets_the_song_go_on() {
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, 60_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(22_016);
    rig.feeder.apply(PlayerCommand::Loop(Some((0.1, 0.4))));
    rig.hear(4_096);
    let at = |rig: &Rig| (rig.shared.position().seconds * f64::from(RATE)).round() as u64;
    assert!((4_410..17_640).contains(&at(&rig)), "it is at {}", at(&rig));
    let here = at(&rig);
    assert_eq!(rig.hear(1)[0], sample(1, here));
    rig.hear(63 + 13_248);
    assert!((4_410..17_640).contains(&at(&rig)));
    rig.feeder.apply(PlayerCommand::Loop(None));
    rig.hear(22_016);
    assert!(at(&rig) > 17_640);
    let here = at(&rig);
    assert_eq!(rig.hear(1)[0], sample(1, here));
    rig.hear(60_000);
    assert!(matches!(
        rig.events().last(),
        Some(PlayerEvent::Ended { play_id: 1 })
    ));
}

#[test]
fn a_seek_behind_the_loop_leaves_it_and_one_before_it_comes_into_it() {
    let mut rig = rig(RATE);
    let song = rig.song(1, RATE, 120_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Loop(Some((0.2, 0.5))));
    rig.hear(30_016);
    let at = |rig: &Rig| rig.shared.position().seconds;
    assert!((0.2..0.5).contains(&at(&rig)));
    rig.feeder.apply(PlayerCommand::Seek(1.0));
    rig.hear(44_160);
    assert!(at(&rig) > 1.9, "{}", at(&rig));
    rig.feeder.apply(PlayerCommand::Seek(0.0));
    rig.hear(88_192);
    assert!((0.2..0.5).contains(&at(&rig)), "{}", at(&rig));
}

#[test]
fn a_loop_where_all_rates_differ_gives_what_reading_through_gives() {
    let mut rig = rig(48_000);
    let song = rig.song(4, RATE, 100_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    let whole = rig.hear(90_048);
    let song = rig.song(4, RATE, 100_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Loop(Some((0.5, 1.25))));
    // The load of the first song fades out first.
    let heard = rig.hear(140_000);
    let begin = heard.windows(64).position(|w| w == &whole[..64]).unwrap();
    let mut at = 0;
    for frame in &heard[begin..] {
        let off = (frame[0] - whole[at][0]).abs();
        assert!(off < 2e-6, "off by {off} at {at}");
        at += 1;
        if at == 60_000 {
            at = 24_000;
        }
    }
}

#[test]
fn a_loop_holds_together_at_the_limits_of_key_and_tempo() {
    for (key, tempo) in [(0i8, 50u8), (0, 150), (12, 150), (-12, 50), (3, 100)] {
        let mut rig = rig(RATE);
        // A tone with whole periods in the loop: it goes on without a break where the loop joins.
        let path = rig.folder.join("tone.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for frame in 0..132_300 {
            let tone = (f64::from(frame) * std::f64::consts::TAU * 440.0 / 44_100.0).sin() as f32 * 0.3;
            (0..2).for_each(|_| writer.write_sample(tone).unwrap());
        }
        writer.finalize().unwrap();
        let moved = KeyTempo::new(key, tempo);
        // No vocals, or their formants would be put back in what is no voice.
        load(&mut rig, path, Known::parts(0, u64::MAX), 0.0, moved);
        rig.feeder.apply(PlayerCommand::Loop(Some((0.5, 0.75))));
        rig.hear(66_150);
        let heard = rig.hear(66_150);
        let quietest = heard
            .chunks(441)
            .map(|part| part.iter().map(|f| f[0] * f[0]).sum::<f32>() / part.len() as f32)
            .fold(f32::MAX, f32::min)
            .sqrt();
        let usual = 0.3 / 2.0f32.sqrt();
        assert!(
            quietest > usual * 0.7,
            "key {key} tempo {tempo}: a hole of {quietest}"
        );
        let turns = std::f32::consts::TAU * 440.0 / 44_100.0 * 2.0f32.powf(f32::from(key) / 12.0);
        let bound = 0.3 * turns * turns * 1.5;
        let sharp = sharpest(&heard);
        assert!(
            sharp < bound,
            "key {key} tempo {tempo}: a click of {sharp} over {bound}"
        );
        let position = rig.shared.position().seconds;
        assert!((0.5..0.75).contains(&position), "{position}");
        assert_eq!(rig.shared.underruns(), 0);
    }
}
