//! Turns a run's best state into the pair of files that croon loads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tch::Device;

use crate::checkpoint::{Checkpoint, RunFolder};
use crate::gate::Gate;
use crate::log;
use crate::manifest::{Manifest, Measured, Training};
use crate::model::{GRID, WINDOW_FRAMES};
use crate::network::Design;
use crate::recording::{HOP, N_FFT};
use crate::weights;
use croon::separate::models;

const LICENCE: &str =
    "MIT OR Apache-2.0 for the weights as such; see MODEL_CARD.md for what they were trained on";

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Folder of the run
    #[arg(long)]
    pub run: PathBuf,
    /// Folder for the two files
    #[arg(long)]
    pub into: PathBuf,
    /// Their name [default: that of the run's model]
    #[arg(long, value_parser = models::new_name)]
    pub name: Option<String>,
    /// Take the newest state instead of the best by validation
    #[arg(long)]
    pub last: bool,
    /// Measured median SDR of the vocals in dB, for the manifest
    #[arg(long, requires = "accompaniment_sdr", allow_negative_numbers = true)]
    pub vocals_sdr: Option<f64>,
    /// Measured median SDR of the accompaniment in dB
    #[arg(long, requires = "vocals_sdr", allow_negative_numbers = true)]
    pub accompaniment_sdr: Option<f64>,
    /// What they were measured on
    #[arg(long, default_value = "25 test clips of MUSDB18-7s")]
    pub on: String,
}

impl ExportArgs {
    /// The best of a run under its model's name, unmeasured.
    pub fn plain(run: &Path, into: &Path) -> Self {
        Self {
            run: run.to_path_buf(),
            into: into.to_path_buf(),
            name: None,
            last: false,
            vocals_sdr: None,
            accompaniment_sdr: None,
            on: String::new(),
        }
    }
}

/// A manifest of this engine's kind; the checksum comes with the weights. `training` is `None` for weights that
/// were imported.
pub fn manifest(name: &str, design: Design, training: Option<Training>) -> Manifest {
    Manifest {
        name: name.into(),
        weights: format!("{name}.safetensors"),
        sha256: String::new(),
        licence: LICENCE.into(),
        rate: GRID.rate,
        n_fft: N_FFT,
        hop: HOP,
        frames: WINDOW_FRAMES,
        window: GRID.window,
        core: GRID.core,
        fade: GRID.fade,
        design,
        gate: None,
        training,
        origin: None,
        measured: None,
    }
}

/// What the state itself was judged at last, in dB. The state remembers the best of its run, which it need not be.
fn validation_sdr(folder: &RunFolder, state: &Checkpoint) -> Option<f64> {
    let rows = log::read(&folder.log()).unwrap_or_default();
    let judged = rows.iter().rev().filter(|row| row.step <= state.step);
    judged.filter_map(|row| row.validation_sdr).next()
}

pub fn export(args: &ExportArgs) -> Result<()> {
    let folder = RunFolder(args.run.clone());
    let plan = folder
        .read_plan()?
        .with_context(|| format!("{} holds no training run", args.run.display()))?;
    let path = if args.last || !folder.best().exists() {
        folder.last()
    } else {
        folder.best()
    };
    let state = Checkpoint::load(&plan, &path, Device::Cpu)?;
    let training = Training {
        steps: state.step,
        minutes: (state.seconds / 6.0).round() / 10.0,
        data_minutes: plan.data_minutes.round(),
        validation_sdr: validation_sdr(&folder, &state).map_or(0.0, |sdr| (sdr * 100.0).round() / 100.0),
    };
    let mut manifest = manifest(
        args.name.as_deref().unwrap_or(&plan.model),
        plan.design.clone(),
        Some(training),
    );
    if let Some((vocals_sdr, accompaniment_sdr)) = args.vocals_sdr.zip(args.accompaniment_sdr) {
        manifest.measured = Some(Measured {
            vocals_sdr,
            accompaniment_sdr,
            on: args.on.clone(),
        });
    }
    // The plain design stays what it was published as: a mask alone.
    manifest.gate = (plan.model != models::UNET_MASK).then_some(Gate::STANDARD);
    let manifest = weights::save(&state.averaged()?, manifest, Path::new(&args.into))?;
    println!(
        "{}/{} from step {}, sha256 {}",
        args.into.display(),
        manifest.weights,
        state.step,
        manifest.sha256
    );
    Ok(())
}
