//! The configuration: the file at the top is the defaults, right files are taken as written, and
//! every kind of fault is named with its place and its mend.

use std::fs;
use std::path::{Path, PathBuf};

use croon::config::{Config, DEFAULT_TOML, SourcePosition};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn the_default_file_is_the_defaults() {
    let (config, problems) = Config::parse(DEFAULT_TOML, Path::new("config.toml"));
    assert_eq!(problems, []);
    assert_eq!(config, Config::default());
    assert_eq!((config.screen.fps, config.playback.vocals_level), (60, 20));
}

#[test]
fn the_default_file_shows_every_key() {
    let known = Config::known_keys();
    assert!(known.len() > 20);
    for (section, key) in known {
        let shown = match section {
            "" => DEFAULT_TOML.contains(&format!("\n[{key}]\n")),
            section => SourcePosition::of_key(DEFAULT_TOML, section, key).is_some(),
        };
        assert!(shown, "config.toml does not show `{key}` of [{section}]");
    }
}

#[test]
fn right_files_are_taken_whole() {
    for file in files("valid_configs") {
        let text = fs::read_to_string(&file).unwrap();
        let (config, problems) = Config::parse(&text, &file);
        assert_eq!(problems, [], "{}", file.display());
        if !text.trim().is_empty() && !text.contains("# same as the defaults") {
            assert_ne!(config, Config::default(), "{} changes nothing", file.display());
        }
    }
}

/// Each wrong file says in its first lines what must be said about it: `# 3:1 unknown key` is a
/// place and a part of the message; the faults are exactly those.
#[test]
fn wrong_files_are_named_with_place_and_mend() {
    for file in files("invalid_configs") {
        let text = fs::read_to_string(&file).unwrap();
        let wanted: Vec<(&str, &str)> = text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .map(|line| line.split_once(' ').expect("place and words"))
            .collect();
        let (_, problems) = Config::parse(&text, Path::new("mine.toml"));
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), wanted.len(), "{}: {said:#?}", file.display());
        for ((place, words), said) in wanted.iter().zip(&said) {
            assert!(
                said.starts_with(&format!("mine.toml:{place}: ")),
                "{}: {said}",
                file.display()
            );
            assert!(said.contains(words), "{}: {said}", file.display());
        }
    }
}

#[test]
fn a_fault_costs_only_its_own_key() {
    let text = "[cache]\nsize_gb = \"big\"\n[screen]\nfps = 12\n";
    let (config, problems) = Config::parse(text, Path::new("mine.toml"));
    assert_eq!((problems.len(), problems[0].fatal), (1, false));
    assert_eq!(config.cache.size_gb, 20.0);
    assert_eq!(config.screen.fps, 12);
}

#[test]
fn what_is_not_toml_is_fatal() {
    let (config, problems) = Config::parse("[screen]\nfps = 12\nascii = = true", Path::new("mine.toml"));
    assert!(
        problems
            .iter()
            .any(|problem| problem.fatal && problem.place.line == 3),
        "{problems:?}"
    );
    assert_eq!(config, Config::default());
}

#[test]
fn escape_codes_in_a_config_do_not_reach_the_terminal() {
    let (_, problems) = Config::parse(
        "\"\\u001b[2Jx\" = 1\n[log]\nlevel = \"\\u001b]0;x\"",
        Path::new("mine.toml"),
    );
    assert_eq!(problems.len(), 2);
    assert!(
        problems
            .iter()
            .all(|problem| !problem.to_string().contains('\u{1b}')),
        "{problems:?}"
    );
}

#[test]
fn a_key_can_be_found_again_for_a_later_reader() {
    let text = "[keys]\n  \"F5\" = \"rescann\"\n";
    assert_eq!(
        SourcePosition::of_key(text, "keys", "F5"),
        Some(SourcePosition { line: 2, column: 3 })
    );
    assert_eq!(SourcePosition::of_key(text, "keys", "F6"), None);
    assert_eq!(SourcePosition::of_key("= nonsense", "keys", "F5"), None);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let _ = Config::parse(&text, Path::new("mine.toml"));
    }

    #[test]
    fn no_value_makes_the_reader_panic(line in "[a-z_]{0,14}(\\.[a-z_]{0,9})? ?= ?(-?[0-9a-fxo_.]{0,24}|\"[^\"]*\"|\\[[0-9, \"a]*\\]|\\{\\})") {
        for section in ["", "[library]\n", "[playback]\n", "[keys]\n"] {
            let _ = Config::parse(&format!("{section}{line}\n"), Path::new("mine.toml"));
        }
    }
}
