//! Where in a text something stands, as an editor counts it.

use std::fmt;
use std::ops::Range;

/// Line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePosition {
    pub line: usize,
    pub column: usize,
}

impl SourcePosition {
    /// The place of the first byte of `span` in `text`.
    pub fn of(span: &Range<usize>, text: &str) -> Self {
        let mut at = span.start.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// Where `section` sets `key` in a configuration text, for a later reader (the keymap) that
    /// finds fault with the value.
    pub fn of_key(text: &str, section: &str, key: &str) -> Option<Self> {
        let (root, _) = toml::de::DeTable::parse_recoverable(text);
        let table = root.get_ref().get(section)?.get_ref().as_table()?;
        let (name, _) = table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Self::of(&name.span(), text))
    }
}

impl fmt::Display for SourcePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
