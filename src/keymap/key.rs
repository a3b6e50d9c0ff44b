//! One key press in our own words, and the names people write for it in their configuration.

use std::fmt;
use std::str::FromStr;

/// A key press. Shift is folded into the character where there is one: `K`, not shift-k.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// The names a key can have besides its own character; the first of a code is the one we print.
const NAMES: &[(&str, Code)] = &[
    ("Enter", Code::Enter),
    ("Return", Code::Enter),
    ("Esc", Code::Esc),
    ("Escape", Code::Esc),
    ("Tab", Code::Tab),
    ("Backspace", Code::Backspace),
    ("Delete", Code::Delete),
    ("Del", Code::Delete),
    ("Insert", Code::Insert),
    ("Ins", Code::Insert),
    ("Up", Code::Up),
    ("Down", Code::Down),
    ("Left", Code::Left),
    ("Right", Code::Right),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PageUp", Code::PageUp),
    ("PgUp", Code::PageUp),
    ("PageDown", Code::PageDown),
    ("PgDn", Code::PageDown),
    ("Space", Code::Char(' ')),
    ("Minus", Code::Char('-')),
    ("F1", Code::F(1)),
    ("F2", Code::F(2)),
    ("F3", Code::F(3)),
    ("F4", Code::F(4)),
    ("F5", Code::F(5)),
    ("F6", Code::F(6)),
    ("F7", Code::F(7)),
    ("F8", Code::F(8)),
    ("F9", Code::F(9)),
    ("F10", Code::F(10)),
    ("F11", Code::F(11)),
    ("F12", Code::F(12)),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// Brings the several ways a terminal can report one press to a single one: a character keeps
    /// its case and drops shift, control makes letters small.
    pub fn normal(mut self) -> Self {
        if let Code::Char(c) = self.code {
            if self.ctrl {
                self.code = Code::Char(c.to_ascii_lowercase());
            } else if self.shift && c.is_lowercase() {
                let mut upper = c.to_uppercase();
                if let (Some(u), None) = (upper.next(), upper.next()) {
                    self.code = Code::Char(u);
                }
            }
            self.shift = false;
        }
        self
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        if self.shift {
            f.write_str("Shift-")?;
        }
        match (self.code, NAMES.iter().find(|(_, code)| *code == self.code)) {
            (Code::Char('-'), _) if !self.ctrl && !self.alt => f.write_str("-"),
            (_, Some((name, _))) => f.write_str(name),
            (Code::Char(c), None) => write!(f, "{c}"),
            (other, None) => write!(f, "{other:?}"),
        }
    }
}

/// A text that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is no key{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
pub struct KeyParseError {
    pub written: String,
    pub nearest: Option<String>,
}

impl FromStr for Key {
    type Err = KeyParseError;

    /// `j`, `K`, `Space`, `Ctrl-d` (or `^d`), `Shift-Up`, `F5`, `-`.
    fn from_str(text: &str) -> Result<Self, KeyParseError> {
        let mut key = Self::char(' ');
        let mut rest = text;
        loop {
            let mut chars = rest.chars();
            if let (Some(c), None) = (chars.next(), chars.next()) {
                if c.is_control() || c == ' ' {
                    return Err(not_a_key(text));
                }
                key.code = Code::Char(c);
                return Ok(key.normal());
            }
            if let Some(after) = rest.strip_prefix('^') {
                key.ctrl = true;
                rest = after;
                continue;
            }
            let Some((modifier, after)) = rest.split_once(['-', '+']) else {
                break;
            };
            match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "c" => key.ctrl = true,
                "alt" | "meta" | "a" | "m" => key.alt = true,
                "shift" | "s" => key.shift = true,
                _ => break,
            }
            rest = after;
        }
        let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest));
        let (_, code) = named.ok_or_else(|| not_a_key(text))?;
        key.code = *code;
        Ok(key.normal())
    }
}

fn not_a_key(written: &str) -> KeyParseError {
    let last = written
        .rsplit(['-', '+'])
        .next()
        .unwrap_or(written)
        .to_ascii_lowercase();
    let nearest = NAMES
        .iter()
        .map(|(name, _)| {
            (
                strsim::damerau_levenshtein(&last, &name.to_ascii_lowercase()),
                *name,
            )
        })
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| format!("{}{name}", &written[..written.len() - last.len()]));
    KeyParseError {
        written: written.to_owned(),
        nearest,
    }
}

/// Reads keys pressed one after the other, parted by spaces: `g g`.
pub fn parse_keys(text: &str) -> Result<Vec<Key>, KeyParseError> {
    let keys: Vec<Key> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        Err(not_a_key(text))
    } else {
        Ok(keys)
    }
}

/// The way back: how a run of keys is printed.
pub fn show_keys(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for text in [
            "j",
            "K",
            "Space",
            "Ctrl-d",
            "Shift-Up",
            "F5",
            "-",
            "Esc",
            "Alt-x",
            "Ctrl-Space",
            "ü",
            "^",
            "Ctrl-Minus",
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
        assert_eq!("^d".parse::<Key>().unwrap(), "ctrl-D".parse().unwrap());
        assert_eq!("shift-k".parse::<Key>().unwrap(), Key::char('K'));
        assert_eq!("+".parse::<Key>().unwrap(), Key::char('+'));
        assert_eq!(show_keys(&parse_keys("g  g").unwrap()), "g g");
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_right_one() {
        let error = "Ctrl-Entre".parse::<Key>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Ctrl-Entre` is no key; did you mean `Ctrl-Enter`?"
        );
        assert_eq!("zzzzzzzzz".parse::<Key>().unwrap_err().nearest, None);
        for odd in ["", "-x-", "Ctrl-", "Ctrl-é-", "\u{1b}", "ÄÖ-İİİ", "^^"] {
            let _ = odd.parse::<Key>();
        }
        assert!(parse_keys("  ").is_err());
    }
}
