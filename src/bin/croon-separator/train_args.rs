//! The command line of `croon-separator train`.

use std::path::PathBuf;

use crate::checkpoint::Precision;

/// Arguments of `train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Folder with training material, searched recursively
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of this run; a run that is already there is continued
    #[arg(long)]
    pub run: PathBuf,
    /// The network [default: light]
    #[arg(long, value_parser = ["light", "full", "spleeter", "unet-mask"])]
    pub model: Option<String>,
    /// Start from the weights of this manifest instead of random ones
    #[arg(long)]
    pub from: Option<PathBuf>,
    /// Number format of the computation; half precision is faster on hardware that supports it
    #[arg(long, value_enum)]
    pub precision: Option<Precision>,
    /// Stop after this many steps in total
    #[arg(long, conflicts_with = "minutes")]
    pub steps: Option<u64>,
    /// Stop after this many minutes in total [default: 60]
    #[arg(long)]
    pub minutes: Option<f64>,
    /// Examples per step
    #[arg(long, default_value_t = 6)]
    pub batch: usize,
    /// STFT frames per example, a multiple of 64
    #[arg(long, default_value_t = 128)]
    pub frames: usize,
    /// Peak of the learning rate
    #[arg(long, default_value_t = 1.2e-3)]
    pub lr: f64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder with songs to validate on, instead of some of the training songs
    #[arg(long)]
    pub valid: Option<PathBuf>,
    /// Model that separates the songs in folders named "unlabelled", so that they can be trained on: a name or the path
    /// of a manifest. Its vocals are computed once and stored in the run's folder
    #[arg(long, value_name = "MODEL")]
    pub teacher: Option<String>,
    /// Threads of the network; one is best on a machine that is used for other work
    #[arg(long, default_value_t = 1)]
    pub threads: i32,
    /// Share of the run, at its end, on songs alone
    #[arg(long, default_value_t = 0.12)]
    pub polish: f64,
    /// Steps between validations
    #[arg(long, default_value_t = 150)]
    pub every: u64,
    /// Threads that prepare examples [default: one; on a GPU one less than there are cores]
    #[arg(long)]
    pub loaders: Option<usize>,
    /// Export the best weights into this folder at the end
    #[arg(long)]
    pub export: Option<PathBuf>,
}
