//! Signals whose pitch, place and sum are known, moved in key and tempo.

use realfft::RealFftPlanner;

use super::*;

const RATE: u32 = 44_100;

/// The loudest frequency, hertz: the top of a parabola through the peak of a windowed spectrum.
pub(in crate::audio) fn pitch_of(samples: &[f32], rate: u32) -> f64 {
    let n = samples.len();
    let mut windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(i, &s)| {
            let phase = std::f64::consts::TAU * i as f64 / n as f64;
            f64::from(s) * (0.5 - 0.5 * phase.cos())
        })
        .collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let mut spectrum = fft.make_output_vec();
    fft.process(&mut windowed, &mut spectrum).unwrap();
    let level = |bin: usize| spectrum[bin].norm().max(1e-12).ln();
    let peak = (1..n / 2).max_by(|&a, &b| level(a).total_cmp(&level(b))).unwrap();
    let (before, at, after) = (level(peak - 1), level(peak), level(peak + 1));
    let top = peak as f64 + 0.5 * (before - after) / (before - 2.0 * at + after);
    top * f64::from(rate) / n as f64
}

pub(in crate::audio) fn cents(a: f64, b: f64) -> f64 {
    1200.0 * (a / b).log2()
}

fn sine(hz: f64, frame: usize) -> f32 {
    ((frame as f64 * hz * std::f64::consts::TAU / f64::from(RATE)).sin() * 0.4) as f32
}

/// A song of `len` frames from frame `from` on, moved as it would be played.
fn moved(change: KeyTempo, from: usize, len: usize, song: impl Fn(usize) -> Frame) -> Vec<Frame> {
    let mut stretcher = Stretcher::new(RATE, change);
    let mut silence = stretcher.run_up().saturating_sub(from);
    let mut next = from.saturating_sub(stretcher.run_up());
    let mut heard = Vec::new();
    while !stretcher.is_over() {
        let mut frames = vec![Frame::default(); silence.min(stretcher.wants())];
        silence -= frames.len();
        while frames.len() < stretcher.wants() && next < len {
            frames.push(song(next));
            next += 1;
        }
        stretcher.push(&frames);
        heard.extend(stretcher.take(usize::MAX).map(|(mixture, vocals)| Frame {
            mixture,
            vocals,
            ..Frame::default()
        }));
    }
    heard
}

fn both(mixture: f32, vocals: f32) -> Frame {
    Frame {
        mixture: [mixture; 2],
        vocals: [vocals; 2],
        ..Frame::default()
    }
}

fn left(frames: &[Frame]) -> Vec<f32> {
    frames.iter().map(|frame| frame.mixture[0]).collect()
}

fn loudness(samples: impl Iterator<Item = f32>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0), |(sum, count), s| (sum + f64::from(s * s), count + 1));
    (sum / f64::from(count.max(1))).sqrt()
}

#[test]
fn a_tone_moves_by_the_semitones_asked_whatever_the_tempo() {
    for (key, tempo) in [
        (-12, 100),
        (-3, 100),
        (1, 100),
        (12, 100),
        (0, 50),
        (0, 150),
        (5, 80),
        (-7, 130),
    ] {
        let change = KeyTempo::new(key, tempo);
        // The deeper the tone, the more cents a part of a band is.
        for (hz, bound) in [(82.4, 12.0), (220.0, 5.0), (440.0, 5.0)] {
            let heard = left(&moved(change, 0, 120_000, |at| both(sine(hz, at), 0.0)));
            let middle = heard.len() / 2;
            let pitch = pitch_of(&heard[middle - 16_384..middle + 16_384], RATE);
            let off = cents(pitch, hz * change.pitch_ratio());
            println!("{hz} Hz, key {key} tempo {tempo}: {pitch:.2} Hz, {off:+.2} cents off");
            assert!(
                off.abs() < bound,
                "{hz} Hz, key {key} tempo {tempo}: {off} cents off"
            );
        }
    }
}

#[test]
fn every_moment_of_the_song_comes_when_its_tempo_says() {
    for (key, tempo) in [(0, 50), (0, 75), (0, 110), (0, 150), (4, 125), (-4, 90)] {
        let change = KeyTempo::new(key, tempo);
        // One second of a low tone, one of a high one.
        let song = |at: usize| both(sine(if at < 44_100 { 300.0 } else { 1_200.0 }, at), 0.0);
        let heard = left(&moved(change, 0, 88_200, song));
        let whole = 88_200.0 / change.speed();
        assert!((heard.len() as f64 / whole - 1.0).abs() < 1e-3, "{}", heard.len());
        let border = (44_100.0 / change.speed()) as usize;
        let reach = (whole * 0.4) as usize;
        let around = [
            &heard[border - reach..border - 2_000],
            &heard[border + 2_000..border + reach],
        ];
        for (part, hz) in around.into_iter().zip([300.0, 1_200.0]) {
            let off = cents(pitch_of(part, RATE), hz * change.pitch_ratio());
            assert!(
                off.abs() < 10.0,
                "key {key} tempo {tempo}: {off} cents from {hz} Hz"
            );
        }
        // Within 45 ms of the border the high tone has taken over: its slopes are steeper.
        let slope = |part: &[f32]| loudness(part.windows(2).map(|pair| pair[1] - pair[0]));
        let (before, after) = (
            slope(&heard[border - 4_000..border - 2_000]),
            slope(&heard[border + 2_000..border + 4_000]),
        );
        assert!(after > before * 2.5, "key {key} tempo {tempo}: {before} {after}");
    }
}

