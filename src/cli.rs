//! The command line. A new subcommand is one variant of [`CliCommand`], one arm of [`CliCommand::run`]
//! and one file in `commands/`.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{self, CommandError, Context, ExitCode, Options};

/// Terminal karaoke: plays your own music and lets you fade the singer out.
#[derive(Debug, Parser)]
#[command(name = "croon", version, after_help = exit_codes(), max_term_width = 100)]
pub struct Cli {
    /// Folders or files with songs [default: the configured folders]; a song list (.m3u8) becomes the queue
    #[arg(value_name = "DIR|FILE|LIST")]
    pub paths: Vec<PathBuf>,

    /// Print everything as lines, for screen readers and terminals that cannot move their cursor (the
    /// default if TERM is dumb)
    #[arg(long)]
    pub plain: bool,

    /// Use this model of croon's engine for this run [default: the configured model]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,

    #[command(flatten)]
    pub options: Options,

    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

/// What croon does without its screen.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Check music folders, sound, engine, cache and terminal, and say how to mend what is wrong
    Doctor(commands::doctor::DoctorArgs),
    /// Show, check or clear the cache of separated songs
    Cache(commands::cache::CacheArgs),
    /// Show the songs croon sees in your folders
    Scan(commands::scan::ScanArgs),
    /// Show, check or export lyrics
    #[command(subcommand)]
    Lyrics(commands::lyrics::LyricsCommand),
    /// Write the vocals and the instrumental of songs to files
    Separate(commands::separate::SeparateArgs),
    /// Write songs as UltraStar folders with their stems
    Export(commands::export::ExportSongsArgs),
    /// Measure the quality of the engine, or of other separators' stems, on songs with known stems
    Eval(commands::eval::EvalArgs),
    /// Train a separation model on your own material
    Train(commands::train::TrainCommandArgs),
    /// Separate the songs in these folders, and new ones as they arrive
    Watch(commands::watch::WatchArgs),
    /// Control the croon that is running
    Ctl(commands::ctl::CtlArgs),
    /// Save the queue as a song list, or load a song list into the queue
    #[command(subcommand)]
    Queue(commands::queue::QueueCommand),
    /// Show, check or find the configuration
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    /// Show where croon keeps its files
    Paths(commands::paths::PathsArgs),
    /// Print completions for a shell
    Completions(commands::completions::CompletionsArgs),
}

impl CliCommand {
    pub fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        match self {
            Self::Doctor(args) => commands::doctor::run(args, context),
            Self::Cache(args) => commands::cache::run(args, context),
            Self::Scan(args) => commands::scan::run(args, context),
            Self::Lyrics(command) => commands::lyrics::run(command, context),
            Self::Separate(args) => commands::separate::run(args, context),
            Self::Export(args) => commands::export::run(args, context),
            Self::Eval(args) => commands::eval::run(args, context),
            Self::Train(args) => commands::train::run(args, context),
            Self::Watch(args) => commands::watch::run(args, context),
            Self::Ctl(args) => commands::ctl::run(args, context),
            Self::Queue(command) => commands::queue::run(command, context),
            Self::Config(command) => commands::config::run(command, context),
            Self::Paths(args) => commands::paths::run(args, context),
            Self::Completions(args) => commands::completions::run(args, Cli::command(), context),
        }
    }

    /// Whether the command only shows or controls croon itself; such a command writes nothing to the log.
    pub fn is_plain_talk(&self) -> bool {
        matches!(
            self,
            Self::Ctl(_) | Self::Config(_) | Self::Paths(_) | Self::Completions(_)
        )
    }

    /// Whether the command runs even if the configuration file is not valid TOML.
    pub fn forgives_config(&self) -> bool {
        matches!(self, Self::Doctor(_)) || self.is_plain_talk()
    }
}

impl Cli {
    /// Checks the paths, which clap cannot: one that does not exist is usually a mistyped subcommand.
    ///
    /// # Errors
    /// [`ExitCode::Usage`] if a path does not exist.
    pub fn check(&self) -> Result<(), CommandError> {
        let Some(missing) = self.paths.iter().find(|path| !path.exists()) else {
            return Ok(());
        };
        let word = missing.to_string_lossy();
        let names = Self::command()
            .get_subcommands()
            .map(|c| c.get_name().to_owned())
            .collect::<Vec<_>>();
        let nearest = names
            .iter()
            .map(|name| (strsim::damerau_levenshtein(&word, name), name))
            .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
            .min();
        let advice = match nearest {
            Some((0, name)) => format!("A command stands before its paths: `croon {name} ...`."),
            Some((_, name)) => format!("Did you mean the command `croon {name}`?"),
            None => "Give a folder or a file that exists, or see `croon --help` for the commands.".into(),
        };
        Err(CommandError::new(
            ExitCode::Usage,
            format!("there is no file or folder `{word}`. {advice}"),
        ))
    }
}

/// The list of exit codes below the help.
fn exit_codes() -> String {
    let lines: Vec<String> = ExitCode::ALL
        .iter()
        .map(|exit_code| format!("  {:>3}  {}", exit_code.code(), exit_code.meaning()))
        .collect();
    format!(
        "Exit codes:\n{}\n\nWithout a command, croon opens the player.",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_a_command() {
        for line in [["croon", "-q", "paths"], ["croon", "paths", "-q"]] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert!(cli.options.quiet && cli.command.is_some(), "{line:?}");
        }
    }

    #[test]
    fn a_mistyped_command_is_not_taken_for_a_folder() {
        let fault = Cli::try_parse_from(["croon", "docter"])
            .unwrap()
            .check()
            .unwrap_err();
        assert_eq!(fault.exit_code, ExitCode::Usage);
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        let help = Cli::command().render_help().to_string();
        for exit_code in ExitCode::ALL {
            assert!(
                help.contains(exit_code.meaning()),
                "{exit_code:?} missing in\n{help}"
            );
        }
    }
}
