//! One song on its way through the engine into the store: windows out, contributions in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::jobs::bundled_stems::BundledStems;
use crate::jobs::error::JobError;
use crate::jobs::eta::SpeedEstimate;
use crate::jobs::peaks::peaks;
use crate::jobs::plan::SegmentPlan;
use crate::separate::engine::Engine;
use crate::separate::segment::Grid;
use crate::separate::window_source::Mixture;
use crate::store::{SongMeta, SongStems};
use crate::waveform::Peaks;

/// A file as it was when work on it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Result<Self, JobError> {
        let meta = path.metadata().map_err(JobError::Gone)?;
        Ok(Self {
            size: meta.len(),
            modified: meta.modified().ok(),
        })
    }
}

/// A segment that went into the store.
pub(super) struct StoredSegment {
    pub segment: u32,
    pub peaks: Peaks,
}

pub(super) struct SeparationJob {
    path: PathBuf,
    stamp: Stamp,
    grid: Grid,
    mixture: Mixture,
    stems: Arc<SongStems>,
    plan: SegmentPlan,
    speed_estimate: SpeedEstimate,
    /// Refusals since the last answer.
    refusals: u32,
    /// A segment that was tried often enough, and why it failed.
    given_up: Option<(u32, String)>,
}

/// So many windows refused in a row: the engine will refuse the others as well.
const REFUSALS: u32 = 9;

impl SeparationJob {
    pub(super) fn new(
        path: &Path,
        stamp: Stamp,
        grid: Grid,
        stems: Arc<SongStems>,
        from_seconds: f64,
    ) -> Result<Self, JobError> {
        let mixture = Mixture::open(path, grid)?;
        let plan = SegmentPlan::from(segment_at(&grid, from_seconds));
        Ok(Self {
            path: path.to_owned(),
            stamp,
            grid,
            mixture,
            stems,
            plan,
            speed_estimate: SpeedEstimate::default(),
            refusals: 0,
            given_up: None,
        })
    }

    pub(super) fn focus(&mut self, seconds: f64) {
        self.plan.focus(segment_at(&self.grid, seconds));
    }

    /// Gives the engine as much as it takes. Segments of silence need no engine: they are stored at
    /// once and returned. `None` once there is nothing left to ask.
    pub(super) fn feed(&mut self, engine: &mut Engine) -> Result<Option<StoredSegment>, JobError> {
        while engine.room() > 0 {
            let Some((segment, window)) = self.next_window()? else {
                return Ok(None);
            };
            if window.iter().all(|sample| *sample == 0.0) {
                return self.keep(segment, &window, &window).map(Some);
            }
            self.plan.asked(segment);
            self.speed_estimate.begin(Instant::now());
            engine.ask(u64::from(segment), window);
        }
        Ok(None)
    }

    /// Takes the next segment from a stem that came with the song. `None` once there is nothing left.
    pub(super) fn take(&mut self, ready: &mut BundledStems) -> Result<Option<StoredSegment>, JobError> {
        let Some((segment, window)) = self.next_window()? else {
            return Ok(None);
        };
        self.speed_estimate.begin(Instant::now());
        let vocals = ready.vocals(segment, &window)?;
        self.speed_estimate.answered(Instant::now());
        self.keep(segment, &window, &vocals).map(Some)
    }

    /// The next segment to do, with its window.
    fn next_window(&mut self) -> Result<Option<(u32, Vec<f32>)>, JobError> {
        while let Some(segment) = self.plan.next(|k| self.stems.has(k)) {
            let window = self.mixture.window(segment)?;
            // Bytes of a file that was written over must not be kept under the old file's name.
            if Stamp::of(&self.path)? != self.stamp {
                return Err(JobError::Changed);
            }
            if let Some(frames) = self.mixture.frames() {
                self.plan.ends_at(self.grid.segments(frames));
            }
            match window {
                Some(window) => return Ok(Some((segment, window))),
                None if self.plan.end().is_none_or(|end| segment < end) => return Err(JobError::NoSound),
                None => {}
            }
        }
        Ok(None)
    }

    /// An answer of the engine.
    pub(super) fn answered(
        &mut self,
        tag: u64,
        mixture: &[f32],
        vocals: &[f32],
    ) -> Result<Option<StoredSegment>, JobError> {
        let segment = u32::try_from(tag).unwrap_or(u32::MAX);
        if !self.plan.waits_for(segment) {
            return Ok(None);
        }
        self.plan.answered(segment);
        self.refusals = 0;
        self.speed_estimate.answered(Instant::now());
        self.keep(segment, mixture, vocals).map(Some)
    }

    /// The engine could not do this segment: it is tried again a few times, after the others. An error
    /// where the others need not be tried.
    pub(super) fn refused(&mut self, tag: u64, reason: String) -> Result<(), JobError> {
        let segment = u32::try_from(tag).unwrap_or(u32::MAX);
        self.refusals += 1;
        if self.refusals >= REFUSALS {
            return Err(self.no_vocals(segment, reason));
        }
        if !self.plan.failed(segment) {
            tracing::warn!(path = %self.path.display(), segment, "not separated: {reason}");
            self.given_up.get_or_insert((segment, reason));
        }
        Ok(())
    }

    fn no_vocals(&self, segment: u32, reason: String) -> JobError {
        let seconds = self.grid.core_start(segment) / u64::from(self.grid.rate);
        JobError::Segment {
            at: format!("{}:{:02}", seconds / 60, seconds % 60),
            reason,
        }
    }

    /// Everything is answered and nothing is left to ask.
    pub(super) fn is_whole(&self) -> bool {
        self.plan.idle() && self.plan.end().is_some() && self.plan.next(|k| self.stems.has(k)).is_none()
    }

    /// Writes down that the song is complete.
    pub(super) fn finish(&self) -> Result<(), JobError> {
        let (Some(frames), Some(segments)) = (self.mixture.frames(), self.plan.end()) else {
            return Err(JobError::NoSound);
        };
        if frames == 0 {
            return Err(JobError::NoSound);
        }
        if let Some((segment, reason)) = &self.given_up {
            return Err(self.no_vocals(*segment, reason.clone()));
        }
        if self.stems.finish(SongMeta {
            frames,
            rate: self.grid.rate,
            segments,
        })? {
            Ok(())
        } else {
            Err(JobError::Hole)
        }
    }

    /// Segments done and, as far as known, in all.
    pub(super) fn progress(&self) -> (u32, u32) {
        let done = self.stems.count();
        let guess = || {
            self.mixture
                .estimate()
                .map_or(0, |frames| self.grid.segments(frames))
        };
        (done, self.plan.end().unwrap_or_else(guess).max(done).max(1))
    }

    pub(super) fn speed(&self) -> f32 {
        self.speed_estimate
            .speed(self.grid.core as f32 / self.grid.rate as f32)
    }

    fn keep(&mut self, segment: u32, mixture: &[f32], vocals: &[f32]) -> Result<StoredSegment, JobError> {
        let piece = self.grid.cut(segment, vocals, self.mixture.frames());
        let peaks = peaks(&self.grid, mixture, vocals);
        self.stems.put(segment, &piece, &peaks)?;
        Ok(StoredSegment { segment, peaks })
    }
}

fn segment_at(grid: &Grid, seconds: f64) -> u32 {
    // A cast from a negative or absent number gives 0.
    grid.segment_at((seconds * f64::from(grid.rate)) as u64)
}
