//! What a training run keeps in its folder: `plan.json` (what was asked for), `last.safetensors`
//! (everything needed to go on), `good.safetensors` (the one before), `best.safetensors` (the best by
//! validation), `log.csv` and `report.svg`. Whatever a run could not go on without is written under
//! another name and renamed: a crash or a full disk costs the new state, never the old one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, TchError, Tensor};

use crate::adamw::{self, AdamW};
use crate::layers::{Layers, Mode, Tensors};
use crate::model::Model;
use crate::network::{Design, Network};
use croon::files::{self, PartFile};

/// What a run is, fixed when it starts; only its length may be changed later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingPlan {
    pub model: String,
    #[serde(flatten)]
    pub design: Design,
    pub precision: Precision,
    pub seed: u64,
    /// Examples a step, an even number.
    pub batch: usize,
    /// STFT frames of an example.
    pub frames: usize,
    pub rate: f64,
    pub length: Length,
    /// Share of the run, at its end, that sees songs only.
    pub polish: f64,
    /// Minutes of material that it trains on; for the manifest.
    pub data_minutes: f64,
    /// The statistics of the batch normalisations stay those it began with: networks that were trained on far more
    /// music than this run sees lose by the statistics of small batches at once.
    #[serde(default)]
    pub keep_statistics: bool,
}

/// What the network computes in while it trains; its weights are always kept as floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    Single,
    Bf16,
}

impl Precision {
    /// bfloat16 where it is faster: on a GPU, and on processors with instructions for it.
    pub fn best(device: Device) -> Self {
        #[cfg(target_arch = "x86_64")]
        let processor = std::arch::is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        let processor = false;
        if device.is_cuda() || processor {
            Self::Bf16
        } else {
            Self::Single
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Self::Single => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }
}

/// When a run is over; its learning rate falls towards that point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Length {
    Steps(u64),
    Minutes(f64),
}

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("{path}: {detail}; the run folder must be readable and writable")]
    Io { path: PathBuf, detail: String },
    #[error(
        "{path} cannot be written: {detail}. What was saved before stays as it is; make room, or mend its rights, and give the same command again"
    )]
    Unsaved { path: PathBuf, detail: String },
    #[error(
        "{path} is no state of a training of this version: {detail}; choose another run folder, or put good.safetensors in its place"
    )]
    Foreign { path: PathBuf, detail: String },
    #[error(
        "those weights are of another network ({found}) than this run trains ({wanted}); choose the same with --model"
    )]
    OtherDesign { wanted: String, found: String },
    #[error(transparent)]
    Torch(#[from] TchError),
}

/// A training at a step.
pub struct Checkpoint {
    pub model: Model,
    pub average: Tensors,
    pub precision: Precision,
    /// How a step treats the batch normalisations.
    pub mode: Mode,
    pub adam: AdamW,
    pub step: u64,
    /// Seconds trained, over all sittings.
    pub seconds: f64,
    /// Best validation SDR so far.
    pub best: f64,
}

impl Checkpoint {
    pub fn fresh(plan: &TrainingPlan, whitening: Tensor, device: Device) -> Result<Self, CheckpointError> {
        let mut network = Network::new(plan.design.clone(), plan.seed);
        network.layers.move_to(device)?;
        let average = adamw::copies(&network.layers.parameters)?;
        let adam = AdamW::new(&network.layers.parameters)?;
        let model = Model {
            network,
            whitening: whitening.f_to_device(device)?,
            gate: None,
            device,
        };
        let mut state = Self {
            model,
            precision: plan.precision,
            mode: if plan.keep_statistics {
                Mode::Evaluate
            } else {
                Mode::Train
            },
            average,
            adam,
            step: 0,
            seconds: 0.0,
            best: f64::NEG_INFINITY,
        };
        state.learn()?;
        Ok(state)
    }

    /// A training that begins with a finished model's weights; their average is these weights.
    ///
    /// # Errors
    /// A model that does not fit, or lack of memory.
    pub fn from_model(plan: &TrainingPlan, model: Model, device: Device) -> Result<Self, CheckpointError> {
        let mut network = Network::new(plan.design.clone(), plan.seed);
        network
            .adopt(&model.network)
            .map_err(|err| CheckpointError::OtherDesign {
                wanted: format!("{:?}", plan.design),
                found: format!("{:?}, {err}", model.network.design),
            })?;
        let mut state = Self::fresh(plan, model.whitening, device)?;
        state.model.network = network;
        state.model.network.layers.move_to(device)?;
        state.average = adamw::copies(&state.model.network.layers.parameters)?;
        state.learn()?;
        Ok(state)
    }

