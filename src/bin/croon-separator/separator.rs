//! Windows of music to their vocals, on whatever device: the front of [`Cpu`] and [`Gpu`].

use std::time::Instant;

use tch::{Cuda, Device, Kind, TchError};

use crate::cpu::Cpu;
use crate::fallback::{Fallback, Pass};
use crate::gpu::Gpu;
use crate::layers::Mode;
use crate::model::{Model, WINDOW};
use crate::output_region::OutputRegion;
use crate::rng::Rng;

/// Windows that share a pass on a card at most.
pub const BATCH: usize = 8;

pub struct Separator {
    path: Box<dyn Pass + Send>,
}

impl Separator {
    /// Where the model lies, in floats, without a net below: for judging a model, not for serving one.
    pub fn new(model: Model, mode: Mode, region: OutputRegion) -> Result<Self, TchError> {
        let path: Box<dyn Pass + Send> = match model.device {
            Device::Cpu => Box::new(Cpu::new(model, mode, region)?),
            device => Box::new(Gpu::new(&model, device, Kind::Float, mode, region)?),
        };
        Ok(Self { path })
    }

    /// The part of windows that a player takes, on the processor.
    pub fn on_processor(model: Model) -> Result<Self, TchError> {
        let region = taken(&model);
        Self::new(model, Mode::Folded, region)
    }

    /// The same on a card, in the kind that is faster there; says which. Where memory runs out it carries on
    /// with less and says so through `say`.
    pub fn on_card(
        model: Model,
        device: Device,
        say: impl FnMut(String) + Send + 'static,
    ) -> Result<(Self, Kind), TchError> {
        Cuda::cudnn_set_benchmark(true);
        let (card, kind) = fastest(&model, device)?;
        let make = move || {
            // Alone from now on, so it may have every core.
            tch::set_num_threads(std::thread::available_parallelism().map_or(1, |cores| cores.get() as i32));
            let region = taken(&model);
            let processor = Cpu::new(model.share(), Mode::Folded, region)?;
            Ok(Box::new(processor) as Box<dyn Pass + Send>)
        };
        let path = Box::new(Fallback::new(card, BATCH, make, say));
        Ok((Self { path }, kind))
    }

    /// The vocals of each window, interleaved stereo of [`WINDOW`] frames in and out. Digital silence gives
    /// exact zeros and costs nothing.
    pub fn separate(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
        let sounds = |window: &&[f32]| window.iter().any(|x| *x != 0.0);
        let heard: Vec<&[f32]> = windows.iter().copied().filter(sounds).collect();
        let mut vocals = if heard.is_empty() {
            Vec::new()
        } else {
            self.path.pass(&heard)?
        }
        .into_iter();
        Ok(windows
            .iter()
            .map(|window| {
                let silence = || vec![0.0; window.len()];
                let of_sound = sounds(window).then(|| vocals.next()).flatten();
                of_sound.unwrap_or_else(silence)
            })
            .collect())
    }
}

impl Pass for Cpu {
    fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
        windows.iter().map(|window| self.separate(window)).collect()
    }
}

impl Pass for Gpu {
    fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
        self.separate(windows)
    }
}

fn taken(model: &Model) -> OutputRegion {
    OutputRegion::taken(model.gate.map_or(0, |gate| gate.reach))
}

