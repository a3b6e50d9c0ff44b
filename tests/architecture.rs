//! Holds the house to its plan: who may import whom, which room keeps which library, how long a
//! file may grow. Each broken rule is a sentence that says where and what to do instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

const WORDS: &[&str] = &[
    "action",
    "config",
    "key_tempo",
    "keymap",
    "lyrics",
    "m3u",
    "request",
    "singing",
    "song_memory",
    "track",
];

/// A room and what it may import besides itself and the words.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // words
    ("action", &[]),
    ("config", &[]),
    ("key_tempo", &[]),
    ("keymap", &[]),
    ("lyrics", &[]),
    ("m3u", &[]),
    ("request", &[]),
    ("singing", &[]),
    ("song_memory", &[]),
    ("track", &[]),
    // machines
    ("audio", &[]),
    ("logging", &[]),
    ("lrclib", &[]),
    ("paths", &[]),
    ("separate", &["audio"]),
    ("judge", &["audio"]),
    ("store", &["audio"]),
    ("library", &["audio"]),
    ("readings", &[]),
    (
        "jobs",
        &[
            "audio", "separate", "store", "library", "lrclib", "paths", "readings",
        ],
    ),
    ("remote", &[]),
    // mind
    ("app", &[]),
    // face
    ("ui", &["app"]),
    ("terminal", &[]),
    // shell
    (
        "commands",
        &[
            "audio", "jobs", "judge", "library", "logging", "lrclib", "paths", "remote", "separate", "store",
        ],
    ),
    ("cli", &["commands"]),
    (
        "run",
        &[
            "app", "audio", "commands", "jobs", "library", "logging", "lrclib", "paths", "remote",
            "separate", "store", "terminal", "ui",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli", "commands", "logging", "paths", "run"]),
    // the engine, a program of its own
    ("bin", &["audio", "judge", "library", "paths", "separate"]),
];

/// A library and the only places that may name it.
const ONE_ROOM: &[(&str, &[&str])] = &[
    ("sled", &["store/"]),
    ("symphonia", &["audio/"]),
    ("opus", &["audio/decode/"]),
    ("rodio", &["audio/"]),
    ("cpal", &["audio/"]),
    ("pulseaudio", &["audio/player/pulse.rs"]),
    ("futures", &["audio/player/pulse.rs"]),
    ("rtrb", &["audio/"]),
    ("rubato", &["audio/"]),
    ("realfft", &["audio/", "judge/"]),
    ("rustfft", &["audio/"]),
    ("ssstretch", &["audio/stretch.rs"]),
    ("ebur128", &["audio/loudness.rs"]),
    ("flacenc", &["audio/"]),
    ("hound", &["audio/"]),
    ("notify", &["library/"]),
    ("lofty", &["library/"]),
    ("ureq", &["lrclib.rs"]),
    ("zip", &["audio/zipped.rs"]),
    ("tempfile", &["audio/zipped.rs"]),
    ("font8x8", &["ui/sing/"]),
    ("encoding_rs", &["lyrics/"]),
    ("chardetng", &["lyrics/"]),
    ("midly", &["lyrics/"]),
    ("serde_saphyr", &["lyrics/"]),
    ("vibrato", &["readings/"]),
    ("wana_kana", &["readings/"]),
    ("pinyin", &["readings/"]),
    ("flate2", &["readings/"]),
    (
        "zbus",
        &["remote/mpris.rs", "remote/mpris/", "audio/player/priority.rs"],
    ),
    ("percent_encoding", &["remote/"]),
    ("walkdir", &["library/", "judge/"]),
    ("ratatui", &["ui/", "terminal.rs", "terminal/", "run.rs", "run/"]),
    (
        "crossterm",
        &["ui/", "terminal.rs", "terminal/", "run.rs", "run/"],
    ),
    (
        "clap",
        &["cli.rs", "commands/", "main.rs", "bin/croon-separator/"],
    ),
    ("toml", &["config/", "jobs/", "bin/croon-separator/", "separate/"]),
    ("tracing_subscriber", &["logging.rs", "bin/croon-separator/"]),
    ("tracing_appender", &["logging.rs"]),
    ("tch", &["bin/croon-separator/"]),
    ("torch_sys", &["bin/croon-separator/"]),
    (
        "libc",
        &[
            "bin/croon-separator/",
            "audio/player/priority.rs",
            "store/heap.rs",
        ],
    ),
    ("plotters", &["bin/croon-separator/"]),
    ("crc32c", &["bin/croon-separator/"]),
];

const LONGEST_FILE: usize = 400;
const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "helper", "shared", "misc"];

