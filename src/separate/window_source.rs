//! The song as the engine wants it: windows at the grid's rate, any segment at any time, with never
//! more than a window and a bit in memory.

use std::path::Path;
use std::sync::Arc;

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::resample::{ResampleError, Resampler, convert};
use crate::separate::segment::Grid;

/// Seconds that are sooner decoded than jumped over.
const SKIM: u64 = 20;

/// Why a song gives no windows.
#[derive(Debug, thiserror::Error)]
pub enum MixtureError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

/// Frames that a song in memory gives at a time.
const PIECE: usize = 4096;

/// Where a song's frames come from.
enum FrameSource {
    File(Box<Decoder>),
    Memory {
        pcm: Arc<Vec<f32>>,
        rate: u32,
        /// The next frame.
        at: usize,
    },
}

impl FrameSource {
    fn rate(&self) -> u32 {
        match self {
            Self::File(decoder) => decoder.info().rate,
            Self::Memory { rate, .. } => *rate,
        }
    }

    /// What is known of the length before the end is reached.
    fn frames(&self) -> Option<u64> {
        match self {
            Self::File(decoder) => decoder.info().frames,
            Self::Memory { pcm, .. } => Some(pcm.len() as u64 / 2),
        }
    }

    /// Appends the next frames and tells how many; 0 is the end.
    fn read(&mut self, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        match self {
            Self::File(decoder) => decoder.read(out),
            Self::Memory { pcm, at, .. } => {
                let piece = PIECE.min((pcm.len() / 2).saturating_sub(*at));
                out.extend_from_slice(&pcm[2 * *at..2 * (*at + piece)]);
                *at += piece;
                Ok(piece)
            }
        }
    }

    fn seek(&mut self, frame: u64) -> Result<(), DecodeError> {
        match self {
            Self::File(decoder) => decoder.seek(frame),
            Self::Memory { pcm, at, .. } => {
                *at = usize::try_from(frame).map_or(pcm.len() / 2, |frame| frame.min(pcm.len() / 2));
                Ok(())
            }
        }
    }
}

/// A song being cut into windows.
pub struct Mixture {
    song: FrameSource,
    resampler: Resampler,
    grid: Grid,
    /// Frames of the file, and of the grid, in one step of a jump: both clocks and the resampler's
    /// blocks meet there, so that a jump gives the very samples that reading through gives.
    step: (u64, u64),
    /// Stereo frames of the grid's rate from `start` on.
    pcm: Vec<f32>,
    start: u64,
    /// Everything up to here is not wanted and is dropped as it comes.
    from: u64,
    /// The song's length at the grid's rate, once its end was seen.
    frames: Option<u64>,
    /// All of the song was read.
    drained: bool,
    /// Where the reading stands is certain: not before a first frame came after a jump.
    placed: bool,
}

impl Mixture {
    pub fn open(path: &Path, grid: Grid) -> Result<Self, MixtureError> {
        Self::of(FrameSource::File(Box::new(Decoder::open(path)?)), grid)
    }

    /// A song that is not in a file: interleaved stereo at `rate`.
    pub fn in_memory(pcm: Arc<Vec<f32>>, rate: u32, grid: Grid) -> Result<Self, MixtureError> {
        Self::of(FrameSource::Memory { pcm, rate, at: 0 }, grid)
    }

    fn of(song: FrameSource, grid: Grid) -> Result<Self, MixtureError> {
        let rate = song.rate();
        let resampler = Resampler::new(rate, grid.rate)?;
        let file = resampler.run_up().max(resampler.units().0);
        let step = (file, convert(file, rate, grid.rate));
        Ok(Self {
            song,
            resampler,
            grid,
            step,
            pcm: Vec::new(),
            start: 0,
            from: 0,
            frames: None,
            drained: false,
            placed: true,
        })
    }

    /// The song's length at the grid's rate; known once a window reached the end.
    pub fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// What the container says about that length; it may be wrong or missing.
    pub fn estimate(&self) -> Option<u64> {
        self.song.frames().map(|frames| self.resampler.output_len(frames))
    }

    /// The window of a segment, zeros outside the song; `None` when the song ends before its core.
    pub fn window(&mut self, segment: u32) -> Result<Option<Vec<f32>>, MixtureError> {
        let begin = self.grid.window_start(segment);
        let end = (begin + self.grid.window as i64).max(0) as u64;
        let from = begin.max(0) as u64;
        if from < self.start || from > self.reach() + SKIM * u64::from(self.grid.rate) {
            self.jump(from)?;
        }
        self.from = from;
        self.fill(end)?;
        if self.drained && self.frames.is_none() {
            // The end came before a single frame did: a jump past it. Its place is unknown.
            self.rewind()?;
            self.fill(end)?;
        }
        if self
            .frames
            .is_some_and(|frames| frames <= self.grid.core_start(segment))
        {
            return Ok(None);
        }
        let mut window = vec![0.0; 2 * self.grid.window];
        let lead = 2 * (from as i64 - begin) as usize;
        let have = &self.pcm[(2 * (from - self.start) as usize).min(self.pcm.len())..];
        for (out, sample) in window[lead..].iter_mut().zip(have) {
            *out = *sample;
        }
        Ok(Some(window))
    }

    /// First frame not yet in `pcm`.
    fn reach(&self) -> u64 {
        self.start + self.pcm.len() as u64 / 2
    }

    /// Decodes until `end` is there or the song is over.
    fn fill(&mut self, end: u64) -> Result<(), MixtureError> {
        let mut decoded = Vec::new();
        while !self.drained && self.reach() < end {
            decoded.clear();
            if self.song.read(&mut decoded)? == 0 {
                self.resampler.finish(&mut self.pcm)?;
                self.drained = true;
                if self.placed {
                    self.frames = Some(self.reach());
                }
            } else {
                self.placed = true;
                self.resampler.push(&decoded, &mut self.pcm)?;
            }
            self.drop_unwanted();
        }
        Ok(())
    }

    fn drop_unwanted(&mut self) {
        let past = (self.from.saturating_sub(self.start) as usize * 2).min(self.pcm.len());
        // Moving the rest to the front costs its length: not for a few frames each time.
        if past > 0 && (past >= self.pcm.len() / 2 || past > 1 << 18) {
            self.pcm.drain(..past);
            self.start += past as u64 / 2;
        }
    }

    /// Goes where both clocks meet, a little before `from`.
    fn jump(&mut self, from: u64) -> Result<(), MixtureError> {
        let (file, grid) = self.step;
        // One step early where the resampler has to run up.
        let steps = (from / grid).saturating_sub(u64::from(self.resampler.run_up() > 0));
        if self.song.seek(steps * file).is_err() {
            // A place the file does not have, or a format that cannot jump: read through instead.
            return self.rewind();
        }
        self.stand_at(steps * grid);
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), MixtureError> {
        self.song.seek(0)?;
        self.stand_at(0);
        Ok(())
    }

    fn stand_at(&mut self, start: u64) {
        self.resampler.reset();
        self.pcm.clear();
        self.start = start;
        self.drained = false;
        self.placed = start == 0;
    }
}
