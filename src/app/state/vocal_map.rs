//! Which segments of a song have separated vocals, and how loud they are.

use crate::waveform::{Peaks, WAVE_POINTS};

/// Which segments of a song have their vocals, and how loud they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VocalMap {
    pub segment_seconds: f64,
    pub segments: Vec<Option<Peaks>>,
    pub complete: bool,
}

/// More segments than this (two days) no song has; a wrong number must not take memory.
const MOST_SEGMENTS: u32 = 40_000;

impl VocalMap {
    pub fn store(&mut self, segment: u32, peaks: Option<Peaks>) {
        if segment < MOST_SEGMENTS {
            let at = segment as usize;
            if self.segments.len() <= at {
                self.segments.resize(at + 1, None);
            }
            self.segments[at] = peaks.or(Some(Peaks {
                vocals: [0; WAVE_POINTS],
                instrumental: [0; WAVE_POINTS],
            }));
        }
    }

    /// A segment is known no longer.
    pub fn lose(&mut self, segment: u32) {
        self.complete = false;
        if let Some(lost) = self.segments.get_mut(segment as usize) {
            *lost = None;
        }
    }

    /// Something of a segment lies between two moments.
    pub fn reaches(&self, segment: u32, from: f64, to: f64) -> bool {
        let start = f64::from(segment) * self.segment_seconds;
        start < to && start + self.segment_seconds > from
    }

    /// The segments that are stored, out of those there are.
    pub fn stored(&self) -> (usize, usize) {
        (self.segments.iter().flatten().count(), self.segments.len())
    }

    /// The singer can be taken out here.
    pub fn ready_at(&self, seconds: f64) -> bool {
        if self.complete {
            return true;
        }
        if self.segment_seconds <= 0.0 || seconds < 0.0 {
            return false;
        }
        matches!(
            self.segments.get((seconds / self.segment_seconds) as usize),
            Some(Some(_))
        )
    }

    /// Up to where the singer can be taken out without a gap, from `seconds` on.
    pub fn ready_until(&self, seconds: f64) -> Option<f64> {
        if self.segment_seconds <= 0.0 || !self.ready_at(seconds) {
            return None;
        }
        let first = (seconds / self.segment_seconds) as usize;
        let ready = self
            .segments
            .iter()
            .skip(first)
            .take_while(|s| s.is_some())
            .count();
        Some((first + ready) as f64 * self.segment_seconds)
    }

    /// How loud vocals and instrumental are between two moments: the mean of their peaks. None where
    /// no vocals are stored.
    pub fn loudness(&self, from: f64, to: f64) -> Option<(u8, u8)> {
        let end = self.segment_seconds * self.segments.len() as f64;
        if from < 0.0 || from >= end || end.is_nan() {
            return None;
        }
        let per_second = WAVE_POINTS as f64 / self.segment_seconds;
        let first = (from * per_second) as usize;
        let last = ((to.min(end) * per_second).ceil() as usize).clamp(first + 1, first + WAVE_POINTS * 64);
        let (mut vocals, mut band, mut points) = (0_u32, 0_u32, 0_u32);
        for point in first..last {
            let Some(Some(peaks)) = self.segments.get(point / WAVE_POINTS) else {
                continue;
            };
            vocals += u32::from(peaks.vocals[point % WAVE_POINTS]);
            band += u32::from(peaks.instrumental[point % WAVE_POINTS]);
            points += 1;
        }
        (points > 0).then(|| ((vocals / points) as u8, (band / points) as u8))
    }
}
