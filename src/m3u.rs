//! Song lists as M3U: read as people and programs write them, written so that no name can break a
//! line. The format is a convention: one path a line, `#EXTINF:seconds,name` above it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::text::printable;

/// Endings of files that are taken for lists.
pub const ENDINGS: [&str; 2] = ["m3u8", "m3u"];
/// Lists longer than this are no lists.
pub const LONGEST_BYTES: u64 = 16 << 20;

/// One song of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    pub path: PathBuf,
    /// `Artist - Title`, or nothing.
    pub name: String,
    /// Whole seconds, where known.
    pub seconds: Option<u32>,
    pub singer: Option<String>,
}

/// What a list says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    pub items: Vec<ListItem>,
    /// Lines that name no file: addresses of streams.
    pub left_out: usize,
}

/// Not of the convention, so a comment to every other program.
const SINGER: &str = "#CROON-SINGER:";
const EXTINF: &str = "#EXTINF:";
const URI: &str = "file://";

pub fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(OsStr::new(known)))
    })
}

/// Reads a list that lies in the folder `base`. There is no text that is no list: what cannot be
/// understood is a path that leads nowhere.
pub fn read(bytes: &[u8], base: &Path) -> List {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // lists of old Macintosh programs end their lines with a return alone
    let end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
    let mut list = List::default();
    let (mut name, mut seconds, mut singer) = (String::new(), None, None);
    for line in bytes.split(|byte| *byte == end).map(<[u8]>::trim_ascii) {
        if line.is_empty() {
            continue;
        }
        if line.first() == Some(&b'#') {
            let line = String::from_utf8_lossy(line);
            if let Some(info) = after(&line, EXTINF) {
                (seconds, name) = extinf(info);
            } else if let Some(who) = after(&line, SINGER) {
                singer = Some(printable(who)).filter(|who| !who.is_empty());
            }
            continue;
        }
        match path(line, base) {
            Some(path) => list.items.push(ListItem {
                path,
                name: std::mem::take(&mut name),
                seconds: seconds.take(),
                singer: singer.take(),
            }),
            None => {
                list.left_out += 1;
                (name, seconds, singer) = (String::new(), None, None);
            }
        }
    }
    list
}

/// What follows a word at the start of a line, in whatever case it is written.
fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let head = line.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &line[word.len()..])
}

