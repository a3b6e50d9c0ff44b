//! `parity`: compares every model on the device with the processor's own path in floats, and measures
//! how fast the device is in each kind of number. Exits with 1 when a bound is missed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::builder::RangedU64ValueParser;
use tch::{Cuda, Device, Kind, TchError};

use crate::cpu::Cpu;
use crate::device::{Choice, LIBTORCH};
use crate::excerpts::{Excerpt, Excerpts};
use crate::gpu::Gpu;
use crate::layers::Mode;
use crate::model::{GRID, Model};
use crate::output_region::OutputRegion;
use crate::parity_report::{
    KINDS, KindReport, MeasuredKind, ModelReport, ParityReport, Reference, difference, missed, print,
};
use crate::separator::BATCH;
use crate::weights;
use croon::judge::sdr;
use croon::separate::models;

/// NVIDIA's libraries round floats to 11 bits in convolutions unless this is 0.
const TF32: &str = "NVIDIA_TF32_OVERRIDE";

#[derive(Debug, clap::Args)]
pub struct ParityArgs {
    /// Folder with models
    #[arg(long)]
    pub models: Option<PathBuf>,
    /// Names of the models [default: every model in the folder]
    #[arg(long)]
    pub model: Vec<String>,
    /// Windows of 8.9 seconds to compare
    #[arg(long, default_value = "8", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub windows: usize,
    /// Audio files, or folders with songs whose stems are known [default: a synthetic mixture]
    #[arg(long, num_args = 1..)]
    pub audio: Vec<PathBuf>,
    /// Windows in one pass when speed is measured [default: 8 on a GPU, 1 on a processor]
    #[arg(long)]
    pub batch: Option<usize>,
    /// Let NVIDIA's libraries use TF32 for floats, as `serve` does; floats then miss their bound
    #[arg(long)]
    pub tf32: bool,
    /// For programs instead of people
    #[arg(long)]
    pub json: bool,
}

/// Switches TF32 off, so that floats are floats on a card. Must come before the device is chosen: the
/// libraries read the variable when they are loaded.
#[expect(
    clippy::disallowed_methods,
    reason = "libtorch takes this setting from the environment alone"
)]
pub fn prepare(args: &ParityArgs) {
    if !args.tf32 && std::env::var_os(TF32).is_none() {
        // SAFETY: called at the start of `main`, before any other thread exists.
        unsafe { std::env::set_var(TF32, "0") };
    }
}

