//! Which file a path in the code leads to: `crate::`, `super::`, `self::`, child modules, and names that a
//! module only passes on with `pub use`.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, words};

/// A path as its segments, without the name it is bound to.
type Path = Vec<String>;

/// One file of the crate, as far as paths concern it.
#[derive(Debug, Default)]
pub struct Module {
    /// Below `src/`.
    pub file: String,
    /// Where it lies in its crate, the crate's own name first.
    place: Path,
    /// Modules it declares.
    children: BTreeSet<String>,
    /// Names it passes on, and the path each stands for.
    passes_on: BTreeMap<String, Path>,
    /// Paths whose every name it passes on.
    passes_all: Vec<Path>,
    /// Paths it uses itself.
    uses: Vec<Path>,
    /// Names it defines.
    defines: BTreeSet<String>,
}

/// The modules of all programs by their place.
pub struct Modules(BTreeMap<Path, Module>);

impl Modules {
    pub fn of(sources: &[Source]) -> Self {
        let modules = sources.iter().filter(|source| !is_test(source)).map(|source| {
            let module = read(source);
            (module.place.clone(), module)
        });
        Self(modules.collect())
    }

    /// Every file with the files it imports.
    pub fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of = |module: &Module| {
            let files = module
                .uses
                .iter()
                .filter_map(|path| self.resolve(module, path, 8));
            let others = files.filter(|file| *file != module.file);
            (module.file.clone(), others.collect())
        };
        self.0.values().map(of).collect()
    }

    /// The file that defines what `path` names, seen from `module`; `None` outside of this project.
    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let mut at = match path.first()?.as_str() {
            "crate" => vec![module.place[0].clone()],
            "croon" => vec!["croon".to_owned()],
            "self" => module.place.clone(),
            "super" => module.place[..module.place.len() - 1].to_vec(),
            first if module.children.contains(first) => {
                let mut at = module.place.clone();
                at.push(first.to_owned());
                at
            }
            _ => return None,
        };
        for (nth, name) in path.iter().enumerate().skip(1) {
            if name == "super" {
                at.pop()?;
                continue;
            }
            let here = self.0.get(&at)?;
            if here.children.contains(name) {
                at.push(name.clone());
                continue;
            }
            if let Some(target) = here.passes_on.get(name) {
                let whole: Path = target.iter().chain(&path[nth + 1..]).cloned().collect();
                return self
                    .resolve(here, &whole, depth)
                    .or_else(|| Some(here.file.clone()));
            }
            for target in &here.passes_all {
                let file = self.resolve(here, target, depth)?;
                let defines = |module: &&Module| module.file == file && module.defines.contains(name);
                if self.0.values().any(|module| defines(&module)) {
                    return Some(file);
                }
            }
            return Some(here.file.clone());
        }
        self.0.get(&at).map(|module| module.file.clone())
    }
}

fn is_test(source: &Source) -> bool {
    source.name.ends_with("tests.rs") || source.name.contains("/tests/")
}

/// `croon::a::b` of `a/b.rs` and `a/b/mod.rs`; the programs are crates of their own.
fn place(name: &str) -> Path {
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let mut parts: Path = stem.split('/').map(str::to_owned).collect();
    if parts[0] == "bin" {
        parts.remove(0);
        if parts.last().is_some_and(|last| last == "main") {
            parts.pop();
        }
        return parts;
    }
    match stem {
        "main" => return vec!["main".into()],
        "lib" => return vec!["croon".into()],
        _ => {}
    }
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts.insert(0, "croon".into());
    parts
}

