//! What may be asked of a running croon from outside: by `croon ctl`, by media keys, by any program
//! that writes to its socket. A word like [`crate::action::Action`], which is the same of the hand.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::key_tempo::{FASTEST, KEY_RANGE, SLOWEST};

/// A wish from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    Play,
    Pause,
    /// Pause while it plays, play while it does not.
    Toggle,
    /// Pause, and from the start the next time.
    Stop,
    Next,
    Previous,
    /// Seconds into the song.
    Seek(Target<f64>),
    /// The singer's level, percent.
    Vocals(Target<i32>),
    /// full, yours, off, as the key does it.
    ToggleVocals,
    /// Semitones against the recording.
    Key(Target<i32>),
    /// Percent of the recording's tempo.
    Tempo(Target<i32>),
    /// Percent.
    Volume(Target<i32>),
    Mute,
    Repeat(Repeat),
    Shuffle(bool),
    /// To the end of the queue.
    Add(PathBuf),
    /// At once, whatever plays.
    PlayFile(PathBuf),
    /// At once where nothing plays, else to the end of the queue.
    Open(PathBuf),
    Quit,
}

/// What happens at the end of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeat {
    #[default]
    Off,
    /// The same song again.
    One,
    /// A song of the queue goes to its end; the Library begins anew.
    All,
}

impl Repeat {
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::One,
            Self::One => Self::All,
            Self::All => Self::Off,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::One => "one",
            Self::All => "all",
        }
    }

    pub fn from_word(word: &str) -> Self {
        [Self::One, Self::All]
            .into_iter()
            .find(|repeat| repeat.word() == word)
            .unwrap_or_default()
    }
}

/// Where a control shall go: to a value, or by so much from where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<T> {
    To(T),
    By(T),
}

impl Target<i32> {
    /// The new value, within `low` to `high`.
    pub fn apply(self, now: i32, low: i32, high: i32) -> i32 {
        match self {
            Self::To(value) => value,
            Self::By(step) => now.saturating_add(step),
        }
        .clamp(low, high)
    }
}

/// A value that cannot be understood, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is no {what}: {wanted}")]
pub struct BadValue {
    shown: String,
    what: &'static str,
    wanted: String,
}

/// A longer text is shown by its beginning.
const SHOWN: usize = 40;

impl BadValue {
    fn new(text: &str, what: &'static str, wanted: impl Into<String>) -> Self {
        Self {
            shown: crate::text::printable(text).chars().take(SHOWN).collect(),
            what,
            wanted: wanted.into(),
        }
    }
}

impl Request {
    /// `20`, `20%`, `+5`, `-5%`, `toggle`.
    pub fn vocals(text: &str) -> Result<Self, BadValue> {
        if text.trim() == "toggle" {
            return Ok(Self::ToggleVocals);
        }
        const WHAT: &str = "level of the singer";
        whole(text, WHAT, true, 0..=100, "`toggle`, or percent from 0 to 100").map(Self::Vocals)
    }

    /// `+2`, `-2`, and against the recording `2`, `=-2`.
    pub fn key(text: &str) -> Result<Self, BadValue> {
        let range = -i32::from(KEY_RANGE)..=i32::from(KEY_RANGE);
        let wanted = format!("semitones, at most {KEY_RANGE} from the recording (`=-2` for two below it)");
        whole(text, "key", false, range, &wanted).map(Self::Key)
    }

    /// `90`, `90%`, `+5`, `-5`.
    pub fn tempo(text: &str) -> Result<Self, BadValue> {
        let range = i32::from(SLOWEST)..=i32::from(FASTEST);
        let wanted = format!("percent of the recording's, from {SLOWEST} to {FASTEST}");
        whole(text, "tempo", true, range, &wanted).map(Self::Tempo)
    }

    /// `80`, `80%`, `+5`, `-5`, `mute`.
    pub fn volume(text: &str) -> Result<Self, BadValue> {
        if text.trim() == "mute" {
            return Ok(Self::Mute);
        }
        whole(text, "volume", true, 0..=100, "`mute`, or percent from 0 to 100").map(Self::Volume)
    }

