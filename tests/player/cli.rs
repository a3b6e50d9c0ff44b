//! The command line as a script meets it: exit codes, what goes to stdout and what to stderr.

use crate::support::fake_engine;
use crate::support::skip::{Missing, skipped};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A home of its own for every test, and no terminal.
struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn configure(&self, text: &str) {
        fs::create_dir_all(self.path().join(".config/croon")).unwrap();
        fs::write(self.path().join(".config/croon/config.toml"), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_croon"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by a signal")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_terminal_it_names_what_works_without() {
    let output = Home::new().run(&[]);
    assert_eq!((code(&output), out(&output).as_str()), (6, ""));
    let said = err(&output);
    assert!(
        said.starts_with("croon: the screen needs a terminal") && said.contains("(exit code 6)"),
        "{said}"
    );
    for command in ["separate", "watch", "scan", "doctor", "--help"] {
        assert!(
            said.contains(&format!("croon {command}")),
            "{command} is not named: {said}"
        );
    }
}

#[test]
fn every_command_that_is_named_exists() {
    let home = Home::new();
    let mut said = err(&home.run(&[]));
    for file in ["README.md", "docs/manual.md"] {
        said += &fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    }
    let named = said
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("croon "));
    let named: Vec<&str> = named
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    assert!(named.len() >= 8, "{named:?}");
    for command in named {
        assert_eq!(code(&home.run(&[command, "--help"])), 0, "croon {command}");
    }
}

#[test]
fn what_cannot_be_understood_is_usage() {
    let home = Home::new();
    for args in [
        &["--no-such-flag"][..],
        &["docter"],
        &["paths", "--jsn"],
        &["no/such/folder"],
        &["--color=sometimes"],
    ] {
        let output = home.run(args);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""), "{args:?}");
        assert!(!err(&output).is_empty(), "{args:?}");
    }
    let output = home.run(&["/", "paths"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("A command stands before its paths: `croon paths"),
        "{}",
        err(&output)
    );
    assert!(err(&home.run(&["docter"])).contains("Did you mean the command `croon doctor`?"));
}

#[test]
fn the_configuration_can_be_shown_checked_and_found() {
    let home = Home::new();
    assert_eq!(
        out(&home.run(&["config", "print-default"])),
        croon::config::DEFAULT_TOML
    );
    let file = home.path().join(".config/croon/config.toml");
    assert_eq!(
        out(&home.run(&["config", "path"])).trim_end(),
        file.to_str().unwrap()
    );
    assert_eq!(code(&home.run(&["config", "check"])), 0);
    home.configure("[screen]\nfsp = 3\n[keys]\nq = \"qiut\"\nBlah-x = \"quit\"\n");
    let output = home.run(&["config", "check"]);
    assert_eq!(code(&output), 1);
    let said = out(&output);
    assert!(
        said.contains("config.toml:2:1: unknown key `fsp` in [screen]; did you mean `fps`?"),
        "{said}"
    );
    assert!(
        said.contains("config.toml:4:1: ") && said.contains("`quit`"),
        "{said}"
    );
    assert!(said.contains("config.toml:5:1: "), "{said}");
}

#[test]
fn a_file_that_is_not_toml_stops_all_but_the_commands_that_say_so() {
    let home = Home::new();
    home.configure("[screen\n");
    let output = home.run(&[]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("config.toml:1:") && err(&output).contains("not TOML"),
        "{}",
        err(&output)
    );
    assert_eq!(code(&home.run(&["config", "check"])), 1);
    assert_eq!(code(&home.run(&["paths"])), 0);
}

#[test]
fn a_configuration_asked_for_by_name_must_be_there() {
    let home = Home::new();
    let output = home.run(&["--config", "/no/such.toml", "paths"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("/no/such.toml"));
    let binary = home.path().join("binary.toml");
    fs::write(&binary, b"[log]\nlevel = \"\xff\"").unwrap();
    let output = home.run(&["--config", binary.to_str().unwrap(), "paths"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("not UTF-8"), "{}", err(&output));
}

#[test]
fn paths_follow_config_and_options() {
    let home = Home::new();
    home.configure("[cache]\nfolder = \"~/fast\"\n[library]\nfolders = [\"~/a\", \"/b\"]\n");
    let read = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&out(&home.run(args))).unwrap() };
    let listing = read(&["paths", "--json"]);
    assert_eq!(listing["schema"], 1);
    let place = |listing: &serde_json::Value, name: &str| -> Vec<String> {
        let places = listing["places"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|place| place["name"] == name);
        places
            .map(|place| place["path"].as_str().unwrap().to_owned())
            .collect()
    };
    let at = |end: &str| home.path().join(end).to_str().unwrap().to_owned();
    assert_eq!(place(&listing, "cache"), [at("fast")]);
    assert_eq!(place(&listing, "music"), [at("a"), "/b".to_owned()]);
    assert_eq!(place(&listing, "state"), [at(".local/state/croon")]);
    assert_eq!(
        place(&read(&["--cache-dir", "/elsewhere", "paths", "--json"]), "cache"),
        ["/elsewhere"]
    );
}