/// A card that computes in floats or in halves, whichever this device is faster in: there are cards that
/// know halves in name only. Halves of 11 bits stay within a thousandth of what floats give; bfloat16's 8
/// bits do not.
fn fastest(model: &Model, device: Device) -> Result<(Gpu, Kind), TchError> {
    let mut rng = Rng::new(1);
    let noise: Vec<f32> = (0..2 * WINDOW).map(|_| rng.normal(0.0, 0.1)).collect();
    let timed = |kind| {
        let mut card = Gpu::new(model, device, kind, Mode::Folded, taken(model))?;
        // The first pass plans.
        let sane = card.separate(&[&noise])?.iter().flatten().all(|x| x.is_finite());
        let start = Instant::now();
        for _ in 0..3 {
            card.separate(&[&noise])?;
        }
        Ok::<_, TchError>((card, start.elapsed(), sane))
    };
    let (floats, slow, _) = timed(Kind::Float)?;
    match timed(Kind::Half) {
        Ok((halves, fast, true)) if fast < slow => Ok((halves, Kind::Half)),
        // A device without halves says so with an error.
        _ => Ok((floats, Kind::Float)),
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::gate::Gate;
    use crate::mask::BINS;
    use crate::network::Design;
    use crate::network::Network;
    use crate::unet;
    use tch::Tensor;

    pub fn model(gate: Option<Gate>) -> Model {
        tch::set_num_threads(1);
        tch::manual_seed(7);
        let shape = unet::UnetShape {
            encoder: vec![6, 6, 8, 8, 8, 8],
            top: 4,
            halving: Some(3),
            level_reach: gate.map(|_| 16),
        };
        let network = Network::new(Design::UnetMask(shape), 11);
        let whitening = Tensor::rand([BINS], (Kind::Float, Device::Cpu)) + 0.1;
        Model {
            network: tch::no_grad(|| network.folded()).unwrap(),
            whitening,
            gate,
            device: Device::Cpu,
        }
    }

    /// Noise of changing level, so that a gate has something to do.
    pub fn window(seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        (0..2 * WINDOW)
            .map(|at| rng.normal(0.0, 0.1) * (1.1 + (at as f32 / 50_000.0).sin()))
            .collect()
    }

    pub fn worst(a: &[f32], b: &[f32], scale: f32) -> f32 {
        assert_eq!(a.len(), b.len());
        let peak = b.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let apart = a.iter().zip(b).map(|(a, b)| (a / scale - b).abs());
        apart.fold(0.0, f32::max) / peak
    }

    const GATE: Gate = Gate {
        threshold_db: -8.0,
        ..Gate::STANDARD
    };

    #[test]
    fn the_level_of_a_song_scales_its_vocals_and_nothing_else() {
        let mut separator = Separator::on_processor(model(Some(GATE))).unwrap();
        let song = window(1);
        let one = separator.separate(&[&song]).unwrap().remove(0);
        for gain in [1e-3, 0.1, 10.0] {
            let scaled: Vec<f32> = song.iter().map(|x| x * gain).collect();
            let out = separator.separate(&[&scaled]).unwrap().remove(0);
            let off = worst(&out, &one, gain);
            assert!(off < 1e-4, "gain {gain}: {off}");
        }
    }

    #[test]
    fn silence_stays_silence_and_neighbours_in_a_batch_do_not_matter() {
        let (one, two, silent) = (window(1), window(2), vec![0.0; 2 * WINDOW]);
        let model = model(None);
        let card = Gpu::new(
            &model,
            Device::Cpu,
            Kind::Float,
            Mode::Folded,
            OutputRegion::whole(),
        )
        .unwrap();
        let processor = Cpu::new(model, Mode::Folded, OutputRegion::whole()).unwrap();
        for path in [Box::new(card) as Box<dyn Pass + Send>, Box::new(processor)] {
            let mut separator = Separator { path };
            let together = separator.separate(&[&one, &silent, &two]).unwrap();
            assert!(together[1].iter().all(|x| *x == 0.0));
            let alone = separator.separate(&[&two]).unwrap().remove(0);
            assert!(worst(&together[2], &alone, 1.0) < 1e-4);
            assert!(alone.iter().any(|x| *x != 0.0));
        }
    }

    /// The card's code on the processor: the only difference to a card is who computes.
    #[test]
    fn both_paths_give_the_same_vocals() {
        let (one, two) = (window(4), window(5));
        for (gate, region) in [
            (None, OutputRegion::whole()),
            (Some(GATE), OutputRegion::whole()),
            (Some(GATE), OutputRegion::taken(GATE.reach)),
        ] {
            let model = model(gate);
            let mut card = Gpu::new(&model, Device::Cpu, Kind::Float, Mode::Folded, region.clone()).unwrap();
            let mut processor = Cpu::new(model, Mode::Folded, region).unwrap();
            let wanted = processor.pass(&[&one, &two]).unwrap();
            for (found, wanted) in card.pass(&[&one, &two]).unwrap().iter().zip(&wanted) {
                let off = worst(found, wanted, 1.0);
                assert!(off < 1e-5, "{gate:?}: {off}");
            }
        }
    }

    #[test]
    fn the_part_taken_is_the_same_as_in_the_whole() {
        let (song, region) = (window(6), OutputRegion::taken(GATE.reach));
        let of = |region: OutputRegion| {
            let mut processor = Cpu::new(model(Some(GATE)), Mode::Folded, region).unwrap();
            processor.separate(&song).unwrap()
        };
        let (part, whole) = (of(region.clone()), of(OutputRegion::whole()));
        let range = 2 * region.samples.start..2 * region.samples.end;
        let off = worst(&part[range.clone()], &whole[range.clone()], 1.0);
        assert!(off < 1e-5, "{off}");
        assert!(
            part[..range.start]
                .iter()
                .chain(&part[range.end..])
                .all(|x| *x == 0.0)
        );
    }

    /// Energy of what sets `a` apart from `b`, in dB under the energy of `b`.
    fn apart_db(a: &[f32], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len());
        let energy = |x: f32| f64::from(x) * f64::from(x);
        let apart: f64 = a.iter().zip(b).map(|(a, b)| energy(a - b)).sum();
        10.0 * (apart / b.iter().copied().map(energy).sum::<f64>()).log10()
    }

    /// Halves may cost 0.02 dB of SDR. An error of its own, `d` dB under the vocals, on an estimate of
    /// `s` dB SDR costs `10 log10(1 + 10^((d + s) / 10))` dB, so -40 is enough up to 16 dB, twice what the
    /// models reach. How large a single sample's error grows depends on the order a processor sums in.
    #[test]
    fn halves_stay_close_to_floats() {
        let (model, song) = (model(Some(GATE)), window(8));
        let of = |kind| {
            let region = OutputRegion::taken(GATE.reach);
            let mut card = Gpu::new(&model, Device::Cpu, kind, Mode::Folded, region).unwrap();
            card.separate(&[&song]).unwrap().remove(0)
        };
        let (floats, halves) = (of(Kind::Float), of(Kind::Half));
        let off = apart_db(&halves, &floats);
        assert!(off.is_finite() && off < -40.0, "{off} dB");
    }

    /// A card whose memory ends at two windows, and then at none.
    struct Small(Gpu, Arc<AtomicUsize>);

    impl Pass for Small {
        fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
            if windows.len() > self.1.load(Ordering::Relaxed) {
                return Err(TchError::Torch("CUDA out of memory. Tried to allocate".into()));
            }
            self.0.pass(windows)
        }
    }

    #[test]
    fn a_card_without_memory_costs_no_window() {
        let model = model(Some(GATE));
        // lock: what the fake saw, shared with the test alone
        let (room, said) = (Arc::new(AtomicUsize::new(2)), Arc::new(Mutex::new(Vec::new())));
        let region = || OutputRegion::taken(GATE.reach);
        let card = Gpu::new(&model, Device::Cpu, Kind::Float, Mode::Folded, region()).unwrap();
        let mut alone = Separator::on_processor(model.share()).unwrap();
        let (heard, card) = (said.clone(), Small(card, room.clone()));
        let make = move || {
            let processor = Cpu::new(model.share(), Mode::Folded, region())?;
            Ok(Box::new(processor) as Box<dyn Pass + Send>)
        };
        let path = Fallback::new(card, BATCH, make, move |sentence| {
            heard.lock().unwrap().push(sentence)
        });
        let mut separator = Separator { path: Box::new(path) };
        let songs: Vec<Vec<f32>> = (20..24).map(window).collect();
        let songs: Vec<&[f32]> = songs.iter().map(Vec::as_slice).collect();
        let wanted = alone.separate(&songs).unwrap();
        for (left, sentences) in [(2, 1), (0, 3), (0, 3)] {
            room.store(left, Ordering::Relaxed);
            let vocals = separator.separate(&songs).unwrap();
            for (found, wanted) in vocals.iter().zip(&wanted) {
                assert!(worst(found, wanted, 1.0) < 1e-5);
            }
            assert_eq!(said.lock().unwrap().len(), sentences, "{said:?}");
        }
    }
}
