//! `croon queue save|load`: the queue of the running croon, or the one of the last session, as a song list.

use std::path::{Path, PathBuf};

use clap::ValueHint;

use crate::commands::context::Context;
use crate::commands::ctl;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::library::{not_written, songs_of, write_list};
use crate::m3u;
use crate::remote::{Client, RequestLine};
use crate::store::StemStore;
use crate::text::printable;

#[derive(Debug, clap::Subcommand)]
pub enum QueueCommand {
    /// Save the queue as a song list
    Save {
        /// Song list to write: .m3u8 or .m3u
        #[arg(value_name = "FILE.m3u8", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Overwrite an existing file
        #[arg(long)]
        force: bool,
    },
    /// Replace the queue by a song list, or by all songs of a folder
    Load {
        #[arg(value_name = "FILE.m3u8|DIR", value_hint = ValueHint::AnyPath)]
        file: PathBuf,
        /// Add the songs to the end of the queue instead
        #[arg(long)]
        add: bool,
    },
}

pub fn run(command: QueueCommand, context: &Context) -> anyhow::Result<ExitCode> {
    let line = |request: &str, file: &Path, manner: Option<&str>| -> anyhow::Result<RequestLine> {
        Ok(RequestLine {
            value: manner.map(str::to_owned),
            ..RequestLine::file(request, &std::path::absolute(file)?)
        })
    };
    let line = match &command {
        QueueCommand::Save { file, .. } if !m3u::is_list(file) => {
            let what = "the name of a list ends in .m3u8 or .m3u, so that players know it for one";
            return Err(CommandError::new(ExitCode::Usage, what).into());
        }
        QueueCommand::Save { file, force } => line("queue-save", file, force.then_some("over"))?,
        QueueCommand::Load { file, add } => line("queue-load", file, add.then_some("add"))?,
    };
    if let Some(mut client) = Client::connect(&context.remote_address())? {
        return ctl::hand_over(context, &mut client, &[line]);
    }
    let store = StemStore::open(&context.store_paths(), context.config.cache_bytes())?;
    let mut queue = store.queue();
    match command {
        QueueCommand::Save { file, force } => {
            let path = write_list(&file, &queue.items, force)
                .map_err(|error| CommandError::new(ExitCode::Failed, not_written(&file, &error)))?;
            context.say(format!("{} are in {}", songs(queue.items.len()), shown(&path)));
        }
        QueueCommand::Load { file, add } => {
            let list = songs_of(&file)
                .map_err(|why| CommandError::new(ExitCode::Failed, format!("{}: {why}", shown(&file))))?;
            if list.items.is_empty() {
                let what = format!(
                    "{}: there is no song in it, so the queue stays as it is",
                    shown(&file)
                );
                return Err(CommandError::new(ExitCode::NothingFound, what).into());
            }
            let count = songs(list.items.len());
            if add {
                queue.append(list.items);
            } else {
                queue.replace(list.items);
            }
            store.save_queue(queue)?;
            store.flush()?;
            context.say(format!("{count} wait in the queue for the next start"));
        }
    }
    Ok(ExitCode::Done)
}

fn songs(count: usize) -> String {
    format!("{count} song{}", if count == 1 { "" } else { "s" })
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
