//! Text from files, devices, the network and users, made safe to show in a terminal.

/// Longest text that [`clean`] returns, in characters: enough for any title, too short to fill a screen.
const LONGEST_TEXT: usize = 300;

/// The text without what could harm a terminal, and without the spaces at its ends. Control characters, among
/// them the escape that starts every terminal command, and characters that reorder text are dropped; a tab or
/// line break becomes a space.
pub fn printable(text: &str) -> String {
    harmless(text).trim().to_owned()
}

/// [`printable`] with the spaces at the ends kept, for pieces that are joined later.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .filter(|c| !c.is_control() && !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .collect()
}

/// [`harmless`] line by line, for texts of several lines.
pub fn harmless_lines(text: &str) -> String {
    text.lines().map(harmless).collect::<Vec<_>>().join("\n")
}

/// [`printable`], cut to 300 characters, for tags.
pub fn clean(text: &str) -> String {
    // a tag may be megabytes long; what is cut here is never looked at
    let text = text
        .char_indices()
        .nth(4 * LONGEST_TEXT)
        .map_or(text, |(end, _)| &text[..end]);
    let mut text: String = printable(text).chars().take(LONGEST_TEXT).collect();
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_codes_and_overrides_do_not_reach_the_terminal() {
        assert_eq!(printable("\x1b[2Ja\u{202e}b\tc\u{9b}"), "[2Jab c");
    }

    #[test]
    fn texts_are_cut_and_harmless() {
        assert_eq!(clean("  \x1b]0;pwned\x07Song \u{202e}"), "]0;pwnedSong");
        assert_eq!(clean(&"ü".repeat(100_000)).chars().count(), LONGEST_TEXT);
        assert_eq!(clean("\u{0}\n"), "");
    }
}
