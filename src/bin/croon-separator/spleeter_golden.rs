//! The network and the bundled weights against what the published program gave for the same sound.

use std::path::Path;

use super::*;
use crate::network::Design;
use crate::recording::{HOP, N_FFT, SPECTRUM_BINS};
use crate::skip::shared;
use crate::weights;
use croon::audio::decode::read_all;
use croon::audio::dsp::stft::{Complex, Stft};

/// What the program that published the weights makes of a song, in its own framing: 4096 zeros in front, frames that
/// begin at every hop, patches of 512 frames without overlap, nothing above 11 kHz.
struct Official {
    frames: usize,
    /// `[channel][frame][bin]`
    spectra: [Vec<Complex<f32>>; 2],
}

impl Official {
    const PATCH: usize = 512;

    fn of(song: &[[f32; 2]]) -> Self {
        let frames = (song.len() + N_FFT).div_ceil(HOP);
        let spectra = [0, 1].map(|channel| {
            let mut stft = Stft::new(N_FFT, HOP);
            // Frame k looks at what begins k hops into the zeros, whose middle is two hops further.
            let signal = song.iter().map(|frame| frame[channel]);
            let zeros = |count| std::iter::repeat_n(0.0, count);
            stft.load(zeros(N_FFT).chain(signal).chain(zeros(3 * N_FFT)));
            let mut spectrum = vec![Complex::default(); frames * SPECTRUM_BINS];
            for (frame, out) in spectrum.chunks_exact_mut(SPECTRUM_BINS).enumerate() {
                stft.frame(frame + 2, out);
            }
            spectrum
        });
        Self { frames, spectra }
    }

    /// Magnitudes `[1, 2, 512, 1024]` of a patch, zeros past the end.
    fn patch(&self, patch: usize) -> Tensor {
        let bins = BINS_SEEN as usize;
        let mut values = Vec::with_capacity(2 * Self::PATCH * bins);
        for spectrum in &self.spectra {
            for frame in patch * Self::PATCH..(patch + 1) * Self::PATCH {
                let from = spectrum.get(frame * SPECTRUM_BINS..).unwrap_or(&[]);
                let magnitudes = from.iter().take(bins).map(|x| x.norm());
                let before = values.len();
                values.extend(magnitudes);
                values.resize(before + bins, 0.0);
            }
        }
        Tensor::from_slice(&values).reshape([1, 2, Self::PATCH as i64, BINS_SEEN])
    }

    /// The song that is left under the masks `[1, 2, frames, 1024]`.
    fn masked(&self, masks: &Tensor, len: usize) -> Vec<[f32; 2]> {
        let mut song = vec![[0.0; 2]; len];
        for (channel, spectrum) in self.spectra.iter().enumerate() {
            let masks = masks.get(0).get(channel as i64);
            let mut stft = Stft::new(N_FFT, HOP);
            let mut sum = vec![0.0_f64; self.frames * HOP + N_FFT];
            for (frame, values) in spectrum.chunks_exact(SPECTRUM_BINS).enumerate() {
                let mask = Vec::<f32>::try_from(masks.get(frame as i64)).unwrap();
                let mut values = values.to_vec();
                for (bin, x) in values.iter_mut().enumerate() {
                    *x *= mask.get(bin).copied().unwrap_or(0.0);
                }
                // One frame alone comes back divided by the squared window, which overlap-add at two thirds of
                // the windowed sum must not be: so it is added to a signal of its own.
                stft.begin(2 * N_FFT);
                stft.add(4, &mut values, 1.0);
                let overlap = 1.5_f64;
                for (at, x) in stft.signal(2 * HOP..2 * HOP + N_FFT).enumerate() {
                    // `signal` divides by the windows of all frames, which add up to one and a half there.
                    sum[frame * HOP + at] += f64::from(x) * overlap * 2.0 / 3.0;
                }
            }
            for (out, x) in song.iter_mut().zip(&sum[N_FFT..]) {
                out[channel] = *x as f32;
            }
        }
        song
    }
}

