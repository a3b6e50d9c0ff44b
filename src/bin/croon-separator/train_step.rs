//! What a step of training is: the loss, the learning rate, the whitening curve measured before the
//! first step, and the validation that tells good states from bad ones.

use tch::{Device, Kind, TchError, Tensor};

use crate::adamw;
use crate::checkpoint::{Checkpoint, Length};
use crate::dataset::Dataset;
use crate::dataset_song::DatasetSong;
use crate::layers::Mode;
use crate::mask::{self, BINS};
use crate::model::{self, Model};
use crate::output_region::OutputRegion;
use crate::recipe::Recipe;
use crate::recording::{RATE, RecordingPiece, SPECTRUM_BINS, silence};
use crate::rng::Rng;
use crate::sampler::{Batch, Sampler};
use crate::separator::Separator;
use croon::judge::sdr;

/// Steps over which the rate rises to its peak.
const WARM_UP: u64 = 100;
const LAST_RATE: f64 = 1e-5;

/// A batch as tensors in the host's memory, ready for the device that learns from it.
#[derive(Debug)]
pub struct Examples {
    /// Real and imaginary parts, `[example, channel, frame, bin]`.
    mixture: [Tensor; 2],
    vocals: [Tensor; 2],
    /// Weight of each bin in the loss, `[example, 1, 1, bin]`.
    weights: Tensor,
}

impl Examples {
    /// For a card they lie in pinned memory, which it fetches by itself while this program goes on.
    pub fn new(batch: &Batch, frames: usize, device: Device) -> Result<Self, TchError> {
        let ready = |tensor: Tensor| match device.is_cuda() {
            true => tensor.f_contiguous()?.f_pin_memory(device),
            false => Ok(tensor),
        };
        let plane = |plane: &[f32]| ready(model::spectrum(plane, frames, Device::Cpu)?);
        let weights = Tensor::from_slice(&batch.weights).f_reshape([-1, 1, 1, BINS])?;
        Ok(Self {
            mixture: [plane(&batch.mixture.re)?, plane(&batch.mixture.im)?],
            vocals: [plane(&batch.vocals.re)?, plane(&batch.vocals.im)?],
            weights: ready(weights)?,
        })
    }

    #[cfg(test)]
    pub fn is_like(&self, other: &Self) -> bool {
        let both = self.mixture.iter().chain(&self.vocals);
        both.zip(other.mixture.iter().chain(&other.vocals))
            .all(|(a, b)| a.equal(b))
    }
}

/// L1 distance of masked mixture and vocals over complex bins, in units of the mixture's mean
/// magnitude, so that every example counts alike whatever its level.
pub fn loss(model: &Model, examples: &Examples, mode: Mode, kind: Kind) -> Result<Tensor, TchError> {
    // Pinned memory is kept by torch until the card has it, also when the tensor is dropped before.
    let on = |tensor: &Tensor| tensor.f_to_device_(model.device, Kind::Float, true, false);
    let [re, im] = &examples.mixture;
    let (re, im) = (on(re)?, on(im)?);
    let masks = model.masks(&re, &im, mode, kind)?;
    let weight = tch::no_grad(|| {
        let level = mask::level(&mask::magnitude(&re, &im)?)?;
        Ok::<_, TchError>(on(&examples.weights)? / level)
    })?;
    let apart = |mixture: &Tensor, vocals: Tensor| (&masks * mixture - vocals).f_abs();
    let [vocals_re, vocals_im] = &examples.vocals;
    let distance = apart(&re, on(vocals_re)?)? + apart(&im, on(vocals_im)?)?;
    (distance * weight).f_mean(Kind::Float)
}

/// Where in its plan a run is, 0 to 1.
pub fn progress(length: Length, step: u64, seconds: f64) -> f64 {
    match length {
        Length::Steps(steps) => step as f64 / steps.max(1) as f64,
        Length::Minutes(minutes) => seconds / (60.0 * minutes.max(1e-9)),
    }
}

