//! The vocals of the song that plays, read as far as they are known and faded where known parts
//! begin and end.

use std::collections::VecDeque;

use crate::audio::Vocals;
use crate::audio::dsp::resample::ResampleError;
use crate::audio::player::aligned_resampler::AlignedResampler;

/// Frames read at a time, at the vocals' own rate.
const BLOCK: usize = 1024;
/// How long vocals take to come in where a known part begins, and to go before it ends.
pub(super) const FADE_SECONDS: f64 = 0.2;

pub(super) struct VocalReader {
    source: Box<dyn Vocals>,
    placed: AlignedResampler,
    /// The frame the next reading starts with.
    next: u64,
    /// Read ahead as far as a fade is long, so that an end is seen in time.
    ahead: VecDeque<Reading>,
    gate: f32,
}

struct Reading {
    pcm: Vec<f32>,
    /// Nothing is known here.
    empty: bool,
}

impl VocalReader {
    pub(super) fn new(source: Box<dyn Vocals>) -> Result<Self, ResampleError> {
        let rate = source.rate().max(1);
        Ok(Self {
            source,
            placed: AlignedResampler::new(rate, rate)?,
            next: 0,
            ahead: VecDeque::new(),
            gate: 1.0,
        })
    }

    /// Starts at frame `at` of a device of `rate`.
    pub(super) fn start(&mut self, at: u64, rate: u32) -> Result<(), ResampleError> {
        let own = self.source.rate().max(1);
        if self.placed.rates() != (own, rate) {
            self.placed = AlignedResampler::new(own, rate)?;
        }
        self.next = self.placed.start(at);
        // The mixer fades in after every jump; a second fade would only be heard as a hole.
        self.gate = 1.0;
        self.ahead.clear();
        for _ in 0..=self.fade_frames().div_ceil(BLOCK) {
            self.read_ahead(vec![0.0; BLOCK * 2]);
        }
        Ok(())
    }

    /// More may be known by now; counts from the next [`start`](Self::start).
    pub(super) fn refresh(&mut self) {
        self.source.refresh();
    }

    /// The next frames; silence where the vocals are not known.
    pub(super) fn take(&mut self, frames: usize) -> Result<&[f32], ResampleError> {
        while self.placed.ready() < frames {
            let Some(mut reading) = self.ahead.pop_front() else {
                self.read_ahead(vec![0.0; BLOCK * 2]);
                continue;
            };
            self.fade(&mut reading);
            self.placed.push(&reading.pcm)?;
            self.read_ahead(reading.pcm);
        }
        Ok(self.placed.take(frames))
    }

    pub(super) fn forget(&mut self, frames: usize) {
        self.placed.forget(frames);
    }

    fn fade_frames(&self) -> usize {
        (FADE_SECONDS * f64::from(self.source.rate().max(1))) as usize
    }

    fn read_ahead(&mut self, mut pcm: Vec<f32>) {
        pcm.fill(0.0);
        let known = self.source.read(self.next, &mut pcm);
        // Stems from outside this room: what is no number must not reach the ear.
        pcm.iter_mut().filter(|s| !s.is_finite()).for_each(|s| *s = 0.0);
        let empty = !known && pcm.iter().all(|&s| s == 0.0);
        self.ahead.push_back(Reading { pcm, empty });
        self.next += BLOCK as u64;
    }

    /// Up from where a known part begins, and down towards where it ends.
    fn fade(&mut self, reading: &mut Reading) {
        if reading.empty {
            self.gate = 0.0;
            return;
        }
        let step = 1.0 / self.fade_frames().max(1) as f32;
        let end = self.ahead.iter().position(|reading| reading.empty);
        let end = end.map(|blocks| (blocks + 1) * BLOCK);
        if self.gate >= 1.0 && end.is_none() {
            return;
        }
        for (i, frame) in reading.pcm.chunks_exact_mut(2).enumerate() {
            let left = end.map_or(1.0, |end| (end - i - 1) as f32 * step);
            self.gate = (self.gate + step).min(left).min(1.0);
            frame.iter_mut().for_each(|s| *s *= self.gate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    struct Switched(Arc<AtomicBool>);

    impl Vocals for Switched {
        fn rate(&self) -> u32 {
            44_100
        }

        fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
            let known = self.0.load(SeqCst);
            for (i, frame) in out.chunks_mut(2).enumerate() {
                let value = ((start + i as u64) as f32 * 0.02).sin() * 0.5;
                frame.fill(if known { value } else { 0.0 });
            }
            known
        }
    }

    #[test]
    fn vocals_that_come_and_go_in_mid_read_do_not_click() {
        let known = Arc::new(AtomicBool::new(false));
        let mut voice = VocalReader::new(Box::new(Switched(known.clone()))).unwrap();
        voice.start(0, 44_100).unwrap();
        let mut heard = Vec::new();
        for round in 0..120 {
            known.store((10..60).contains(&round), SeqCst);
            heard.extend_from_slice(voice.take(700).unwrap());
            voice.forget(700);
        }
        let loudest = heard.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let steepest = heard
            .chunks(2)
            .zip(heard.chunks(2).skip(1))
            .map(|(a, b)| (b[0] - a[0]).abs())
            .fold(0.0, f32::max);
        assert!(loudest > 0.49, "they never came: {loudest}");
        assert!(steepest < 0.0102, "a click of {steepest}");
        assert!(heard[heard.len() - 2000..].iter().all(|&s| s == 0.0));
    }

    /// Knows a constant between two frames, blocks apart.
    struct Between(std::ops::Range<u64>);

    impl Vocals for Between {
        fn rate(&self) -> u32 {
            44_100
        }

        fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
            let known = self.0.contains(&start);
            out.fill(if known { 1.0 } else { 0.0 });
            known
        }
    }

    #[test]
    fn a_known_part_comes_in_and_goes_within_a_fifth_of_a_second() {
        let (from, to) = (20 * BLOCK as u64, 60 * BLOCK as u64);
        let mut voice = VocalReader::new(Box::new(Between(from..to))).unwrap();
        voice.start(0, 44_100).unwrap();
        let heard: Vec<f32> = voice
            .take(80 * BLOCK)
            .unwrap()
            .chunks(2)
            .map(|frame| frame[0])
            .collect();
        let (from, to, fade) = (from as usize, to as usize, 8820);
        assert!(heard[..from].iter().chain(&heard[to..]).all(|&s| s == 0.0));
        assert!(heard[from + fade..to - fade].iter().all(|&s| s == 1.0));
        let half = |at: usize| (heard[at] - 0.5).abs() < 1e-3;
        assert!(half(from + fade / 2) && half(to - 1 - fade / 2));
        let steepest = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 1.01 / fade as f32, "{steepest}");
    }

    #[test]
    fn known_vocals_come_through_untouched() {
        let mut voice = VocalReader::new(Box::new(Switched(Arc::new(AtomicBool::new(true))))).unwrap();
        voice.start(5000, 44_100).unwrap();
        let heard = voice.take(3000).unwrap();
        assert!(
            heard
                .chunks(2)
                .enumerate()
                .all(|(i, f)| f[0] == ((5000 + i) as f32 * 0.02).sin() * 0.5)
        );
    }
}
