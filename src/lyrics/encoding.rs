//! From bytes to text: what the file says of itself, else UTF-8, else what it looks most like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// The text and the name of its encoding; None where the bytes are no text.
pub fn decode(bytes: &[u8]) -> Option<(String, &'static str)> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, encoding, _) = encoding.decode(bytes);
        return Some((text.into_owned(), encoding.name()));
    }
    if bytes.contains(&0) {
        return None;
    }
    let encoding = guess(bytes);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Some((text.into_owned(), encoding.name()))
}

/// The encoding of bytes that carry no mark.
pub fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// The rows of a text with their numbers from 1, whatever ends them: `\n`, `\r\n` or `\r`.
pub fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    let rows = std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return (!text.is_empty()).then_some(text);
        };
        let ending = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + ending..]);
        Some(&text[..end])
    });
    rows.enumerate().map(|(at, row)| (at + 1, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_the_encoding_it_is_written_in() {
        let is = |bytes: &[u8], text: &str, name: &str| {
            assert_eq!(decode(bytes).unwrap(), (text.to_owned(), name));
        };
        is("naïve 歌".as_bytes(), "naïve 歌", "UTF-8");
        is(b"\xef\xbb\xbfna\xc3\xafve", "naïve", "UTF-8");
        is(b"\xff\xfea\0\xac\x20", "a€", "UTF-16LE");
        let (japanese, name) =
            decode(b"\x82\xbb\x82\xe7\x82\xc9\x82\xc6\x82\xd4\x89\xcc\x82\xf0\x89\xcc\x82\xa4\n").unwrap();
        assert_eq!((japanese.trim(), name), ("そらにとぶ歌を歌う", "Shift_JIS"));
        let (german, name) = decode(
            "über den Wolken muss die Freiheit schön sein"
                .chars()
                .map(|c| c as u8)
                .collect::<Vec<_>>()
                .as_slice(),
        )
        .unwrap();
        assert_eq!(
            (german.as_str(), name),
            ("über den Wolken muss die Freiheit schön sein", "windows-1252")
        );
        assert_eq!(decode(b"\x00\x01\x02"), None);
    }

    #[test]
    fn rows_end_in_any_way_and_are_numbered() {
        let all: Vec<_> = rows("a\r\nb\rc\n\nd").collect();
        assert_eq!(all, [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, "d")]);
        assert_eq!(rows("a\n").count(), 1);
    }
}