/// Warm-up by steps, then a cosine over the plan.
pub fn learning_rate(peak: f64, progress: f64, step: u64) -> f64 {
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress.clamp(0.0, 1.0)).cos());
    let falling = LAST_RATE + (peak - LAST_RATE).max(0.0) * cosine;
    falling * ((step + 1) as f64 / WARM_UP as f64).min(1.0)
}

/// One step of training; gives the loss. Loss or gradient that is no number leaves the
/// parameters as they were.
pub fn step(state: &mut Checkpoint, examples: &Examples, rate: f64) -> Result<f64, TchError> {
    let loss = loss(&state.model, examples, state.mode, state.precision.kind())?;
    let value = loss.f_double_value(&[])?;
    if !value.is_finite() {
        return Ok(value);
    }
    loss.f_backward()?;
    let length = state
        .adam
        .step(&mut state.model.network.layers.parameters, state.step + 1, rate)?;
    if !length.is_finite() {
        return Ok(f64::NAN);
    }
    state.step += 1;
    adamw::follow(
        &mut state.average,
        &state.model.network.layers.parameters,
        state.step,
    )?;
    Ok(value)
}

/// Mean magnitude per bin over drawn mixtures, each at level 1, smoothed over neighbours.
pub fn whitening(data: &Dataset, frames: usize, seed: u64, draws: u64) -> Tensor {
    let mut sampler = Sampler::new(data, frames);
    let mut sums = vec![0.0_f64; BINS as usize];
    for draw in 0..draws {
        let batch = sampler.batch(3, &Recipe::BROAD, &mut Rng::of_step(!seed, draw));
        let size = batch.mixture.re.len() / batch.examples.max(1);
        for (re, im) in batch
            .mixture
            .re
            .chunks_exact(size)
            .zip(batch.mixture.im.chunks_exact(size))
        {
            let magnitude = |(re, im): (&f32, &f32)| f64::from(re.hypot(*im));
            let level = re.iter().zip(im).map(magnitude).sum::<f64>() / size as f64;
            let rows = re.chunks_exact(SPECTRUM_BINS).zip(im.chunks_exact(SPECTRUM_BINS));
            for (re, im) in rows.filter(|_| level > 0.0) {
                for (sum, pair) in sums.iter_mut().zip(re.iter().zip(im)) {
                    *sum += magnitude(pair) / level;
                }
            }
        }
    }
    let smooth = |bin: usize| {
        let reach = 2 + bin / 16;
        let around = &sums[bin.saturating_sub(reach)..(bin + reach + 1).min(sums.len())];
        around.iter().sum::<f64>() / around.len() as f64
    };
    let curve: Vec<f64> = (0..sums.len()).map(smooth).collect();
    let mean = curve.iter().sum::<f64>() / curve.len() as f64;
    // A floor keeps bins that the material never fills from being blown up later.
    let curve: Vec<f32> = curve
        .iter()
        .map(|x| (x / mean.max(1e-12)).max(1e-3) as f32)
        .collect();
    Tensor::from_slice(&curve)
}

