//! Which program is the engine, and how patient croon is with it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::separate::error::EngineError;
use crate::separate::models::AUTO;

/// The program that comes with croon.
pub const BUNDLED: &str = "croon-separator";

/// A command line that speaks the protocol on stdin and stdout; any will do, such as
/// `ssh gpu-box croon-separator serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineCommand {
    pub program: PathBuf,
    pub args: Vec<OsString>,
    pub patience: Patience,
}

/// How long an engine may take before it counts as lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From spawn to hello: the first load of CUDA is slow.
    pub hello: Duration,
    /// Without any answer while windows are asked.
    pub window: Duration,
    /// Failures in a row, nothing answered in between, after which it is given up.
    pub restarts: u32,
    /// Before the first restart; doubled for each further one.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(120),
            window: Duration::from_secs(120),
            restarts: 3,
            backoff: Duration::from_millis(250),
        }
    }
}

impl EngineCommand {
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            patience: Patience::default(),
        }
    }

    /// The configured command line, or where that is empty the bundled engine: beside croon's own
    /// executable, else on `$PATH`. `options` are passed to the bundled engine only, since another
    /// command line names its own.
    pub fn find(configured: &[String], options: &[String]) -> Result<Self, EngineError> {
        if let Some((program, args)) = configured.split_first() {
            return match located(Path::new(program)) {
                Some(path) => Ok(Self::new(path, args)),
                None => Err(EngineError::Missing {
                    looked_for: program.clone(),
                }),
            };
        }
        let beside = env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(|dir| dir.join(BUNDLED)))
            .filter(|path| runnable(path));
        let Some(program) = beside.or_else(|| located(Path::new(BUNDLED))) else {
            return Err(EngineError::Missing {
                looked_for: BUNDLED.into(),
            });
        };
        Ok(Self::new(
            program,
            std::iter::once("serve").chain(options.iter().map(String::as_str)),
        ))
    }

    /// From now on the engine is to take this model where the choice was left to it: an engine that comes
    /// back in the middle of a song must not choose another one.
    pub(super) fn pin_model(&mut self, model: &str) {
        let left_open = self
            .args
            .windows(2)
            .position(|pair| pair[0] == "--model" && pair[1] == AUTO);
        if let Some(at) = left_open {
            self.args[at + 1] = model.into();
        }
    }

    /// The command line as shown to people.
    pub fn shown(&self) -> String {
        let mut text = self.program.display().to_string();
        for arg in &self.args {
            text.push(' ');
            text.push_str(&arg.to_string_lossy());
        }
        text
    }
}

/// The program as the shell would find it.
fn located(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return runnable(program).then(|| program.to_owned());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|path| runnable(path))
}

fn runnable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_command_line_is_taken_as_it_is() {
        let line = ["sh", "-c", "true"].map(String::from);
        let command = EngineCommand::find(&line, &["--nice".into()]).unwrap();
        assert!(command.program.is_absolute(), "{:?}", command.program);
        assert_eq!(command.args, ["-c", "true"]);
    }

    #[test]
    fn the_model_an_engine_chose_stays_its_model() {
        let mut open = EngineCommand::new("engine", ["serve", "--model", "auto", "--nice", "5"]);
        open.pin_model("full");
        assert_eq!(open.args, ["serve", "--model", "full", "--nice", "5"]);
        open.pin_model("light");
        assert_eq!(open.args[2], "full");
    }

    #[test]
    fn a_program_that_is_not_there_says_what_to_do() {
        let error = EngineCommand::find(&["/no/such/engine".into()], &[]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("/no/such/engine") && text.contains("make"),
            "{text}"
        );
    }
}