struct Source {
    /// Below `src/`, with forward slashes.
    name: String,
    /// As written.
    text: String,
    /// Comments, strings and characters blanked, so that only code is left; lines stay.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Lines before the file's own unit tests.
    fn length(&self) -> usize {
        let tests = self
            .text
            .lines()
            .position(|line| line.starts_with("#[cfg(test)]"));
        let lines = self.text.lines().count();
        tests
            .filter(|at| {
                self.text
                    .lines()
                    .nth(at + 1)
                    .is_some_and(|l| !l.starts_with("mod ") || l.ends_with('{'))
            })
            .unwrap_or(lines)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path
                    .strip_prefix(root().join("src"))
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source {
                    name,
                    code: blank(&text),
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// `text` without what is not code. A light reading of Rust's lexical rules: line and block
/// comments, plain and raw strings, character literals (told from lifetimes by their end).
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    let keep_lines = |from: usize, to: usize, out: &mut String| {
        out.extend(
            chars[from..to]
                .iter()
                .map(|c| if *c == '\n' { '\n' } else { ' ' }),
        );
    };
    while i < chars.len() {
        let rest = &chars[i..];
        let end = if rest.starts_with(&['/', '/']) {
            i + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
        } else if rest.starts_with(&['/', '*']) {
            (i + 2..chars.len())
                .find(|at| chars[*at - 1] == '*' && chars[*at] == '/' && *at > i + 2)
                .map_or(chars.len(), |at| at + 1)
        } else if let Some(hashes) = raw_string(rest, i.checked_sub(1).map(|before| chars[before])) {
            let close: Vec<char> = std::iter::once('"')
                .chain(std::iter::repeat_n('#', hashes))
                .collect();
            let start = i + 2 + hashes;
            (start..chars.len())
                .find(|at| chars[*at..].starts_with(&close))
                .map_or(chars.len(), |at| at + close.len())
        } else if rest[0] == '"' {
            let mut at = i + 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            (at + 1).min(chars.len())
        } else if rest[0] == '\'' && rest.get(1) == Some(&'\\') {
            (i + 3..chars.len())
                .find(|at| chars[*at] == '\'')
                .map_or(chars.len(), |at| at + 1)
        } else if rest[0] == '\'' && rest.get(2) == Some(&'\'') {
            i + 3
        } else {
            out.push(rest[0]);
            i += 1;
            continue;
        };
        keep_lines(i, end, &mut out);
        i = end;
    }
    out
}

/// The number of hashes where a raw string begins.
fn raw_string(rest: &[char], before: Option<char>) -> Option<usize> {
    let after_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_') && before != Some('b');
    if rest[0] != 'r' || after_word {
        return None;
    }
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    (rest.get(1 + hashes) == Some(&'"')).then_some(hashes)
}

/// Every occurrence of `word` as a whole word: (line number, the code from there on).
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).filter_map(move |(at, _)| {
        let whole = !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part);
        whole.then(|| (code[..at].lines().count().max(1), &code[at..]))
    })
}

/// The rooms that code names after `crate::` (`croon::` in the programs), groups included.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate", "croon"] {
        for (line, code) in words(&source.code, root) {
            let Some(path) = code[root.len()..].strip_prefix("::") else {
                continue;
            };
            if let Some(group) = path.strip_prefix('{') {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => found.push((line, first_name(&std::mem::take(&mut item)))),
                        _ => {}
                    }
                    if c != ',' || depth > 0 {
                        item.push(c);
                    }
                }
                found.push((line, first_name(&item)));
            } else {
                found.push((line, first_name(path)));
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn first_name(path: &str) -> String {
    path.trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn sentences(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n\n  {}\n", broken.join("\n  "));
}

#[test]
fn imports_go_down() {
    let mut broken = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            broken.push(format!(
                "src/{}: this room is not on the map; add it to tests/architecture.rs and the README",
                source.name
            ));
            continue;
        };
        for (line, name) in imports(&source) {
            let a_room = MAY_IMPORT.iter().any(|(known, _)| *known == name);
            if a_room && name != room && !WORDS.contains(&name.as_str()) && !allowed.contains(&name.as_str())
            {
                broken.push(format!(
                    "src/{}:{line}: {room} may not import {name}; move the type it needs down a floor, or let run.rs carry the message",
                    source.name
                ));
            }
        }
    }
    sentences(broken);
}

#[test]
fn the_plan_itself_has_no_circle() {
    fn reaches(from: &str, to: &str, depth: usize) -> bool {
        let next = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == from)
            .map_or(&[][..], |(_, next)| next);
        depth > 0
            && next
                .iter()
                .any(|room| *room == to || reaches(room, to, depth - 1))
    }
    for (room, _) in MAY_IMPORT {
        assert!(!reaches(room, room, MAY_IMPORT.len()), "{room} reaches itself");
    }
}

