//! `croon config print-default|print-keys|check|path`.

use std::fs;

use crate::commands::context::Context;
use crate::commands::exit_code::ExitCode;
use crate::config::{Config, DEFAULT_TOML};
use crate::keymap::reference;

#[derive(Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Print the default configuration with comments
    PrintDefault,
    /// Print the default keys as a Markdown table
    PrintKeys,
    /// Check your configuration file and list every fault in it
    Check,
    /// Print where your configuration file is, or would be
    Path,
}

pub fn run(command: ConfigCommand, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::PrintDefault => context.print(DEFAULT_TOML)?,
        ConfigCommand::PrintKeys => {
            context.print(reference::markdown(Config::default().playback.seek_seconds))?;
        }
        ConfigCommand::Path => {
            use std::os::unix::ffi::OsStrExt;
            // byte for byte: a path may be no UTF-8 and still be used in $(...)
            context.print_bytes(context.paths.config_file.as_os_str().as_bytes())?;
            context.print("\n")?;
        }
        ConfigCommand::Check => return check(context),
    }
    Ok(ExitCode::Done)
}

fn check(context: &Context) -> anyhow::Result<ExitCode> {
    let file = context.paths.config_file.display();
    if fs::metadata(&context.paths.config_file).is_err() {
        context.print(format!(
            "{file} does not exist: everything has its default, which is fine.\n"
        ))?;
        return Ok(ExitCode::Done);
    }
    for problem in &context.problems {
        context.print(format!("{problem}\n"))?;
    }
    if context.problems.is_empty() {
        context.print(format!("{file} is right.\n"))?;
        return Ok(ExitCode::Done);
    }
    Ok(ExitCode::Failed)
}
