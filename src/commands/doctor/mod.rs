//! `croon doctor`: one screen that says of each part whether it works, why, and what mends it.

mod check;
mod engine;
mod places;
mod sound;
mod terminal;

use std::io::Write;

use crate::commands::context::Context;
use crate::commands::doctor::check::{Check, State};
use crate::commands::exit_code::ExitCode;

/// Ends with 0 where everything works and with 1 where something keeps croon from its whole job.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct DoctorArgs {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

type Examination = fn(&Context) -> Check;

/// In the order of the likely question: is it me, my ears, or the machine?
const CHECKS: &[(&str, Examination)] = &[
    ("config", places::config),
    ("music", places::music),
    ("sound", sound::sound),
    ("engine", engine::engine),
    ("cache", places::cache),
    ("log", places::log),
    ("terminal", terminal::terminal),
];

pub fn run(args: DoctorArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    for (name, check) in CHECKS {
        if context.progress {
            // the engine may take seconds to load its libraries
            let _ = write!(std::io::stderr(), "checking {name} ...\r");
        }
        let found = check(context);
        if context.progress {
            let _ = write!(std::io::stderr(), "\x1b[2K\r");
        }
        if !args.json {
            context.print(found.lines(name, context.color))?;
        }
        checks.push((*name, found));
    }
    let well = checks.iter().all(|(_, check)| check.state != State::Bad);
    if args.json {
        let list: Vec<_> = checks.iter().map(|(name, check)| check.json(name)).collect();
        let report = serde_json::json!({
            "schema": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "ok": well,
            "checks": list,
        });
        context.print(format!("{report:#}\n"))?;
    }
    Ok(if well { ExitCode::Done } else { ExitCode::Failed })
}
