//! `info`: what this engine runs on, which model it has, and how fast both are together.

use std::time::Instant;

use anyhow::Result;
use croon::judge::sdr;
use croon::text::{harmless_lines, printable};
use serde::Serialize;
use tch::Device;

use crate::device::{Choice, LIBTORCH};
use crate::manifest::Measured;
use crate::model::GRID;
use crate::pick::{ModelArgs, OpenedSeparators};
use crate::rng::Rng;
use crate::separator::{BATCH, Separator};
use crate::serve::cores;

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
    /// Why this model.
    why: String,
    sha256: String,
    fingerprint: String,
    parameters: usize,
    measured: Option<Measured>,
    /// Times real time of one worker, measured now; the cores of a processor work side by side.
    times_real_time: f64,
    /// Times real time of all workers side by side, where that was measured.
    all_workers: Option<f64>,
}

pub fn info(args: &InfoArgs, choice: &Choice) -> Result<()> {
    tch::set_num_threads(1);
    let mut choice = choice.clone();
    // As many threads as serve has by default, so that both choose alike.
    let (model, problem) = match args.model.pick(&choice, cores()) {
        Ok(picked) => {
            let OpenedSeparators {
                choice: used,
                mut separators,
            } = picked.opened;
            choice = used;
            separators.truncate(1);
            let times_real_time = speed(separators, choice.device)?;
            let parameters = picked.loaded.parameters;
            let known = picked.loaded.manifest;
            let (name, sha256, measured) = (known.name, known.sha256, known.measured);
            (
                Some(ModelInfo {
                    name,
                    why: picked.why,
                    sha256,
                    fingerprint: picked.fingerprint,
                    parameters,
                    measured,
                    times_real_time,
                    all_workers: picked.times_real_time,
                }),
                None,
            )
        }
        Err(err) => (None, Some(err.to_string())),
    };
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        libtorch: LIBTORCH,
        device: choice.name,
        why: choice.why,
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
                "model     {} ({}), {} parameters, sha256 {}",
                printable(&model.name),
                model.why,
                model.parameters,
                printable(&model.sha256)
            );
            if let Some(measured) = &model.measured {
                let (vocals, rest) = (measured.vocals_sdr, measured.accompaniment_sdr);
                println!(
                    "quality   vocals {vocals:.1} dB, accompaniment {rest:.1} dB SDR on {}",
                    printable(&measured.on)
                );
            }
            let all = model
                .all_workers
                .map_or_else(String::new, |speed| format!(", {speed:.1} with all of them"));
            println!(
                "speed     {:.1} times real time a worker{all}",
                model.times_real_time
            );
        }
        if let Some(problem) = &info.problem {
            println!("model     none: {}", harmless_lines(problem));
        }
    }
    Ok(())
}

/// Seconds of new music per second: the cores of windows, not the context they are computed with.
fn speed(separators: Vec<Separator>, device: Device) -> Result<f64> {
    let together = if device.is_cuda() { BATCH } else { 1 };
    let mut rng = Rng::new(1);
    let window: Vec<f32> = (0..2 * GRID.window).map(|_| rng.normal(0.0, 0.1)).collect();
    let windows = vec![&window[..]; together];
    let mut times = Vec::new();
    for mut separator in separators {
        for _ in 0..4 {
            let start = Instant::now();
            separator.separate(&windows)?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    // The first pass also plans and allocates.
    let median = sdr::median(times.into_iter().skip(1)).unwrap_or(f64::INFINITY);
    Ok((together * GRID.core) as f64 / f64::from(GRID.rate) / median)
}
