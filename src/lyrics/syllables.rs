//! How long each character of a line takes to sing, for lines whose words have no times of their own.

use unicode_segmentation::UnicodeSegmentation;

/// One weight for each grapheme of the text; a syllable weighs about 1, spaces and signs next to
/// nothing. Words of alphabets have a syllable for each run of vowels, spread over their letters;
/// elsewhere a character is about a syllable.
pub fn weights(text: &str) -> Vec<f32> {
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let mut weights = Vec::with_capacity(graphemes.len());
    // an apostrophe does not part a word
    let same = |a: &&str, b: &&str| belongs(a) == belongs(b);
    for word in graphemes.chunk_by(same) {
        let letters = word.iter().filter(|g| is_letter(g)).count();
        let syllables = if letters > 0 { count(word) } else { 0.0 };
        let share = |grapheme: &&str| {
            if is_letter(grapheme) {
                syllables / letters as f32
            } else {
                0.02
            }
        };
        weights.extend(word.iter().map(share));
    }
    weights
}

fn belongs(grapheme: &str) -> bool {
    is_letter(grapheme) || matches!(grapheme, "'" | "’")
}

/// All syllables of a text.
pub fn total(text: &str) -> f32 {
    weights(text).iter().sum::<f32>().max(0.1)
}

fn is_letter(grapheme: &str) -> bool {
    grapheme.chars().next().is_some_and(char::is_alphanumeric)
}

fn count(graphemes: &[&str]) -> f32 {
    let firsts = graphemes.iter().filter_map(|g| g.chars().next());
    let (mut syllables, mut in_vowel, mut alphabet) = (0.0_f32, false, false);
    for c in firsts {
        match kind(c) {
            LetterKind::Vowel => {
                alphabet = true;
                syllables += if in_vowel { 0.0 } else { 1.0 };
                in_vowel = true;
                continue;
            }
            LetterKind::Consonant => alphabet = true,
            // a consonant of a script that leaves most vowels out
            LetterKind::Abjad => syllables += 0.6,
            LetterKind::Syllable => syllables += 1.0,
            LetterKind::Sign => {}
        }
        in_vowel = false;
    }
    if alphabet {
        syllables.max(1.0)
    } else {
        syllables.max(0.3)
    }
}

enum LetterKind {
    Vowel,
    Consonant,
    Abjad,
    Syllable,
    Sign,
}

fn kind(c: char) -> LetterKind {
    let plain = c.to_lowercase().next().unwrap_or(c);
    match plain {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' => LetterKind::Vowel,
        'а' | 'е' | 'ё' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' | 'і' | 'ї' | 'є' => {
            LetterKind::Vowel
        }
        'α' | 'ε' | 'η' | 'ι' | 'ο' | 'υ' | 'ω' | 'ά' | 'έ' | 'ή' | 'ί' | 'ό' | 'ύ' | 'ώ' => {
            LetterKind::Vowel
        }
        'à'..='æ' | 'è'..='ï' | 'ò'..='ö' | 'ø'..='ý' | 'ÿ' => LetterKind::Vowel,
        'ā' | 'ă' | 'ą' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ō' | 'ŏ' | 'ő'
        | 'œ' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ơ' => LetterKind::Vowel,
        // Vietnamese and other vowels with two marks
        '\u{1ea0}'..='\u{1ef9}' => LetterKind::Vowel,
        c if c.is_ascii_digit() => LetterKind::Syllable,
        '\u{41}'..='\u{52f}' if c.is_alphabetic() => LetterKind::Consonant,
        '\u{530}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' => LetterKind::Abjad,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => LetterKind::Abjad,
        c if c.is_alphanumeric() => LetterKind::Syllable,
        _ => LetterKind::Sign,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn syllables_are_counted_about_as_they_are_sung() {
        let rounded = |text: &str| total(text).round() as i32;
        assert_eq!(rounded("Paper lanterns on the water"), 8);
        assert_eq!(rounded("strength"), 1);
        assert_eq!(rounded("über den Wolken"), 5);
        assert_eq!(rounded("紙の灯籠"), 4);
        assert_eq!(rounded("Песня о фонарях"), 6);
        assert_eq!(rounded("नमस्ते"), 3);
        assert!(
            (2..=5).contains(&rounded("مصابيح ورق")),
            "{}",
            rounded("مصابيح ورق")
        );
        assert_eq!(rounded("..."), 0);
    }

    proptest! {
        #[test]
        fn every_grapheme_has_a_weight(text in "\\PC{0,60}") {
            let weights = weights(&text);
            prop_assert_eq!(weights.len(), text.graphemes(true).count());
            prop_assert!(weights.iter().all(|w| (0.0..20.0).contains(w)));
        }
    }
}
