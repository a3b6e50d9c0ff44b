//! `croon completions SHELL`.

use clap_complete::Shell;

use crate::commands::context::Context;
use crate::commands::exit_code::ExitCode;

/// Put the output where your shell looks for completions, for example:
///   croon completions bash > ~/.local/share/bash-completion/completions/croon
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct CompletionsArgs {
    pub shell: Shell,
}

/// `cli` is the whole command line, which only its own file knows.
pub fn run(args: CompletionsArgs, mut cli: clap::Command, context: &Context) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "croon", &mut script);
    context.print_bytes(&script)?;
    Ok(ExitCode::Done)
}
