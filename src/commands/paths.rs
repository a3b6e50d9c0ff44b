//! `croon paths`: where croon keeps its files.

use std::path::{Path, PathBuf};

use crate::commands::context::Context;
use crate::commands::exit_code::ExitCode;

#[derive(Debug, clap::Args)]
pub struct PathsArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

struct PathEntry {
    name: &'static str,
    path: PathBuf,
    exists: bool,
    what: &'static str,
}

pub fn run(args: PathsArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let paths = &context.paths;
    let mut places = Vec::new();
    let mut entry = |name, path: &Path, what| {
        places.push(PathEntry {
            name,
            path: path.to_owned(),
            exists: path.exists(),
            what,
        });
    };
    entry(
        "config",
        &paths.config_file,
        "your configuration; croon never writes it",
    );
    entry(
        "cache",
        &paths.cache,
        "separated vocals; may be deleted, costs only time",
    );
    entry("state", &paths.state, "catalogue and per-song settings");
    entry("log", &paths.log(), "what happened, seven days of it");
    entry("models", &paths.models(), "models you added");
    entry(
        "lyrics",
        &paths.lyrics(),
        "lyrics made with croon or brought to it",
    );
    entry(
        "socket",
        &context.remote_address().path(),
        "where a running croon is controlled; `croon ctl`",
    );
    for folder in context.music_folders(&[]) {
        entry("music", &folder, "songs");
    }
    if args.json {
        // paths that are no UTF-8 cannot be JSON strings: shown with the replacement character
        let json = serde_json::json!({
            "schema": 1,
            "places": places.iter().map(|entry| serde_json::json!({
                "name": entry.name,
                "path": entry.path.to_string_lossy(),
                "exists": entry.exists,
                "what": entry.what,
            })).collect::<Vec<_>>(),
        });
        context.print(format!("{json:#}\n"))?;
        return Ok(ExitCode::Done);
    }
    let width = places
        .iter()
        .map(|entry| entry.path.to_string_lossy().chars().count())
        .max()
        .unwrap_or(0);
    for PathEntry {
        name,
        path,
        exists,
        what,
    } in &places
    {
        let path = path.to_string_lossy();
        let missing = if *exists { "" } else { " (not there yet)" };
        context.print(format!("{name:<7} {path:<width$}  {what}{missing}\n"))?;
    }
    Ok(ExitCode::Done)
}