pub fn parity(args: &ParityArgs, choice: &Choice) -> Result<()> {
    tch::set_num_threads(1);
    let on_card = choice.device.is_cuda();
    if on_card {
        Cuda::cudnn_set_benchmark(true);
    }
    let excerpts = Excerpts::read(&args.audio, args.windows)?;
    let batch = args.batch.unwrap_or(if on_card { BATCH } else { 1 }).clamp(1, 64);
    let mut report = ParityReport {
        version: env!("CARGO_PKG_VERSION"),
        libtorch: LIBTORCH,
        device: choice.name.clone(),
        why: choice.why.clone(),
        source: excerpts.source,
        batch,
        tf32: std::env::var_os(TF32).is_none_or(|value| value != "0"),
        models: Vec::new(),
        missed: Vec::new(),
    };
    if !args.json {
        println!("device    {} ({})", report.device, report.why);
        println!("audio     {}", report.source);
        println!("passes    {batch} windows at once");
    }
    for manifest in manifests(args)? {
        match compare(&manifest, choice.device, &excerpts.windows, batch) {
            Ok(model) => {
                report.missed.extend(missed(&model));
                if !args.json {
                    print(&model);
                }
                report.models.push(model);
            }
            Err(err) => report.missed.push(format!("{}: {err:#}", manifest.display())),
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    if !report.missed.is_empty() {
        bail!("{}", report.missed.join("; "));
    }
    Ok(())
}

/// The manifests of the models asked for, or all those of the first folder that has any.
fn manifests(args: &ParityArgs) -> Result<Vec<PathBuf>> {
    if !args.model.is_empty() {
        let found = args.model.iter().map(|name| {
            let path = weights::find(args.models.as_deref(), name)?;
            Ok(path)
        });
        return found.collect();
    }
    let folders = args
        .models
        .as_ref()
        .map_or_else(models::folders, |folder| vec![folder.clone()]);
    folders
        .iter()
        .map(|folder| manifests_in(folder))
        .find(|found| !found.is_empty())
        .with_context(|| format!("there are no models in {folders:?}; name their folder with --models"))
}

fn manifests_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    found.sort();
    found
}

fn compare(manifest: &Path, device: Device, windows: &[Excerpt], batch: usize) -> Result<ModelReport> {
    let loaded = weights::load(manifest)?;
    let region = OutputRegion::taken(loaded.model.gate.map_or(0, |gate| gate.reach));
    let mut processor = Cpu::new(loaded.model.share(), Mode::Folded, region.clone())?;
    let start = Instant::now();
    let reference: Vec<Vec<f32>> = windows
        .iter()
        .map(|excerpt| processor.separate(&excerpt.mixture))
        .collect::<Result<_, _>>()?;
    let times_real_time = speed(windows.len(), start.elapsed());
    let scores = seconds(windows, &reference, &region);
    let kinds = KINDS
        .iter()
        .map(|&(kind, name)| {
            let measured = measure(&loaded.model, device, kind, windows, batch, &reference, &scores);
            let problem = measured.as_ref().err().map(ToString::to_string);
            KindReport {
                kind: name,
                measured: measured.ok(),
                problem,
            }
        })
        .collect();
    Ok(ModelReport {
        name: loaded.manifest.name,
        sha256: loaded.manifest.sha256,
        parameters: loaded.parameters,
        reference: Reference {
            times_real_time,
            sdr_db: sdr::median(scores.into_iter().flatten()),
        },
        kinds,
    })
}

fn measure(
    model: &Model,
    device: Device,
    kind: Kind,
    windows: &[Excerpt],
    batch: usize,
    reference: &[Vec<f32>],
    reference_scores: &[Option<f64>],
) -> Result<MeasuredKind, TchError> {
    let region = OutputRegion::taken(model.gate.map_or(0, |gate| gate.reach));
    let mut card = Gpu::new(model, device, kind, Mode::Folded, region.clone())?;
    let mixtures: Vec<&[f32]> = windows.iter().map(|excerpt| &excerpt.mixture[..]).collect();
    let mut vocals = Vec::with_capacity(windows.len());
    let begun = Instant::now();
    let mut first_pass = None;
    for together in mixtures.chunks(batch) {
        vocals.extend(card.separate(together)?);
        first_pass.get_or_insert_with(|| begun.elapsed());
    }
    let scores = seconds(windows, &vocals, &region);
    let changes = scores.iter().zip(reference_scores);
    let changes: Vec<f64> = changes.filter_map(|(a, b)| Some((*a)? - (*b)?)).collect();
    let sdr_change_db = (!changes.is_empty()).then(|| changes.iter().sum::<f64>() / changes.len() as f64);
    let pass: Vec<&[f32]> = mixtures.iter().copied().cycle().take(batch).collect();
    Ok(MeasuredKind {
        difference: difference(reference, &vocals),
        sdr_db: sdr::median(scores.into_iter().flatten()),
        sdr_change_db,
        first_pass_seconds: first_pass.unwrap_or_default().as_secs_f64(),
        times_real_time: speed(batch, median_pass(&mut card, &pass)?),
        device_memory_mb: device.is_cuda().then(device_memory_mb).flatten(),
    })
}

/// Median time of passes one after the other, as the worker of `serve` computes them. Each ends with its
/// vocals in the host's memory, so nothing is left to wait for.
fn median_pass(card: &mut Gpu, windows: &[&[f32]]) -> Result<Duration, TchError> {
    const LONG_ENOUGH: Duration = Duration::from_millis(1500);
    // The first pass of this size plans and allocates.
    card.separate(windows)?;
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || (begun.elapsed() < LONG_ENOUGH && times.len() < 100) {
        let start = Instant::now();
        card.separate(windows)?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// Seconds of new music per second: the cores of windows, not the context they are computed with.
fn speed(windows: usize, time: Duration) -> f64 {
    (windows * GRID.core) as f64 / f64::from(GRID.rate) / time.as_secs_f64()
}

/// SDR of each second of the part of the windows that a player takes, where the true vocals are known.
fn seconds(windows: &[Excerpt], vocals: &[Vec<f32>], region: &OutputRegion) -> Vec<Option<f64>> {
    let range = 2 * region.samples.start..2 * region.samples.end;
    let known = windows.iter().zip(vocals);
    known
        .filter_map(|(excerpt, found)| Some((excerpt.vocals.as_ref()?, found)))
        .flat_map(|(truth, found)| {
            sdr::windows(&truth[range.clone()], &found[range.clone()], GRID.rate as usize)
        })
        .collect()
}

/// Memory in use on the first card. tch does not bind torch's own statistics.
fn device_memory_mb() -> Option<u64> {
    let asked = Command::new("nvidia-smi")
        .args(["--query-gpu=memory.used", "--format=csv,noheader,nounits"])
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&asked.stdout);
    said.lines().next()?.trim().parse().ok()
}