#[test]
fn it_begins_in_mid_song_at_full_loudness() {
    for (from, tempo) in [(0, 100), (50_000, 100), (50_000, 60), (50_000, 150), (3_000, 140)] {
        let change = KeyTempo::new(2, tempo);
        let song = |at: usize| both(sine(500.0, at), 0.0);
        let heard = left(&moved(change, from, 120_000, song));
        let full = 0.4 / 2.0f64.sqrt();
        // At its very start the song's own attack is spread over a window.
        let (skip, least) = if from < 3_000 { (3_000, 0.85) } else { (0, 0.85) };
        let loud = loudness(heard[skip..skip + 2_000].iter().copied()) / full;
        println!("from {from} tempo {tempo}: {loud:.3} of full");
        assert!((least..1.15).contains(&loud), "from {from} tempo {tempo}: {loud}");
    }
}

#[test]
fn where_the_singer_is_alone_the_fader_leaves_nothing() {
    for (key, tempo) in [(3, 100), (-5, 100), (0, 70), (0, 140), (4, 120)] {
        let change = KeyTempo::new(key, tempo);
        let song = |at: usize| {
            let voice = sine(220.0 + 30.0 * (at as f64 * 1e-4).sin(), at);
            let band = if at < 60_000 { 0.0 } else { sine(1_000.0, at) };
            both(voice + band, voice)
        };
        let heard = moved(change, 0, 120_000, song);
        let alone = (50_000.0 / change.speed()) as usize;
        let rest = |frame: &Frame| frame.mixture[0] - frame.vocals[0];
        let left_over = heard[..alone]
            .iter()
            .map(rest)
            .fold(0.0f32, |a, b| a.max(b.abs()));
        println!("key {key} tempo {tempo}: {left_over} is left");
        assert!(left_over < 1e-5, "key {key} tempo {tempo}: {left_over} is left");
        let sung = loudness(heard[20_000..alone].iter().map(|frame| frame.vocals[0]));
        assert!(sung > 0.2, "key {key} tempo {tempo}: the singer is gone: {sung}");
    }
}

#[test]
fn beside_the_band_the_fader_takes_the_singer_out() {
    for (key, tempo) in [(3, 100), (-5, 100), (0, 70), (0, 140), (4, 120)] {
        let change = KeyTempo::new(key, tempo);
        let song = |at: usize| {
            let voice = sine(330.0, at);
            both(voice + sine(1_000.0, at), voice)
        };
        let heard = moved(change, 0, 120_000, song);
        let end = (100_000.0 / change.speed()) as usize;
        let rest: Vec<f32> = heard[20_000..end]
            .iter()
            .map(|frame| frame.mixture[0] - frame.vocals[0])
            .collect();
        let sung: Vec<f32> = heard[20_000..end].iter().map(|frame| frame.vocals[0]).collect();
        let (voice, band) = (pitch_of(&sung, RATE), pitch_of(&rest, RATE));
        assert!(cents(band, 1_000.0 * change.pitch_ratio()).abs() < 5.0, "{band}");
        let decibels = 20.0 * (tone_level(&rest, voice) / tone_level(&sung, voice)).log10();
        println!("key {key} tempo {tempo}: the singer is turned down by {decibels:.1} dB");
        assert!(decibels < -40.0, "key {key} tempo {tempo}: {decibels} dB");
        let band = tone_level(&rest, band);
        assert!(
            (0.34..0.46).contains(&band),
            "key {key} tempo {tempo}: the band at {band}"
        );
    }
}

#[test]
fn no_sample_is_too_loud_for_it() {
    for wrong in [4.0, -1e30, f32::INFINITY, f32::NAN] {
        let mut stretcher = Stretcher::new(192_000, KeyTempo::new(5, 90));
        let mut heard = Vec::new();
        // A quarter of a second as loud as can be, then music again.
        for at in 0..300 {
            let music = (0..stretcher.wants()).map(|i| both(sine(440.0, at * 512 + i), 0.1));
            let frames: Vec<Frame> = if at < 100 {
                vec![both(wrong, wrong); stretcher.wants()]
            } else {
                music.collect()
            };
            stretcher.push(&frames);
            heard.extend(stretcher.take(usize::MAX).map(|(mixture, _)| mixture[0]));
        }
        assert!(heard.iter().all(|s| s.is_finite()), "after {wrong}");
        let end = loudness(heard[heard.len() - 20_000..].iter().copied());
        assert!((0.1..1.0).contains(&end), "after {wrong}: {end}");
    }
}

/// How loud a frequency is, as the amplitude of a sine.
fn tone_level(samples: &[f32], hz: f64) -> f64 {
    let n = samples.len() as f64;
    let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, &s)| {
        let window = 1.0 - (std::f64::consts::TAU * i as f64 / n).cos();
        let phase = std::f64::consts::TAU * hz * i as f64 / f64::from(RATE);
        let s = f64::from(s) * window;
        (re + s * phase.cos(), im + s * phase.sin())
    });
    2.0 * re.hypot(im) / n
}