fn snr(found: &[[f32; 2]], wanted: &[[f32; 2]]) -> f64 {
    let pairs = || found.iter().flatten().zip(wanted.iter().flatten());
    let power: f64 = pairs().map(|(_, w)| f64::from(*w).powi(2)).sum();
    let error: f64 = pairs().map(|(f, w)| f64::from(f - w).powi(2)).sum();
    10.0 * (power / error).log10()
}

fn read(path: &Path) -> Vec<[f32; 2]> {
    let (info, samples) = read_all(path).unwrap();
    assert_eq!((info.rate, info.channels), (44_100, 2));
    samples
        .chunks_exact(2)
        .map(|frame| [frame[0], frame[1]])
        .collect()
}

/// The stems that a network makes of a song in the official framing.
fn officially(shape: &SpleeterShape, layers: &Layers, song: &[[f32; 2]]) -> Vec<Vec<[f32; 2]>> {
    let official = Official::of(song);
    let mut stems = [Vec::new(), Vec::new()];
    for patch in 0..official.frames.div_ceil(Official::PATCH) {
        let input = official.patch(patch);
        let wanted = 0..Official::PATCH as i64;
        let masks = tch::no_grad(|| shape.stem_masks(layers, &input, Mode::Evaluate, &wanted)).unwrap();
        // The official ratio is one of spectrograms.
        let powers = masks.iter().map(|mask| (mask * &input).square());
        let powers: Vec<Tensor> = powers.collect();
        let both = &powers[0] + &powers[1] + 1e-10;
        for (stem, power) in stems.iter_mut().zip(&powers) {
            stem.push((power + 0.5e-10) / &both);
        }
    }
    let masked = |masks: &Vec<Tensor>| official.masked(&Tensor::cat(masks, 2), song.len());
    stems.iter().map(masked).collect()
}

/// The bundled weights are halves of the published ones; rounding them is all that sets the two apart.
#[test]
fn the_bundled_weights_give_what_the_published_program_gives() {
    let Some(fixtures) = shared("fixtures") else {
        return;
    };
    let fixtures = fixtures.join("spleeter_2stems");
    tch::set_num_threads(1);
    let manifest = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/spleeter.toml"));
    let network = weights::read(manifest).unwrap().model.network;
    let Design::Spleeter(shape) = &network.design else {
        panic!("{:?}", network.design)
    };
    let song = read(&fixtures.join("mixture.flac"));
    let stems = officially(shape, &network.layers, &song);
    for (found, file) in stems.iter().zip(["vocals.flac", "accompaniment.flac"]) {
        let off = snr(found, &read(&fixtures.join(file)));
        assert!(off > 70.0, "{file}: {off:.1} dB");
    }
}

/// Numbers that look random and are the same everywhere, 0 to 1: the golden stems were made with them.
fn congruential(seed: u32) -> impl Iterator<Item = f64> {
    let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(seed), next)
        .skip(1)
        .map(|x| f64::from(x) / 4_294_967_296.0)
}

