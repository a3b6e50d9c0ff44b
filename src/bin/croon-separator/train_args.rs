//! TODO

use std::path::PathBuf;

use crate::checkpoint::Precision;

#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Folder with training material, searched through and through
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of this run; a run that lies there goes on
    #[arg(long)]
    pub run: PathBuf,
    /// The network [default: light]
    #[arg(long, value_parser = ["light", "full", "spleeter", "unet-mask"])]
    pub model: Option<String>,
    /// Begin with the weights of this manifest instead of random ones
    #[arg(long)]
    pub from: Option<PathBuf>,
    /// What the network computes in; halves are faster where the processor has them
    #[arg(long, value_enum)]
    pub precision: Option<Precision>,
    /// Stop after this many steps in all
    #[arg(long, conflicts_with = "minutes")]
    pub steps: Option<u64>,
    /// Stop after this many minutes in all [default: 60]
    #[arg(long)]
    pub minutes: Option<f64>,
    /// Examples of 3 seconds a step
    #[arg(long, default_value_t = 6)]
    pub batch: usize,
    /// STFT frames of an example, a multiple of 64
    #[arg(long, default_value_t = 128)]
    pub frames: usize,
    /// Peak of the learning rate
    #[arg(long, default_value_t = 1.2e-3)]
    pub lr: f64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Songs to validate on, instead of holding some of the training songs out
    #[arg(long)]
    pub valid: Option<PathBuf>,
    /// Model that separates the songs below folders called "unlabelled", so that they are learned from too: a name, or
    /// the path of a manifest. Its vocals are kept in the run's folder, and made once
    #[arg(long, value_name = "MODEL")]
    pub teacher: Option<String>,
    /// Threads of the network; one is best on a machine that has other work
    #[arg(long, default_value_t = 1)]
    pub threads: i32,
    /// Share of the run, at its end, on songs alone
    #[arg(long, default_value_t = 0.12)]
    pub polish: f64,
    /// Steps between validations
    #[arg(long, default_value_t = 150)]
    pub every: u64,
    /// Threads that mix examples [default: one; on a GPU one less than there are cores]
    #[arg(long)]
    pub loaders: Option<usize>,
    /// Export the best weights into this folder at the end
    #[arg(long)]
    pub export: Option<PathBuf>,
}
