//! The vocal level and its toggle.

use crate::song_settings::LOUDEST_LEVEL as LOUDEST;

/// Percent per key press; the fine keys go by one.
pub const STEP: u8 = 5;

/// As recorded.
pub const FULL: u8 = 100;

/// Which of the three states of the toggle the singer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaderPosition {
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
    /// Only the singer is wanted, in the song of this play_id.
    pub(crate) solo: Option<u64>,
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

    pub fn position(self) -> FaderPosition {
        match self.level {
            0 => FaderPosition::Off,
            FULL => FaderPosition::Full,
            _ => FaderPosition::Mine,
        }
    }

    pub fn set(&mut self, level: u8) {
        self.level = level.min(LOUDEST);
        if self.position() == FaderPosition::Mine {
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
        self.level = match self.position() {
            FaderPosition::Full => self.mine,
            FaderPosition::Mine => 0,
            FaderPosition::Off => FULL,
        };
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
