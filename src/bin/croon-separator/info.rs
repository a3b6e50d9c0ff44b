//! `info`: what this engine runs on, which model it has, and how fast both are together.

use std::time::Instant;

use anyhow::Result;
use croon::judge::sdr;
use serde::Serialize;

use crate::device::{Choice, LIBTORCH};
use crate::layers::Mode;
use crate::model::{self, GRID};
use crate::rng::Rng;
use crate::serve::ModelArgs;
use crate::weights::Measured;

#[derive(Debug, clap::Args)]
pub struct InfoArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// For programs instead of people
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Info {
    version: &'static str,
    libtorch: &'static str,
    device: String,
    why: String,
    model: Option<ModelInfo>,
    /// Why there is no model.
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct ModelInfo {
    name: String,
    sha256: String,
    parameters: usize,
    measured: Option<Measured>,
    /// Times real time of one worker, measured now; the cores of a processor work side by side.
    times_real_time: f64,
}

pub fn info(args: &InfoArgs, choice: &Choice) -> Result<()> {
    tch::set_num_threads(1);
    let (model, problem) = match args.model.load(choice) {
        Ok(loaded) => {
            let times_real_time = speed(&loaded.model)?;
            let parameters = loaded
                .model
                .network
                .layers
                .parameters
                .values()
                .map(tch::Tensor::numel)
                .sum();
            let known = loaded.manifest;
            let (name, sha256, measured) = (known.name, known.sha256, known.measured);
            (
                Some(ModelInfo {
                    name,
                    sha256,
                    parameters,
                    measured,
                    times_real_time,
                }),
                None,
            )
        }
        Err(err) => (None, Some(err.to_string())),
    };
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        libtorch: LIBTORCH,
        device: choice.name.clone(),
        why: choice.why.clone(),
        model,
        problem,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&info)?);
    } else {
        println!("croon-separator {}, libtorch {}", info.version, info.libtorch);
        println!("device    {} ({})", info.device, info.why);
        if let Some(model) = &info.model {
            println!(
                "model     {}, {} parameters, sha256 {}",
                model.name, model.parameters, model.sha256
            );
            if let Some(measured) = &model.measured {
                let (vocals, rest) = (measured.vocals_sdr, measured.accompaniment_sdr);
                println!(
                    "quality   vocals {vocals:.1} dB, accompaniment {rest:.1} dB SDR on {}",
                    measured.on
                );
            }
            println!("speed     {:.1} times real time a worker", model.times_real_time);
        }
        if let Some(problem) = &info.problem {
            println!("model     none: {problem}");
        }
    }
    Ok(())
}

/// Seconds of new music per second: the core of a window, not the context it is computed with.
fn speed(model: &model::Model) -> Result<f64> {
    let mut stft = model::stft();
    let mut rng = Rng::new(1);
    let window: Vec<f32> = (0..2 * GRID.window).map(|_| rng.normal(0.0, 0.1)).collect();
    let mut times = Vec::new();
    for _ in 0..4 {
        let start = Instant::now();
        model.separate(&mut stft, &[&window], Mode::Folded)?;
        times.push(start.elapsed().as_secs_f64());
    }
    // The first pass also plans and allocates.
    let median = sdr::median(times.into_iter().skip(1)).unwrap_or(f64::INFINITY);
    Ok(GRID.core as f64 / f64::from(GRID.rate) / median)
}
