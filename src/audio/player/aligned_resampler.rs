//! Resampling that begins anywhere in a song.

use crate::audio::dsp::resample::{ResampleError, Resampler};

/// A resampler that may start anywhere in a song and gives the samples that going through it from
/// the beginning gives.
pub(super) struct AlignedResampler {
    resampler: Resampler,
    /// Output frames before the one asked for.
    skip: u64,
    out: Vec<f32>,
}

impl AlignedResampler {
    pub(super) fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        Ok(Self {
            resampler: Resampler::new(from, to)?,
            skip: 0,
            out: Vec::new(),
        })
    }

    pub(super) fn rates(&self) -> (u32, u32) {
        self.resampler.rates()
    }

    /// Starts at output frame `at`: the input frame to push from.
    pub(super) fn start(&mut self, at: u64) -> u64 {
        self.resampler.reset();
        self.out.clear();
        let (input, output) = self.resampler.units();
        // Only there do both rates have a frame at the very same moment.
        let unit = (at / output).saturating_sub(self.resampler.run_up().div_ceil(input));
        self.skip = at - unit * output;
        unit * input
    }

    pub(super) fn push(&mut self, pcm: &[f32]) -> Result<(), ResampleError> {
        self.resampler.push(pcm, &mut self.out)?;
        self.drop_run_up();
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), ResampleError> {
        self.resampler.finish(&mut self.out)?;
        self.drop_run_up();
        Ok(())
    }

    /// Frames ready to be taken.
    pub(super) fn ready(&self) -> usize {
        self.out.len() / 2
    }

    pub(super) fn take(&self, frames: usize) -> &[f32] {
        &self.out[..frames.min(self.ready()) * 2]
    }

    pub(super) fn forget(&mut self, frames: usize) {
        self.out.drain(..frames.min(self.ready()) * 2);
    }

    fn drop_run_up(&mut self) {
        let drop = self.skip.min(self.ready() as u64);
        self.skip -= drop;
        self.forget(drop as usize);
    }
}
