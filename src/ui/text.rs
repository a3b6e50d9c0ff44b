//! Text measured in cells: cut, padded and numbered so that columns stand, whatever the script.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells a text takes on the screen.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text in at most `cells`; what does not fit ends in `mark`. Characters are never halved.
pub fn cut(text: &str, cells: usize, mark: &str) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mark = if width(mark) <= cells { mark } else { "" };
    let room = cells - width(mark);
    let mut taken = 0;
    let kept: String = text
        .graphemes(true)
        .take_while(|g| {
            taken += g.width();
            taken <= room
        })
        .collect();
    kept + mark
}

/// The text in exactly `cells`, left-aligned.
pub fn pad(text: &str, cells: usize, mark: &str) -> String {
    let mut text = cut(text, cells, mark);
    text.extend(std::iter::repeat_n(' ', cells - width(&text).min(cells)));
    text
}

/// The text in exactly `cells`, right-aligned.
pub fn pad_left(text: &str, cells: usize, mark: &str) -> String {
    let text = cut(text, cells, mark);
    " ".repeat(cells - width(&text).min(cells)) + &text
}

/// The text in rows of at most `cells`, broken between words; a word longer than half a row, as
/// paths are, is broken where the row ends.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(2);
    let mut rows: Vec<String> = Vec::new();
    let mut taken = 0;
    for word in text.split_whitespace() {
        let wide = width(word);
        match rows.last_mut() {
            Some(row) if taken + 1 + wide <= cells => {
                row.push(' ');
                row.push_str(word);
                taken += 1 + wide;
                continue;
            }
            Some(row) if wide > cells / 2 && taken + 2 <= cells => {
                row.push(' ');
                taken += 1;
            }
            _ => {
                rows.push(String::new());
                taken = 0;
            }
        }
        for grapheme in word.graphemes(true) {
            if taken + grapheme.width() > cells {
                rows.push(String::new());
                taken = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(grapheme);
            }
            taken += grapheme.width();
        }
    }
    rows
}

/// `3:41`, `1:02:03`; nothing for what is no time.
pub fn time(seconds: f64) -> String {
    if !(0.0..1e9).contains(&seconds) {
        return "-:--".into();
    }
    let s = seconds as u64;
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// `11 h 20 min`, `38 min`, `40 s`: for lengths nobody counts in seconds.
pub fn about(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 1e12) as u64;
    match (s / 3600, s / 60, s) {
        (0, 0, s) => format!("{s} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours @ 1..100, _, _) => format!("{hours} h {} min", s / 60 % 60),
        (hours, _, _) => format!("{} h", count(hours as usize)),
    }
}

/// `3 182`: thousands apart.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `+3`, `0`, `-12`.
pub fn signed(n: i8) -> String {
    if n == 0 { "0".into() } else { format!("{n:+}") }
}

/// `13.2 GB`.
pub fn bytes(n: u64) -> String {
    match n as f64 {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.0} MB", n / 1e6),
        n => format!("{:.0} kB", n / 1e3),
    }
}

/// `1 song`, `3 songs`.
pub fn songs(n: usize) -> String {
    format!("{} {}", count(n), if n == 1 { "song" } else { "songs" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_fills_its_cells() {
        assert_eq!(cut("Paper Lanterns", 8, "…"), "Paper L…");
        assert_eq!(pad("日本語の歌", 6, "…"), "日本… ");
        assert_eq!(width(&pad("日本語の歌", 6, "…")), 6);
        assert_eq!(pad_left("3:41", 6, "…"), "  3:41");
        assert_eq!(cut("abc", 0, "…"), "");
        assert_eq!(pad("e\u{301}e\u{301}e\u{301}", 2, "~"), "e\u{301}~");
    }

    #[test]
    fn a_sentence_is_broken_between_words_and_a_path_where_the_row_ends() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("see /a/long/path x", 6), ["see /a", "/long/", "path x"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert!(wrap("  ", 5).is_empty());
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(
            (
                time(221.9).as_str(),
                time(3723.0).as_str(),
                time(f64::NAN).as_str()
            ),
            ("3:41", "1:02:03", "-:--")
        );
        assert_eq!(
            (about(40.0), about(2300.0), about(40_800.0)),
            ("40 s".into(), "38 min".into(), "11 h 20 min".into())
        );
        assert_eq!(
            (count(3182), count(12), count(1_000_000)),
            ("3 182".into(), "12".into(), "1 000 000".into())
        );
        assert_eq!(
            (bytes(13_200_000_000), bytes(5_400_000)),
            ("13.2 GB".into(), "5 MB".into())
        );
    }
}
