//! One song on its way to the mixer: its mixture decoded, its vocals read, both brought to the
//! device's rate, laid side by side, frame by frame, and moved in key and tempo where that is asked.

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::resample::{ResampleError, convert};
use crate::audio::dsp::time_stretch::Stretcher;
use crate::audio::frame::Frame;
use crate::audio::player::aligned_resampler::AlignedResampler;
use crate::audio::player::song::PlayerSong;
use crate::audio::player::vocal_reader::VocalReader;
use crate::key_tempo::KeyTempo;

/// Frames: shorter loops are no music any more. The mind refuses far longer ones already.
const SHORTEST_LOOP: u64 = 64;

/// Why a song stops in the middle.
#[derive(Debug, thiserror::Error)]
pub enum SongReaderError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

/// Frames of a loop: after the last before `to` comes `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LoopRegion {
    from: u64,
    to: u64,
}

/// A song being turned into frames.
pub(in crate::audio) struct SongReader {
    pub(in crate::audio) play_id: u64,
    /// The generation its frames carry.
    pub(in crate::audio) generation: u32,
    /// Nothing more comes.
    pub(in crate::audio) done: bool,
    /// It broke off; that has been said.
    pub(in crate::audio) failed: bool,
    decoder: Decoder,
    vocals: VocalReader,
    mixture: AlignedResampler,
    /// Seconds into the song where it shall begin.
    start: f64,
    gain: f32,
    /// Seconds over which it comes in over the end of the song before.
    crossfade: f64,
    key_tempo: KeyTempo,
    /// Moves key and tempo; none where the song plays as it was recorded, sample for sample.
    stretcher: Option<Stretcher>,
    /// Silent frames before the song's start that the stretcher has yet to hear.
    silence: usize,
    /// Where in the song the next frame stands that is read, in frames at the device's rate.
    next_input: u64,
    /// And the next one that is handed out.
    next_output: f64,
    /// Seconds of the song to go round in.
    loop_seconds: Option<(f64, f64)>,
    /// The same in frames at the device's rate, and so that there is some song in it.
    region: Option<LoopRegion>,
    /// The last frame handed out was the last of the loop.
    wrapped: bool,
    decoded: Vec<f32>,
    heard: Vec<Frame>,
}

