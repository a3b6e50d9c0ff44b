//! How loud a song is, by EBU R 128, and the one gain for mixture and vocals that makes all songs
//! equally loud.
//!
//! Sources: ITU-R BS.1770-5 (measurement), EBU R 128 (gating, true peak), the ReplayGain 2.0
//! specification (reference of -18 LUFS), RFC 7845 section 5.2.1 (gains of Opus).

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use crate::audio::player::mixer::limiter::CEILING;

/// Where songs are brought, in LUFS: the reference of ReplayGain 2.0, so that gains in tags and
/// gains of our own agree.
pub const TARGET: f64 = -18.0;
/// The reference of the gains in Opus files, in LUFS.
const OPUS_TARGET: f64 = -23.0;
/// What the gating of R 128 counts as silence, in LUFS.
const SILENCE: f64 = -70.0;
/// A soft song is made louder until the limiter would turn its loudest peak down by this many dB.
const LIMITED: f64 = 6.0;
/// No song is made louder by more, in dB: what hisses stays a whisper.
const MOST: f64 = 12.0;
/// No tag of a real song says more, in dB.
const TAG_RANGE: f64 = 51.0;

/// Loudness and peak of a whole song.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated, in LUFS; [`SILENCE`] where nothing is louder.
    pub lufs: f64,
    /// True peak in dBTP.
    pub true_peak: f64,
}

/// What the tags of a file say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TagGain {
    /// dB to [`TARGET`].
    pub db: f64,
    /// Highest sample in dB below full scale, where it is said.
    pub peak: Option<f64>,
}

impl TagGain {
    /// From the texts of `REPLAYGAIN_TRACK_GAIN` (`-7.30 dB`) and `REPLAYGAIN_TRACK_PEAK`
    /// (`0.988553`). Nothing where the gain is no number or no gain of a song.
    pub fn replay_gain(gain: &str, peak: Option<&str>) -> Option<Self> {
        let words = gain.trim();
        let number = words
            .len()
            .checked_sub(2)
            .and_then(|at| Some((words.get(..at)?, words.get(at..)?)))
            .filter(|(_, unit)| unit.eq_ignore_ascii_case("db"))
            .map_or(words, |(number, _)| number);
        let db: f64 = decimal(number)?;
        let peak = peak.and_then(decimal).filter(|peak| *peak > 0.0 && *peak < 16.0);
        Self::checked(db, peak.map(|peak| 20.0 * peak.log10()))
    }

    /// From the text of `R128_TRACK_GAIN`: whole 256ths of a dB, on top of the gain in the header,
    /// which the decoder has applied.
    pub fn opus(gain: &str) -> Option<Self> {
        let steps: i16 = gain.trim().parse().ok()?;
        Self::checked(f64::from(steps) / 256.0 + (TARGET - OPUS_TARGET), None)
    }

    fn checked(db: f64, peak: Option<f64>) -> Option<Self> {
        (db.abs() <= TAG_RANGE).then_some(Self { db, peak })
    }
}

/// Some taggers write the comma of their language.
fn decimal(text: &str) -> Option<f64> {
    let number: f64 = text.trim().replace(',', ".").parse().ok()?;
    number.is_finite().then_some(number)
}

