//! What the bundled networks make of music, through the real engine: its level, silence, the order and
//! the cut of the windows, the rate of the file, the device, music without a voice. Every model in
//! `models/` is held to every bound.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::real_engine::{
    command, difference, energy, models, models_folder, music, noisy_music, separate, separate_song, start,
    window, worst,
};
use crate::skip::{Missing, shared, skipped};
use croon::audio::decode::Decoder;
use croon::audio::dsp::resample::Resampler;
use croon::separate::engine::Engine;
use croon::separate::segment::Grid;
use croon::separate::vocal_stream::VocalStream;

const CUT: &str = "the song cut elsewhere";
const LEAK: &str = "voice in music without one";

/// The bounds that a model is known to miss. A model that reaches one must come off this list, and
/// one that is not on it must reach them all.
const MISSES: &[(&str, &str)] = &[
    ("unet-mask", CUT),
    ("unet-mask", LEAK),
    // Spleeter's networks look two hundred frames around each, further than a window's context.
    ("spleeter", CUT),
    ("spleeter", LEAK),
    ("light", CUT),
    ("light", LEAK),
    ("full", CUT),
    ("full", LEAK),
];

/// Holds a model to a bound in dB.
fn hold(model: &str, what: &str, db: f64, bound: f64) {
    println!("{model}: {what}: {db:.1} dB, wanted at most {bound:.0}");
    if MISSES.contains(&(model, what)) {
        assert!(
            db > bound,
            "{model}: {what}: {db:.1} dB reaches {bound:.0} now: take it off MISSES"
        );
    } else {
        assert!(
            db <= bound,
            "{model}: {what}: {db:.1} dB, wanted at most {bound:.0}"
        );
    }
}

#[test]
fn the_level_of_a_song_scales_its_vocals_and_nothing_else() {
    for model in models() {
        let mut engine = start(&model);
        let song = noisy_music(&engine.grid(), engine.grid().window);
        let gains = [-60.0, -20.0, 20.0].map(|db: f32| 10.0_f32.powf(db / 20.0));
        let scaled = gains.map(|gain| song.iter().map(|x| x * gain).collect::<Vec<f32>>());
        let [quiet, low, loud] = &scaled;
        let vocals = separate(&mut engine, &[&song, quiet, low, loud]);
        assert!(energy(&vocals[0]) > 0.0);
        for (gain, vocals_of_scaled) in gains.iter().zip(&vocals[1..]) {
            let back: Vec<f32> = vocals_of_scaled.iter().map(|x| x / gain).collect();
            let off = worst(&back, &vocals[0]);
            assert!(off < 1e-4, "{model} at gain {gain}: off by {off}");
        }
    }
}

#[test]
fn digital_silence_stays_digital_silence() {
    for model in models() {
        let mut engine = start(&model);
        let frames = engine.grid().window;
        let song = noisy_music(&engine.grid(), frames);
        let (end, reach) = (frames / 2, transform(&model));
        let mut half = song.clone();
        half[2 * end..].fill(0.0);
        let mut left = song;
        left.chunks_exact_mut(2).for_each(|frame| frame[1] = 0.0);
        let vocals = separate(&mut engine, &[&vec![0.0; 2 * frames], &half, &left]);
        let right: Vec<f32> = vocals[2].iter().skip(1).step_by(2).copied().collect();
        for (what, pcm) in [
            ("a silent window", &vocals[0][..]),
            (
                "the rest of a window whose music ends",
                &vocals[1][2 * (end + reach)..],
            ),
            ("a silent side", &right),
        ] {
            assert!(pcm.iter().all(|x| *x == 0.0), "{model}: {what}");
        }
        assert!(energy(&vocals[1]) > 0.0 && energy(&vocals[2]) > 0.0);
    }
}

/// Length of the model's transform: so far its windows can carry a sound.
fn transform(model: &str) -> usize {
    let manifest = std::fs::read_to_string(models_folder().join(format!("{model}.toml"))).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest["n_fft"].as_integer().unwrap() as usize
}

#[test]
fn a_window_gives_the_same_samples_whatever_is_before_beside_or_after_it() {
    for model in models() {
        let mut engine = start(&model);
        let grid = engine.grid();
        let song = noisy_music(&grid, 2 * grid.core);
        let [first, second] = [0, 1].map(|segment| window(&grid, &song, segment));
        let vocals = separate(&mut engine, &[&first, &second, &first]);
        assert!(vocals[0] == vocals[2], "{model}: in one run");
        drop(engine);
        let mut other = Engine::start(command(&model, "cpu", 1)).unwrap();
        let alone = separate(&mut other, &[&second, &first]);
        assert!(
            alone[0] == vocals[1] && alone[1] == vocals[0],
            "{model}: in another engine, in another order"
        );
    }
}

/// Processing in segments must sound like processing the whole: wherever the cuts lie, the same comes
/// out. Here a song is separated as it is and with 64 frames of the transform before it.
#[test]
fn where_a_song_is_cut_is_not_heard() {
    for model in models() {
        let mut engine = start(&model);
        let grid = engine.grid();
        let song = noisy_music(&grid, 2 * grid.core);
        let lead = 65_536;
        let mut later = vec![0.0; 2 * lead];
        later.extend(&song);
        let vocals = separate_song(&mut engine, &song);
        let cut_elsewhere = separate_song(&mut engine, &later);
        hold(
            &model,
            CUT,
            difference(&cut_elsewhere[2 * lead..], &vocals),
            -60.0,
        );
    }
}