impl SongReader {
    pub(in crate::audio) fn open(song: PlayerSong) -> Result<Self, SongReaderError> {
        let decoder = Decoder::open(&song.path)?;
        let rate = decoder.info().rate;
        Ok(Self {
            play_id: song.play_id,
            generation: 0,
            done: false,
            failed: false,
            vocals: VocalReader::new(song.vocals)?,
            mixture: AlignedResampler::new(rate, rate)?,
            start: if song.start.is_finite() {
                song.start.max(0.0)
            } else {
                0.0
            },
            gain: song.gain,
            crossfade: song.crossfade,
            key_tempo: song.key_tempo,
            stretcher: None,
            silence: 0,
            next_input: 0,
            next_output: 0.0,
            loop_seconds: None,
            region: None,
            wrapped: false,
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
        self.next_output as u64
    }

    pub(in crate::audio) fn start(&self) -> f64 {
        self.start
    }

    /// What the mixer multiplies this song by.
    pub(in crate::audio) fn gain(&self) -> f32 {
        self.gain
    }

    pub(in crate::audio) fn crossfade(&self) -> f64 {
        self.crossfade
    }

    /// How long the whole song is heard, in frames of a device of `rate`; without an end where none is
    /// known.
    pub(in crate::audio) fn length(&self, rate: u32) -> u64 {
        (self.end(rate) as f64 / self.key_tempo.speed()) as u64
    }

    /// Frames still to be handed out; `None` while it goes round, or where the file only guesses.
    pub(in crate::audio) fn left(&self) -> Option<u64> {
        if self.region.is_some_and(|region| self.next_input < region.to) {
            return None;
        }
        let unread = if self.done {
            self.mixture.ready() as u64
        } else {
            let (own, rate) = self.mixture.rates();
            convert(self.decoder.certain_frames()?, own, rate).checked_sub(self.next_input)?
        };
        Some(match &self.stretcher {
            None => unread,
            Some(stretcher) => stretcher.left_after(unread + self.silence as u64),
        })
    }

    /// The next damaged place that was skipped: where it begins and how long it is, in seconds.
    pub(in crate::audio) fn take_damage(&mut self) -> Option<(f64, f64)> {
        let seconds = |frames: u64, rate: u32| frames as f64 / f64::from(rate.max(1));
        let damaged = self.decoder.take_damage()?;
        let rate = self.decoder.info().rate;
        Some((seconds(damaged.at, rate), seconds(damaged.frames, rate)))
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
    ) -> Result<(), SongReaderError> {
        self.key_tempo = key_tempo;
        self.place(seconds, rate)
    }

    /// Goes to `seconds` of the song, for a device of `rate`.
    pub(in crate::audio) fn place(&mut self, seconds: f64, rate: u32) -> Result<(), SongReaderError> {
        self.place_at((seconds.max(0.0) * f64::from(rate)).round() as u64, rate)
    }

    /// Goes to a frame of the song, counted at the device's rate.
    pub(in crate::audio) fn place_at(&mut self, frame: u64, rate: u32) -> Result<(), SongReaderError> {
        let own = self.decoder.info().rate;
        if self.mixture.rates() != (own, rate) {
            self.mixture = AlignedResampler::new(own, rate)?;
        }
        self.done = false;
        self.failed = false;
        self.stretcher = None;
        self.silence = 0;
        self.wrapped = false;
        let placed = frame.min(self.end(rate));
        self.region = self.region(rate).filter(|region| placed < region.to);
        (self.next_input, self.next_output) = (placed, placed as f64);
        if placed == self.end(rate) {
            self.done = true;
            return Ok(());
        }
        let mut first = placed;
        if !self.key_tempo.is_recording() {
            let stretcher = Stretcher::new(rate, self.key_tempo);
            let run_up = stretcher.run_up() as u64;
            first = first.saturating_sub(run_up);
            self.silence = run_up.saturating_sub(placed) as usize;
            self.stretcher = Some(stretcher);
        }
        self.read_from(first)
    }

    /// The song's length at the device's rate, without an end where none is known.
    fn end(&self, rate: u32) -> u64 {
        let info = self.decoder.info();
        info.frames
            .map_or(u64::MAX, |frames| convert(frames, info.rate, rate))
    }

    /// The next frame read is this one.
    fn read_from(&mut self, frame: u64) -> Result<(), SongReaderError> {
        let rate = self.mixture.rates().1;
        let from = self.mixture.start(frame);
        self.decoder.seek(from)?;
        self.vocals.start(frame, rate)?;
        (self.next_input, self.done) = (frame, false);
        Ok(())
    }

    /// Goes round between these seconds from the next place on; from a place behind them, not at all.
    pub(in crate::audio) fn set_loop(&mut self, seconds: Option<(f64, f64)>) {
        self.loop_seconds = seconds;
    }

    fn region(&self, rate: u32) -> Option<LoopRegion> {
        let frame = |seconds: f64| (seconds.max(0.0) * f64::from(rate)).round() as u64;
        let (from, to) = self.loop_seconds?;
        let (from, to) = (frame(from), frame(to).min(self.end(rate)));
        (from + SHORTEST_LOOP <= to).then_some(LoopRegion { from, to })
    }

    /// A frame at or behind the end of the loop would be its first instead.
    pub(in crate::audio) fn wrapped_position(&self, frame: u64, rate: u32) -> u64 {
        self.region(rate)
            .filter(|region| frame >= region.to)
            .map_or(frame, |region| region.from)
    }

    /// True once after the last frame of the loop: the next one is its first.
    pub(in crate::audio) fn take_wrapped(&mut self) -> bool {
        std::mem::take(&mut self.wrapped)
    }

    /// More of the vocals may be known; counts from the next place.
    pub(in crate::audio) fn refresh_vocals(&mut self) {
        self.vocals.refresh();
    }

    /// Appends up to `count` frames, not beyond the end of a loop; none means the song is over.
    pub(in crate::audio) fn fill(
        &mut self,
        count: usize,
        out: &mut Vec<Frame>,
    ) -> Result<usize, SongReaderError> {
        let first = out.len();
        let speed = self.key_tempo.speed();
        let region = self.region.filter(|region| self.next_output < region.to as f64);
        let left =
            region.map(|region| ((region.to as f64 - self.next_output) / speed).ceil().max(1.0) as usize);
        let count = count.min(left.unwrap_or(count));
        match self.stretcher.take() {
            None => self.read(count, out)?,
            Some(mut stretcher) => {
                let filled = self.stretch(&mut stretcher, count, out);
                self.stretcher = Some(stretcher);
                filled?;
            }
        }
        for frame in &mut out[first..] {
            frame.generation = self.generation;
            frame.at = u32::try_from(self.at()).unwrap_or(u32::MAX);
            self.next_output += speed;
        }
        // The end of a song of unknown length may have made the loop shorter meanwhile.
        if let (Some(_), Some(region)) = (region, self.region)
            && self.next_output >= region.to as f64
        {
            self.next_output -= (region.to - region.from) as f64;
            self.wrapped = true;
        }
        Ok(out.len() - first)
    }

    fn stretch(
        &mut self,
        stretcher: &mut Stretcher,
        count: usize,
        out: &mut Vec<Frame>,
    ) -> Result<(), SongReaderError> {
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

    /// The next frames as they were recorded, at the device's rate, from the end of a loop on to its
    /// start; fewer than `count` only where the song ends.
    fn read(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<(), SongReaderError> {
        let mut left = count;
        while left > 0 {
            let region = self.region.filter(|region| self.next_input < region.to);
            let wanted = region.map_or(left, |region| left.min((region.to - self.next_input) as usize));
            let read = self.read_on(wanted, out)?;
            left -= read;
            if read < wanted {
                // The song ended, within a loop sooner than thought.
                let ended = region.map(|region| LoopRegion {
                    to: self.next_input,
                    ..region
                });
                self.region = ended.filter(|region| region.from + SHORTEST_LOOP <= region.to);
            }
            match self.region.filter(|region| self.next_input == region.to) {
                Some(region) => self.read_from(region.from)?,
                None if read < wanted => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// The next frames of the song; fewer than `count` only at its end.
    fn read_on(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<usize, SongReaderError> {
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
        let vocals = self.vocals.take(count)?;
        let mixture = self.mixture.take(count);
        let both = mixture.chunks_exact(2).zip(vocals.chunks_exact(2));
        out.extend(both.map(|(mixture, vocals)| Frame {
            mixture: [mixture[0], mixture[1]],
            vocals: [vocals[0], vocals[1]],
            ..Frame::default()
        }));
        self.mixture.forget(count);
        self.vocals.forget(count);
        self.next_input += count as u64;
        Ok(count)
    }
}
