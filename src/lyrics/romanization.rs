//! How lyrics in another script are said, in Latin letters: which songs need it, and the rows that the
//! machine in `readings/` writes. The language is that of the whole song, for a line in kanji alone may
//! be of a Japanese song and none of its own says so.

use crate::lyrics::model::Lyrics;

/// A way of writing a language in Latin letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Japanese, after Hepburn.
    Romaji,
    /// Mandarin, with tone marks.
    Pinyin,
    /// Korean, after the Revised Romanization.
    Romaja,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Romaji => "romaji",
            Self::Pinyin => "pinyin",
            Self::Romaja => "romanised Hangul",
        }
    }
}

/// The readings of a song's lines, one row for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    pub kind: Kind,
    pub lines: Vec<Vec<RomanizedPiece>>,
}

/// What a word or character of a line is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RomanizedPiece {
    /// Bytes of the line's text, from and to.
    pub from: usize,
    pub to: usize,
    /// Never empty.
    pub text: String,
}

/// Characters of each script in a text.
#[derive(Debug, Default)]
struct Scripts {
    kana: usize,
    hangul: usize,
    han: usize,
}

impl Scripts {
    fn count(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                _ if is_kana(c) => self.kana += 1,
                _ if is_hangul(c) => self.hangul += 1,
                _ if is_han(c) => self.han += 1,
                _ => {}
            }
        }
    }
}

pub fn is_kana(c: char) -> bool {
    // not the middle dot and the long sound, which Chinese typesetters use as well
    matches!(c, '\u{3041}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fd}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9d}')
}

pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}')
}

pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '々')
}

/// One kana among so many characters makes a text Japanese: a Japanese text has one in two.
const KANA_SHARE: usize = 20;

/// The kind of reading a song needs: by its language as the file says it, else by the scripts of all
/// its lines. None where it is written in an alphabet, or in Chinese that is not Mandarin.
pub fn wanted(lyrics: &Lyrics) -> Option<Kind> {
    let mut scripts = Scripts::default();
    for line in &lyrics.lines {
        scripts.count(&line.text);
    }
    let Scripts { kana, hangul, han } = scripts;
    let all = kana + hangul + han;
    if all == 0 {
        return None;
    }
    match named(lyrics.language.as_deref()) {
        Some(Named::Kind(kind)) => {
            let written = match kind {
                Kind::Romaji => kana + han,
                Kind::Pinyin => han,
                Kind::Romaja => hangul,
            };
            // a file that is wrong about its language is judged by its letters
            if written * 2 > all {
                return Some(kind);
            }
        }
        Some(Named::Cantonese) if han * 2 > all => return None,
        _ => {}
    }
    if kana * KANA_SHARE >= all && kana >= hangul {
        return Some(Kind::Romaji);
    }
    if hangul * KANA_SHARE >= all {
        return Some(Kind::Romaja);
    }
    if han == all {
        // the title may hold the only kana of a short song
        let mut names = Scripts::default();
        for name in [&lyrics.title, &lyrics.artist].into_iter().flatten() {
            names.count(name);
        }
        if names.kana > 0 {
            return Some(Kind::Romaji);
        }
    }
    (han > 0).then_some(Kind::Pinyin)
}

enum Named {
    Kind(Kind),
    Cantonese,
}

/// By ISO 639 or the name in English.
fn named(language: Option<&str>) -> Option<Named> {
    let language = language?.trim().to_lowercase();
    if language.starts_with("yue") || language.starts_with("zh-hk") || language.starts_with("cantonese") {
        return Some(Named::Cantonese);
    }
    let first = language.split(['-', '_', ' ', ',']).next()?;
    Some(Named::Kind(match first {
        "ja" | "jpn" | "jp" | "japanese" => Kind::Romaji,
        "zh" | "zho" | "chi" | "cmn" | "chinese" | "mandarin" => Kind::Pinyin,
        "ko" | "kor" | "kr" | "korean" => Kind::Romaja,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lyrics::model::Line;

    fn song(language: Option<&str>, lines: &[&str]) -> Lyrics {
        let line = |text: &&str| Line {
            text: (*text).to_owned(),
            ..Line::default()
        };
        Lyrics {
            language: language.map(str::to_owned),
            lines: lines.iter().map(line).collect(),
            ..Lyrics::default()
        }
    }

    #[test]
    fn the_song_decides_and_not_the_line() {
        assert_eq!(wanted(&song(None, &["春夏秋冬", "紙の灯籠"])), Some(Kind::Romaji));
        assert_eq!(wanted(&song(None, &["春夏秋冬", "纸灯笼"])), Some(Kind::Pinyin));
        assert_eq!(wanted(&song(None, &["종이 등불", "oh 愛"])), Some(Kind::Romaja));
        assert_eq!(wanted(&song(None, &["Paper lanterns", "çà et là"])), None);
        assert_eq!(wanted(&song(None, &[])), None);
    }

    #[test]
    fn the_file_is_believed_where_its_letters_allow_it() {
        assert_eq!(wanted(&song(Some("jpn"), &["春夏秋冬"])), Some(Kind::Romaji));
        assert_eq!(
            wanted(&song(Some("Japanese"), &["종이 등불"])),
            Some(Kind::Romaja)
        );
        assert_eq!(wanted(&song(Some("en"), &["春夏秋冬"])), Some(Kind::Pinyin));
        assert_eq!(
            wanted(&song(Some("yue"), &["春夏秋冬"])),
            None,
            "no readings for Cantonese"
        );
        assert_eq!(wanted(&song(Some("ja-Latn"), &["kami no tourou"])), None);
    }

    #[test]
    fn a_title_in_kana_makes_a_song_in_kanji_japanese() {
        let mut song = song(None, &["春夏秋冬"]);
        song.title = Some("うた".into());
        assert_eq!(wanted(&song), Some(Kind::Romaji));
    }
}
