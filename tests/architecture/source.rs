//! The project's own source files, with comments and strings blanked so that only code is left.

use std::fs;
use std::path::{Path, PathBuf};

pub struct Source {
    /// Below `src/`, with forward slashes.
    pub name: String,
    /// As written.
    pub text: String,
    /// Comments, strings and characters blanked, so that only code is left; lines stay.
    pub code: String,
}

impl Source {
    pub fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Lines before the file's own unit tests.
    pub fn length(&self) -> usize {
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

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn sources() -> Vec<Source> {
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
pub fn blank(text: &str) -> String {
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
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).filter_map(move |(at, _)| {
        let whole = !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part);
        whole.then(|| (code[..at].lines().count().max(1), &code[at..]))
    })
}

/// The owners that code names after `crate::` (`croon::` in the programs), groups included.
pub fn imports(source: &Source) -> Vec<(usize, String)> {
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

pub fn first_name(path: &str) -> String {
    path.trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}
