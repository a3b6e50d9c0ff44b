//! Frame after frame into the ring: from one song into the next, round a loop, and past what cannot be
//! read.

use std::time::{Duration, Instant};

use crate::audio::player::event::PlayerEvent;
use crate::audio::player::feeder::{BATCH, Feeder};
use crate::audio::player::song_reader::Deck;
use crate::key_tempo::KeyTempo;

/// A disk that takes longer for some frames is worth a line in the log.
const SLOW: Duration = Duration::from_millis(50);

impl Feeder {
    /// One batch into the ring; false when there is no room or nothing to put there.
    pub(super) fn feed(&mut self) -> bool {
        let Some(outlet) = &self.output else {
            return false;
        };
        let (mut room, covered) = (outlet.room().min(BATCH), outlet.covered());
        let done = self.decks.back().is_none_or(|deck| deck.done && deck.failed);
        if done || room == 0 {
            return false;
        }
        match self.alone_for() {
            Some((0, frames)) => self.cross(frames),
            Some((alone, _)) => room = room.min(usize::try_from(alone).unwrap_or(room)),
            None => {}
        }
        let Some(deck) = self.decks.back_mut() else {
            return false;
        };
        self.batch.clear();
        let began = Instant::now();
        let filled = deck.fill(room, &mut self.batch);
        if began.elapsed() > SLOW {
            let (took, at) = (began.elapsed(), deck.at());
            tracing::debug!("{room} frames of the song took {took:?} to read, at frame {at}");
        }
        let (token, turned) = (deck.token, deck.take_turned());
        while let Some((at, seconds)) = deck.take_damage() {
            (self.on)(PlayerEvent::Damaged { token, at, seconds });
        }
        match filled {
            Ok(0) => self.go_over(),
            Ok(_) => {
                self.lay_under(covered);
                if let Some(outlet) = &mut self.output {
                    outlet.push(&mut self.batch, &self.shared);
                }
                if turned {
                    self.turn_back();
                }
                true
            }
            Err(error) => {
                self.fail(token, &error);
                self.break_off()
            }
        }
    }

    /// The song fed last cannot go on.
    fn break_off(&mut self) -> bool {
        if self.crossing.take().is_some_and(|crossing| crossing.is_fresh()) {
            // Nothing of it was heard: the one before goes on to its end.
            self.decks.pop_back();
            return true;
        }
        if let Some(deck) = self.decks.back_mut() {
            (deck.done, deck.failed) = (true, true);
        }
        self.go_over()
    }

    /// The frames from the start of the loop on are a stretch of their own: the position goes back with
    /// the first of them.
    fn turn_back(&mut self) {
        if let Some(mut deck) = self.decks.pop_back() {
            deck.stretch = self.new_stretch(&deck, false);
            self.decks.push_back(deck);
        }
    }

    /// The back deck is empty: the queued song follows in the same breath.
    fn go_over(&mut self) -> bool {
        self.crossing = None;
        let followed = self.queued.take().is_some_and(|deck| self.follow(deck));
        self.shared.set_complete(!followed);
        followed
    }

    /// This song is fed from now on; false where it cannot be, which has been said.
    pub(super) fn follow(&mut self, mut deck: Deck) -> bool {
        let (token, start, rate) = (deck.token, deck.start(), self.rate());
        if let Err(error) = deck.place(start, rate) {
            self.fail(token, &error);
            return false;
        }
        deck.stretch = self.new_stretch(&deck, false);
        self.decks.push_back(deck);
        true
    }

    pub(super) fn new_stretch(&mut self, deck: &Deck, at_once: bool) -> u32 {
        // A position as frames carry it: enough for six hours at 192 kHz.
        let start = u32::try_from(deck.at()).unwrap_or(u32::MAX);
        let stretch = self.announce(deck.token, start, deck.key_tempo(), at_once);
        self.shared.set_gain(stretch, deck.gain());
        stretch
    }

    pub(super) fn announce(&mut self, token: u64, start: u32, key_tempo: KeyTempo, at_once: bool) -> u32 {
        self.stretch = self.stretch.wrapping_add(1);
        let pace = key_tempo.pace() as f32;
        self.shared
            .announce(self.stretch, token, self.rate(), start, pace);
        if at_once {
            if let Some(outlet) = &mut self.output {
                outlet.clear();
            }
            self.shared.set_complete(false);
            self.shared.raise_floor(self.stretch);
        }
        self.stretch
    }
}
