//! Programs that a test writes and then runs.
//!
//! A child process writes them. While this process had the file open, another thread that starts a
//! program would pass the open file on for a moment, and the system does not run a file that is open
//! for writing.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a script, over an old one if there is one.
pub fn write(path: &Path, text: &str) {
    let mut shell = Command::new("sh")
        .args(["-c", r#"rm -f "$0" && cat >"$0" && chmod 755 "$0""#])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    assert!(shell.wait().unwrap().success(), "{}", path.display());
}

/// Copies a program.
pub fn copy(from: impl AsRef<OsStr>, to: &Path) {
    let status = Command::new("cp").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "{}", to.display());
}
