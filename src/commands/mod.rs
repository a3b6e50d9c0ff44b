//! What croon does without the screen: one file per subcommand, each with its `Args` and a
//! `run(args, &Context) -> anyhow::Result<ExitCode>`. Data goes to stdout, messages to stderr.

pub mod cache;
pub mod completions;
pub mod config;
mod context;
pub mod ctl;
pub mod doctor;
pub mod eval;
mod exit_code;
pub mod export;
mod interrupt;
pub mod lyrics;
pub mod paths;
pub mod queue;
pub mod scan;
pub mod separate;
pub mod train;
pub mod watch;

pub use crate::commands::context::{Context, Options};
pub use crate::commands::exit_code::{CommandError, ExitCode};
pub use crate::commands::interrupt::Interrupt;
