//! The vocals of a whole song from its first frame to its last, at the song's own rate, without a
//! store between: what is in memory is a few windows, whatever the song's length.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::audio::dsp::resample::{ResampleError, Resampler};
use crate::separate::engine::{Engine, EngineReply};
use crate::separate::error::EngineError;
use crate::separate::segment::Grid;
use crate::separate::window_source::{Mixture, MixtureError};

/// How often a window is asked again that the engine could not do.
const TRIES: u32 = 3;
/// How far beyond the next segment to hand out is asked, in what the engine takes at once: a late
/// answer does not idle it, and what waits for its turn stays small however long the song is.
const AHEAD: usize = 2;

/// Why the vocals end before the song does.
#[derive(Debug, thiserror::Error)]
pub enum VocalStreamError {
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Resample(#[from] ResampleError),
    #[error(
        "the engine could not separate the part at {seconds} s: {reason}; nothing was written of this song; `croon doctor` looks closer"
    )]
    Segment { seconds: u64, reason: String },
}

/// Vocals as they come.
pub struct VocalStream {
    grid: Grid,
    mixture: Mixture,
    to_file: Resampler,
    /// The next segment to ask for, and the next to hand out.
    ask: u32,
    next: u32,
    failures: u32,
    /// Contributions that came before their turn.
    early: BTreeMap<u32, Vec<f32>>,
    /// The end of the last contribution, under which the next one fades in.
    tail: Vec<f32>,
    ended: bool,
}

impl VocalStream {
    /// `rate` is the file's.
    pub fn open(path: &Path, grid: Grid, rate: u32) -> Result<Self, VocalStreamError> {
        Self::of(Mixture::open(path, grid)?, grid, rate)
    }

    /// Of a song that is not in a file: interleaved stereo at `rate`.
    pub fn in_memory(pcm: Arc<Vec<f32>>, grid: Grid, rate: u32) -> Result<Self, VocalStreamError> {
        Self::of(Mixture::in_memory(pcm, rate, grid)?, grid, rate)
    }

    fn of(mixture: Mixture, grid: Grid, rate: u32) -> Result<Self, VocalStreamError> {
        Ok(Self {
            grid,
            mixture,
            to_file: Resampler::new(grid.rate, rate)?,
            ask: 0,
            next: 0,
            failures: 0,
            early: BTreeMap::new(),
            tail: Vec::new(),
            ended: false,
        })
    }

    /// Share of the song handed out, 0 to 1, as far as the song's length is known.
    pub fn progress(&self) -> f32 {
        let frames = self.mixture.frames().or(self.mixture.estimate());
        let all = frames.map_or(0, |frames| self.grid.segments(frames));
        self.next as f32 / all.max(self.next).max(1) as f32
    }

    /// Appends the next stereo frames, perhaps none yet; `false` once all were handed out. The
    /// length may miss the file's by a frame or two where rates differ.
    pub fn read(
        &mut self,
        engine: &mut Engine,
        patience: Duration,
        out: &mut Vec<f32>,
    ) -> Result<bool, VocalStreamError> {
        if self.ended {
            return Ok(false);
        }
        self.feed(engine)?;
        while let Some(piece) = self.early.remove(&self.next) {
            self.hand_out(&piece, out)?;
        }
        if self
            .mixture
            .frames()
            .is_some_and(|frames| self.next >= self.grid.segments(frames))
        {
            self.to_file.finish(out)?;
            self.ended = true;
            return Ok(true);
        }
        if engine.room() == engine.in_flight() {
            // Nothing but silence so far, which no engine answers.
            return Ok(true);
        }
        match engine.answer(patience)? {
            EngineReply::Vocals { tag, pcm, .. } => {
                self.failures = 0;
                let segment = u32::try_from(tag).unwrap_or(u32::MAX);
                self.early
                    .insert(segment, self.grid.cut(segment, &pcm, self.mixture.frames()));
            }
            EngineReply::Failed { tag, reason } => {
                self.failures += 1;
                let segment = u32::try_from(tag).unwrap_or(u32::MAX);
                let seconds = self.grid.core_start(segment) / u64::from(self.grid.rate);
                if self.failures >= TRIES {
                    return Err(VocalStreamError::Segment { seconds, reason });
                }
                // Its window lies behind: the mixture jumps back for it and forward again.
                if let Some(window) = self.mixture.window(segment)? {
                    engine.ask(tag, window);
                }
            }
            EngineReply::Restarted { .. } | EngineReply::Nothing => {}
        }
        Ok(true)
    }

    /// Asks for as much as the engine takes, but not far ahead of what is handed out.
    fn feed(&mut self, engine: &mut Engine) -> Result<(), VocalStreamError> {
        while engine.room() > 0 && ((self.ask - self.next) as usize) < AHEAD * engine.in_flight() {
            if self
                .mixture
                .frames()
                .is_some_and(|frames| self.ask >= self.grid.segments(frames))
            {
                return Ok(());
            }
            let Some(window) = self.mixture.window(self.ask)? else {
                return Ok(());
            };
            if window.iter().all(|sample| *sample == 0.0) {
                self.early
                    .insert(self.ask, vec![0.0; 2 * self.grid.contribution()]);
            } else {
                engine.ask(u64::from(self.ask), window);
            }
            self.ask += 1;
        }
        Ok(())
    }

    /// What is final once this contribution is added: all before the next one begins.
    fn hand_out(&mut self, piece: &[f32], out: &mut Vec<f32>) -> Result<(), VocalStreamError> {
        let begin = self.grid.contribution_start(self.next);
        let mut sum = piece.to_vec();
        for (sum, tail) in sum.iter_mut().zip(&self.tail) {
            *sum += tail;
        }
        self.next += 1;
        let next = self.grid.contribution_start(self.next);
        let frames = self
            .mixture
            .frames()
            .map_or(i64::MAX, |frames| i64::try_from(frames).unwrap_or(i64::MAX));
        let last = self
            .mixture
            .frames()
            .is_some_and(|frames| self.next >= self.grid.segments(frames));
        let from = 2 * (0.max(begin) - begin) as usize;
        let to = 2 * ((if last { frames } else { next }) - begin).max(0) as usize;
        let to = to.min(sum.len());
        self.tail = sum[to..].to_vec();
        Ok(self.to_file.push(&sum[from.min(to)..to], out)?)
    }
}
