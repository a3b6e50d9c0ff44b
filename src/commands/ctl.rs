//! `croon ctl`: speaks to the croon that is running.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use crate::commands::context::Context;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::remote::{Client, RequestLine, ResponseLine, SCHEMA};
use crate::request::{BadValue, Request};
use crate::store::OwnerLock;
use crate::text::printable;

/// Values with a sign are steps (`+5`, `-10`), others are where to go (`20`, `1:23`).
#[derive(Debug, clap::Args)]
pub struct CtlArgs {
    #[command(subcommand)]
    pub command: CtlCommand,
}

#[derive(Debug, Subcommand)]
pub enum CtlCommand {
    /// Resume, or play this song now and queue the others
    Play {
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Pause
    Pause,
    /// Pause or resume
    Toggle,
    /// Stop; the song starts from its beginning the next time
    Stop,
    /// Go to the next song
    Next,
    /// Go to the start of the song, or to the previous song
    Previous,
    /// Seek in the song: 1:23, 83.5, +30, -0:10
    Seek {
        #[arg(value_name = "TIME", value_parser = checked(Request::seek), allow_hyphen_values = true)]
        value: String,
    },
    /// Set the level of the singer in percent: 20, +5, -10, or toggle
    Vocals {
        #[arg(value_name = "PERCENT", value_parser = checked(Request::vocals), allow_hyphen_values = true)]
        value: String,
    },
    /// Change the key in semitones: +2, -2; relative to the recording: 2, =-2
    Key {
        #[arg(value_name = "SEMITONES", value_parser = checked(Request::key), allow_hyphen_values = true)]
        value: String,
    },
    /// Set the tempo in percent of the recording: 90%, +5, -5
    Tempo {
        #[arg(value_name = "PERCENT", value_parser = checked(Request::tempo), allow_hyphen_values = true)]
        value: String,
    },
    /// Set the volume in percent: 80, +5, -5, or mute
    Volume {
        #[arg(value_name = "PERCENT", value_parser = checked(Request::volume), allow_hyphen_values = true)]
        value: String,
    },
    /// Set repeat: off, one (this song), all
    Repeat {
        #[arg(value_name = "HOW", value_parser = checked(Request::repeat))]
        value: String,
    },
    /// Set shuffle: on, off
    Shuffle {
        #[arg(value_name = "HOW", value_parser = checked(Request::shuffle))]
        value: String,
    },
    /// Add songs, song lists and folders to the end of the queue
    Add {
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Show what plays, the position and the settings
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a line at every change, and every second of a song, until croon exits
    Follow {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
}

/// The text as it stands, once it is known to be understood: the running croon reads it again.
fn checked(
    read: fn(&str) -> Result<Request, BadValue>,
) -> impl Fn(&str) -> Result<String, BadValue> + Clone + Send + Sync + 'static {
    move |text| read(text).map(|_| text.to_owned())
}

pub fn run(args: CtlArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let mut client = Client::connect(&context.remote_address())?.ok_or_else(|| nobody(context))?;
    let lines = match args.command {
        CtlCommand::Status { json } => {
            let answered = client.ask(&RequestLine::new("status"))?;
            return told(context, answered, |answered| shown(answered, json, true));
        }
        CtlCommand::Follow { json } => return follow(context, &mut client, json),
        CtlCommand::Play { files } if files.is_empty() => vec![RequestLine::new("play")],
        CtlCommand::Play { files } => {
            let names = std::iter::once("play").chain(std::iter::repeat("add"));
            of_files(names, &files)?
        }
        CtlCommand::Add { files } => of_files(std::iter::repeat("add"), &files)?,
        CtlCommand::Pause => vec![RequestLine::new("pause")],
        CtlCommand::Toggle => vec![RequestLine::new("toggle")],
        CtlCommand::Stop => vec![RequestLine::new("stop")],
        CtlCommand::Next => vec![RequestLine::new("next")],
        CtlCommand::Previous => vec![RequestLine::new("previous")],
        CtlCommand::Seek { value } => vec![RequestLine::value("seek", &value)],
        CtlCommand::Vocals { value } => vec![RequestLine::value("vocals", &value)],
        CtlCommand::Key { value } => vec![RequestLine::value("key", &value)],
        CtlCommand::Tempo { value } => vec![RequestLine::value("tempo", &value)],
        CtlCommand::Volume { value } => vec![RequestLine::value("volume", &value)],
        CtlCommand::Repeat { value } => vec![RequestLine::value("repeat", &value)],
        CtlCommand::Shuffle { value } => vec![RequestLine::value("shuffle", &value)],
    };
    hand_over(context, &mut client, &lines)
}

/// Says each of these to the running croon, and to the person what came of it.
pub fn hand_over(context: &Context, client: &mut Client, lines: &[RequestLine]) -> anyhow::Result<ExitCode> {
    let mut exit_code = ExitCode::Done;
    for line in lines {
        let answered = client.ask(line)?;
        match answered.error {
            Some(error) => {
                exit_code = ExitCode::Failed;
                context.complain(&line.request, &printable(&error));
            }
            None => context.say(printable(&answered.said.unwrap_or_default())),
        }
    }
    Ok(exit_code)
}

/// A request for each file. The running croon has another working directory: the paths are made whole.
pub fn of_files(
    names: impl Iterator<Item = &'static str>,
    files: &[PathBuf],
) -> anyhow::Result<Vec<RequestLine>> {
    names
        .zip(files)
        .map(|(name, file)| Ok(RequestLine::file(name, &std::path::absolute(file)?)))
        .collect()
}

fn told(
    context: &Context,
    answered: ResponseLine,
    text: impl FnOnce(&ResponseLine) -> Result<String, serde_json::Error>,
) -> anyhow::Result<ExitCode> {
    if let Some(error) = &answered.error {
        return Err(CommandError::new(ExitCode::Failed, printable(error)).into());
    }
    context.print(text(&answered)?)?;
    Ok(ExitCode::Done)
}

fn shown(answered: &ResponseLine, json: bool, page: bool) -> Result<String, serde_json::Error> {
    let Some(status) = &answered.status else {
        return Ok(String::new());
    };
    if !json {
        return Ok(if page {
            status.page()
        } else {
            printable(&status.line()) + "\n"
        });
    }
    let mut object = serde_json::to_value(status)?;
    object["schema"] = SCHEMA.into();
    Ok(if page {
        format!("{object:#}\n")
    } else {
        format!("{object}\n")
    })
}

fn follow(context: &Context, client: &mut Client, json: bool) -> anyhow::Result<ExitCode> {
    let mut next = Some(client.ask(&RequestLine::new("follow"))?);
    client.be_patient()?;
    while let Some(answered) = next {
        told(context, answered, |answered| shown(answered, json, false))?;
        next = client.next_line()?;
    }
    context.say("croon has ended");
    Ok(ExitCode::Done)
}

/// No croon answers; one that cannot may still be there.
fn nobody(context: &Context) -> CommandError {
    let what = match OwnerLock::holder(&context.paths.state) {
        Some(pid) => format!(
            "the croon that is running (process {pid}) cannot be controlled: it is a command without a screen, \
             such as `croon watch`, or its configuration says `socket = false` in [remote]."
        ),
        None => "no croon is running. Start one in a terminal (`croon`), and `croon ctl` reaches it.".into(),
    };
    CommandError::new(ExitCode::NotRunning, what)
}