#[test]
fn every_shell_gets_its_completions() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = home.run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(out(&output).contains("doctor"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = home
        .command(&["config", "print-default"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
}

#[test]
fn a_full_disk_behind_stdout_is_one() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        skipped(Missing::FullDevice, "/dev/full does not exist");
        return;
    };
    let output = Home::new()
        .command(&["config", "print-default"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("No space left"), "{}", err(&output));
}

#[test]
fn help_and_version_go_to_stdout() {
    let home = Home::new();
    let help = out(&home.run(&["--help"]));
    assert!(
        help.contains("Exit codes:") && help.contains("130  interrupted"),
        "{help}"
    );
    assert_eq!(
        out(&home.run(&["--version"])),
        format!("croon {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_manual_lists_the_exit_codes_as_they_are() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/manual.md")).unwrap();
    for exit_code in croon::commands::ExitCode::ALL {
        let row = format!("| {} | {} |", exit_code.code(), exit_code.meaning());
        assert!(readme.contains(&row), "docs/manual.md has no row `{row}`");
    }
}

#[test]
fn the_doctor_names_what_is_wrong_and_what_mends_it() {
    let home = Home::new();
    fs::create_dir(home.path().join("Music")).unwrap();
    home.configure("[separation]\ncommand = [\"/no/such/engine\"]\n");
    let output = home.run(&["--no-sound", "doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (code(&output), report["ok"].as_bool(), report["schema"].as_u64()),
        (1, Some(false), Some(1))
    );
    let check = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap_or_else(|| panic!("no check {name}"))
    };
    assert_eq!(check("engine")["state"], "bad");
    assert!(
        check("engine")["what"]
            .as_str()
            .unwrap()
            .contains("/no/such/engine")
    );
    for (name, state) in [
        ("config", "ok"),
        ("music", "ok"),
        ("cache", "ok"),
        ("log", "ok"),
        ("terminal", "note"),
    ] {
        assert_eq!(check(name)["state"], state, "{name}: {}", check(name));
    }
    for check in report["checks"].as_array().unwrap() {
        assert!(
            check["state"] == "ok" || check["mend"].is_string(),
            "{check} names no mend"
        );
    }
    let text = out(&home.run(&["--no-sound", "doctor"]));
    assert!(
        text.contains("BAD   engine") && text.contains("->") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert!(out(&home.run(&["--no-sound", "--color=always", "doctor"])).contains("\u{1b}[1;31m"));
}

#[test]
fn the_doctor_has_the_engine_separate_something() {
    for (mode, state, says) in [
        ("half", "ok    engine", "times real time"),
        ("refuse", "BAD   engine", "out of memory"),
        ("die-after:1", "BAD   engine", "its pipe closed"),
    ] {
        let home = Home::new();
        let command = serde_json::to_string(&fake_engine::line(mode)).unwrap();
        home.configure(&format!("[separation]\ncommand = {command}\n"));
        let text = out(&home.run(&["--no-sound", "doctor"]));
        assert!(text.contains(state) && text.contains(says), "{mode}: {text}");
    }
}

#[test]
fn training_is_the_engines_own() {
    let home = Home::new();
    // Shows what it was given, and fails as a training would.
    let script = "read -r line; printf '[%s]' \"$line\" \"$@\"; echo cannot >&2; exit 7";
    let command = serde_json::to_string(&[
        "sh", "-c", script, "engine", "--device", "cpu", "serve", "--nice", "9",
    ])
    .unwrap();
    home.configure(&format!("[separation]\ncommand = {command}\n"));
    fs::write(home.path().join("in"), "typed\n").unwrap();
    let output = home
        .command(&["train", "--data", "a b", "--run", "-q", "--help"])
        .stdin(File::open(home.path().join("in")).unwrap())
        .output()
        .unwrap();
    assert_eq!((code(&output), err(&output).as_str()), (7, "cannot\n"));
    let said = out(&output);
    assert!(
        said.contains("`croon-separator train`")
            && said.ends_with("[typed][--device][cpu][train][--data][a b][--run][-q][--help]"),
        "{said}"
    );
}

#[test]
fn a_signal_reaches_a_training() {
    let home = Home::new();
    // Not the signal of Ctrl-C: a test run in the background inherits that one ignored.
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let command = serde_json::to_string(&["sh", "-c", script, "engine", "serve"]).unwrap();
    home.configure(&format!("[separation]\ncommand = {command}\n"));
    let mut child = home
        .command(&["train", "--data", "x"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn an_engine_that_cannot_be_trained_is_named() {
    let home = Home::new();
    home.configure("[separation]\ncommand = [\"sh\", \"-c\", \"true\"]\n");
    let output = home.run(&["train", "--data", "x"]);
    assert_eq!((code(&output), out(&output).as_str()), (2, ""));
    assert!(err(&output).contains("has no `serve`"), "{}", err(&output));
    home.configure("[separation]\ncommand = [\"/no/such/engine\", \"serve\"]\n");
    assert_eq!(code(&home.run(&["train", "--data", "x"])), 4);
    let help = home.run(&["train", "--help"]);
    assert_eq!(code(&help), 0);
    assert!(
        out(&help).contains("Trains a separation model") && err(&help).contains("/no/such/engine"),
        "{}",
        err(&help)
    );
}

#[test]
fn the_doctor_survives_what_it_finds() {
    let home = Home::new();
    home.configure("not toml");
    fs::create_dir_all(home.path().join(".local")).unwrap();
    fs::write(home.path().join(".cache"), "a file where a folder should be").unwrap();
    let output = home.run(&["--no-sound", "doctor"]);
    let text = out(&output);
    assert_eq!(code(&output), 1, "{text}");
    for name in ["config", "music", "cache"] {
        assert!(text.contains(&format!("BAD   {name}")), "{text}");
    }
}
