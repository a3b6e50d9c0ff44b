//! Key and tempo: Signalsmith Stretch, a phase vocoder that carries the phase of the loudest channel
//! in each band over to the others. Mixture and vocals go through one instance as four channels,
//! so they stay in phase with each other and the fader still takes out what it took out before.
//!
//! A tone comes out within 5 cents of its pitch from 220 Hz up, and within 12 from 82 Hz. The library
//! wants 60 ms of song ahead, which a player has: what is decoded is simply sent sooner.
//!
//! Chosen over its peers: Rubber Band is GPL and SoundTouch LGPL, timestretch (pure Rust) knows no
//! more than two channels. `ssstretch` binds version 1.1 with nothing but a C++ compiler, where the
//! binding of a newer one wants libclang. It knows no formants, and what knows them would shape each
//! channel by itself, so that the fader would no longer take the singer out of the mixture: they are
//! put back afterwards, in the vocals and by the same amount in the mixture ([`Formants`]).

use ssstretch::Stretch;

use crate::audio::dsp::formants::Formants;
use crate::audio::frame::Frame;
use crate::key_tempo::KeyTempo;

/// Left and right of the mixture, left and right of the vocals.
const CHANNELS: usize = 4;
/// Seconds of a window, as the library proposes.
const WINDOW: f64 = 0.12;
/// Seconds from window to window, half of what the library proposes: twice the work, and the pitch
/// of deep tones is off by half as much, 11 cents instead of 21 at 82 Hz.
const INTERVAL: f64 = 0.015;
/// Output frames computed at a time.
const BLOCK: usize = 512;
/// The library keeps channels in phase only in bands above a fixed level. So much louder, and softer
/// again afterwards, all that can be heard lies above it; a power of two changes no sample.
const GAIN: f32 = 32.0;
/// The library takes a band's level to its sixth power: with this bound, 12 dB over full scale, and the
/// gain, even the longest window, of 192 kHz, stays within what a float can hold.
const LOUDEST: f32 = 4.0;
/// Where very slow music needs chance, it is the same chance each time.
const SEED: i64 = 1;

/// Four channels moved in key and tempo.
///
/// It is told frames of the song from [`run_up`](Self::run_up) before the place to begin with, always
/// as many as it [`wants`](Self::wants), and then gives frames from that place on.
pub struct Stretcher {
    library: Stretch,
    /// Input frames per output frame.
    speed: f64,
    /// Channel by channel, as the library wants them.
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    /// Where the key is moved.
    formants: Option<Formants>,
    /// Ready to be taken.
    ready: Vec<[f32; CHANNELS]>,
    /// Blocks computed.
    blocks: u64,
    /// Input frames before the place to begin with.
    run_up: usize,
    /// The library is told so much before it computes, to know what went before.
    history: usize,
    /// Output frames before the place to begin with that are still to come.
    skip: usize,
    /// The history has been told.
    begun: bool,
    /// The song's own input frames so far, without the silence after its end.
    told: u64,
    /// The song has ended: output frames that are still its.
    left: Option<usize>,
    /// Output frames given, without those skipped.
    given: usize,
}

impl Stretcher {
    /// For frames at `rate` per second.
    pub fn new(rate: u32, change: KeyTempo) -> Self {
        let mut library = Stretch::with_seed(SEED);
        let samples = |seconds: f64| (f64::from(rate) * seconds) as i32;
        library.configure(CHANNELS as i32, samples(WINDOW), samples(INTERVAL));
        library.set_transpose_factor(change.pitch_ratio() as f32, None);
        let frames = |count: i32| usize::try_from(count).unwrap_or(0);
        let speed = change.speed();
        let history = frames(library.block_samples()) + frames(library.interval_samples());
        // The window is centred between both latencies, and the first windows lack those before
        // them: after so many frames every output frame is covered by all of its windows.
        let overlap = frames(library.output_latency());
        let ratio = change.pitch_ratio();
        let formants = (ratio != 1.0).then(|| Formants::new(rate, ratio));
        let shaped = formants.as_ref().map_or(0, Formants::run_up);
        let run_up = history + ((overlap + shaped) as f64 * speed).round() as usize;
        Self {
            speed,
            input: vec![Vec::new(); CHANNELS],
            output: vec![vec![0.0; BLOCK]; CHANNELS],
            ready: Vec::new(),
            blocks: 0,
            run_up: run_up.saturating_sub(frames(library.input_latency())),
            history,
            skip: 2 * overlap + shaped,
            formants,
            begun: false,
            told: 0,
            left: None,
            given: 0,
            library,
        }
    }

