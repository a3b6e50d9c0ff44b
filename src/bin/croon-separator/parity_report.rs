//! What `parity` reports: figures of a model in each kind of number, and the bounds they must keep.

use serde::Serialize;
use tch::Kind;

/// Largest difference of floats from the reference, relative to its peak.
const FLOAT_BOUND: f64 = 1e-3;
/// SDR in dB that halves may cost.
const HALF_BOUND_DB: f64 = 0.02;
/// SDR in dB of the estimate that a difference is assumed to spoil where the true vocals are not known:
/// twice what the bundled models reach.
const ASSUMED_SDR_DB: f64 = 16.0;
/// What a network may compute in, and its name in reports.
pub const KINDS: [(Kind, &str); 3] = [
    (Kind::Float, "float32"),
    (Kind::Half, "float16"),
    (Kind::BFloat16, "bfloat16"),
];

#[derive(Debug, Serialize)]
pub struct ParityReport {
    pub version: &'static str,
    pub libtorch: &'static str,
    pub device: String,
    pub why: String,
    pub source: String,
    pub batch: usize,
    pub tf32: bool,
    pub models: Vec<ModelReport>,
    /// A sentence for each bound that was missed.
    pub missed: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ModelReport {
    pub name: String,
    pub sha256: String,
    pub parameters: usize,
    pub reference: Reference,
    pub kinds: Vec<KindReport>,
}

/// The processor's path in floats.
#[derive(Debug, Serialize)]
pub struct Reference {
    pub times_real_time: f64,
    /// Median over seconds, where the true vocals are known.
    pub sdr_db: Option<f64>,
}

#[derive(Debug, Serialize)]
pub struct KindReport {
    pub kind: &'static str,
    pub measured: Option<MeasuredKind>,
    /// Why there are no figures.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MeasuredKind {
    pub difference: Difference,
    /// Median over seconds, where the true vocals are known.
    pub sdr_db: Option<f64>,
    /// Mean over seconds of this kind's SDR minus the reference's.
    pub sdr_change_db: Option<f64>,
    /// How long the first pass took, in which a card plans its convolutions.
    pub first_pass_seconds: f64,
    pub times_real_time: f64,
    /// Memory in use on the card afterwards, by all programs; torch keeps the most it needed so far.
    pub device_memory_mb: Option<u64>,
}

/// How far vocals are from the reference's.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Difference {
    /// Relative to the reference's peak.
    pub largest: f64,
    pub snr_db: f64,
    /// What it costs an estimate of 16 dB SDR.
    pub implied_cost_db: f64,
}

/// Compares the vocals of the same windows.
pub fn difference(reference: &[Vec<f32>], found: &[Vec<f32>]) -> Difference {
    let (mut peak, mut largest) = (0.0_f64, 0.0_f64);
    let (mut signal, mut apart) = (0.0_f64, 0.0_f64);
    for (a, b) in reference.iter().flatten().zip(found.iter().flatten()) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        peak = peak.max(a.abs());
        // Not `max`, which passes over what is no number.
        let off = (a - b).abs();
        if off.is_nan() || off > largest {
            largest = off;
        }
        signal += a * a;
        apart += (a - b) * (a - b);
    }
    let snr_db = 10.0 * (signal / apart).log10();
    Difference {
        largest: largest / peak,
        snr_db,
        implied_cost_db: 10.0 * 10_f64.powf((ASSUMED_SDR_DB - snr_db) / 10.0).ln_1p()
            / std::f64::consts::LN_10,
    }
}

/// The bounds that a model misses, in words.
pub fn missed(model: &ModelReport) -> Vec<String> {
    model
        .kinds
        .iter()
        .filter_map(|report| {
            let reason = match (&report.measured, &report.problem) {
                (Some(measured), _) => beyond(report.kind, measured)?,
                (None, problem) => problem.clone().unwrap_or_else(|| "not measured".into()),
            };
            Some(format!("{} in {}: {reason}", model.name, report.kind))
        })
        .collect()
}