    /// Marks the parameters as what gradients are wanted for.
    fn learn(&mut self) -> Result<(), TchError> {
        for tensor in self.model.network.layers.parameters.values_mut() {
            *tensor = tensor.f_detach()?.f_set_requires_grad(true)?;
        }
        Ok(())
    }

    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        write_tensors(&self.tensors()?, path)
    }

    fn tensors(&self) -> Result<Vec<(String, Tensor)>, TchError> {
        let groups = [
            ("parameter", &self.model.network.layers.parameters),
            ("statistic", &self.model.network.layers.statistics),
            ("average", &self.average),
            ("first", &self.adam.first),
            ("second", &self.adam.second),
        ];
        let mut tensors = Vec::new();
        for (group, members) in groups {
            for (key, tensor) in members {
                tensors.push((
                    format!("{group}/{key}"),
                    tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?,
                ));
            }
        }
        tensors.push((
            "whitening".into(),
            self.model.whitening.f_to_device(Device::Cpu)?.f_contiguous()?,
        ));
        tensors.push(("step".into(), Tensor::from_slice(&[self.step as i64])));
        tensors.push(("clock".into(), Tensor::from_slice(&[self.seconds, self.best])));
        Ok(tensors)
    }

    pub fn load(plan: &TrainingPlan, path: &Path, device: Device) -> Result<Self, CheckpointError> {
        let foreign = |detail: String| CheckpointError::Foreign {
            path: path.to_path_buf(),
            detail,
        };
        let mut tensors: Tensors = Tensor::read_safetensors(path)
            .map_err(|err| foreign(err.to_string()))?
            .into_iter()
            .collect();
        let whitening = tensors
            .remove("whitening")
            .ok_or_else(|| foreign("it has no whitening curve".into()))?;
        let mut state = Self::fresh(plan, whitening, device)?;
        let step = tensors
            .remove("step")
            .ok_or_else(|| foreign("it has no step".into()))?;
        state.step = step.f_int64_value(&[0])?.max(0) as u64;
        let clock = tensors
            .remove("clock")
            .ok_or_else(|| foreign("it has no clock".into()))?;
        state.seconds = clock.f_double_value(&[0])?;
        state.best = clock.f_double_value(&[1])?;
        let groups = [
            ("parameter", &mut state.model.network.layers.parameters),
            ("statistic", &mut state.model.network.layers.statistics),
            ("average", &mut state.average),
            ("first", &mut state.adam.first),
            ("second", &mut state.adam.second),
        ];
        for (group, members) in groups {
            for (key, tensor) in members {
                let stored = tensors.get(&format!("{group}/{key}"));
                let stored = stored.ok_or_else(|| foreign(format!("it has no {group} of {key}")))?;
                if stored.size() != tensor.size() {
                    return Err(foreign(format!("{key} has another size")));
                }
                *tensor = stored.f_to_device(device)?;
            }
        }
        state.learn()?;
        Ok(state)
    }

    /// The averaged model, which validation judges and export publishes.
    pub fn averaged(&self) -> Result<Model, TchError> {
        Ok(Model {
            network: Network {
                design: self.model.network.design.clone(),
                layers: Layers {
                    parameters: adamw::copies(&self.average)?,
                    statistics: adamw::copies(&self.model.network.layers.statistics)?,
                },
            },
            whitening: self.model.whitening.shallow_clone(),
            gate: None,
            device: self.model.device,
        })
    }
}

/// Written beside and renamed, so that the file is whole at any moment.
pub fn write_tensors(tensors: &[(String, Tensor)], path: &Path) -> Result<(), CheckpointError> {
    write_part(tensors, path)?
        .commit()
        .map_err(|err| unsaved(path, err))
}

/// Writes the tensors beside `path` and syncs them, without replacing `path` yet.
fn write_part(tensors: &[(String, Tensor)], path: &Path) -> Result<PartFile, CheckpointError> {
    let part = PartFile::create(path).map_err(|err| unsaved(path, err))?;
    Tensor::write_safetensors(tensors, part.path()).map_err(|err| unsaved(path, err))?;
    part.sync().map_err(|err| unsaved(path, err))?;
    Ok(part)
}

fn unsaved(path: &Path, err: impl ToString) -> CheckpointError {
    CheckpointError::Unsaved {
        path: path.to_path_buf(),
        detail: err.to_string(),
    }
}

/// The folder of a run.
pub struct RunFolder(pub PathBuf);

impl RunFolder {
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    pub fn last(&self) -> PathBuf {
        self.0.join("last.safetensors")
    }

    pub fn good(&self) -> PathBuf {
        self.0.join("good.safetensors")
    }

    pub fn best(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("log.csv")
    }

    pub fn read_plan(&self) -> Result<Option<TrainingPlan>, CheckpointError> {
        let path = self.plan();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(err) => {
                return Err(CheckpointError::Io {
                    path,
                    detail: err.to_string(),
                });
            }
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|err| CheckpointError::Foreign {
                path,
                detail: err.to_string(),
            })
    }

    pub fn write_plan(&self, plan: &TrainingPlan) -> Result<(), CheckpointError> {
        let path = self.plan();
        std::fs::create_dir_all(&self.0).map_err(|err| unsaved(&path, err))?;
        let text = serde_json::to_string_pretty(plan).map_err(|err| unsaved(&path, err))?;
        files::write(&path, text).map_err(|err| unsaved(&path, err))
    }

    /// Writes the new state whole, keeps what was last as good, and puts the new one in its place.
    pub fn save(&self, state: &Checkpoint) -> Result<(), CheckpointError> {
        let last = self.last();
        let part = write_part(&state.tensors()?, &last)?;
        if last.exists() {
            let good = self.good();
            std::fs::rename(&last, &good).map_err(|err| unsaved(&good, err))?;
        }
        part.commit().map_err(|err| unsaved(&last, err))
    }

    /// The newest state that reads.
    pub fn load(&self, plan: &TrainingPlan, device: Device) -> Result<Option<Checkpoint>, CheckpointError> {
        match (self.last().exists(), self.good().exists()) {
            (false, false) => Ok(None),
            (false, true) => Checkpoint::load(plan, &self.good(), device).map(Some),
            (true, false) => Checkpoint::load(plan, &self.last(), device).map(Some),
            (true, true) => Checkpoint::load(plan, &self.last(), device)
                .or_else(|_| Checkpoint::load(plan, &self.good(), device))
                .map(Some),
        }
    }
}
