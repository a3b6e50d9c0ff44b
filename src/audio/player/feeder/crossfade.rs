//! The cross-fade: the end of one song under the beginning of the next, by equal power.
//!
//! The frames are the next song's from the first one on, with the song before as their
//! [`Tail`]: the mixer brings both together, so that each keeps its own level
//! of the vocals and its own loudness. Both songs together are as much shorter as the fade is long, to
//! the frame.

use crate::audio::player::feeder::Feeder;
use crate::audio::player::feeder::crossing::{Crossing, SHORTEST};
use crate::audio::player::ring_writer::Outlet;
use crate::audio::player::song_reader::Deck;

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
