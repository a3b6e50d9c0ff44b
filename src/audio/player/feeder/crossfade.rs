//! TODO

use std::f64::consts::FRAC_PI_2;

use crate::audio::frame::{Frame, Tail};
use crate::audio::player::song_reader::SongReader;

/// Frames; a shorter fade is none.
pub(crate) const SHORTEST: u64 = 64;

/// One cross-fade, from its first frame fed to its last one heard.
pub(super) struct Crossfade {
    /// How long it is.
    frames: u64,
    done: u64,
    /// Frames fed since it was over.
    pub(crate) past: u64,
    /// Where it begins in the song before.
    from: u64,
    /// The song before, once the next one is the song heard.
    pub(crate) before: Option<SongReader>,
    /// That song broke off; silence is in its place.
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

    /// Nothing of it has been fed.
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
            frame.tail = Tail {
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