fn read(source: &Source) -> Module {
    let lines: Vec<&str> = source.code.lines().take(source.length()).collect();
    let code = lines.join("\n");
    let mut module = Module {
        file: source.name.clone(),
        place: place(&source.name),
        ..Module::default()
    };
    for keyword in ["mod", "struct", "enum", "trait", "type", "fn", "const", "static"] {
        for (_, rest) in words(&code, keyword) {
            let after = rest[keyword.len()..].trim_start();
            let name: String = after.chars().take_while(|c| is_part(*c)).collect();
            if keyword == "mod" && after[name.len()..].trim_start().starts_with(';') {
                module.children.insert(name);
            } else if !name.is_empty() {
                module.defines.insert(name);
            }
        }
    }
    let rest = read_use(&code, &mut module);
    read_inline(&rest, &mut module);
    module
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Takes in the `use` items; returns the code without them.
fn read_use(code: &str, module: &mut Module) -> String {
    let mut rest = String::new();
    let mut from = 0;
    for (_, tail) in words(code, "use") {
        let at = code.len() - tail.len();
        let before = code[..at].trim_end();
        let starts =
            before.is_empty() || before.ends_with([';', '}', '{', ']', ')']) || before.ends_with("pub");
        let Some(end) = tail.find(';').filter(|_| starts && at >= from) else {
            continue;
        };
        let passes_on =
            before.ends_with("pub") || before.ends_with("pub(crate)") || before.ends_with("pub(super)");
        let mut found = Vec::new();
        expand(&[], tail["use".len()..end].trim(), &mut found);
        for (path, name) in found {
            match (passes_on, name.as_str()) {
                (true, "*") => module.passes_all.push(path),
                (true, _) => drop(module.passes_on.insert(name, path)),
                (false, _) => module.uses.push(path),
            }
        }
        rest.push_str(&code[from..at]);
        from = at + end;
    }
    rest.push_str(&code[from..]);
    rest
}

/// The paths of a `use` tree, each with the name it is bound to; `*` for a glob.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<(Path, String)>) {
    let tree = tree.trim();
    let mut path = prefix.to_vec();
    if let Some(open) = tree.find('{') {
        let head = tree[..open].trim_end_matches("::");
        path.extend(
            head.split("::")
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(str::to_owned),
        );
        let inside = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&path, &inside[start..at], found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand(&path, &inside[start..], found);
        return;
    }
    if tree.is_empty() {
        return;
    }
    let (tree, alias) = match tree.split_once(" as ") {
        Some((tree, alias)) => (tree, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    path.extend(tree.split("::").map(|part| part.trim().to_owned()));
    let last = path.last().cloned().unwrap_or_default();
    if last == "*" || (last == "self" && path.len() > 1) {
        path.pop();
    }
    let name = match last.as_str() {
        "*" => "*".to_owned(),
        "self" => path.last().cloned().unwrap_or_default(),
        _ => last,
    };
    found.push((path, alias.unwrap_or(name)));
}

/// Takes in the paths written where they are used.
fn read_inline(code: &str, module: &mut Module) {
    let mut roots: Vec<String> = ["crate", "croon", "super", "self"].map(str::to_owned).into();
    roots.extend(module.children.iter().cloned());
    for root in roots {
        for (_, tail) in words(code, &root) {
            let before = &code[..code.len() - tail.len()];
            if !tail[root.len()..].starts_with("::") || before.ends_with("::") || before.ends_with('.') {
                continue;
            }
            let end = tail.find(|c| !is_part(c) && c != ':').unwrap_or(tail.len());
            let path = tail[..end].trim_end_matches(':').split("::").map(str::to_owned);
            module.uses.push(path.collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::blank;

    fn source(name: &str, text: &str) -> Source {
        Source {
            name: name.into(),
            text: text.into(),
            code: blank(text),
        }
    }

    #[test]
    fn paths_lead_to_the_file_that_defines_the_name() {
        let sources = [
            source("lib.rs", "pub mod a;\npub mod b;"),
            source(
                "a/mod.rs",
                "mod c;\nmod d;\npub use c::{C, Other as O};\npub use d::*;\npub fn here() {}",
            ),
            source(
                "a/c.rs",
                "use super::{d::D, here};\npub struct C; pub struct Other;",
            ),
            source("a/d.rs", "pub struct D;\nfn f() { crate::b::g() }"),
            source(
                "b.rs",
                "use crate::a::{self, C, O, D};\nuse std::fs;\nfn g() { a::here() }",
            ),
            source("main.rs", "use croon::a::D;\nfn main() {}"),
        ];
        let imports = Modules::of(&sources).imports();
        let of = |file: &str| imports[file].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("a/mod.rs"), [""; 0]);
        assert_eq!(of("a/c.rs"), ["a/d.rs", "a/mod.rs"]);
        assert_eq!(of("a/d.rs"), ["b.rs"]);
        assert_eq!(of("b.rs"), ["a/c.rs", "a/d.rs", "a/mod.rs"]);
        assert_eq!(of("main.rs"), ["a/d.rs"]);
    }
}