    /// Frames it has to hear before the place to begin with; silence before the song's own start.
    pub fn run_up(&self) -> usize {
        self.run_up
    }

    /// Frames of song to [`push`](Self::push) next.
    pub fn wants(&self) -> usize {
        if self.begun {
            (self.input_at(self.blocks + 1) - self.input_at(self.blocks)) as usize
        } else {
            self.history
        }
    }

    /// Input frames behind so many blocks.
    fn input_at(&self, blocks: u64) -> u64 {
        (blocks as f64 * BLOCK as f64 * self.speed).round() as u64
    }

    /// The next frames of the song; fewer than [`wants`](Self::wants) mean it ends with them.
    pub fn push(&mut self, frames: &[Frame]) {
        let wanted = self.wants();
        for (channel, input) in self.input.iter_mut().enumerate() {
            input.clear();
            input.extend(frames.iter().map(|frame| loud(channels(frame)[channel])));
            input.resize(wanted, 0.0);
        }
        self.told += frames.len() as u64;
        if frames.len() < wanted && self.left.is_none() {
            self.left = Some(self.left_after(0) as usize);
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.library.seek_vec(&self.input, wanted as i32, self.speed);
            return;
        }
        self.library
            .process_vec(&self.input, wanted as i32, &mut self.output, BLOCK as i32);
        self.blocks += 1;
        let fresh = (0..BLOCK).map(|at| std::array::from_fn(|channel| self.output[channel][at] / GAIN));
        match &mut self.formants {
            Some(formants) => formants.push(fresh, &mut self.ready),
            None => self.ready.extend(fresh),
        }
        let skipped = self.skip.min(self.ready.len());
        self.skip -= skipped;
        self.ready.drain(..skipped);
    }

    /// Frames that can be taken now, at most `count`; fewer only where the song ends, or until more
    /// is pushed.
    pub fn ready(&self, count: usize) -> usize {
        count.min(self.ready.len()).min(self.left.unwrap_or(count))
    }

    /// Frames it will still give if the song ends after `more` frames.
    pub fn left_after(&self, more: u64) -> u64 {
        if let Some(left) = self.left {
            return left as u64;
        }
        let song = (self.told + more).saturating_sub(self.run_up as u64);
        let whole = (song as f64 / self.speed).round() as u64;
        whole.saturating_sub(self.given as u64)
    }

    /// All that the song gives has been taken.
    pub fn is_over(&self) -> bool {
        self.left == Some(0)
    }

    /// Takes `count` frames, no more than are ready: mixture, then vocals.
    pub fn take(&mut self, count: usize) -> impl Iterator<Item = ([f32; 2], [f32; 2])> {
        let count = self.ready(count);
        self.given += count;
        self.left = self.left.map(|left| left - count);
        self.ready
            .drain(..count)
            .map(|[left, right, sung_left, sung_right]| ([left, right], [sung_left, sung_right]))
    }
}

/// As the library is told it; what is no number is silence.
fn loud(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-LOUDEST, LOUDEST) * GAIN
    }
}

fn channels(frame: &Frame) -> [f32; CHANNELS] {
    let Frame { mixture, vocals, .. } = frame;
    [mixture[0], mixture[1], vocals[0], vocals[1]]
}

#[cfg(test)]
pub(in crate::audio) mod tests;
