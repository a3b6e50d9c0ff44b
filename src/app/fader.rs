//! The level of the singer, the toggle that remembers yours, the singer alone, and the master volume.

use super::deck::Stage;
use super::{App, Effect};
pub use crate::song_memory::LOUDEST_LEVEL as LOUDEST;

/// Percent per key press; the fine keys go by one.
pub const STEP: u8 = 5;
/// As recorded.
pub const FULL: u8 = 100;

/// Which of the three states of the toggle the singer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Off,
    Mine,
    Full,
}

/// The singer's level in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fader {
    level: u8,
    /// Your level, for the toggle: the last one that was neither off nor full.
    mine: u8,
    /// Only the singer is wanted, in the song of this token.
    solo: Option<u64>,
}

impl Fader {
    pub fn new(level: u8) -> Self {
        let level = level.min(LOUDEST);
        let mine = if level == 0 || level == FULL { 20 } else { level };
        Self {
            level,
            mine,
            solo: None,
        }
    }

    pub fn level(self) -> u8 {
        self.level
    }

    pub fn mine(self) -> u8 {
        self.mine
    }

    /// 0 to 2, as the mixer wants it.
    pub fn gain(self) -> f32 {
        f32::from(self.level) / 100.0
    }

    pub fn voice(self) -> Voice {
        match self.level {
            0 => Voice::Off,
            FULL => Voice::Full,
            _ => Voice::Mine,
        }
    }

    pub fn set(&mut self, level: u8) {
        self.level = level.min(LOUDEST);
        if self.voice() == Voice::Mine {
            self.mine = self.level;
        }
    }

    /// Up or down by a step; from an odd level to the next multiple.
    pub fn nudge(&mut self, up: bool, step: u8) {
        self.set(nudged(self.level, up, step, LOUDEST));
    }

    pub fn solo(self) -> bool {
        self.solo.is_some()
    }

    pub fn set_solo(&mut self, song: Option<u64>) {
        self.solo = song;
    }

    /// full -> mine -> off -> full
    pub fn toggle(&mut self) {
        self.level = match self.voice() {
            Voice::Full => self.mine,
            Voice::Mine => 0,
            Voice::Off => FULL,
        };
    }
}

/// The singer can be alone only where the vocals are known; elsewhere the song plays as it is, and so
/// does the next one.
pub(super) fn settle(app: &mut App, effects: &mut Vec<Effect>) {
    let song = app.deck.song.as_ref();
    app.fader.solo = app
        .fader
        .solo
        .filter(|token| song.is_some_and(|song| song.token == *token));
    let known = song.is_some_and(|song| song.stage == Stage::Given && song.voice.ready_at(app.deck.seconds));
    let solo = app.fader.solo() && known;
    if solo != app.solo_heard {
        app.solo_heard = solo;
        effects.push(Effect::SetSolo(solo));
    }
}

/// The next multiple of `step` above or below, within 0 to `most`.
pub fn nudged(percent: u8, up: bool, step: u8, most: u8) -> u8 {
    let step = step.max(1);
    if up {
        (percent / step + 1).saturating_mul(step).min(most)
    } else {
        percent.div_ceil(step).saturating_sub(1) * step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toggle_goes_full_mine_off_and_remembers_mine() {
        let mut fader = Fader::new(35);
        let mut seen = Vec::new();
        for _ in 0..4 {
            fader.toggle();
            seen.push(fader.level());
        }
        assert_eq!(seen, [0, 100, 35, 0]);
        assert_eq!(Fader::new(100).mine(), 20);
    }

    #[test]
    fn above_full_is_a_level_of_ones_own() {
        let mut fader = Fader::new(100);
        for _ in 0..40 {
            fader.nudge(true, STEP);
        }
        assert_eq!(
            (fader.level(), fader.gain(), fader.voice()),
            (200, 2.0, Voice::Mine)
        );
        fader.toggle();
        fader.toggle();
        assert_eq!(fader.voice(), Voice::Full);
        fader.toggle();
        assert_eq!(fader.level(), 200);
    }

    #[test]
    fn steps_land_on_multiples_and_stop_at_the_ends() {
        let nudged = |percent, up, step| super::nudged(percent, up, step, 100);
        assert_eq!((nudged(33, true, 5), nudged(33, false, 5)), (35, 30));
        assert_eq!((nudged(35, true, 5), nudged(35, false, 5)), (40, 30));
        assert_eq!(
            (nudged(98, true, 5), nudged(2, false, 5), nudged(0, false, 5)),
            (100, 0, 0)
        );
        assert_eq!((nudged(100, true, 1), nudged(7, false, 1)), (100, 6));
        assert_eq!(
            (super::nudged(198, true, 5, 200), super::nudged(250, true, 5, 255)),
            (200, 255)
        );
    }
}
