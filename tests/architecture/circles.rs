//! Groups of files that import each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

/// The strongly connected components of more than one file, the largest first.
pub fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|from| (from.as_str(), reach(imports, from)))
        .collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (from, reach) in &reached {
        if !reach.contains(from) || seen.contains(from) {
            continue;
        }
        let members = reach.iter().filter(|to| reached[*to].contains(from));
        let circle: Vec<String> = members.map(|file| (*file).to_owned()).collect();
        seen.extend(reach.iter().copied().filter(|to| reached[to].contains(from)));
        found.push(circle);
    }
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

/// Every file that can be reached from this one by at least one import.
fn reach<'a>(imports: &'a BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&str> = imports[from].iter().map(String::as_str).collect();
    while let Some(file) = waiting.pop() {
        if found.insert(file) {
            waiting.extend(imports.get(file).into_iter().flatten().map(String::as_str));
        }
    }
    found
}
