//! What is said of one estimate of one song.

use serde::Serialize;

use super::bss::{BssWindow, References};
use super::leak::leak;
use super::reference::Stems;
use super::sdr::{self, finite, median};

/// Ratios of one stem in dB; `None` where a song gives no answer. The first four are medians over
/// windows, the others of the whole song.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct StemScores {
    pub sdr: Option<f64>,
    pub isr: Option<f64>,
    pub sir: Option<f64>,
    pub sar: Option<f64>,
    /// As MDX and SDX count it.
    pub whole_sdr: Option<f64>,
    pub si_sdr: Option<f64>,
}

/// Both stems of a song, and what is left as vocals where nobody sings.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Scores {
    pub vocals: StemScores,
    pub accompaniment: StemScores,
    /// In dB relative to the mixture.
    pub leak: Option<f64>,
}

/// Scores with the windows their medians are of: vocals, accompaniment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub scores: Scores,
    pub windows: [Vec<BssWindow>; 2],
}

/// A separator's answer, as long as the song.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub vocals: Vec<f32>,
    pub accompaniment: Vec<f32>,
}

impl Estimate {
    /// Cut or filled with zeros to the song's length. Without an accompaniment of its own it is what
    /// the vocals leave of the mixture.
    pub fn of(stems: &Stems, mut vocals: Vec<f32>, accompaniment: Option<Vec<f32>>) -> Self {
        vocals.resize(stems.mixture.len(), 0.0);
        let accompaniment = match accompaniment {
            Some(mut pcm) => {
                pcm.resize(stems.mixture.len(), 0.0);
                pcm
            }
            None => stems.mixture.iter().zip(&vocals).map(|(m, v)| m - v).collect(),
        };
        Self {
            vocals,
            accompaniment,
        }
    }
}

/// Judges estimates of one song.
pub struct Judge<'a> {
    stems: &'a Stems,
    references: References<'a>,
}

impl<'a> Judge<'a> {
    pub fn new(stems: &'a Stems) -> Self {
        Self {
            stems,
            references: References::new([&stems.vocals, &stems.accompaniment]),
        }
    }

    pub fn judge(&self, estimate: &Estimate) -> Verdict {
        let windows = self.references.judge([&estimate.vocals, &estimate.accompaniment]);
        let scores = Scores {
            vocals: stem_scores(&self.stems.vocals, &estimate.vocals, &windows[0]),
            accompaniment: stem_scores(&self.stems.accompaniment, &estimate.accompaniment, &windows[1]),
            leak: leak(&self.stems.vocals, &estimate.vocals, &self.stems.mixture),
        };
        Verdict { scores, windows }
    }
}

fn stem_scores(reference: &[f32], estimate: &[f32], windows: &[BssWindow]) -> StemScores {
    let over = |pick: fn(&BssWindow) -> Option<f64>| median(windows.iter().filter_map(pick));
    // A reference without sound has no ratio: its energy would be that of a rounding constant.
    let sounds = !sdr::silent(reference);
    StemScores {
        sdr: over(|window| window.sdr),
        isr: over(|window| window.isr),
        sir: over(|window| window.sir),
        sar: over(|window| window.sar),
        whole_sdr: finite(sdr::whole(reference, estimate)).filter(|_| sounds),
        si_sdr: sdr::scale_invariant(reference, estimate).filter(|_| sounds),
    }
}