fn beyond(kind: &str, measured: &MeasuredKind) -> Option<String> {
    let (name, value, bound) = if kind == KINDS[0].1 {
        (
            "largest relative difference",
            measured.difference.largest,
            FLOAT_BOUND,
        )
    } else if let Some(change) = measured.sdr_change_db {
        ("change of SDR in dB", change.abs(), HALF_BOUND_DB)
    } else {
        (
            "implied cost of SDR in dB",
            measured.difference.implied_cost_db,
            HALF_BOUND_DB,
        )
    };
    // What is no number is beyond any bound.
    (value.is_nan() || value > bound)
        .then(|| format!("{name} is {value:.2e}, at most {bound:.0e} is allowed"))
}

/// Prints the figures of a model for people.
pub fn print(model: &ModelReport) {
    let known = |sdr: Option<f64>| sdr.map_or_else(String::new, |sdr| format!(", {sdr:.3} dB SDR"));
    let reference = &model.reference;
    println!(
        "{}: the processor's path is {:.1} times real time on one core{}",
        model.name,
        reference.times_real_time,
        known(reference.sdr_db)
    );
    for KindReport {
        kind,
        measured,
        problem,
    } in &model.kinds
    {
        let Some(measured) = measured else {
            println!("  {kind:8}  {}", problem.as_deref().unwrap_or_default());
            continue;
        };
        let change = measured
            .sdr_change_db
            .map_or_else(String::new, |change| format!(" ({change:+.4} dB)"));
        let memory = measured
            .device_memory_mb
            .map_or_else(String::new, |mb| format!(", {mb} MB in use on the card"));
        println!(
            "  {kind:8}  {:.1} times real time, first pass {:.2} s; largest difference {:.1e}, {:.1} dB SNR, implied cost {:.4} dB{}{change}{memory}",
            measured.times_real_time,
            measured.first_pass_seconds,
            measured.difference.largest,
            measured.difference.snr_db,
            measured.difference.implied_cost_db,
            known(measured.sdr_db),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_by_its_largest_sample_its_energy_and_its_cost() {
        let reference = vec![vec![0.5_f32, -1.0, 0.5, 0.0]];
        let found = vec![vec![0.5_f32, -0.99, 0.5, 0.0]];
        let Difference {
            largest,
            snr_db,
            implied_cost_db,
        } = difference(&reference, &found);
        assert!((largest - 0.01).abs() < 1e-6, "{largest}");
        assert!((snr_db - 41.76).abs() < 0.01, "{snr_db}");
        assert!((implied_cost_db - 0.0115).abs() < 1e-3, "{implied_cost_db}");
        let broken = difference(&reference, &[vec![0.5, f32::NAN, 0.5, 0.0]]);
        assert!(broken.largest.is_nan() && broken.snr_db.is_nan());
        assert_eq!(difference(&reference, &reference).implied_cost_db, 0.0);
    }

    #[test]
    fn a_missed_bound_is_named_and_true_vocals_count_before_an_assumption() {
        let measured = MeasuredKind {
            difference: Difference {
                largest: 2e-3,
                snr_db: 35.0,
                implied_cost_db: 0.05,
            },
            sdr_db: None,
            sdr_change_db: None,
            first_pass_seconds: 0.1,
            times_real_time: 1.0,
            device_memory_mb: None,
        };
        let of = |kind: &str, measured: &MeasuredKind| beyond(kind, measured);
        assert!(of("float32", &measured).unwrap().contains("2.00e-3"));
        assert!(of("float16", &measured).unwrap().contains("implied"));
        let known = MeasuredKind {
            sdr_change_db: Some(-0.01),
            ..measured.clone()
        };
        assert_eq!(of("bfloat16", &known), None);
        let worse = MeasuredKind {
            sdr_change_db: Some(-0.03),
            ..measured.clone()
        };
        assert!(of("bfloat16", &worse).unwrap().contains("change of SDR"));
        let mut broken = measured;
        broken.difference.largest = f64::NAN;
        assert!(of("float32", &broken).is_some());
    }
}
