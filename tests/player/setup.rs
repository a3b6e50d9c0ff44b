//! The set-up script: it can be repeated, interrupted and run offline, changes nothing it need not,
//! and says what is missing where it cannot help. Its tools are stood in for by small scripts, so
//! nothing is downloaded or installed here.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::executable;
use crate::support::skip::{Missing, skipped};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/setup.sh");

/// A clone with nothing but the script, and a PATH with nothing but what the test allows.
struct Clone {
    dir: tempfile::TempDir,
}

impl Clone {
    fn new() -> Self {
        let clone = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for folder in ["scripts", "bin"] {
            fs::create_dir(clone.path(folder)).unwrap();
        }
        fs::copy(SCRIPT, clone.path("scripts/setup.sh")).unwrap();
        for tool in [
            "bash", "env", "sort", "tr", "cat", "uname", "id", "mkdir", "mv", "rm", "mktemp", "find",
            "chmod", "du", "cut", "df", "awk", "sed", "dirname", "flock",
        ] {
            let real = which(tool).unwrap_or_else(|| panic!("{tool} is not on this machine"));
            symlink(real, clone.path("bin").join(tool)).unwrap();
        }
        for tool in ["cargo", "cc", "c++", "cmake", "pkg-config"] {
            clone.tool(tool, "exit 0");
        }
        clone.tool("apt-get", "echo apt-get \"$@\" >>\"$LOG\"; exit 9");
        clone.tool("sudo", "echo sudo \"$@\" >>\"$LOG\"; exit 9");
        clone.tool("python3", "echo python3 \"$@\" >>\"$LOG\"; exit 9");
        clone
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn tool(&self, name: &str, body: &str) {
        executable::write(&self.path("bin").join(name), &format!("#!/bin/bash\n{body}\n"));
    }

    fn without(&self, name: &str) {
        fs::remove_file(self.path("bin").join(name)).unwrap();
    }

    fn set_up_before(&self, stamp: &str) {
        fs::create_dir_all(self.path(".libtorch/torch/lib")).unwrap();
        fs::write(self.path(".libtorch/complete"), format!("{stamp}\n")).unwrap();
        fs::write(self.path(".libtorch/torch/lib/libtorch.so"), "old").unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(self.path("bin/bash"))
            .arg(self.path("scripts/setup.sh"))
            .args(args)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("LOG", self.path("log"))
            .env("CROON_GPU", "0")
            .output()
            .unwrap()
    }

    fn called(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

fn which(tool: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(tool))
        .find(|path| path.is_file())
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// The version the script brings, so that the tests follow it.
fn torch() -> String {
    let script = fs::read_to_string(SCRIPT).unwrap();
    script
        .lines()
        .find_map(|line| line.strip_prefix("TORCH="))
        .unwrap()
        .to_owned()
}

#[test]
fn the_script_is_well_formed() {
    for script in [
        Path::new(SCRIPT).to_owned(),
        Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run"),
    ] {
        assert!(
            Command::new("bash")
                .arg("-n")
                .arg(&script)
                .status()
                .unwrap()
                .success()
        );
        assert!(
            script.metadata().unwrap().permissions().mode() & 0o111 != 0,
            "{} is not executable",
            script.display()
        );
        match Command::new("shellcheck").arg(&script).output() {
            Ok(found) => assert!(found.status.success(), "{}", words(&found)),
            Err(_) => skipped(Missing::Shellcheck, "shellcheck is not installed"),
        }
    }
}

#[test]
fn a_second_run_does_nothing_and_needs_no_network() {
    let clone = Clone::new();
    clone.set_up_before(&format!("torch {} cpu", torch()));
    let output = clone.run(&[]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(words(&output), "");
    assert_eq!(clone.called(), "");
    assert_eq!(
        fs::read_to_string(clone.path(".libtorch/torch/lib/libtorch.so")).unwrap(),
        "old"
    );
}

#[test]
fn a_failed_download_leaves_what_was_there() {
    let clone = Clone::new();
    clone.set_up_before("torch 1.0.0 cpu");
    fs::create_dir_all(clone.path(".libtorch.partial/torch")).unwrap(); // an interrupted earlier run
    let output = clone.run(&["libtorch"]);
    assert!(!output.status.success());
    assert!(
        words(&output).contains("Nothing was changed"),
        "{}",
        words(&output)
    );
    assert!(clone.called().contains("python3 -m pip install"));
    assert_eq!(
        fs::read_to_string(clone.path(".libtorch/torch/lib/libtorch.so")).unwrap(),
        "old"
    );
}

#[test]
fn a_download_is_announced_pruned_and_moved_into_place_whole() {
    let clone = Clone::new();
    clone.tool(
        "python3",
        r#"echo python3 "$@" >>"$LOG"
while [ $# -gt 0 ]; do [ "$1" = --target ] && to=$2; shift; done
[ -n "$to" ] || exit 0
mkdir -p "$to/torch/lib" "$to/torch/include" "$to/torch/bin" "$to/nvidia/cu13/lib" "$to/torch-2.dist-info"
for lib in libtorch.so libtorch_cpu.so libtorch_cuda.so libc10_cuda.so libtorch_python.so; do echo x >"$to/torch/lib/$lib"; done
echo x >"$to/nvidia/cu13/lib/libcudart.so.13""#,
    );
    let output = clone.run(&["libtorch"]);
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("0.55 GB to download") && said.contains("0.5 GB on disk"),
        "{said}"
    );
    let lib = clone.path(".libtorch/torch/lib");
    for (name, kept) in [
        ("libtorch.so", true),
        ("libtorch_cpu.so", true),
        ("libtorch_cuda.so", false),
        ("libtorch_python.so", false),
    ] {
        assert_eq!(lib.join(name).exists(), kept, "{name}");
    }
    assert!(clone.path(".libtorch/nvidia/cu13/lib/libcudart.so.13").exists());
    assert_eq!(
        fs::read_to_string(clone.path(".libtorch/complete")).unwrap(),
        format!("torch {} cpu\n", torch())
    );
    assert!(!clone.path(".libtorch.partial").exists());
    let before = clone.called();
    assert!(clone.run(&[]).status.success());
    assert_eq!(clone.called(), before, "the second run called something");
}

#[test]
fn without_apt_the_packages_are_named() {
    let clone = Clone::new();
    clone.without("apt-get");
    clone.tool("pkg-config", "exit 1"); // ALSA's development files are not there
    clone.without("c++");
    clone.without("cmake");
    let output = clone.run(&["packages"]);
    let said = words(&output);
    assert!(!output.status.success());
    for name in ["libasound2-dev", "g++", "cmake", "python3-pip"] {
        assert!(said.contains(name), "{name} is not named in: {said}");
    }
    assert!(!said.contains("build-essential"), "{said}");
}

#[test]
fn apt_is_asked_for_exactly_what_is_missing() {
    let clone = Clone::new();
    clone.set_up_before(&format!("torch {} cpu", torch())); // pip is not needed any more
    clone.tool("pkg-config", "exit 1");
    for tool in ["apt-get", "sudo"] {
        // sudo runs what it is given, apt-get notes it
        clone.tool(
            tool,
            if tool == "sudo" {
                "\"$@\""
            } else {
                "echo apt-get \"$@\" >>\"$LOG\""
            },
        );
    }
    let output = clone.run(&["packages"]);
    assert!(output.status.success(), "{}", words(&output));
    let installs: Vec<String> = clone
        .called()
        .lines()
        .filter(|line| line.contains(" install "))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        installs,
        ["apt-get install -y -qq --no-install-recommends libasound2-dev"]
    );
}

#[test]
fn without_rust_it_says_so_before_anything_is_fetched() {
    let clone = Clone::new();
    clone.without("cargo");
    let output = clone.run(&[]);
    assert!(!output.status.success());
    assert!(words(&output).contains("rustup"), "{}", words(&output));
    assert_eq!(clone.called(), "");
}

#[test]
fn an_unknown_step_is_refused() {
    let output = Clone::new().run(&["everything"]);
    assert!(!output.status.success());
    assert!(words(&output).contains("unknown step 'everything'"));
}

#[test]
fn make_run_passes_on_what_croon_says_without_a_terminal() {
    if which("make").is_none() {
        skipped(Missing::Make, "make is not installed");
        return;
    }
    let clone = Clone::new();
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/Makefile"),
        clone.path("Makefile"),
    )
    .unwrap();
    clone.set_up_before(&format!("torch {} cpu", torch()));
    fs::create_dir_all(clone.path("target/release")).unwrap();
    symlink(env!("CARGO_BIN_EXE_croon"), clone.path("target/release/croon")).unwrap();
    let output = Command::new("make")
        .args(["run", "ARGS=", "CARGO=true"])
        .current_dir(clone.dir.path())
        .env_remove("MAKEFLAGS")
        .env("HOME", clone.dir.path())
        .env("CROON_GPU", "0")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in ["needs a terminal", "croon separate", "(exit code 6)", "Error 6"] {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}
