//! croon-separator, the engine: the network, its training and its judges. The only program of the
//! house that links libtorch.

mod adamw;
mod augment;
mod dataset;
mod device;
mod evaluate;
mod export;
mod info;
mod layers;
mod learning;
mod mask;
mod model;
mod network;
mod recipe;
mod reference;
mod rng;
mod sampler;
mod sdr;
mod serve;
mod state;
mod take;
mod train;
mod unet;
mod weights;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "croon-separator",
    version,
    about = "croon's engine: separates, trains, judges"
)]
struct Args {
    /// Where to compute
    #[arg(long, global = true, value_enum, default_value = "auto")]
    device: device::Wanted,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on your own material
    Train(train::TrainArgs),
    /// Turn a training run's best state into a model
    Export(export::ExportArgs),
    /// Separate windows for a player: mixture on stdin, vocals on stdout
    Serve(serve::ServeArgs),
    /// Judge a model on songs whose stems are known
    Evaluate(evaluate::EvaluateArgs),
    /// Show the device, the model and their speed
    Info(info::InfoArgs),
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("croon-separator: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    // Before anything can print: libtorch's first word would already break the protocol.
    let private = match &args.command {
        Command::Serve(_) => Some(serve::private_stdout().context("stdout and stderr must be open")?),
        _ => None,
    };
    let choice = device::choose(args.device).map_err(anyhow::Error::msg)?;
    match (&args.command, private) {
        (Command::Serve(args), Some(out)) => serve::serve(args, &choice, out),
        (Command::Serve(_), None) => Ok(()),
        (Command::Train(args), _) => train::train(args, &choice),
        (Command::Export(args), _) => export::export(args),
        (Command::Evaluate(args), _) => evaluate::evaluate(args, &choice),
        (Command::Info(args), _) => info::info(args, &choice),
    }
}
