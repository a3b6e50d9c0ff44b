//! Where somebody sings: the trace of a song's vocals, ten milliseconds a point, and what it tells
//! about words: how far their times are off, and where words without times may belong. Plain data;
//! [`crate::audio::dsp::vocal_activity`] makes a trace of samples.

pub mod alignment;
mod curve;
pub mod offset;

use crate::lyrics::Millis;

/// Milliseconds of a point.
pub const STEP_MS: Millis = 10;
/// Songs are traced up to here, 30 minutes: nobody has the words of longer ones.
pub const MOST_POINTS: usize = 180_000;

/// Below this nothing is told apart, in dB of full scale.
const FLOOR_DB: f32 = -96.0;

/// What was listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The vocals alone: the trace shows who sings.
    Vocals,
    /// The whole music: only good to look at.
    Mixture,
}

/// Loudness and beginnings, a point each [`STEP_MS`], the first at the song's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    of: Of,
    /// From [`FLOOR_DB`] to full scale.
    levels: Vec<u8>,
    /// How much sound begins, against the strongest of the song.
    onsets: Vec<u8>,
}

impl Trace {
    /// Of levels in dB of full scale, and of onset strengths in any unit.
    pub fn new(of: Of, levels_db: &[f32], onsets: &[f32]) -> Self {
        let level = |db: &f32| ((db - FLOOR_DB) / -FLOOR_DB * 255.0).clamp(0.0, 255.0) as u8;
        let strong = share_of(onsets.iter().copied().filter(|onset| *onset > 0.0), 0.98);
        let onset = |strength: &f32| (strength / strong.max(1e-9) * 170.0).clamp(0.0, 255.0) as u8;
        let points = levels_db.len().min(onsets.len()).min(MOST_POINTS);
        Self {
            of,
            levels: levels_db[..points].iter().map(level).collect(),
            onsets: onsets[..points].iter().map(onset).collect(),
        }
    }

    pub fn of(&self) -> Of {
        self.of
    }

    /// Points of the trace.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// How loud the loudest point between two moments is: 0 is silence, 1 the loudest of the song.
    /// None outside the song.
    pub fn loudness(&self, from: Millis, to: Millis) -> Option<f32> {
        let first = usize::try_from(from.div_euclid(STEP_MS)).ok()?;
        let last = usize::try_from(to.div_euclid(STEP_MS)).ok()?.max(first + 1);
        let here = self.levels.get(first..last.min(self.levels.len()))?;
        let top = self.levels.iter().copied().max().map_or(0.0, db);
        let loudest = here.iter().copied().max().map(db)?;
        // 40 dB below the loudest nothing is heard beside it
        Some(((loudest - top) / 40.0 + 1.0).clamp(0.0, 1.0))
    }

    /// At each point, from 0 to 1, how likely somebody sings: against the loud parts of the song, so
    /// that what leaks from the band does not count.
    pub fn activity(&self) -> Vec<f32> {
        let audible = self
            .levels
            .iter()
            .map(|level| db(*level))
            .filter(|db| *db > -70.0);
        let loud = share_of(audible, 0.9).max(-60.0);
        let at = |level: &u8| 1.0 / (1.0 + (-(db(*level) - (loud - 19.0)) / 3.0).exp());
        self.levels.iter().map(at).collect()
    }

    /// At each point how much sound begins, from 0 to 1.
    pub fn onsets(&self) -> Vec<f32> {
        self.onsets
            .iter()
            .map(|onset| f32::from(*onset) / 255.0)
            .collect()
    }
}

fn db(level: u8) -> f32 {
    FLOOR_DB - f32::from(level) / 255.0 * FLOOR_DB
}

/// The value that this share of them does not pass; 0 without any.
fn share_of(values: impl Iterator<Item = f32>, share: f32) -> f32 {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f32::total_cmp);
    let at = (values.len().saturating_sub(1) as f32 * share) as usize;
    values.get(at).copied().unwrap_or(0.0)
}
