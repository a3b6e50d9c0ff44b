//! The Revised Romanization of Korean, word by word, by sound: with the changes its rules name where one
//! syllable meets the next. Own code: the crates that do it are under the GPL.

use crate::lyrics::romanization::RomanizedPiece;

const FIRST: [&str; 19] = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h",
];
const VOWEL: [&str; 21] = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi",
    "yu", "eu", "ui", "i",
];
/// What stands under a vowel: the sound at the end of a word, what stays and what moves over to a
/// following vowel. `h` is a breath that makes the next consonant strong.
#[rustfmt::skip]
const LAST: [(&str, &str, &str); 28] = [
    ("", "", ""), ("k", "", "g"), ("k", "", "kk"), ("k", "k", "s"), ("n", "", "n"), ("n", "n", "j"),
    ("n", "", "n"), ("t", "", "d"), ("l", "", "r"), ("k", "l", "g"), ("m", "l", "m"), ("l", "l", "b"),
    ("l", "l", "s"), ("l", "l", "t"), ("p", "l", "p"), ("l", "", "r"), ("m", "", "m"), ("p", "", "b"),
    ("p", "p", "s"), ("t", "", "s"), ("t", "", "ss"), ("ng", "ng", ""), ("t", "", "j"), ("t", "", "ch"),
    ("k", "", "k"), ("t", "", "t"), ("p", "", "p"), ("t", "", ""),
];
const SILENT: usize = 11;
const N: usize = 2;
const D: usize = 3;
const R: usize = 5;
const M: usize = 6;
const G: usize = 0;
const J: usize = 12;
const H: usize = 18;
const I: usize = 20;

/// First consonant, vowel and last consonants of a syllable, as their places in the tables.
#[derive(Clone, Copy)]
struct Syllable {
    first: usize,
    vowel: usize,
    last: usize,
}

impl Syllable {
    fn of(c: char) -> Option<Self> {
        let at = (c as usize).checked_sub(0xac00).filter(|at| *at < 11_172)?;
        Some(Self {
            first: at / 588,
            vowel: at % 588 / 28,
            last: at % 28,
        })
    }
}

pub(super) fn read(text: &str) -> Vec<RomanizedPiece> {
    let mut pieces: Vec<RomanizedPiece> = Vec::new();
    let mut word: Vec<Syllable> = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if let Some(syllable) = Syllable::of(c) {
            if word.is_empty() {
                from = at;
            }
            word.push(syllable);
        } else if !word.is_empty() {
            pieces.push(RomanizedPiece {
                from,
                to: at,
                text: romanised(&word),
            });
            word.clear();
        }
    }
    pieces
}

fn romanised(word: &[Syllable]) -> String {
    let mut out = String::new();
    // what the last consonants of the syllable before make of the first one
    let mut begins: Option<&str> = None;
    for (at, syllable) in word.iter().enumerate() {
        out += begins.take().unwrap_or(FIRST[syllable.first]);
        out += VOWEL[syllable.vowel];
        match word.get(at + 1) {
            None => out += LAST[syllable.last].0,
            Some(next) => {
                let (ends, first) = meeting(syllable.last, *next);
                out += ends;
                begins = Some(first);
            }
        }
    }
    out
}

/// How last consonants end and how the next syllable begins.
fn meeting(last: usize, next: Syllable) -> (&'static str, &'static str) {
    let (end, stays, moves) = LAST[last];
    let first = FIRST[next.first];
    // ㅎ, ㄶ and ㅀ
    let breath = matches!(last, 27 | 6 | 15);
    let kept = match last {
        6 => "n",
        15 => "l",
        _ => "",
    };
    match next.first {
        // 같이 is said gachi
        SILENT if next.vowel == I && last == 7 => ("", "j"),
        SILENT if next.vowel == I && matches!(last, 25 | 13) => (stays, "ch"),
        SILENT => (stays, moves),
        G if breath => (kept, "k"),
        D if breath => (kept, "t"),
        J if breath => (kept, "ch"),
        N if last == 27 => ("n", "n"),
        _ if last == 27 => ("", if next.first == 9 { "ss" } else { first }),
        H if end == "k" && matches!(last, 1 | 9) => (stays, "k"),
        H if matches!(last, 7 | 19 | 25) => ("", "t"),
        H if matches!(last, 22 | 5) => (stays, "ch"),
        H if matches!(last, 17 | 11) => (stays, "p"),
        N | M => (
            match end {
                "k" => "ng",
                "t" => "n",
                "p" => "m",
                "l" if next.first == N => return ("l", "l"),
                end => end,
            },
            first,
        ),
        R => match end {
            "" => ("", "r"),
            "n" | "l" => ("l", "l"),
            "k" | "ng" => ("ng", "n"),
            "t" => ("n", "n"),
            _ => ("m", "n"),
        },
        _ => (end, first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let pieces = read(text);
        let words: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        words.join(" ")
    }

    /// The examples of the rules themselves (Ministry of Culture and Tourism, 2000-8), and words of songs.
    #[test]
    fn words_are_written_as_the_rules_write_them() {
        for (hangul, latin) in [
            ("한글", "hangeul"),
            ("구미", "gumi"),
            ("백암", "baegam"),
            ("옥천", "okcheon"),
            ("한밭", "hanbat"),
            ("구리", "guri"),
            ("칠곡", "chilgok"),
            ("대관령", "daegwallyeong"),
            ("백마", "baengma"),
            ("종로", "jongno"),
            ("왕십리", "wangsimni"),
            ("별내", "byeollae"),
            ("신라", "silla"),
            ("해돋이", "haedoji"),
            ("같이", "gachi"),
            ("좋고", "joko"),
            ("놓다", "nota"),
            ("잡혀", "japyeo"),
            ("낳지", "nachi"),
            ("많아", "mana"),
            ("닭을", "dalgeul"),
            ("있어", "isseo"),
            ("좋아해", "joahae"),
            ("없어", "eopseo"),
            ("감사합니다", "gamsahamnida"),
            ("잃어", "ireo"),
        ] {
            assert_eq!(said(hangul), latin, "{hangul}");
        }
    }

    #[test]
    fn words_stay_where_they_stand() {
        let pieces = read("oh 종이 등불");
        assert_eq!(said("oh 종이 등불"), "jongi deungbul");
        assert_eq!(&"oh 종이 등불"[pieces[0].from..pieces[0].to], "종이");
        assert!(read("paper 紙").is_empty());
    }
}
