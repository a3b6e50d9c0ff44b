//! One song on its way to the mixer: its mixture decoded, its vocals read, both brought to the
//! device's rate, laid side by side, frame by frame, and moved in key and tempo where that is asked.

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::resample::{ResampleFault, convert};
use crate::audio::dsp::time_stretch::Stretcher;
use crate::audio::frame::Frame;
use crate::audio::player::aligned_resampler::Placed;
use crate::audio::player::song::Song;
use crate::audio::player::vocal_reader::Voice;
use crate::key_tempo::KeyTempo;

/// Frames: shorter loops are no music any more. The mind refuses far longer ones already.
const SHORTEST_LOOP: u64 = 64;

/// Why a song stops in the middle.
#[derive(Debug, thiserror::Error)]
pub enum DeckError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Resample(#[from] ResampleFault),
}

/// Frames of a loop: after the last before `to` comes `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    from: u64,
    to: u64,
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
    gain: f32,
    /// Seconds over which it comes in over the end of the song before.
    crossfade: f64,
    key_tempo: KeyTempo,
    /// Moves key and tempo; none where the song plays as it was recorded, sample for sample.
    stretcher: Option<Stretcher>,
    /// Silent frames before the song's start that the stretcher has yet to hear.
    silence: usize,
    /// Where in the song the next frame stands that is read, in frames at the device's rate.
    reads: u64,
    /// And the next one that is handed out.
    gives: f64,
    /// Seconds of the song to go round in.
    looped: Option<(f64, f64)>,
    /// The same in frames at the device's rate, and so that there is some song in it.
    turn: Option<Turn>,
    /// The last frame handed out was the last of the loop.
    turned: bool,
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
            gain: song.gain,
            crossfade: song.crossfade,
            key_tempo: song.key_tempo,
            stretcher: None,
            silence: 0,
            reads: 0,
            gives: 0.0,
            looped: None,
            turn: None,
            turned: false,
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
        self.gives as u64
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
        (self.end(rate) as f64 / self.key_tempo.pace()) as u64
    }

    /// Frames still to be handed out; `None` while it goes round, or where the file only guesses.
    pub(in crate::audio) fn left(&self) -> Option<u64> {
        if self.turn.is_some_and(|turn| self.reads < turn.to) {
            return None;
        }
        let unread = if self.done {
            self.mixture.ready() as u64
        } else {
            let (own, rate) = self.mixture.rates();
            convert(self.decoder.certain_frames()?, own, rate).checked_sub(self.reads)?
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
    ) -> Result<(), DeckError> {
        self.key_tempo = key_tempo;
        self.place(seconds, rate)
    }

    /// Goes to `seconds` of the song, for a device of `rate`.
    pub(in crate::audio) fn place(&mut self, seconds: f64, rate: u32) -> Result<(), DeckError> {
        self.place_at((seconds.max(0.0) * f64::from(rate)).round() as u64, rate)
    }

    /// Goes to a frame of the song, counted at the device's rate.
    pub(in crate::audio) fn place_at(&mut self, frame: u64, rate: u32) -> Result<(), DeckError> {
        let own = self.decoder.info().rate;
        if self.mixture.rates() != (own, rate) {
            self.mixture = Placed::new(own, rate)?;
        }
        self.done = false;
        self.failed = false;
        self.stretcher = None;
        self.silence = 0;
        self.turned = false;
        let placed = frame.min(self.end(rate));
        self.turn = self.turn(rate).filter(|turn| placed < turn.to);
        (self.reads, self.gives) = (placed, placed as f64);
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
    fn read_from(&mut self, frame: u64) -> Result<(), DeckError> {
        let rate = self.mixture.rates().1;
        let from = self.mixture.start(frame);
        self.decoder.seek(from)?;
        self.voice.start(frame, rate)?;
        (self.reads, self.done) = (frame, false);
        Ok(())
    }

    /// Goes round between these seconds from the next place on; from a place behind them, not at all.
    pub(in crate::audio) fn set_loop(&mut self, seconds: Option<(f64, f64)>) {
        self.looped = seconds;
    }

    fn turn(&self, rate: u32) -> Option<Turn> {
        let frame = |seconds: f64| (seconds.max(0.0) * f64::from(rate)).round() as u64;
        let (from, to) = self.looped?;
        let (from, to) = (frame(from), frame(to).min(self.end(rate)));
        (from + SHORTEST_LOOP <= to).then_some(Turn { from, to })
    }

    /// A frame at or behind the end of the loop would be its first instead.
    pub(in crate::audio) fn turned_back(&self, frame: u64, rate: u32) -> u64 {
        self.turn(rate)
            .filter(|turn| frame >= turn.to)
            .map_or(frame, |turn| turn.from)
    }

    /// True once after the last frame of the loop: the next one is its first.
    pub(in crate::audio) fn take_turned(&mut self) -> bool {
        std::mem::take(&mut self.turned)
    }

    /// More of the vocals may be known; counts from the next place.
    pub(in crate::audio) fn refresh_vocals(&mut self) {
        self.voice.refresh();
    }

    /// Appends up to `count` frames, not beyond the end of a loop; none means the song is over.
    pub(in crate::audio) fn fill(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<usize, DeckError> {
        let first = out.len();
        let pace = self.key_tempo.pace();
        let turn = self.turn.filter(|turn| self.gives < turn.to as f64);
        let left = turn.map(|turn| ((turn.to as f64 - self.gives) / pace).ceil().max(1.0) as usize);
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
            frame.stretch = self.stretch;
            frame.at = u32::try_from(self.at()).unwrap_or(u32::MAX);
            self.gives += pace;
        }
        // The end of a song of unknown length may have made the loop shorter meanwhile.
        if let (Some(_), Some(turn)) = (turn, self.turn)
            && self.gives >= turn.to as f64
        {
            self.gives -= (turn.to - turn.from) as f64;
            self.turned = true;
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

    /// The next frames as they were recorded, at the device's rate, from the end of a loop on to its
    /// start; fewer than `count` only where the song ends.
    fn read(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<(), DeckError> {
        let mut left = count;
        while left > 0 {
            let turn = self.turn.filter(|turn| self.reads < turn.to);
            let wanted = turn.map_or(left, |turn| left.min((turn.to - self.reads) as usize));
            let read = self.read_on(wanted, out)?;
            left -= read;
            if read < wanted {
                // The song ended, within a loop sooner than thought.
                let ended = turn.map(|turn| Turn {
                    to: self.reads,
                    ..turn
                });
                self.turn = ended.filter(|turn| turn.from + SHORTEST_LOOP <= turn.to);
            }
            match self.turn.filter(|turn| self.reads == turn.to) {
                Some(turn) => self.read_from(turn.from)?,
                None if read < wanted => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// The next frames of the song; fewer than `count` only at its end.
    fn read_on(&mut self, count: usize, out: &mut Vec<Frame>) -> Result<usize, DeckError> {
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
        self.reads += count as u64;
        Ok(count)
    }
}
