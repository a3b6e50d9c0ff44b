//! `croon train ...`: becomes the engine's `train`. Training is the engine's work; this spares finding it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::commands::context::Context;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::separate::command::EngineCommand;

/// Everything after `train`, `--help` included, is passed to the engine.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct TrainCommandArgs {
    /// Options of `croon-separator train`; `croon train --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
    pub options: Vec<OsString>,
}

const ABOUT: &str = "\
Trains a separation model on your own material. What stands after `croon train` is handed to the
engine's own `croon-separator train`, and its exit code is given back. `croon-separator report --run DIR`
draws a run's curves, and `croon-separator export` makes a model of it. The engine says:

";

pub fn run(args: TrainCommandArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let help = args
        .options
        .iter()
        .any(|option| option == "--help" || option == "-h");
    if help {
        context.print(ABOUT)?;
    }
    let engine = match trainer(context) {
        Ok(engine) => engine,
        // Whoever asks for help has been helped, as far as is possible without an engine.
        Err(error) if help => {
            context.say(format!("croon: {error:#}"));
            return Ok(ExitCode::Done);
        }
        Err(error) => return Err(error),
    };
    // In croon's place: terminal, signals and exit code are the engine's without a go-between.
    let error = Command::new(&engine.program)
        .args(&engine.args)
        .args(&args.options)
        .exec();
    let what = format!("the engine `{}` could not be started: {error}", engine.shown());
    Err(CommandError::new(ExitCode::NoDevice, what).into())
}

/// The engine's command line with `train` for `serve`.
fn trainer(context: &Context) -> anyhow::Result<EngineCommand> {
    let mut engine = EngineCommand::find(&context.config.separation.command, &[])?;
    let Some(serve) = engine.args.iter().position(|arg| arg == "serve") else {
        let what = format!(
            "the configured engine `{}` has no `serve` that `train` could stand in for, so croon cannot tell how it \
             is trained. Call `croon-separator train`, or a trainer of its own, directly",
            engine.shown()
        );
        return Err(CommandError::new(ExitCode::Usage, what).into());
    };
    // What follows `serve` are options of serving.
    engine.args.truncate(serve);
    engine.args.push("train".into());
    Ok(engine)
}