    /// `1:23`, `83.5`, `+30`, `-0:10`.
    pub fn seek(text: &str) -> Result<Self, BadValue> {
        let bad = || {
            let wanted = "a time (`1:23`, `83.5`), or with a sign how far to go (`+30`, `-0:10`)";
            BadValue::new(text, "place in a song", wanted)
        };
        let (sign, digits) = signed(text.trim());
        let seconds = seconds(digits).ok_or_else(bad)?;
        Ok(Self::Seek(match sign {
            Sign::None | Sign::Equals => Target::To(seconds),
            Sign::Plus => Target::By(seconds),
            Sign::Minus => Target::By(-seconds),
        }))
    }

    /// `off`, `one`, `all`.
    pub fn repeat(text: &str) -> Result<Self, BadValue> {
        let all = [Repeat::Off, Repeat::One, Repeat::All];
        let repeat = all.into_iter().find(|repeat| repeat.word() == text.trim());
        repeat
            .map(Self::Repeat)
            .ok_or_else(|| BadValue::new(text, "way to repeat", "`off`, `one` or `all`"))
    }

    /// `on`, `off`.
    pub fn shuffle(text: &str) -> Result<Self, BadValue> {
        match text.trim() {
            "on" => Ok(Self::Shuffle(true)),
            "off" => Ok(Self::Shuffle(false)),
            _ => Err(BadValue::new(text, "way to shuffle", "`on` or `off`")),
        }
    }

    /// The song file it is about.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Add(path) | Self::PlayFile(path) | Self::Open(path) => Some(path),
            _ => None,
        }
    }

    /// The same request about another name of the file.
    pub fn with_file(self, path: PathBuf) -> Self {
        match self {
            Self::Add(_) => Self::Add(path),
            Self::PlayFile(_) => Self::PlayFile(path),
            Self::Open(_) => Self::Open(path),
            other => other,
        }
    }
}

enum Sign {
    None,
    Plus,
    Minus,
    Equals,
}

fn signed(text: &str) -> (Sign, &str) {
    match text.chars().next() {
        Some('+') => (Sign::Plus, &text[1..]),
        Some('-') => (Sign::Minus, &text[1..]),
        Some('=') => (Sign::Equals, &text[1..]),
        _ => (Sign::None, text),
    }
}

/// A whole number with a sign for a step, `=` for a value that may be below zero. A value outside of
/// `range` is refused; a step may lead beyond and stops at the end.
fn whole(
    text: &str,
    what: &'static str,
    percent: bool,
    range: std::ops::RangeInclusive<i32>,
    wanted: &str,
) -> Result<Target<i32>, BadValue> {
    let bad = || {
        BadValue::new(
            text,
            what,
            format!("{wanted}; with a sign it is a step (`+5`, `-5`)"),
        )
    };
    let (sign, rest) = signed(text.trim());
    let (negative, rest) = match (&sign, signed(rest)) {
        (Sign::Equals, (Sign::Minus, rest)) => (true, rest),
        (Sign::Equals, (Sign::Plus, rest)) => (false, rest),
        _ => (false, rest),
    };
    let digits = match rest.strip_suffix('%') {
        Some(digits) if percent => digits.trim_end(),
        _ => rest,
    };
    let number = number(digits, 4).ok_or_else(bad)? as i32;
    match sign {
        Sign::Plus => Ok(Target::By(number)),
        Sign::Minus => Ok(Target::By(-number)),
        Sign::None | Sign::Equals => {
            let value = if negative { -number } else { number };
            Some(Target::To(value))
                .filter(|_| range.contains(&value))
                .ok_or_else(bad)
        }
    }
}

/// Digits only, at least one and at most `most`.
fn number(digits: &str, most: usize) -> Option<u32> {
    let sound = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| sound)
}

