use super::*;

fn tone(hz: f32, gain: f32, band: f32) -> Recording {
    let pcm: Vec<f32> = (0..2 * RATE as usize * 4)
        .map(|i| gain * (std::f32::consts::TAU * hz * (i / 2) as f32 / RATE as f32).sin())
        .collect();
    Recording::from_stereo(&pcm, true, band)
}

fn data() -> Dataset {
    let song = |name: &str| DatasetSong {
        name: name.into(),
        vocals: tone(440.0, 0.3, 22_050.0),
        parts: vec![
            tone(60.0, 0.2, 22_050.0),
            tone(110.0, 0.2, 22_050.0),
            tone(900.0, 0.1, 22_050.0),
        ],
    };
    Dataset {
        songs: vec![song("a"), song("b")],
        voices: vec![tone(600.0, 0.5, 8000.0)],
        ..Dataset::default()
    }
}

#[test]
fn a_batch_is_the_sum_of_its_sides_and_repeats_with_its_seed() {
    let data = data();
    let draw = |seed| Sampler::new(&data, 64).batch(2, &Recipe::BROAD, &mut Rng::new(seed));
    let (one, two, other) = (draw(1), draw(1), draw(2));
    assert_eq!(one.examples, 4);
    assert_eq!(one.mixture.re.len(), 4 * 2 * 64 * SPECTRUM_BINS);
    assert_eq!(one.mixture.re, two.mixture.re);
    assert_ne!(one.mixture.re, other.mixture.re);
    assert!(
        one.mixture
            .re
            .iter()
            .chain(&one.mixture.im)
            .all(|x| x.is_finite())
    );
}

#[test]
fn a_narrow_voice_keeps_the_upper_bins_out_of_the_loss() {
    let mut data = data();
    data.songs.iter_mut().for_each(|song| song.vocals.pcm.fill(0));
    let recipe = Recipe {
        voices: [0.0, 0.0, 1.0, 0.0],
        coherent: 0.0,
        second_voice: 0.0,
        ..Recipe::BROAD
    };
    let batch = Sampler::new(&data, 64).batch(1, &recipe, &mut Rng::new(5));
    let heard = batch.weights[..BINS as usize]
        .iter()
        .filter(|w| **w > 0.0)
        .count();
    assert_eq!(heard, (8000.0 / 22_050.0 * 2048.0) as usize);
}

#[test]
fn no_voice_means_an_exactly_silent_target() {
    let data = data();
    let recipe = Recipe {
        no_voice: 1.0,
        ..Recipe::BROAD
    };
    let batch = Sampler::new(&data, 64).batch(2, &recipe, &mut Rng::new(5));
    assert!(batch.vocals.re.iter().all(|x| *x == 0.0));
    assert!(batch.mixture.re.iter().any(|x| *x != 0.0));
}

#[test]
fn mastering_leaves_the_mask_what_it_was() {
    let data = data();
    let plain = Recipe {
        voices: [0.0, 0.0, 1.0, 0.0],
        coherent: 0.0,
        no_voice: 0.0,
        equaliser: 0.0,
        reverb: 0.0,
        low_pass: 0.0,
        limiter: 0.0,
        ..Recipe::BROAD
    };
    let draw = |recipe: &Recipe| Sampler::new(&data, 64).batch(1, recipe, &mut Rng::new(7));
    let before = draw(&plain);
    let mastered = draw(&Recipe {
        low_pass: 1.0,
        limiter: 1.0,
        ..plain
    });
    assert_eq!(before.mixture.re.len(), mastered.mixture.re.len());
    let rows = |plane: &[f32]| {
        plane
            .chunks_exact(SPECTRUM_BINS)
            .map(<[f32]>::to_vec)
            .collect::<Vec<_>>()
    };
    // Whatever is left of the mixture's bin is left of the vocals' bin too.
    let planes = [
        &before.mixture.re,
        &before.vocals.re,
        &mastered.mixture.re,
        &mastered.vocals.re,
    ];
    let [mixture, vocals, mixed, sung] = planes.map(|plane| rows(plane));
    let mut softer = 0;
    for row in 0..mixture.len() {
        for bin in [10, 41, 56, 84] {
            let (whole, part) = (mixture[row][bin], vocals[row][bin]);
            let error = mixed[row][bin] * part - sung[row][bin] * whole;
            assert!(
                error.abs() <= 1e-4 * (whole * part).abs() + 1e-6,
                "row {row} bin {bin}"
            );
            softer += usize::from(mixed[row][bin].abs() < 0.99 * whole.abs());
        }
        assert!(mixed[row][1600..].iter().all(|x| *x == 0.0));
    }
    assert!(softer > 0, "the limiter never took hold");
}

