//! `croon completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Context, Outcome};

/// Put the output where your shell looks for completions, for example:
///   croon completions bash > ~/.local/share/bash-completion/completions/croon
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    pub shell: Shell,
}

pub fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::Cli::command(), "croon", &mut script);
    context.print_bytes(&script)?;
    Ok(Outcome::Done)
}
