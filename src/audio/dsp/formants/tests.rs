//! A vowel whose formants are known, moved in key.

use super::*;
use crate::audio::dsp::time_stretch::Stretcher;
use crate::audio::frame::Frame;
use crate::key_tempo::KeyTempo;

const RATE: u32 = 44_100;
const LENGTH: usize = 60_000;

/// Centre and width of the formants of an open vowel, hertz.
const VOWEL: [(f64, f64); 3] = [(700.0, 90.0), (1220.0, 110.0), (2600.0, 160.0)];

/// A singer at `hz` with a little vibrato: partials as loud as the vowel lets them be.
fn singer(hz: f64) -> Vec<f32> {
    let mut turn = 0.0f64;
    (0..LENGTH)
        .map(|at| {
            let t = at as f64 / f64::from(RATE);
            let now = hz * (1.0 + 0.01 * (std::f64::consts::TAU * 5.0 * t).sin());
            turn += now / f64::from(RATE);
            let partials = (1..).take_while(|k| now * f64::from(*k) < 5000.0);
            let sum: f64 = partials
                .map(|k| {
                    let place = now * f64::from(k);
                    let loud: f64 = VOWEL
                        .iter()
                        .map(|(centre, width)| 1.0 / (1.0 + ((place - centre) / width).powi(2)))
                        .sum();
                    loud * (std::f64::consts::TAU * turn * f64::from(k)).sin()
                })
                .sum();
            (0.1 * sum) as f32
        })
        .collect()
}

fn band(at: usize) -> f32 {
    ((at as f64 * 0.031).sin() * 0.2) as f32
}

/// Mixture and vocals of the left channel, moved: the singer with a band, or the singer as a mixture whose
/// vocals are not known.
fn moved(key: i8, voice: &[f32], known: bool) -> Vec<(f32, f32)> {
    let known = f32::from(u8::from(known));
    let mut stretcher = Stretcher::new(RATE, KeyTempo::new(key, 100));
    let mut frames = vec![Frame::default(); stretcher.run_up()];
    frames.extend(voice.iter().enumerate().map(|(at, &sung)| Frame {
        mixture: [sung + band(at) * known, sung * 0.5],
        vocals: [sung * known, sung * 0.5 * known],
        ..Frame::default()
    }));
    let (mut next, mut heard) = (0, Vec::new());
    while !stretcher.is_over() {
        let end = (next + stretcher.wants()).min(frames.len());
        stretcher.push(&frames[next..end]);
        next = end;
        heard.extend(
            stretcher
                .take(usize::MAX)
                .map(|(mixture, vocals)| (mixture[0], vocals[0])),
        );
    }
    heard
}

/// How much of the power between 300 and 2000 Hz lies within 15 % of a frequency.
fn share_near(samples: &[f32], centre: f64) -> f64 {
    let size = 1 << 15;
    let mut part: Vec<f32> = samples[samples.len() / 2 - size / 2..][..size].to_vec();
    let plan = RealFftPlanner::new().plan_fft_forward(size);
    let mut spectrum = plan.make_output_vec();
    plan.process(&mut part, &mut spectrum).unwrap();
    let power = |from: f64, to: f64| -> f64 {
        let bin = |hz: f64| (hz * size as f64 / f64::from(RATE)) as usize;
        spectrum[bin(from)..bin(to)]
            .iter()
            .map(|value| f64::from(value.norm_sqr()))
            .sum()
    };
    power(centre * 0.85, centre * 1.15) / power(300.0, 2000.0)
}

fn loudness(samples: &[f32]) -> f64 {
    samples.iter().map(|&s| f64::from(s * s)).sum::<f64>().sqrt()
}

/// The partials of a high voice are too far apart to show where its formants lie, so little is mended
/// there; but nothing is made worse.
#[test]
fn the_note_moves_and_the_vowel_stays() {
    let mut all = (0.0, 0.0);
    let cases = [
        (110.0, 5),
        (110.0, -4),
        (150.0, 4),
        (150.0, 7),
        (220.0, -5),
        (220.0, 3),
        (330.0, 4),
        (440.0, -6),
    ];
    for (hz, key) in cases {
        let voice = singer(hz);
        let left = |known, of: fn(&(f32, f32)) -> f32| -> Vec<f32> {
            moved(key, &voice, known).iter().map(of).collect()
        };
        let (heard, along) = (left(true, |both| both.1), left(false, |both| both.0));
        let ratio = KeyTempo::new(key, 100).pitch_ratio();
        // The same singer, who sings that note.
        let wanted = singer(hz * ratio);
        let off = |samples: &[f32]| -> f64 {
            let centres = [700.0, 700.0 * ratio, 1220.0, 1220.0 * ratio];
            let parts = centres.map(|centre| share_near(samples, centre) - share_near(&wanted, centre));
            parts.iter().map(|part| part.abs()).sum::<f64>() / 4.0
        };
        let (kept, lost) = (off(&heard), off(&along));
        let louder = loudness(&heard) / loudness(&voice);
        println!(
            "{hz} Hz, key {key:+}: {kept:.3} of the power is elsewhere, {lost:.3} without; {louder:.2} as loud"
        );
        assert!(
            kept < lost + 0.05,
            "{hz} Hz, key {key}: {kept} of the power is elsewhere, {lost} without"
        );
        assert!(
            (0.9..1.1).contains(&louder),
            "{hz} Hz, key {key}: {louder} as loud"
        );
        all = (all.0 + kept, all.1 + lost);
    }
    assert!(all.0 < 0.5 * all.1, "{all:?}");
}

#[test]
fn the_band_is_what_it_was_without_the_singer() {
    let voice = singer(150.0);
    let with = moved(4, &voice, true);
    let without = moved(4, &vec![0.0; LENGTH], true);
    let rest: Vec<f32> = with.iter().map(|(mixture, sung)| mixture - sung).collect();
    let alone: Vec<f32> = without.iter().map(|(mixture, _)| *mixture).collect();
    assert_eq!(rest.len(), alone.len());
    let level = |samples: &[f32]| loudness(&samples[10_000..50_000]);
    let ratio = level(&rest) / level(&alone);
    assert!(
        (0.97..1.03).contains(&ratio),
        "the band comes out {ratio} as loud"
    );
    assert!(
        without.iter().all(|(_, sung)| *sung == 0.0),
        "a voice from nothing"
    );
}

#[test]
fn what_has_no_formants_to_move_comes_out_as_it_went_in() {
    let mut formants = Formants::new(RATE, 1.0);
    let voice = singer(150.0);
    let mut out = Vec::new();
    formants.push(voice.iter().map(|&s| [s + 0.1, s, s, 0.5 * s]), &mut out);
    let from = formants.run_up();
    let furthest = out[from..]
        .iter()
        .zip(&voice[from..])
        .map(|(&[left, right, sung_left, sung_right], &s)| {
            let pairs = [(left, s + 0.1), (right, s), (sung_left, s), (sung_right, 0.5 * s)];
            pairs.iter().map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        })
        .fold(0.0, f32::max);
    assert!(furthest < 1e-5, "{furthest} off");
    assert!(out.len() > from + 30_000);
}