/// Median SDR of the vocals over all seconds of the songs' first windows: one song that sings little
/// must not outweigh the rest.
pub fn validate(model: &Model, songs: &[DatasetSong]) -> Result<f64, TchError> {
    let mut separator = Separator::new(model.share(), Mode::Evaluate, OutputRegion::whole())?;
    let interleave = |piece: &RecordingPiece| {
        piece[0]
            .iter()
            .zip(&piece[1])
            .flat_map(|(l, r)| [*l, *r])
            .collect::<Vec<f32>>()
    };
    let mut scores = Vec::new();
    for song in songs {
        let (mut vocals, mut rest) = (silence(model::WINDOW), silence(model::WINDOW));
        song.vocals.add_to(&mut vocals, 0, 1.0);
        song.parts.iter().for_each(|part| part.add_to(&mut rest, 0, 1.0));
        let vocals = interleave(&vocals);
        let mixture: Vec<f32> = vocals.iter().zip(interleave(&rest)).map(|(v, r)| v + r).collect();
        let estimate = separator.separate(&[&mixture])?.remove(0);
        scores.extend(
            sdr::windows(&vocals, &estimate, RATE as usize)
                .into_iter()
                .flatten(),
        );
    }
    Ok(sdr::median(scores).unwrap_or(f64::NAN))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::checkpoint::Precision;
    use crate::checkpoint::RunFolder;
    use crate::checkpoint::TrainingPlan;
    use crate::network::Design;
    use crate::recording::Recording;
    use crate::unet::UnetShape;

    pub fn data() -> Dataset {
        let noise = |seed, gain| {
            let mut rng = Rng::new(seed);
            let pcm: Vec<f32> = (0..4 * RATE as usize).map(|_| rng.normal(0.0, gain)).collect();
            Recording::from_stereo(&pcm, false, 22_050.0)
        };
        let song = |n: u64| DatasetSong {
            name: n.to_string(),
            vocals: noise(n, 0.1),
            parts: vec![noise(n + 9, 0.1), noise(n + 8, 0.1)],
        };
        Dataset {
            songs: (0..3).map(|n| song(10 * n)).collect(),
            ..Dataset::default()
        }
    }

    pub fn plan() -> TrainingPlan {
        TrainingPlan {
            model: "unet-mask".into(),
            design: Design::UnetMask(UnetShape {
                encoder: vec![4, 4, 4, 4, 4, 4],
                top: 4,
                ..UnetShape::classic()
            }),
            precision: Precision::Single,
            seed: 5,
            batch: 2,
            frames: 64,
            rate: 1e-3,
            length: Length::Steps(10),
            polish: 0.0,
            data_minutes: 1.0,
            keep_statistics: false,
        }
    }

    fn flat() -> Tensor {
        Tensor::ones([BINS], (Kind::Float, Device::Cpu))
    }

    #[test]
    fn the_whitening_curve_follows_the_material() {
        let curve = Vec::<f32>::try_from(whitening(&data(), 64, 1, 2)).unwrap();
        assert_eq!(curve.len(), BINS as usize);
        assert!(curve.iter().all(|x| *x >= 1e-3 && x.is_finite()));
        let mean = curve.iter().sum::<f32>() / curve.len() as f32;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    fn walk(state: &mut Checkpoint, plan: &TrainingPlan, data: &Dataset, to: u64) -> Vec<f64> {
        let mut sampler = Sampler::new(data, plan.frames);
        let mut losses = Vec::new();
        while state.step < to {
            let batch = sampler.batch(
                plan.batch / 2,
                &Recipe::BROAD,
                &mut Rng::of_step(plan.seed, state.step),
            );
            let rate = learning_rate(plan.rate, progress(plan.length, state.step, 0.0), state.step);
            let examples = Examples::new(&batch, plan.frames, Device::Cpu).unwrap();
            losses.push(step(state, &examples, rate).unwrap());
        }
        losses
    }

    #[test]
    fn a_training_picked_up_goes_on_as_if_it_had_never_stopped() {
        tch::set_num_threads(1);
        let (data, plan) = (data(), plan());
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder(dir.path().join("run"));
        folder.write_plan(&plan).unwrap();
        assert_eq!(folder.read_plan().unwrap().as_ref(), Some(&plan));
        let curve = flat;

        let mut whole = Checkpoint::fresh(&plan, curve(), Device::Cpu).unwrap();
        let losses = walk(&mut whole, &plan, &data, 6);

        let mut half = Checkpoint::fresh(&plan, curve(), Device::Cpu).unwrap();
        walk(&mut half, &plan, &data, 3);
        folder.save(&half).unwrap();
        let mut rest = folder.load(&plan, Device::Cpu).unwrap().unwrap();
        assert_eq!(rest.step, 3);
        let again = walk(&mut rest, &plan, &data, 6);
        for (a, b) in losses[3..].iter().zip(&again) {
            assert!((a - b).abs() < 1e-6, "{losses:?} {again:?}");
        }
        assert_ne!(losses[0], losses[5]);
    }

    #[test]
    fn a_torn_last_state_falls_back_to_the_good_one() {
        let plan = plan();
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder(dir.path().into());
        let state = Checkpoint::fresh(&plan, flat(), Device::Cpu).unwrap();
        folder.save(&state).unwrap();
        folder.save(&state).unwrap();
        std::fs::write(folder.last(), b"torn").unwrap();
        assert_eq!(folder.load(&plan, Device::Cpu).unwrap().unwrap().step, 0);
        std::fs::remove_file(folder.good()).unwrap();
        assert!(folder.load(&plan, Device::Cpu).is_err());
    }

    #[test]
    fn weights_of_another_network_are_refused_and_named() {
        let plan = plan();
        let other = TrainingPlan {
            design: Design::UnetMask(UnetShape {
                encoder: vec![4, 4, 4, 4, 4, 8],
                top: 4,
                ..UnetShape::classic()
            }),
            ..plan.clone()
        };
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder(dir.path().into());
        let state = Checkpoint::fresh(&plan, flat(), Device::Cpu).unwrap();
        folder.save(&state).unwrap();
        let whole = std::fs::read(folder.last()).unwrap();
        let refused = folder.load(&other, Device::Cpu).err().unwrap().to_string();
        assert!(
            refused.contains("last.safetensors") && refused.contains("another size"),
            "{refused}"
        );
        assert!(std::fs::read(folder.last()).unwrap() == whole);

        let model = state.averaged().unwrap();
        let refused = Checkpoint::from_model(&other, model, Device::Cpu).err().unwrap();
        assert!(refused.to_string().contains("--model"), "{refused}");
    }

    #[test]
    fn a_state_that_cannot_be_written_leaves_the_one_before_and_no_litter() {
        let plan = plan();
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder(dir.path().into());
        let mut state = Checkpoint::fresh(&plan, flat(), Device::Cpu).unwrap();
        state.step = 1;
        folder.save(&state).unwrap();
        // no file can be moved there
        std::fs::create_dir(folder.good()).unwrap();
        state.step = 2;
        let refused = folder.save(&state).unwrap_err().to_string();
        assert!(refused.contains("stays as it is"), "{refused}");
        let kept = Checkpoint::load(&plan, &folder.last(), Device::Cpu).unwrap();
        assert_eq!(kept.step, 1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_loss_that_is_no_number_leaves_the_weights_alone() {
        let (data, plan) = (data(), plan());
        let mut state = Checkpoint::fresh(&plan, flat(), Device::Cpu).unwrap();
        let mut batch = Sampler::new(&data, plan.frames).batch(1, &Recipe::BROAD, &mut Rng::new(1));
        batch.vocals.re[7] = f32::NAN;
        let before = state.model.network.layers.parameters["head.weight"].detach_copy();
        let examples = Examples::new(&batch, plan.frames, Device::Cpu).unwrap();
        assert!(step(&mut state, &examples, 1e-3).unwrap().is_nan());
        assert_eq!(state.step, 0);
        assert!(before.equal(&state.model.network.layers.parameters["head.weight"]));
    }

    #[test]
    fn kept_statistics_stay_and_the_weights_move() {
        tch::set_num_threads(1);
        let data = data();
        for keep_statistics in [false, true] {
            let plan = TrainingPlan {
                keep_statistics,
                ..plan()
            };
            let mut state = Checkpoint::fresh(&plan, flat(), Device::Cpu).unwrap();
            let layers = |state: &Checkpoint, key: &str| {
                let layers = &state.model.network.layers;
                let tensor = layers.statistics.get(key).or(layers.parameters.get(key));
                tensor.unwrap().detach_copy()
            };
            let before = ["down1.norm.mean", "down1.weight"].map(|key| layers(&state, key));
            walk(&mut state, &plan, &data, 2);
            let after = ["down1.norm.mean", "down1.weight"].map(|key| layers(&state, key));
            assert_eq!(before[0].equal(&after[0]), keep_statistics);
            assert!(!before[1].equal(&after[1]));
        }
    }

    #[test]
    fn the_rate_warms_up_and_falls() {
        assert!(learning_rate(1e-3, 0.0, 0) < 2e-5);
        assert!((learning_rate(1e-3, 0.0, 500) - 1e-3).abs() < 1e-9);
        assert!(learning_rate(1e-3, 1.0, 500) < 1.1e-5);
        assert_eq!(progress(Length::Minutes(2.0), 0, 60.0), 0.5);
    }
}
