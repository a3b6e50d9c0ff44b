//! A test that cannot run on this machine says so by its name.
//!
//! `SKIPPED name: reason` goes to stderr past the test harness, which keeps what a passing test prints.
//! Continuous integration sets `CROON_REQUIRE_ALL=1`: a test that misses anything but what
//! [`Missing::allowed`] lists then fails instead.
#![allow(dead_code, clippy::panic)]

use std::env;
use std::fmt::Display;
use std::io::Write;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// What a test needs and the machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Recordings and reference results in `../shared`, beside the repository.
    SharedFile,
    /// `ffmpeg`, or one of its encoders.
    Ffmpeg,
    /// `pulseaudio`, `parec` and `pactl`.
    PulseAudio,
    /// `dbus-run-session`.
    DBus,
    Shellcheck,
    Make,
    /// `/dev/full`.
    FullDevice,
    /// The capability to mount a file system.
    MountRights,
    /// The right to ask for real-time priority.
    RealTimeRights,
    /// A graphics card that libtorch can use.
    GraphicsCard,
}

impl Missing {
    /// Why continuous integration may be without it, or `None` where it must have it.
    fn allowed(self) -> Option<&'static str> {
        match self {
            Self::SharedFile => Some("a clean clone has no folder beside it"),
            Self::Ffmpeg => Some("no part of the build; the formats are also made without it"),
            Self::PulseAudio => Some("no part of the build; needs a quiet machine"),
            Self::Shellcheck => Some("no part of the build"),
            Self::MountRights | Self::RealTimeRights => Some("containers seldom grant it"),
            Self::GraphicsCard => Some("the machine has none"),
            Self::DBus | Self::Make | Self::FullDevice => None,
        }
    }
}

/// Reports the running test as skipped.
///
/// # Panics
///
/// If every test is required to run and this one could.
#[track_caller]
pub fn skipped(missing: Missing, reason: impl Display) {
    let caller = Location::caller();
    // The harness names a test's thread for the test, but runs it on the main thread if told to use one.
    let name = match std::thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", caller.file(), caller.line()),
    };
    let required = env::var_os("CROON_REQUIRE_ALL").is_some_and(|value| value == "1");
    if required && missing.allowed().is_none() {
        panic!("{name} may not be skipped here: {reason}");
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: {reason}");
}

/// A file or folder below `../shared`; reports the test as skipped and returns `None` if it does not exist.
#[track_caller]
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(
        Missing::SharedFile,
        format_args!("{} does not exist", path.display()),
    );
    None
}