#[test]
fn only_loose_voices_are_put_into_a_room() {
    let data = data();
    let sampler = Sampler::new(&data, 64);
    let sung = |voices, reverb| {
        let recipe = Recipe {
            voices,
            reverb,
            ..Recipe::BROAD
        };
        let mut piece = silence(sampler.len);
        sampler.sung(&mut piece, 1.0, &recipe, &mut Rng::new(7));
        assert!((rms(&piece) - 0.1).abs() < 1e-3, "{}", rms(&piece));
        piece
    };
    // All takes are mono, and a room has two sides.
    let [left, right] = sung([0.0, 0.0, 1.0, 0.0], 0.0);
    assert_eq!(left, right);
    let [left, right] = sung([1.0, 0.0, 0.0, 0.0], 1.0);
    assert_eq!(left, right);
    let [left, right] = sung([0.0, 0.0, 1.0, 0.0], 1.0);
    assert_ne!(left, right);
}

#[test]
fn the_voice_stands_at_the_level_drawn() {
    let data = data();
    let recipe = Recipe {
        voice_level: (-6.0, 0.0),
        coherent: 0.0,
        no_voice: 0.0,
        equaliser: 0.0,
        ..Recipe::BROAD
    };
    let batch = Sampler::new(&data, 64).batch(1, &recipe, &mut Rng::new(9));
    let energy = |s: &Spectrum, n: usize| {
        s.re[..n]
            .iter()
            .chain(&s.im[..n])
            .map(|x| f64::from(x * x))
            .sum::<f64>()
    };
    let n = 2 * 64 * SPECTRUM_BINS;
    let rest = energy(&batch.mixture, n) - energy(&batch.vocals, n);
    let level = 10.0 * (energy(&batch.vocals, n) / rest).log10();
    assert!((level + 6.0).abs() < 2.5, "{level}");
}

#[test]
fn songs_of_a_teacher_are_met_as_they_are_and_as_far_as_their_file_reaches() {
    let song = |band| DatasetSong {
        name: "taught".into(),
        vocals: tone(440.0, 0.3, band),
        parts: vec![tone(60.0, 0.2, band)],
    };
    let data = Dataset {
        taught: vec![song(11_025.0)],
        ..Dataset::default()
    };
    let batch = Sampler::new(&data, 64).batch(2, &Recipe::POLISH, &mut Rng::new(5));
    assert_eq!(batch.examples, 4);
    assert!(batch.vocals.re.iter().any(|x| *x != 0.0));
    for weights in batch.weights.chunks_exact(BINS as usize) {
        assert_eq!(weights.iter().filter(|w| **w > 0.0).count(), 1024);
    }
    // Beside labelled songs they have the share that the recipe gives them.
    let both = Dataset {
        taught: vec![song(11_025.0)],
        ..self::data()
    };
    let sampler = Sampler::new(&both, 64);
    let drawn = |taught| {
        let recipe = Recipe {
            taught,
            ..Recipe::BROAD
        };
        let mut rng = Rng::new(3);
        let names = (0..200).map(|_| sampler.song(&recipe, &mut rng).unwrap().name == "taught");
        names.filter(|taught| *taught).count()
    };
    assert_eq!((drawn(0.0), drawn(1.0)), (0, 200));
    assert!((30..70).contains(&drawn(0.25)), "{}", drawn(0.25));
}
