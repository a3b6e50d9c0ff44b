//! One cross-fade: which frames of the previous song are under the next one.

use std::f64::consts::FRAC_PI_2;

use crate::audio::frame::{Frame, OutgoingFrame};
use crate::audio::player::song_reader::SongReader;

/// Shortest cross-fade, in frames.
pub(crate) const SHORTEST: u64 = 64;

/// A cross-fade, from its first frame in the ring until its last one was played.
pub(super) struct Crossfade {
    /// Length in frames.
    frames: u64,
    /// Frames put into the ring so far.
    done: u64,
    /// Frames put into the ring since the end of the cross-fade.
    pub(crate) past: u64,
    /// Position in the previous song where the cross-fade begins, in frames.
    from: u64,
    /// The previous song, once the next one is the current song.
    pub(crate) before: Option<SongReader>,
    /// The previous song cannot be read any more and is silent.
    broken: bool,
    batch: Vec<Frame>,
}

impl Crossfade {
    pub(crate) fn new(frames: u64) -> Self {
        Self {
            frames,
            done: 0,
            past: 0,
            from: 0,
            before: None,
            broken: false,
            batch: Vec::new(),
        }
    }

    /// No frame is in the ring yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.done == 0
    }

    pub(super) fn is_over(&self) -> bool {
        self.done >= self.frames
    }

    /// Lays the song before under the next frames. It is `before`, or has been kept here.
    pub(super) fn mix_under(&mut self, before: Option<&mut SongReader>, frames: &mut [Frame]) {
        let left = usize::try_from(self.frames - self.done).unwrap_or(usize::MAX);
        let count = frames.len().min(left);
        self.batch.clear();
        if let Some(reader) = self.before.as_mut().or(before) {
            if self.done == 0 {
                self.from = reader.at();
            }
            while self.batch.len() < count && !self.broken {
                let wanted = count - self.batch.len();
                match reader.fill(wanted, &mut self.batch) {
                    // It ended sooner than its head said.
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!("the end of a song is missing under the next one: {error}");
                        self.broken = true;
                    }
                }
            }
        }
        let length = self.frames as f64;
        for (at, frame) in frames.iter_mut().take(count).enumerate() {
            let under = self.batch.get(at).copied().unwrap_or_default();
            let place = (self.done as f64 + at as f64 + 0.5) / length;
            frame.tail = OutgoingFrame {
                mixture: under.mixture,
                vocals: under.vocals,
                share: (place * FRAC_PI_2).cos() as f32,
            };
        }
        self.done += count as u64;
        self.past += (frames.len() - count) as u64;
    }

    /// The last so many frames fed will not be heard: others come in their place, for a device of `rate`.
    pub(crate) fn rewind(&mut self, frames: u64, rate: u32) {
        let fed = frames.saturating_sub(self.past).min(self.done);
        self.done -= fed;
        self.past = 0;
        let Some(reader) = &mut self.before else { return };
        let at = self.from + (self.done as f64 * reader.key_tempo().speed()) as u64;
        if let Err(error) = reader.place_at(at, rate) {
            tracing::warn!("the end of a song is missing under the next one: {error}");
            self.broken = true;
        }
    }
}