/// Why a song cannot be measured.
#[derive(Debug, thiserror::Error)]
#[error("the loudness cannot be measured: {0}")]
pub struct MeterError(#[from] ebur128::Error);

/// Measures a song from its first frame to its last.
pub struct Meter(EbuR128);

impl Meter {
    /// For interleaved stereo at `rate`.
    pub fn new(rate: u32) -> Result<Self, MeterError> {
        Ok(Self(EbuR128::new(2, rate, Mode::I | Mode::TRUE_PEAK)?))
    }

    pub fn add(&mut self, pcm: &[f32]) -> Result<(), MeterError> {
        Ok(self.0.add_frames_f32(pcm)?)
    }

    pub fn finish(&self) -> Result<Loudness, MeterError> {
        let peak = self.0.true_peak(0)?.max(self.0.true_peak(1)?);
        Ok(Loudness {
            lufs: self.0.loudness_global()?.max(SILENCE),
            // A file of digital silence has no peak to speak of.
            true_peak: (20.0 * peak.log10()).max(-200.0),
        })
    }
}

/// What a song is multiplied by: the gain of its tags, else by its measured loudness, else 1; and
/// on top `preamp` dB. A gain above 1 ends where the limiter would have too much to do.
pub fn gain(tag: Option<TagGain>, measured: Option<Loudness>, preamp: f64) -> f32 {
    let measured_db = measured
        .filter(|song| song.lufs > SILENCE)
        .map(|song| TARGET - song.lufs);
    let db = tag.map(|tag| tag.db).or(measured_db).unwrap_or(0.0) + preamp;
    // A true peak that was measured knows more than a tag's highest sample.
    let peak = measured
        .map(|song| song.true_peak)
        .or(tag.and_then(|tag| tag.peak));
    let room = peak.map(|peak| (20.0 * f64::from(CEILING).log10() - peak).max(0.0) + LIMITED);
    let db = db.min(room.unwrap_or(MOST).min(MOST));
    10.0f64.powf(db / 20.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn db(gain: f32) -> f64 {
        20.0 * f64::from(gain).log10()
    }

    fn measure(rate: u32, seconds: u32, sample: impl Fn(f64) -> f64) -> Loudness {
        let mut meter = Meter::new(rate).unwrap();
        for second in 0..seconds {
            let pcm: Vec<f32> = (0..rate)
                .flat_map(|i| [sample(f64::from(second) + f64::from(i) / f64::from(rate)) as f32; 2])
                .collect();
            meter.add(&pcm).unwrap();
        }
        meter.finish().unwrap()
    }

    #[test]
    fn the_reference_tone_reads_as_the_standard_says() {
        // EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS reads -23 LUFS; case 2: -33.
        for level in [-23.0, -33.0] {
            for rate in [44_100, 48_000] {
                let amplitude = 10.0f64.powf(level / 20.0);
                let tone = |t: f64| (std::f64::consts::TAU * 1000.0 * t).sin() * amplitude;
                let loudness = measure(rate, 20, tone);
                assert!((loudness.lufs - level).abs() < 0.1, "{rate}: {loudness:?}");
                assert!((loudness.true_peak - level).abs() < 0.2, "{rate}: {loudness:?}");
            }
        }
    }

    #[test]
    fn silence_is_left_alone() {
        let silence = measure(44_100, 2, |_| 0.0);
        assert_eq!(silence.lufs, SILENCE);
        assert_eq!(gain(None, Some(silence), 0.0), 1.0);
        let text = serde_json::to_string(&silence).unwrap();
        assert_eq!(serde_json::from_str::<Loudness>(&text).unwrap(), silence);
    }

    #[test]
    fn tags_are_read_as_they_are_written() {
        let read = |gain| TagGain::replay_gain(gain, Some("0.5")).map(|tag| tag.db);
        assert_eq!(read("-7.30 dB"), Some(-7.3));
        assert_eq!(read(" +2,5 DB "), Some(2.5));
        assert_eq!(read("3"), Some(3.0));
        for bad in ["", "dB", "loud", "nan dB", "inf", "-99 dB", "ä"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let peak = |peak| TagGain::replay_gain("0 dB", Some(peak)).unwrap().peak;
        assert!((peak("0.5").unwrap() + 6.02).abs() < 0.01);
        assert_eq!((peak("0"), peak("-1"), peak("x")), (None, None, None));
        // -23 LUFS is 5 dB below the reference of ReplayGain.
        assert_eq!(TagGain::opus("-1792").unwrap().db, -2.0);
        assert_eq!(TagGain::opus("32768"), None);
        assert_eq!(TagGain::opus("-7.3 dB"), None);
    }

    #[test]
    fn songs_come_to_the_target_and_soft_ones_as_far_as_their_peaks_allow() {
        let song = |lufs, true_peak| Some(Loudness { lufs, true_peak });
        assert!((db(gain(None, song(-8.1, 0.3), 0.0)) + 9.9).abs() < 1e-3);
        assert!((db(gain(None, song(-24.0, -9.0), 0.0)) - 6.0).abs() < 1e-3);
        // Full peaks: 6 dB are left to the limiter and no more.
        assert!((db(gain(None, song(-30.0, 0.0), 0.0)) - LIMITED).abs() < 1e-3);
        assert!((db(gain(None, song(-60.0, -40.0), 0.0)) - MOST).abs() < 1e-3);
        let tag = TagGain::replay_gain("-3.00 dB", None);
        assert!(
            (db(gain(tag, song(-8.0, 0.0), 1.5)) + 1.5).abs() < 1e-3,
            "tags first"
        );
        assert_eq!(gain(None, None, 0.0), 1.0);
    }

    proptest! {
        #[test]
        fn no_tag_breaks_the_reader_or_the_ears(text in "\\PC{0,20}", peak in "\\PC{0,12}", preamp in -12.0f64..12.0) {
            for tag in [TagGain::replay_gain(&text, Some(&peak)), TagGain::opus(&text)] {
                let gain = gain(tag, None, preamp);
                prop_assert!(gain > 0.0 && db(gain) <= MOST + 1e-3);
            }
        }

        #[test]
        fn numbers_are_read_whatever_they_are(number in any::<f64>(), steps in any::<i16>()) {
            if let Some(tag) = TagGain::replay_gain(&format!("{number} dB"), None) {
                prop_assert_eq!(tag.db, number);
            }
            let tag = TagGain::opus(&steps.to_string());
            prop_assert!(tag.is_none_or(|tag| (tag.db - f64::from(steps) / 256.0 - 5.0).abs() < 1e-9));
        }
    }
}
