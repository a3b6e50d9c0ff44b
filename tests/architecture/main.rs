//! Holds the code to docs/architecture.md: who may import whom, which module keeps which library, how long a file may
//! grow, no circles, each type name once. Each broken rule is a sentence that says where, and what to do instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod circles;
mod modules;
mod plan;
mod source;

use std::collections::BTreeMap;
use std::fs;

use plan::{LONGEST_FILE, MAY_IMPORT, MEANINGLESS, MODEL, ONE_OWNER};
use source::{Source, blank, imports, root, sources, words};

fn sentences(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n\n  {}\n", broken.join("\n  "));
}

#[test]
fn imports_go_down() {
    let mut broken = Vec::new();
    for source in sources() {
        let module = source.module();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            broken.push(format!(
                "src/{}: this module is not on the map; add it to tests/architecture/main.rs and docs/architecture.md",
                source.name
            ));
            continue;
        };
        for (line, name) in imports(&source) {
            let is_module = MAY_IMPORT.iter().any(|(known, _)| *known == name);
            if is_module
                && name != module
                && !MODEL.contains(&name.as_str())
                && !allowed.contains(&name.as_str())
            {
                broken.push(format!(
                    "src/{}:{line}: {module} may not import {name}; move the type it needs to a layer below, or let run/ carry the message",
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
                .any(|module| *module == to || reaches(module, to, depth - 1))
    }
    for (module, _) in MAY_IMPORT {
        assert!(
            !reaches(module, module, MAY_IMPORT.len()),
            "{module} reaches itself"
        );
    }
}

#[test]
fn a_type_name_is_defined_once() {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources()
        .iter()
        .filter(|source| !source.name.ends_with("tests.rs") && !source.name.contains("/tests/"))
    {
        let lines: Vec<&str> = source.code.lines().take(source.length()).collect();
        for line in &lines {
            let item = line
                .strip_prefix("pub ")
                .or_else(|| line.strip_prefix("pub(")?.split_once(") ").map(|(_, item)| item));
            let Some((kind, rest)) = item.unwrap_or(line).split_once(' ') else {
                continue;
            };
            if ["struct", "enum", "trait", "type", "union"].contains(&kind) {
                let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
                defined
                    .entry(name.to_owned())
                    .or_default()
                    .push(source.name.clone());
            }
        }
    }
    let twice = defined.into_iter().filter(|(_, files)| files.len() > 1);
    sentences(
        twice
            .map(|(name, files)| {
                format!(
                    "{name} is a type of {}; name each for what it is",
                    files.join(" and of ")
                )
            })
            .collect(),
    );
}

#[test]
fn one_library_one_module() {
    let mut broken = Vec::new();
    for source in sources() {
        for (library, owners) in ONE_OWNER {
            if owners.iter().any(|module| source.name.starts_with(module)) {
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
                        "src/{}:{line}: {library} belongs to {} alone; ask that module for what is needed",
                        source.name,
                        owners.join(" and ")
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
fn no_module_is_a_drawer() {
    let meaningless = sources().into_iter().filter(|source| {
        source
            .name
            .split('/')
            .any(|part| MEANINGLESS.contains(&part.strip_suffix(".rs").unwrap_or(part)))
    });
    sentences(
        meaningless
            .map(|s| {
                format!(
                    "src/{}: a name that says nothing; name the module for what it does",
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
fn the_map_shows_every_module() {
    let map = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let missing = MAY_IMPORT
        .iter()
        .filter(|(module, _)| !["lib", "bin"].contains(module))
        .filter(|(module, _)| !map.contains(&format!("{module}.rs")) && !map.contains(&format!("{module}/")));
    sentences(
        missing
            .map(|(module, _)| format!("docs/architecture.md: the map does not show {module}"))
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

#[test]
fn files_form_no_circle() {
    let imports = modules::Modules::of(&sources()).imports();
    let mut broken = Vec::new();
    for circle in &circles::circles(&imports) {
        for file in circle {
            let inside = imports[file].iter().filter(|to| circle.contains(to));
            broken.push(format!(
                "src/{file} imports {} and is imported by them, directly or through others; move the type that \
                 both need into a file of its own",
                inside.map(String::as_str).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    sentences(broken);
}