/// Weights by a formula, so that no file is needed: the published program was run with the same ones.
fn formula_weights(shape: &SpleeterShape) -> Layers {
    // Every tensor of the published program has a seed: its place among their sorted names.
    let numbered = |base: &str, number: usize| match number {
        0 => base.to_owned(),
        _ => format!("{base}_{number}"),
    };
    let mut names = Vec::new();
    for (base, count, parts) in [
        (
            "batch_normalization",
            24,
            &["beta", "gamma", "moving_mean", "moving_variance"][..],
        ),
        ("conv2d", 14, &["bias", "kernel"]),
        ("conv2d_transpose", 12, &["bias", "kernel"]),
    ] {
        for number in 0..count {
            names.extend(
                parts
                    .iter()
                    .map(|part| format!("{}/{part}", numbered(base, number))),
            );
        }
    }
    names.sort();
    let seed = |name: &str| 12_345 + names.binary_search(&name.to_owned()).unwrap() as u32;
    let mut layers = shape.fresh(&mut Rng::new(1));
    let levels = shape.levels();
    for (stem, name) in shape.stems.iter().enumerate() {
        let mut draw = |ours: String, theirs: String, value: &dyn Fn(f64) -> f64| {
            let place = if layers.statistics.contains_key(&ours) {
                &mut layers.statistics
            } else {
                &mut layers.parameters
            };
            let size = place[&ours].size();
            // Kernels lie there as [height, width, a, b] and here as [b, a, height, width].
            let theirs_size: Vec<i64> = match size[..] {
                [b, a, height, width] => vec![height, width, a, b],
                _ => size,
            };
            let count = theirs_size.iter().product::<i64>() as usize;
            let values: Vec<f32> = congruential(seed(&theirs))
                .take(count)
                .map(|u| value(u) as f32)
                .collect();
            let mut tensor = Tensor::from_slice(&values).reshape(&theirs_size);
            if theirs_size.len() == 4 {
                tensor = tensor.permute([3, 2, 0, 1]).contiguous();
            }
            place.insert(ours, tensor);
        };
        let small = |u: f64| 0.2 * (u - 0.5);
        let mut layer = |ours: &str, theirs: String, fan: f64, norm: Option<usize>| {
            let kernel = |u: f64| (2.0 * u - 1.0) * (4.5 / fan).sqrt();
            draw(
                format!("{name}.{ours}.weight"),
                format!("{theirs}/kernel"),
                &kernel,
            );
            draw(format!("{name}.{ours}.bias"), format!("{theirs}/bias"), &small);
            let Some(norm) = norm.map(|number| numbered("batch_normalization", number)) else {
                return;
            };
            draw(
                format!("{name}.{ours}.norm.weight"),
                format!("{norm}/gamma"),
                &|u| 0.5 + u,
            );
            draw(format!("{name}.{ours}.norm.bias"), format!("{norm}/beta"), &small);
            draw(
                format!("{name}.{ours}.norm.mean"),
                format!("{norm}/moving_mean"),
                &small,
            );
            // Theirs adds 1e-3 to it, ours 1e-5.
            draw(
                format!("{name}.{ours}.norm.var"),
                format!("{norm}/moving_variance"),
                &|u| 0.5 + 1.5 * u + 1e-3 - 1e-5,
            );
        };
        let mut input = SIDES;
        for level in 0..levels {
            let norm = (level + 1 < levels).then_some(12 * stem + level);
            let fan = (KERNEL * KERNEL * input) as f64;
            layer(
                &format!("down{level}"),
                numbered("conv2d", 7 * stem + level),
                fan,
                norm,
            );
            input = shape.encoder[level];
        }
        for step in 0..levels {
            let level = levels - 1 - step;
            let fan = (KERNEL * KERNEL * shape.up_inputs(level)) as f64 / 4.0;
            let theirs = numbered("conv2d_transpose", 6 * stem + step);
            layer(&format!("up{level}"), theirs, fan, Some(12 * stem + 6 + step));
        }
        layer(
            "head",
            numbered("conv2d", 7 * stem + 6),
            (HEAD * HEAD) as f64,
            None,
        );
    }
    layers
}

#[test]
fn the_network_is_the_published_one() {
    let Some(fixtures) = shared("fixtures") else {
        return;
    };
    tch::set_num_threads(1);
    let shape = SpleeterShape::published(&["vocals", "accompaniment"]);
    let noise = |seed| congruential(seed).map(|u| (0.5 * (2.0 * u - 1.0)) as f32);
    let song: Vec<[f32; 2]> = noise(1001)
        .zip(noise(2002))
        .map(|(left, right)| [left, right])
        .take(13 * 44_100)
        .collect();
    let stems = officially(&shape, &formula_weights(&shape), &song);
    for (found, stem) in stems.iter().zip(["vocals", "accompaniment"]) {
        // Across a border of patches.
        let path = fixtures.join(format!(
            "spleeter_golden_{stem}_515000_525000_f32le_interleaved.bin"
        ));
        let bytes = std::fs::read(path).unwrap();
        let values: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|x| f32::from_le_bytes(x.try_into().unwrap()))
            .collect();
        let wanted: Vec<[f32; 2]> = values.chunks_exact(2).map(|x| [x[0], x[1]]).collect();
        let off = snr(&found[515_000..525_000], &wanted);
        assert!(off > 95.0, "{stem}: {off:.1} dB");
    }
}
