//! One song on its way to the mixer: its mixture decoded, its vocals read, both brought to the
//! device's rate, laid side by side, frame by frame, and moved in key and tempo where that is asked.

use crate::audio::decode::{DecodeError, Decoder};
use crate::audio::mixer::Frame;
use crate::audio::resample::{ResampleFault, Resampler, convert};
use crate::audio::stretch::Stretcher;
use crate::key_tempo::KeyTempo;

use super::Song;
use super::voice::Voice;

/// Why a song stops in the middle.
#[derive(Debug, thiserror::Error)]
pub enum DeckError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Resample(#[from] ResampleFault),
}

/// A song being turned into frames.
pub(in crate::audio) struct Deck {
    pub(in crate::audio) token: u64,
    /// The stretch its frames carry.
    pub(in crate::audio) stretch: u32,
    /// Nothing more comes.
    pub(in crate::audio) done: bool,
    /// It broke off; that has been said.
    pub(in crate::audio) failed: bool,
    decoder: Decoder,
    voice: Voice,
    mixture: Placed,
    /// Seconds into the song where it shall begin.
    start: f64,
    key_tempo: KeyTempo,
    /// Moves key and tempo; none where the song plays as it was recorded, sample for sample.
    stretcher: Option<Stretcher>,
    /// Silent frames before the song's start that the stretcher has yet to hear.
    silence: usize,
    /// Where in the song it was placed, in frames at the device's rate, and the frames given since.
    placed: u64,
    given: u64,
    decoded: Vec<f32>,
    heard: Vec<Frame>,
}

impl Deck {
    pub(in crate::audio) fn open(song: Song) -> Result<Self, DeckError> {
        let decoder = Decoder::open(&song.path)?;
        let rate = decoder.info().rate;
        Ok(Self {
            token: song.token,
            stretch: 0,
            done: false,
            failed: false,
            voice: Voice::new(song.vocals)?,
            mixture: Placed::new(rate, rate)?,
            start: if song.start.is_finite() {
                song.start.max(0.0)
            } else {
                0.0
            },
            key_tempo: song.key_tempo,
            stretcher: None,
            silence: 0,
            placed: 0,
            given: 0,
            decoded: Vec::new(),
            heard: Vec::new(),
            decoder,
        })
    }

    pub(in crate::audio) fn duration(&self) -> Option<f64> {
        self.decoder.info().duration()
    }

    /// Where in the song the next frame to hand out stands, in frames at the device's rate.
    pub(in crate::audio) fn at(&self) -> u64 {
        self.placed + (self.given as f64 * self.key_tempo.pace()) as u64
    }

    pub(in crate::audio) fn start(&self) -> f64 {
        self.start
    }

    pub(in crate::audio) fn key_tempo(&self) -> KeyTempo {
        self.key_tempo
    }

    /// Goes to `seconds` of the song, for a device of `rate`, in another key and tempo.
    pub(in crate::audio) fn place_as(
        &mut self,
        key_tempo: KeyTempo,
        seconds: f64,
        rate: u32,
    ) -> Result<(), DeckError> {
        self.key_tempo = key_tempo;
        self.place(seconds, rate)
    }

    /// Goes to `seconds` of the song, for a device of `rate`.
    pub(in crate::audio) fn place(&mut self, seconds: f64, rate: u32) -> Result<(), DeckError> {
        let own = self.decoder.info().rate;
        if self.mixture.resampler.rates() != (own, rate) {
            self.mixture = Placed::new(own, rate)?;
        }
        self.done = false;
        self.failed = false;
        self.stretcher = None;
        self.given = 0;
        self.placed = (seconds.max(0.0) * f64::from(rate)).round() as u64;
        if let Some(frames) = self.decoder.info().frames {
            let end = convert(frames, own, rate);
            if self.placed >= end {
                self.placed = end;
                self.done = true;
                return Ok(());
            }
        }
        let mut first = self.placed;
        if !self.key_tempo.is_recording() {
            let stretcher = Stretcher::new(rate, self.key_tempo);
            let run_up = stretcher.run_up() as u64;
            first = first.saturating_sub(run_up);
            self.silence = run_up.saturating_sub(self.placed) as usize;
            self.stretcher = Some(stretcher);
        }
        let from = self.mixture.start(first);
        self.decoder.seek(from)?;
        self.voice.start(first, rate)?;
        Ok(())
    }

    /// Appends up to `count` frames; none means the song is over.
    pub(in crate::audio) fn fill(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<usize, DeckError> {
        let first = out.len();
        match self.stretcher.take() {
            None => self.read(count, out)?,
            Some(mut stretcher) => {
                let filled = self.stretch(&mut stretcher, count, out);
                self.stretcher = Some(stretcher);
                filled?;
            }
        }
        for frame in &mut out[first..] {
            frame.stretch = self.stretch;
            frame.at = u32::try_from(self.at()).unwrap_or(u32::MAX);
            self.given += 1;
        }
        Ok(out.len() - first)
    }

    fn stretch(
        &mut self,
        stretcher: &mut Stretcher,
        count: usize,
        out: &mut Vec<Frame>,
    ) -> Result<(), DeckError> {
        while stretcher.ready(count) == 0 && !stretcher.is_over() {
            let wanted = stretcher.wants();
            let silence = self.silence.min(wanted);
            self.silence -= silence;
            let mut heard = std::mem::take(&mut self.heard);
            heard.clear();
            heard.resize(silence, Frame::default());
            self.read(wanted - silence, &mut heard)?;
            stretcher.push(&heard);
            self.heard = heard;
        }
        let moved = stretcher.take(count);
        out.extend(moved.map(|(mixture, vocals)| Frame {
            mixture,
            vocals,
            ..Frame::default()
        }));
        Ok(())
    }

    /// The next frames as they were recorded, at the device's rate; fewer than `count` only where
    /// the song ends.
    fn read(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<(), DeckError> {
        while self.mixture.ready() < count && !self.done {
            self.decoded.clear();
            if self.decoder.read(&mut self.decoded)? == 0 {
                self.done = true;
                self.mixture.finish()?;
            } else {
                self.mixture.push(&self.decoded)?;
            }
        }
        let count = count.min(self.mixture.ready());
        let vocals = self.voice.take(count)?;
        let mixture = self.mixture.take(count);
        let both = mixture.chunks_exact(2).zip(vocals.chunks_exact(2));
        out.extend(both.map(|(mixture, vocals)| Frame {
            mixture: [mixture[0], mixture[1]],
            vocals: [vocals[0], vocals[1]],
            ..Frame::default()
        }));
        self.mixture.forget(count);
        self.voice.forget(count);
        Ok(())
    }
}

/// A resampler that may start anywhere in a song and gives the samples that going through it from
/// the beginning gives.
pub(super) struct Placed {
    resampler: Resampler,
    /// Output frames before the one asked for.
    skip: u64,
    out: Vec<f32>,
}

impl Placed {
    pub(super) fn new(from: u32, to: u32) -> Result<Self, ResampleFault> {
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

    pub(super) fn push(&mut self, pcm: &[f32]) -> Result<(), ResampleFault> {
        self.resampler.push(pcm, &mut self.out)?;
        self.drop_run_up();
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), ResampleFault> {
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
