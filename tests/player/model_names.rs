//! `--model NAME` and `[separation] model`: which names are taken, and what is said of the others.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::executable;

/// A home with an engine that prints its options and two models that have nothing but names.
fn home(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    for folder in ["bin", "models", "songs"] {
        std::fs::create_dir(at(folder)).unwrap();
    }
    std::fs::write(at("config.toml"), config).unwrap();
    for name in ["light", "my-own"] {
        let text = format!("name = \"{name}\"\nweights = \"{name}.safetensors\"\n");
        std::fs::write(at("models").join(format!("{name}.toml")), text).unwrap();
    }
    std::fs::write(at("songs/song.wav"), b"no sound").unwrap();
    // A copy of croon has no engine of the build beside it.
    executable::copy(env!("CARGO_BIN_EXE_croon"), &at("bin/croon"));
    let engine = "#!/bin/sh\necho \"options: $*\" >&2\nexit 1\n";
    executable::write(&at("bin/croon-separator"), engine);
    home
}

fn croon(home: &Path, args: &[&str]) -> (i32, String) {
    let mut croon = Command::new(home.join("bin/croon"));
    croon
        .args(args)
        .current_dir(home.join("songs"))
        .stdin(Stdio::null());
    croon
        .env("CROON_CONFIG", home.join("config.toml"))
        .env("CROON_MODELS", home.join("models"))
        .env("HOME", home);
    for name in ["CACHE", "STATE", "DATA", "CONFIG", "RUNTIME"] {
        let variable = match name {
            "RUNTIME" => "XDG_RUNTIME_DIR".to_owned(),
            _ => format!("XDG_{name}_HOME"),
        };
        croon.env(variable, home.join(name.to_lowercase()));
    }
    let Output { status, stderr, .. } = croon.output().unwrap();
    (
        status.code().unwrap(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let named = home("");
    for args in [
        &["separate", "song.wav", "--model", "lihgt"][..],
        &["watch", "--once", ".", "--model", "lihgt"],
        &["--model", "lihgt", "."],
    ] {
        let (code, said) = croon(named.path(), args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains("Did you mean \"light\"?"), "{args:?}: {said}");
        assert!(said.contains("light, my-own and auto"), "{args:?}: {said}");
    }
    let configured = home("[separation]\nmodel = \"htdemucs\"\n");
    for args in [&["separate", "song.wav"][..], &["watch", "--once", "."]] {
        let (code, said) = croon(configured.path(), args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(
            said.contains("no model \"htdemucs\"") && said.contains("light, my-own"),
            "{args:?}: {said}"
        );
    }
}

#[test]
fn a_right_name_reaches_the_engine_and_goes_before_the_configuration() {
    let home = home("[separation]\nmodel = \"light\"\n");
    let (code, said) = croon(home.path(), &["separate", "song.wav"]);
    assert!(code == 4 && said.contains("--model light"), "{code} {said}");
    for args in [
        &["separate", "song.wav", "--model", "my-own"][..],
        &["--model", "my-own", "separate", "song.wav"],
    ] {
        let (code, said) = croon(home.path(), args);
        assert!(code == 4 && said.contains("--model my-own"), "{args:?}: {said}");
        assert!(!said.contains("--model light"), "{args:?}: {said}");
    }
}