#[test]
fn one_library_one_room() {
    let mut broken = Vec::new();
    for source in sources() {
        for (library, rooms) in ONE_ROOM {
            if rooms.iter().any(|room| source.name.starts_with(room)) {
                continue;
            }
            // unit tests may make their files with any library
            let tested = source.name.ends_with("tests.rs");
            let last = if tested { 0 } else { source.length() };
            for (line, code) in words(&source.code, library).filter(|(line, _)| *line <= last) {
                let before = source.code.lines().nth(line - 1).unwrap_or("");
                let named = code[library.len()..].starts_with("::")
                    || before.trim_start().starts_with(&format!("use {library}"));
                // a module or variable of the same name behind `::` or `.` is not the library
                let whole = &source.code[..source.code.len() - code.len()];
                if named && !whole.ends_with("::") && !whole.ends_with('.') {
                    broken.push(format!(
                        "src/{}:{line}: {library} belongs to {} alone; ask that room for what is needed",
                        source.name,
                        rooms.join(" and ")
                    ));
                }
            }
        }
    }
    sentences(broken);
}

#[test]
fn files_stay_short() {
    let long = sources()
        .into_iter()
        .filter(|source| source.length() > LONGEST_FILE);
    sentences(
        long.map(|source| {
            format!(
                "src/{} has {} lines without its tests; split it by meaning (limit {LONGEST_FILE})",
                source.name,
                source.length()
            )
        })
        .collect(),
    );
}

#[test]
fn there_is_no_drawer() {
    let drawers = sources().into_iter().filter(|source| {
        source
            .name
            .split('/')
            .any(|part| DRAWERS.contains(&part.strip_suffix(".rs").unwrap_or(part)))
    });
    sentences(
        drawers
            .map(|s| {
                format!(
                    "src/{}: a room named for no meaning; name it for what it does",
                    s.name
                )
            })
            .collect(),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! ") && !source.name.ends_with("tests.rs"));
    sentences(
        silent
            .map(|s| format!("src/{}: begin with a //! line: what is here and why", s.name))
            .collect(),
    );
}

#[test]
fn a_lock_gives_its_reason() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, code) in source.code.lines().enumerate() {
            let locks = ["Mutex", "RwLock"]
                .iter()
                .any(|lock| words(code, lock).next().is_some());
            let reason = lines[at.saturating_sub(4)..=at]
                .iter()
                .any(|line| line.contains("// lock:"));
            if locks && !code.trim_start().starts_with("use ") && !reason {
                broken.push(format!(
                    "src/{}:{}: a lock; use a channel, an atomic or one owner, or say why not after `// lock:`",
                    source.name,
                    at + 1
                ));
            }
        }
    }
    sentences(broken);
}

#[test]
fn unsafe_gives_its_reason() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, code) in source.code.lines().enumerate() {
            let reason = lines[at.saturating_sub(6)..=at]
                .iter()
                .any(|line| line.contains("SAFETY:"));
            let block =
                code.contains("unsafe {") || code.contains("unsafe impl") || code.contains("unsafe extern");
            if block && !reason {
                broken.push(format!(
                    "src/{}:{}: unsafe without a `// SAFETY:` line above it",
                    source.name,
                    at + 1
                ));
            }
        }
    }
    sentences(broken);
}

#[test]
fn the_readme_shows_every_room() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing = MAY_IMPORT
        .iter()
        .filter(|(room, _)| !["lib", "bin"].contains(room))
        .filter(|(room, _)| !readme.contains(&format!("{room}.rs")) && !readme.contains(&format!("{room}/")));
    sentences(
        missing
            .map(|(room, _)| format!("README.md: the map does not show {room}"))
            .collect(),
    );
}

#[test]
fn the_reader_of_code_can_read() {
    let code = blank(
        "use a::b; // crate::c\nlet x = \"crate::d \\\" \"; /* crate::e\n */ 'a' r#\"crate::f\"# '\\'' &'a str\n",
    );
    assert!(!code.contains("crate"), "{code}");
    assert_eq!(code.lines().count(), 3);
    assert!(code.contains("use a::b;") && code.contains("&'a str"));
    let source = Source {
        name: "x.rs".into(),
        text: String::new(),
        code: "use crate::{ui::{A, B}, app};\nfn f() { crate::store::g() }".into(),
    };
    let names: Vec<(usize, String)> = imports(&source);
    assert_eq!(
        names,
        [
            (1, "ui".to_owned()),
            (1, "app".to_owned()),
            (2, "store".to_owned())
        ]
    );
}
