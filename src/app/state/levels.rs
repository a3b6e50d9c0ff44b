//! How loud the vocals and the music are.

use crate::app::state::fader::Fader;
use crate::song_settings::LOUDEST_LEVEL;

/// How loud the vocals and the music are.
#[derive(Debug)]
pub struct Levels {
    pub fader: Fader,
    /// Only the vocals are heard now.
    pub solo_heard: bool,
    /// Vocal level of songs that have none of their own, in percent: the last one that the user set.
    pub(crate) default_level: u8,
    /// Master volume, in percent.
    pub volume: u8,
    pub muted: bool,
}

impl Levels {
    /// `level` and `volume` are those of the last session, in percent.
    pub fn new(level: u8, volume: u8) -> Self {
        Self {
            fader: Fader::new(level),
            solo_heard: false,
            default_level: level.min(LOUDEST_LEVEL),
            volume: volume.min(100),
            muted: false,
        }
    }

    /// The master volume as a factor from 0 to 1.
    pub(crate) fn volume_gain(&self) -> f32 {
        if self.muted {
            0.0
        } else {
            f32::from(self.volume) / 100.0
        }
    }
}
