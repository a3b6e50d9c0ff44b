//! Replaces what lies in the ring where it is no longer what shall be heard: vocals became known, a loop
//! was set.

use crate::audio::player::feeder::Feeder;
use crate::audio::player::feeder::renewal::Renewal;

/// How long vocals that became known take to come in.
const VOCALS_FADE: f64 = 0.2;
/// From one place of a song over to another.
const JUMP_FADE: f64 = 0.01;
/// From one run of the stretcher over to another.
const PHASES_FADE: f64 = 0.03;

impl Feeder {
    /// A loop the song heard is in already takes hold of what lies in the ring.
    pub(super) fn set_loop(&mut self, seconds: Option<(f64, f64)>) {
        let Some(front) = self.decks.front_mut() else {
            return;
        };
        front.set_loop(seconds);
        self.renewal.looped = true;
    }

    /// Replaces what lies in the ring where it is no longer what shall be heard.
    pub(super) fn renew(&mut self) {
        let Renewal { vocals, looped } = self.renewal;
        let Some(outlet) = self.output.as_mut().filter(|_| vocals || looped) else {
            return;
        };
        let Some(back) = self.decks.back().filter(|deck| !deck.failed) else {
            self.renewal = Renewal::default();
            return;
        };
        let fade = if vocals {
            VOCALS_FADE
        } else if back.key_tempo().is_recording() {
            0.0
        } else {
            // Another run of the stretcher has other phases.
            PHASES_FADE
        };
        let Some(first) = outlet.replace(fade) else {
            // The rest of a song is too short to be replaced; vocals that come so late do not matter.
            if back.done && outlet.is_settled() {
                self.renewal = Renewal::default();
                if looped {
                    self.seek(self.seconds_heard(self.shared.next_position()));
                }
            }
            return;
        };
        self.renewal = Renewal::default();
        let token = self.shared.token(first.stretch);
        // The song after the one replaced waits again.
        while self.decks.len() > 1 && self.decks.back().is_some_and(|deck| deck.token != token) {
            self.queued = self.decks.pop_back();
            self.crossing = None;
            if let Some(outlet) = &mut self.output {
                outlet.uncover();
            }
        }
        self.shared.set_complete(false);
        let rate = self.rate();
        let Some(mut deck) = self.decks.pop_back() else {
            return;
        };
        if vocals {
            deck.refresh_vocals();
        }
        let at = deck.turned_back(u64::from(first.at), rate);
        let placed = deck.place_at(at, rate);
        deck.stretch = first.stretch;
        if at != u64::from(first.at) {
            deck.stretch = self.new_stretch(&deck, false);
            if let Some(outlet) = &mut self.output {
                outlet.fade_for(JUMP_FADE);
            }
        }
        if let Err(error) = placed {
            deck.done = true;
            deck.failed = true;
            self.fail(deck.token, &error);
        }
        self.decks.push_back(deck);
    }
}
