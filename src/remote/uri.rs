//! `file:` URIs and the paths they mean, byte for byte.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but what RFC 3986 lets stand in a path, and the slashes between its parts.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The URI of an absolute path.
pub fn of_path(path: &Path) -> String {
    format!("file://{}", percent_encode(path.as_os_str().as_bytes(), ESCAPED))
}

/// The path that a URI of this machine means; None for any other.
pub fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file:")?;
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    (bytes.first() == Some(&b'/') && !bytes.contains(&0)).then(|| OsString::from_vec(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn uris_of_this_machine_have_a_path() {
        assert_eq!(of_path(Path::new("/m/Ü #1.mp3")), "file:///m/%C3%9C%20%231.mp3");
        for uri in ["file:///m/a%20b", "file://localhost/m/a%20b", "file:/m/a b"] {
            assert_eq!(to_path(uri), Some("/m/a b".into()), "{uri}");
        }
        for uri in [
            "https://x/y",
            "file://host/y",
            "file:",
            "file:a",
            "/a",
            "file:///a%00",
        ] {
            assert_eq!(to_path(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn any_path_reads_back(bytes in proptest::collection::vec(1u8..=255, 0..60)) {
            let path = PathBuf::from(OsString::from_vec([b"/".as_slice(), &bytes].concat()));
            prop_assert_eq!(to_path(&of_path(&path)), Some(path));
        }

        #[test]
        fn any_text_is_a_path_or_none(text in "(file:)?.{0,40}") {
            prop_assert!(to_path(&text).is_none_or(|path| path.is_absolute()));
        }
    }
}