/// `SS`, `MM:SS`, `HH:MM:SS`, the last part with a fraction if wanted; only the first part may be 60
/// or more.
fn seconds(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() <= 2)?;
    let (units, fraction) = last.split_once('.').unwrap_or((last, "0"));
    let mut total = 0.0;
    for (at, part) in first.iter().chain([&units]).enumerate() {
        let value = number(part, 6).filter(|value| at == 0 || *value < 60)?;
        total = total * 60.0 + f64::from(value);
    }
    number(fraction, 9)?;
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    Some(total + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sign_makes_a_step() {
        assert_eq!(Request::vocals("-10").unwrap(), Request::Vocals(Target::By(-10)));
        assert_eq!(
            Request::vocals(" 20 % ").unwrap(),
            Request::Vocals(Target::To(20))
        );
        assert_eq!(Request::vocals("toggle").unwrap(), Request::ToggleVocals);
        assert_eq!(Request::key("+2").unwrap(), Request::Key(Target::By(2)));
        assert_eq!(Request::key("=-3").unwrap(), Request::Key(Target::To(-3)));
        assert_eq!(Request::tempo("90%").unwrap(), Request::Tempo(Target::To(90)));
        assert_eq!(Request::volume("mute").unwrap(), Request::Mute);
        assert_eq!(Request::repeat("one").unwrap(), Request::Repeat(Repeat::One));
        assert_eq!(Request::shuffle("off").unwrap(), Request::Shuffle(false));
        assert!(Request::repeat("twice").is_err() && Request::shuffle("").is_err());
        assert_eq!(Request::seek("+30").unwrap(), Request::Seek(Target::By(30.0)));
        assert_eq!(Request::seek("1:23").unwrap(), Request::Seek(Target::To(83.0)));
        assert_eq!(
            Request::seek("-1:00:00.25").unwrap(),
            Request::Seek(Target::By(-3600.25))
        );
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_would() {
        for text in [
            "", "+", "=", "loud", "101", "-", "5 5", "1e2", "0x10", "٣", "+-5", "=+",
        ] {
            assert!(Request::vocals(text).is_err(), "{text}");
        }
        for text in [
            "1:60", "1:2:3:4", ":", "1:", "nan", "inf", "-", "1.", ".5", "1.2.3", "1:2.5:3",
        ] {
            assert!(Request::seek(text).is_err(), "{text}");
        }
        assert!(Request::key("13").is_err() && Request::key("=-13").is_err() && Request::key("2%").is_err());
        assert!(Request::tempo("49").is_err() && Request::tempo("151%").is_err());
        let said = Request::tempo("fast").unwrap_err().to_string();
        assert!(said.contains("`fast`") && said.contains("50 to 150"), "{said}");
    }

    #[test]
    fn a_step_stops_at_the_ends() {
        assert_eq!(Target::By(-9_999).apply(20, 0, 100), 0);
        assert_eq!(Target::By(i32::MAX).apply(i32::MAX, 0, 100), 100);
        assert_eq!(Target::To(55).apply(20, 0, 100), 55);
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in ".{0,60}") {
            for read in [
                Request::vocals,
                Request::key,
                Request::tempo,
                Request::volume,
                Request::seek,
                Request::repeat,
                Request::shuffle,
            ] {
                match read(&text) {
                    Ok(Request::Seek(Target::To(at))) => prop_assert!(at >= 0.0 && at.is_finite()),
                    Ok(Request::Seek(Target::By(by))) => prop_assert!(by.is_finite()),
                    Ok(Request::Vocals(Target::To(to)) | Request::Volume(Target::To(to))) => {
                        prop_assert!((0..=100).contains(&to));
                    }
                    Ok(Request::Key(Target::To(to))) => prop_assert!((-12..=12).contains(&to)),
                    Ok(Request::Tempo(Target::To(to))) => prop_assert!((50..=150).contains(&to)),
                    Ok(_) => {}
                    Err(bad) => {
                        let said = bad.to_string();
                        prop_assert!(said.chars().count() < 260 && !said.contains(char::is_control));
                    }
                }
            }
        }

        #[test]
        fn every_time_reads_back(hours in 0u32..100, minutes in 0u32..60, seconds in 0u32..60, micros in 0u32..1_000_000) {
            let text = format!("{hours}:{minutes:02}:{seconds:02}.{micros:06}");
            let Ok(Request::Seek(Target::To(at))) = Request::seek(&text) else {
                return Err(TestCaseError::fail(text));
            };
            let exact = u64::from(hours * 3600 + minutes * 60 + seconds) * 1_000_000 + u64::from(micros);
            prop_assert_eq!((at * 1e6).round() as u64, exact);
        }

        #[test]
        fn every_number_reads_back(number in -99i32..=99) {
            prop_assert_eq!(Request::volume(&format!("{number:+}%")), Ok(Request::Volume(Target::By(number))));
            prop_assert_eq!(
                Request::key(&format!("={number}")).ok(),
                (-12..=12).contains(&number).then_some(Request::Key(Target::To(number)))
            );
        }
    }
}
