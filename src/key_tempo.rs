//! How far a song is moved from its recording: its key up or down, its tempo faster or slower.

/// Semitones either way, one octave.
pub const KEY_RANGE: i8 = 12;
/// Percent of the recording's tempo.
pub const SLOWEST: u8 = 50;
pub const FASTEST: u8 = 150;
/// Percent per key press.
pub const TEMPO_STEP: u8 = 5;

/// Key and tempo of a song against its recording; always within the ranges above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTempo {
    key: i8,
    tempo: u8,
}

impl Default for KeyTempo {
    /// As it was recorded.
    fn default() -> Self {
        Self { key: 0, tempo: 100 }
    }
}

impl KeyTempo {
    /// `key` in semitones, `tempo` in percent; what lies outside the ranges goes to their ends.
    pub fn new(key: i8, tempo: u8) -> Self {
        Self {
            key: key.clamp(-KEY_RANGE, KEY_RANGE),
            tempo: tempo.clamp(SLOWEST, FASTEST),
        }
    }

    /// Semitones, -12 to 12.
    pub fn key(self) -> i8 {
        self.key
    }

    /// Percent, 50 to 150.
    pub fn tempo(self) -> u8 {
        self.tempo
    }

    /// Nothing is moved: the song is to be played sample for sample.
    pub fn is_recording(self) -> bool {
        self == Self::default()
    }

    /// Frequencies are multiplied by this.
    pub fn pitch_ratio(self) -> f64 {
        (f64::from(self.key) / 12.0).exp2()
    }

    /// Seconds of song per second of listening.
    pub fn speed(self) -> f64 {
        f64::from(self.tempo) / 100.0
    }

    /// A semitone up or down.
    pub fn transposed(self, up: bool) -> Self {
        Self::new(self.key.saturating_add(if up { 1 } else { -1 }), self.tempo)
    }

    /// A step faster or slower; from an odd tempo to the next multiple.
    pub fn hastened(self, faster: bool) -> Self {
        let tempo = if faster {
            (self.tempo / TEMPO_STEP + 1) * TEMPO_STEP
        } else {
            (self.tempo.div_ceil(TEMPO_STEP) - 1) * TEMPO_STEP
        };
        Self::new(self.key, tempo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stop_at_the_ends_and_lead_back_to_the_recording() {
        let mut song = KeyTempo::default();
        (0..30).for_each(|_| song = song.transposed(true).hastened(false));
        assert_eq!((song.key(), song.tempo()), (12, 50));
        (0..60).for_each(|_| song = song.transposed(false).hastened(true));
        assert_eq!((song.key(), song.tempo()), (-12, 150));
        (0..12).for_each(|_| song = song.transposed(true));
        (0..10).for_each(|_| song = song.hastened(false));
        assert!(song.is_recording());
        assert_eq!(KeyTempo::new(0, 97).hastened(true).tempo(), 100);
        assert_eq!(KeyTempo::new(0, 97).hastened(false).tempo(), 95);
    }

    #[test]
    fn an_octave_doubles_and_ratios_are_exact_at_the_recording() {
        assert_eq!(KeyTempo::new(12, 150).pitch_ratio(), 2.0);
        assert_eq!(KeyTempo::default().pitch_ratio(), 1.0);
        assert_eq!(KeyTempo::new(0, 150).speed(), 1.5);
    }
}