#[test]
fn mono_and_every_rate_give_the_vocals_of_the_same_sound() {
    let folder = tempfile::tempdir().unwrap();
    let wav = |name: &str, rate: u32, channels: u16| {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let path = folder.path().join(name);
        let mut file = hound::WavWriter::create(&path, spec).unwrap();
        for frame in music(rate, 4 * rate as usize).chunks_exact(2) {
            for _ in 0..channels {
                file.write_sample(frame[0]).unwrap();
            }
        }
        file.finalize().unwrap();
        path
    };
    let stereo = wav("stereo.wav", 44_100, 2);
    let others = [
        wav("mono.wav", 44_100, 1),
        wav("old.wav", 8_000, 1),
        wav("dat.wav", 48_000, 2),
        wav("hires.wav", 96_000, 2),
    ];
    for model in models() {
        let mut engine = start(&model);
        let wanted = vocals_of(&mut engine, &stereo);
        assert_eq!(wanted.len(), 2 * 4 * 44_100);
        for path in &others {
            let vocals = vocals_of(&mut engine, path);
            // A frame more or less where rates differ, and the filters' ends.
            let inner = 2 * 4_410..wanted.len() - 2 * 4_410;
            let off = difference(&vocals[inner.clone()], &wanted[inner]);
            println!("{model}: {}: {off:.1} dB", path.display());
            assert!(off <= -60.0, "{model}: {}: {off:.1} dB", path.display());
        }
    }
}

/// The vocals of a file as `croon separate` gets them, brought from the file's rate to 44.1 kHz.
fn vocals_of(engine: &mut Engine, path: &Path) -> Vec<f32> {
    let rate = Decoder::open(path).unwrap().info().rate;
    let mut stream = VocalStream::open(path, engine.grid(), rate).unwrap();
    let (mut vocals, patience) = (Vec::new(), std::time::Duration::from_secs(60));
    while stream.read(engine, patience, &mut vocals).unwrap() {}
    let frames = vocals.len() / 2;
    assert!(
        frames.abs_diff(4 * rate as usize) <= 2,
        "{}: {frames} frames",
        path.display()
    );
    let mut resampler = Resampler::new(rate, 44_100).unwrap();
    let mut out = Vec::new();
    resampler.push(&vocals, &mut out).unwrap();
    resampler.finish(&mut out).unwrap();
    out
}

#[test]
fn a_graphics_card_gives_what_the_processor_gives() {
    let engine = env!("CARGO_BIN_EXE_croon-separator");
    let output = Command::new(engine)
        .args(["--device", "cuda", "info"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("CUDA was asked for and cannot be used") {
        skipped(Missing::GraphicsCard, said.trim());
        return;
    }
    for model in models() {
        let mut card = Engine::start(command(&model, "cuda", 1)).unwrap();
        let mut processor = start(&model);
        let song = noisy_music(&card.grid(), card.grid().window);
        let other = noisy_music(&card.grid(), 2 * card.grid().window).split_off(song.len());
        // Several at once: a card computes them together.
        let windows: [&[f32]; 3] = [&song, &other, &song];
        let vocals = separate(&mut card, &windows);
        for (on_card, wanted) in vocals.iter().zip(separate(&mut processor, &windows)) {
            let off = worst(on_card, &wanted);
            println!("{model}: off by {off}");
            assert!(off < 1e-3, "{model}: off by {off}");
        }
    }
}

#[test]
fn music_without_a_voice_leaves_no_voice() {
    let Some(clips) = clips() else { return };
    for model in models() {
        let mut engine = start(&model);
        let grid = engine.grid();
        let windows: Vec<Vec<f32>> = clips.iter().map(|clip| accompaniment(&grid, clip)).collect();
        let views: Vec<&[f32]> = windows.iter().map(Vec::as_slice).collect();
        let core = 2 * grid.context()..2 * (grid.context() + grid.core);
        let vocals = separate(&mut engine, &views);
        let mut leaks: Vec<f64> = vocals
            .iter()
            .zip(&windows)
            .map(|(leak, band)| 10.0 * (energy(&leak[core.clone()]) / energy(&band[core.clone()])).log10())
            .collect();
        leaks.sort_by(f64::total_cmp);
        println!(
            "{model}: median {:.1} dB of {}",
            leaks[leaks.len() / 2],
            leaks.len()
        );
        hold(&model, LEAK, leaks[leaks.len() - 1], -25.0);
    }
}

/// Songs with known stems: every fifth of those that are there, to keep it short.
fn clips() -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(shared("data/eval/musdb7")?).unwrap();
    let mut clips: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    clips.sort();
    Some(clips.into_iter().step_by(5).collect())
}

/// The first window of drums, bass and the rest, which are streams 1 to 3.
fn accompaniment(grid: &Grid, clip: &Path) -> Vec<f32> {
    let mut sum = Vec::new();
    for stream in 1..=3 {
        let mut decoder = Decoder::open_track(clip, stream).unwrap();
        let mut pcm = Vec::new();
        while decoder.read(&mut pcm).unwrap() > 0 {}
        sum.resize(pcm.len().max(sum.len()), 0.0);
        sum.iter_mut()
            .zip(pcm)
            .for_each(|(sum, x): (&mut f32, f32)| *sum += x);
    }
    window(grid, &sum, 0)
}