/// `221 key="a, b",Artist - Title`
fn extinf(info: &str) -> (Option<u32>, String) {
    let mut quoted = false;
    let comma = info.find(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let (before, name) = comma.map_or((info, ""), |at| (&info[..at], &info[at + 1..]));
    let number = before.split_whitespace().next().unwrap_or("");
    let seconds = number.parse::<f64>().ok().filter(|s| *s > 0.0 && *s < 1e9);
    (seconds.map(|s| s.round() as u32), printable(name))
}

fn path(line: &[u8], base: &Path) -> Option<PathBuf> {
    let head = line.get(..URI.len()).unwrap_or_default();
    let decoded;
    let mut line = line;
    if head.eq_ignore_ascii_case(URI.as_bytes()) {
        let rest = &line[URI.len()..];
        // the name of the host between: none, or this one
        let from = rest.iter().position(|byte| *byte == b'/')?;
        decoded = percent_decoded(&rest[from..]);
        line = &decoded;
    } else if is_address(line) {
        return None;
    } else if !line.contains(&b'/') && line.contains(&b'\\') {
        decoded = line.iter().map(|b| if *b == b'\\' { b'/' } else { *b }).collect();
        line = &decoded;
    }
    if line.contains(&0) {
        return None;
    }
    Some(tidy(&base.join(OsStr::from_bytes(line))))
}

/// `http://...`, any word and `://`.
fn is_address(line: &[u8]) -> bool {
    let word = line
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    line[word.count()..].starts_with(b"://")
}

/// Without `.` and `..`, as far as the name alone says.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            other => tidy.push(other),
        }
    }
    tidy
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| (*text.get(at)? as char).to_digit(16);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (*byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// A list to lie in the folder `base`, an absolute path. Songs below it get relative paths, so that
/// the folder can be moved; a name that would break its line, or be taken for something else, becomes
/// a `file://` address.
pub fn write(items: &[ListItem], base: &Path) -> Vec<u8> {
    let mut out = b"#EXTM3U\n".to_vec();
    for item in items {
        let seconds = item.seconds.map_or("-1".into(), |seconds| seconds.to_string());
        out.extend(format!("{EXTINF}{seconds},{}\n", printable(&item.name)).bytes());
        if let Some(singer) = &item.singer {
            out.extend(format!("{SINGER}{}\n", printable(singer)).bytes());
        }
        let whole = base.join(&item.path);
        let short = whole.strip_prefix(base).unwrap_or(&whole).as_os_str();
        match short.to_str().filter(|text| is_plain(text)) {
            Some(text) => out.extend(text.bytes()),
            None => out.extend(address(&whole)),
        }
        out.push(b'\n');
    }
    out
}

/// Reads back as it stands.
fn is_plain(path: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(char::is_whitespace);
    !path.starts_with(['#', '\u{feff}'])
        && !edge(path.chars().next())
        && !edge(path.chars().next_back())
        && !path.contains(|c: char| c.is_control() || c == '\\')
        && !is_address(path.as_bytes())
}

fn address(path: &Path) -> Vec<u8> {
    let mut out = URI.as_bytes().to_vec();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(text: &[u8]) -> Vec<String> {
        let list = read(text, Path::new("/lists"));
        list.items
            .iter()
            .map(|item| item.path.display().to_string())
            .collect()
    }

    #[test]
    fn lists_are_read_as_other_programs_write_them() {
        let list = read(
            b"\xef\xbb\xbf#EXTM3U\r\n#PLAYLIST:Party\r\n#extinf:221 tvg-name=\"a, b\",Ana - \x1b[2JSnow\r\n\
              ../music/Snow.flac\r\n\r\n#EXTINF:-1,\r\n/abs/B.mp3\r\nhttp://radio.example/live\r\n  c d.ogg \r\n",
            Path::new("/lists/party"),
        );
        assert_eq!(list.left_out, 1);
        let snow = ListItem {
            path: "/lists/music/Snow.flac".into(),
            name: "Ana - [2JSnow".into(),
            seconds: Some(221),
            singer: None,
        };
        assert_eq!(list.items[0], snow);
        assert_eq!(list.items[1].seconds, None);
        assert_eq!(list.items[2].path, Path::new("/lists/party/c d.ogg"));
        assert_eq!(list.items.len(), 3);
    }

    #[test]
    fn paths_of_windows_addresses_and_old_line_ends_lead_somewhere() {
        assert_eq!(paths(b"Music\\Ana\\a.mp3\n"), ["/lists/Music/Ana/a.mp3"]);
        assert_eq!(paths(b"a.mp3\rb.mp3\r"), ["/lists/a.mp3", "/lists/b.mp3"]);
        assert_eq!(
            paths(b"file:///m/a%20b%0a.mp3\nFILE://localhost/m/100%.mp3\nfile://nowhere\n"),
            ["/m/a b\n.mp3", "/m/100%.mp3"]
        );
        assert_eq!(paths(b"a\0b.mp3\n./x/../c.mp3"), ["/lists/c.mp3"]);
    }

    #[test]
    fn a_list_is_written_with_relative_paths_and_singers() {
        let item = |path: &str, singer: Option<&str>| ListItem {
            path: path.into(),
            name: "Ana\n#EXTM3U".into(),
            seconds: Some(60),
            singer: singer.map(str::to_owned),
        };
        let text = write(
            &[
                item("/m/x/Snow.flac", Some("Ben")),
                item("/other/a\nb.mp3", None),
                item("/m/#1.mp3", None),
            ],
            Path::new("/m"),
        );
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "#EXTM3U\n#EXTINF:60,Ana #EXTM3U\n#CROON-SINGER:Ben\nx/Snow.flac\n#EXTINF:60,Ana #EXTM3U\n\
             file:///other/a%0Ab.mp3\n#EXTINF:60,Ana #EXTM3U\nfile:///m/%231.mp3\n"
        );
    }

    /// One part of a path: any bytes that Linux allows.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        let hostile = prop_oneof![
            Just(b"a\nb".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"#EXTINF:1,x".to_vec()),
            Just(b" lead and trail ".to_vec()),
            Just(b"file:".to_vec()),
            Just(b"C:\\x".to_vec()),
            Just(b"100%41".to_vec()),
            Just("\u{feff}\u{202e}é".as_bytes().to_vec()),
            Just(b"\xff\xfe".to_vec()),
        ];
        let any = prop::collection::vec(any::<u8>(), 1..12).prop_map(|bytes| {
            let allowed = |byte: u8| if byte == 0 || byte == b'/' { b'_' } else { byte };
            bytes.into_iter().map(allowed).collect::<Vec<u8>>()
        });
        prop_oneof![hostile, any, "[a-z .]{1,9}".prop_map(String::into_bytes)]
            .prop_filter("no name", |part| part != b"." && part != b"..")
    }

    fn item() -> impl Strategy<Value = ListItem> {
        let singer = prop::option::of(any::<String>());
        (
            any::<bool>(),
            prop::collection::vec(part(), 1..4),
            any::<String>(),
            prop::option::of(1..9_999_u32),
            singer,
        )
            .prop_map(|(below, parts, name, seconds, singer)| {
                let mut path = PathBuf::from(if below { "/my lists" } else { "/" });
                path.extend(parts.iter().map(|part| OsStr::from_bytes(part)));
                ListItem {
                    path,
                    name,
                    seconds,
                    singer,
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_whatever_the_names(items in prop::collection::vec(item(), 0..12)) {
            let base = Path::new("/my lists");
            let text = write(&items, base);
            let back = read(&text, base);
            let shown = items.into_iter().map(|item| ListItem {
                name: printable(&item.name),
                singer: item.singer.map(|who| printable(&who)).filter(|who| !who.is_empty()),
                ..item
            });
            prop_assert_eq!(back, List { items: shown.collect(), left_out: 0 });
            // and every line but a path's own is plain text
            prop_assert!(!text.contains(&0x1b) && !text.contains(&b'\r'));
        }

        #[test]
        fn any_bytes_are_some_list(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes, Path::new("/lists"));
        }
    }
}
