//! What croon does without the screen: one file per subcommand, each with its `Args` and a
//! `run(args, &Context) -> anyhow::Result<Outcome>`. Data goes to stdout, messages to stderr.

pub mod cache;
pub mod completions;
pub mod config;
mod context;
pub mod ctl;
pub mod doctor;
pub mod eval;
pub mod export;
mod interrupt;
pub mod lyrics;
mod outcome;
pub mod paths;
pub mod queue;
pub mod scan;
pub mod separate;
pub mod train;
pub mod watch;

pub use context::{Context, Options};
pub use interrupt::Interrupt;
pub use outcome::{Fault, Outcome};
