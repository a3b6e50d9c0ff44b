//! The cross-fade: the end of one song under the beginning of the next, by equal power.
//!
//! The frames are the next song's from the first one on, with the song before as their
//! [`Tail`]: the mixer brings both together, so that each keeps its own level
//! of the vocals and its own loudness. Both songs together are as much shorter as the fade is long, to
//! the frame.

use std::f64::consts::FRAC_PI_2;

use super::Feeder;
use crate::audio::mixer::{Frame, Tail};
use crate::audio::player::deck::Deck;
use crate::audio::player::outlet::Outlet;

/// Frames; a shorter fade is none.
const SHORTEST: u64 = 64;

/// One cross-fade, from its first frame fed to its last one heard.
pub(super) struct Crossing {
    /// How long it is.
    frames: u64,
    done: u64,
    /// Frames fed since it was over.
    past: u64,
    /// Where it begins in the song before.
    from: u64,
    /// The song before, once the next one is the song heard.
    before: Option<Deck>,
    /// That song broke off; silence is in its place.
    broken: bool,
    batch: Vec<Frame>,
}

impl Crossing {
    fn new(frames: u64) -> Self {
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
    pub(super) fn lay_under(&mut self, before: Option<&mut Deck>, frames: &mut [Frame]) {
        let left = usize::try_from(self.frames - self.done).unwrap_or(usize::MAX);
        let count = frames.len().min(left);
        self.batch.clear();
        if let Some(deck) = self.before.as_mut().or(before) {
            if self.done == 0 {
                self.from = deck.at();
            }
            while self.batch.len() < count && !self.broken {
                let wanted = count - self.batch.len();
                match deck.fill(wanted, &mut self.batch) {
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
    fn take_back(&mut self, frames: u64, rate: u32) {
        let fed = frames.saturating_sub(self.past).min(self.done);
        self.done -= fed;
        self.past = 0;
        let Some(deck) = &mut self.before else { return };
        let at = self.from + (self.done as f64 * deck.key_tempo().pace()) as u64;
        if let Err(error) = deck.place_at(at, rate) {
            tracing::warn!("the end of a song is missing under the next one: {error}");
            self.broken = true;
        }
    }
}

impl Feeder {
    /// Frames the last song is fed alone before the next one comes in over it; `None` where it does not.
    pub(super) fn alone_for(&self) -> Option<(u64, u64)> {
        let under_way = self.crossing.as_ref().is_some_and(|crossing| !crossing.is_over());
        let next = self.queued.as_ref().filter(|_| !under_way)?;
        let last = self.decks.back().filter(|deck| !deck.failed)?;
        let rate = self.rate();
        let wanted = (next.crossfade() * f64::from(rate)) as u64;
        // Each song is heard by itself in its middle.
        let fade = wanted.min(last.length(rate) / 2).min(next.length(rate) / 2);
        if fade < SHORTEST {
            return None;
        }
        let left = last.left()?;
        (left >= SHORTEST).then(|| (left.saturating_sub(fade), fade.min(left)))
    }

    /// The next song comes in over the last `frames` of the one before.
    pub(super) fn cross(&mut self, frames: u64) {
        if let Some(deck) = self.queued.take()
            && self.follow(deck)
        {
            self.crossing = Some(Crossing::new(frames));
        }
    }

    /// Lays the song before under what was just decoded, from the frame `from` of the batch on.
    pub(super) fn lay_under(&mut self, from: usize) {
        let Some(crossing) = &mut self.crossing else {
            return;
        };
        let before = self.decks.len().checked_sub(2);
        let before = before.and_then(|at| self.decks.get_mut(at));
        let from = from.min(self.batch.len());
        crossing.lay_under(before, &mut self.batch[from..]);
        let ahead = self.output.as_ref().map_or(0, Outlet::ahead) + self.batch.len();
        if crossing.is_over() && crossing.past >= ahead as u64 {
            self.crossing = None;
        }
    }

    /// The cross-fade the listener is in the middle of, as far as it was heard: the song before goes on
    /// under whatever is fed next.
    pub(super) fn take_crossing_heard(&mut self) -> Option<Crossing> {
        let rate = self.rate();
        let outlet = self.output.as_mut()?;
        outlet.settle();
        let mut crossing = self.crossing.take_if(|crossing| crossing.before.is_some())?;
        crossing.take_back(outlet.ahead() as u64, rate);
        Some(crossing)
    }

    /// The song in front is over for the listener, and may still be heard under the next one.
    pub(super) fn keep_under(&mut self, deck: Deck) {
        if self.decks.len() == 1
            && let Some(crossing) = &mut self.crossing
        {
            crossing.before = Some(deck);
        }
    }
}
