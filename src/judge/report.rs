//! What a run of judging found: a row per song, medians per method, as text, JSON and CSV.

mod csv;
mod text;

use serde::Serialize;

use super::bss::BssWindow;
use super::scores::{Scores, StemScores};
use super::sdr::median;

/// Everything, as the JSON file has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of croon.
    pub croon: String,
    /// What the figures are.
    pub definitions: Definitions,
    pub judged: Judged,
    pub songs: Vec<ReportRow>,
    /// Songs that could not be judged, or not in full.
    pub problems: Vec<Problem>,
    /// Over songs, method by method.
    pub medians: Vec<Method>,
    /// Over songs; MDX and SDX quote the mean of the whole-song SDR.
    pub means: Vec<Method>,
    /// Of this program, in bytes; `None` where the system does not tell.
    pub peak_memory: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Definitions {
    pub sdr_isr_sir_sar: &'static str,
    pub whole_sdr: &'static str,
    pub si_sdr: &'static str,
    pub leak: &'static str,
}

/// The definitions of every report.
pub const DEFINITIONS: Definitions = Definitions {
    sdr_isr_sir_sar: "BSS Eval v4 as in museval 0.4: windows of 1 s, filters of 512 taps on the whole song; medians over windows, dB",
    whole_sdr: "10 log10 of (energy of the reference + 1e-7) / (energy of the difference + 1e-7) over the whole song, dB (MDX, SDX)",
    si_sdr: "scale-invariant SDR over the whole song, both sides as one signal, dB",
    leak: "energy of the vocals estimate in seconds whose reference is below -60 dBFS, relative to the mixture there, dB, not below -120",
};

/// Whose estimates were judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    Engine {
        version: String,
        model: String,
        model_sha256: String,
        device: String,
        why: String,
        /// The largest of the engine's lives, in bytes; `None` where the system does not tell.
        peak_memory: Option<u64>,
    },
    /// Stems found in a folder.
    Folder { path: String },
}

impl Judged {
    /// What its rows are called.
    pub fn name(&self) -> &str {
        match self {
            Self::Engine { model, .. } => model,
            Self::Folder { .. } => "estimates",
        }
    }
}

/// One song.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportRow {
    pub song: String,
    pub seconds: f64,
    /// What the engine took for it, from the first question to the last answer.
    pub took: Option<f64>,
    pub times_real_time: Option<f64>,
    /// The judged estimate first, then the baselines.
    pub methods: Vec<Method>,
    /// Of the judged estimate.
    pub vocals_windows: Vec<BssWindow>,
    pub accompaniment_windows: Vec<BssWindow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Method {
    pub method: String,
    #[serde(flatten)]
    pub scores: Scores,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub song: String,
    pub reason: String,
}

/// Medians and means over songs of every method.
pub fn summary(rows: &[ReportRow]) -> (Vec<Method>, Vec<Method>) {
    let of = |statistic: fn(Vec<f64>) -> Option<f64>| -> Vec<Method> {
        let methods = rows.first().map_or(&[][..], |row| &row.methods);
        methods
            .iter()
            .enumerate()
            .map(|(at, Method { method, .. })| Method {
                method: method.clone(),
                scores: over(rows.iter().filter_map(|row| row.methods.get(at)), statistic),
            })
            .collect()
    };
    (of(median), of(mean))
}

fn over<'a>(
    methods: impl Iterator<Item = &'a Method> + Clone,
    statistic: fn(Vec<f64>) -> Option<f64>,
) -> Scores {
    let figure = |pick: &dyn Fn(&Scores) -> Option<f64>| {
        statistic(
            methods
                .clone()
                .filter_map(|method| pick(&method.scores))
                .collect(),
        )
    };
    let stem = |stem: fn(&Scores) -> &StemScores| StemScores {
        sdr: figure(&|scores| stem(scores).sdr),
        isr: figure(&|scores| stem(scores).isr),
        sir: figure(&|scores| stem(scores).sir),
        sar: figure(&|scores| stem(scores).sar),
        whole_sdr: figure(&|scores| stem(scores).whole_sdr),
        si_sdr: figure(&|scores| stem(scores).si_sdr),
    };
    Scores {
        vocals: stem(|scores| &scores.vocals),
        accompaniment: stem(|scores| &scores.accompaniment),
        leak: figure(&|scores| scores.leak),
    }
}

fn mean(values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The figures of a stem under their names in the files, in the order they are shown.
fn figures(scores: &StemScores) -> [(&'static str, Option<f64>); 6] {
    [
        ("sdr", scores.sdr),
        ("isr", scores.isr),
        ("sir", scores.sir),
        ("sar", scores.sar),
        ("whole_sdr", scores.whole_sdr),
        ("si_sdr", scores.si_sdr),
    ]
}

#[cfg(test)]
mod tests;
