//! The vocals of the song that plays, read as far as they are known and faded where that changes
//! under the listener.

use crate::audio::Vocals;
use crate::audio::resample::ResampleFault;

use super::deck::Placed;

/// Frames read at a time, at the vocals' own rate.
const BLOCK: usize = 1024;
/// How long vocals that just became known take to come in.
const RAMP_SECONDS: f32 = 0.05;
/// Softer than this a sudden end is not heard.
const SOFT: f32 = 1e-3;

pub(super) struct Voice {
    source: Box<dyn Vocals>,
    placed: Placed,
    /// The frame the next reading starts with.
    next: u64,
    /// The reading ahead, so that an end can be seen coming.
    ahead: Reading,
    gate: f32,
}

struct Reading {
    pcm: Vec<f32>,
    /// Nothing is known here.
    empty: bool,
}

impl Voice {
    pub(super) fn new(source: Box<dyn Vocals>) -> Result<Self, ResampleFault> {
        let rate = source.rate().max(1);
        let ahead = Reading {
            pcm: vec![0.0; BLOCK * 2],
            empty: true,
        };
        Ok(Self {
            source,
            placed: Placed::new(rate, rate)?,
            next: 0,
            ahead,
            gate: 1.0,
        })
    }

    /// Starts at frame `at` of a device of `rate`.
    pub(super) fn start(&mut self, at: u64, rate: u32) -> Result<(), ResampleFault> {
        let own = self.source.rate().max(1);
        if self.placed.rates() != (own, rate) {
            self.placed = Placed::new(own, rate)?;
        }
        self.next = self.placed.start(at);
        // The mixer fades in after every jump; a second fade would only be heard as a hole.
        self.gate = 1.0;
        self.read_ahead();
        Ok(())
    }

    /// The next frames; silence where the vocals are not known.
    pub(super) fn take(&mut self, frames: usize) -> Result<&[f32], ResampleFault> {
        while self.placed.ready() < frames {
            let mut pcm = std::mem::take(&mut self.ahead.pcm);
            let empty = self.ahead.empty;
            self.ahead.pcm = vec![0.0; BLOCK * 2];
            self.read_ahead();
            self.fade(&mut pcm, empty);
            self.placed.push(&pcm)?;
        }
        Ok(self.placed.take(frames))
    }

    pub(super) fn forget(&mut self, frames: usize) {
        self.placed.forget(frames);
    }

    fn read_ahead(&mut self) {
        self.ahead.pcm.fill(0.0);
        let known = self.source.read(self.next, &mut self.ahead.pcm);
        // Stems from outside this room: what is no number must not reach the ear.
        self.ahead
            .pcm
            .iter_mut()
            .filter(|s| !s.is_finite())
            .for_each(|s| *s = 0.0);
        self.ahead.empty = !known && self.ahead.pcm.iter().all(|&s| s == 0.0);
        self.next += BLOCK as u64;
    }

    fn fade(&mut self, pcm: &mut [f32], empty: bool) {
        if empty {
            self.gate = 0.0;
            return;
        }
        let step = 1.0 / (RAMP_SECONDS * self.source.rate().max(1) as f32);
        for frame in pcm.chunks_exact_mut(2) {
            if self.gate >= 1.0 {
                break;
            }
            frame.iter_mut().for_each(|s| *s *= self.gate);
            self.gate = (self.gate + step).min(1.0);
        }
        let breaks_off = self.ahead.empty && pcm.iter().rev().take(2).any(|s| s.abs() > SOFT);
        if breaks_off {
            let frames = pcm.len() as f32 / 2.0;
            for (i, frame) in pcm.chunks_exact_mut(2).enumerate() {
                frame
                    .iter_mut()
                    .for_each(|s| *s *= 1.0 - (i as f32 + 1.0) / frames);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
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
        let mut voice = Voice::new(Box::new(Switched(known.clone()))).unwrap();
        voice.start(0, 44_100).unwrap();
        let mut heard = Vec::new();
        for round in 0..60 {
            known.store((10..30).contains(&round), SeqCst);
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
        assert!(steepest < 0.012, "a click of {steepest}");
        assert!(heard[heard.len() - 2000..].iter().all(|&s| s == 0.0));
    }

    #[test]
    fn known_vocals_come_through_untouched() {
        let mut voice = Voice::new(Box::new(Switched(Arc::new(AtomicBool::new(true))))).unwrap();
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
