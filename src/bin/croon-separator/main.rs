//! croon-separator, the engine: the networks and their training. It alone links libtorch.

mod adamw;
mod augment;
mod checkpoint;
mod cpu;
mod dataset;
mod dataset_song;
mod device;
mod excerpts;
mod export;
mod fallback;
mod gate;
mod gpu;
mod import;
mod info;
mod layers;
mod leveldb;
mod loader;
mod log;
mod malloc;
mod manifest;
mod mask;
pub mod masker;
mod material;
mod model;
mod network;
mod output_region;
mod parity;
mod parity_report;
mod pick;
mod recipe;
mod recording;
mod report;
mod rng;
mod sampler;
mod separator;
mod serve;
#[path = "../../../tests/support/skip.rs"]
#[cfg(test)]
mod skip;
mod slices;
mod spleeter;
mod spleeter_masker;
mod spleeter_stem;
mod teacher;
mod tensor_bundle;
mod timing;
mod train;
pub mod train_args;
mod train_step;
mod unet;
mod unet_masker;
mod weights;
mod wiener;

use std::fs::File;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use croon::text::harmless_lines;

#[derive(Debug, Parser)]
#[command(
    name = "croon-separator",
    version,
    about = "croon's engine: separates, trains"
)]
struct Args {
    /// Where to compute
    #[arg(long, global = true, value_enum, default_value = "auto")]
    device: device::WantedDevice,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on your own material
    Train(train_args::TrainArgs),
    /// Turn a training run's best state into a model
    Export(export::ExportArgs),
    /// Turn weights that others published into a model
    Import(import::ImportArgs),
    /// Draw the curves of a training run into its report.svg
    Report(report::ReportArgs),
    /// Separate windows for a player: mixture on stdin, vocals on stdout
    Serve(serve::ServeArgs),
    /// Show the device, the model and their speed
    Info(info::InfoArgs),
    /// Compare every model on the device with the processor, and measure its speed there
    Parity(parity::ParityArgs),
}

fn main() -> ExitCode {
    // Held until the end: who reads the pipe takes its end for ours, and would not wait for the words
    // about an error.
    let mut private = None;
    malloc::keep_buffers();
    match run(&Args::parse(), &mut private) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            // It may quote a manifest or a file's name.
            eprintln!("croon-separator: {}", harmless_lines(&format!("{err:#}")));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, private: &mut Option<File>) -> Result<()> {
    let choice = || device::choose(args.device).map_err(anyhow::Error::msg);
    match &args.command {
        Command::Serve(args) => {
            // Before anything can print: libtorch's first word would already break the protocol.
            let out = private.insert(serve::private_stdout().context("stdout and stderr must be open")?);
            serve::serve(args, &choice()?, out)
        }
        Command::Train(args) => train::train(args, &choice()?),
        Command::Export(args) => export::export(args),
        Command::Import(args) => import::import(args),
        Command::Report(args) => report::report(args),
        Command::Info(args) => info::info(args, &choice()?),
        Command::Parity(args) => {
            parity::prepare(args);
            parity::parity(args, &choice()?)
        }
    }
}
