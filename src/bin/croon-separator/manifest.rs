//! The manifest of a model: what the file of weights beside it holds, and how it was made.

use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::network::Design;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub name: String,
    /// The weights' file, beside this one.
    pub weights: String,
    pub sha256: String,
    pub licence: String,
    pub rate: u32,
    pub n_fft: usize,
    pub hop: usize,
    pub frames: usize,
    pub window: usize,
    pub core: usize,
    pub fade: usize,
    #[serde(flatten)]
    pub design: Design,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// `None` for weights that were not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// `None` for weights that were trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    pub steps: u64,
    pub minutes: f64,
    /// Minutes of recordings it was trained on.
    pub data_minutes: f64,
    /// Mean over the held-out songs of the vocals' SDR in dB.
    pub validation_sdr: f64,
}

/// Where imported weights come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// What they are and who made them.
    pub source: String,
    /// The file they were read from, and its checksum.
    pub file: String,
    pub sha256: String,
    /// Their licence and copyright notice.
    pub licence: String,
}

/// SDR medians in dB, as `croon eval` gives them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub vocals_sdr: f64,
    pub accompaniment_sdr: f64,
    pub on: String,
}
