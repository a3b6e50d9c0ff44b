//! What every command is given: configuration, paths, and how to speak to the person.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::commands::exit_code::{CommandError, ExitCode};
use crate::config::{ColorChoice, Config, ConfigProblem, Device, SourcePosition};
use crate::jobs::lyrics::Folders;
use crate::keymap::Keymap;
use crate::paths::Paths;
use crate::remote::Address;
use crate::separate::command::EngineCommand;
use crate::separate::error::EngineError;
use crate::separate::models;
use crate::store::StorePaths;

/// The options that hold for every command.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Read this configuration file instead of the user's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CROON_CONFIG",
        help_heading = "Options for every command"
    )]
    pub config: Option<PathBuf>,
    /// Keep the separated vocals in this folder
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CROON_CACHE_DIR",
        help_heading = "Options for every command"
    )]
    pub cache_dir: Option<PathBuf>,
    /// Open no sound device: a silent clock keeps everything moving
    #[arg(long, global = true, help_heading = "Options for every command")]
    pub no_sound: bool,
    /// Draw with plain ASCII
    #[arg(long, global = true, help_heading = "Options for every command")]
    pub ascii: bool,
    /// Use colours: auto (a terminal and no NO_COLOR), always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        help_heading = "Options for every command"
    )]
    pub color: Option<clap::ColorChoice>,
    /// Say more, on stderr; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Options for every command")]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Options for every command"
    )]
    pub quiet: bool,
}

/// The world as a command sees it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The user's configuration with the command line's options laid over it.
    pub config: Config,
    /// With the configured cache folder already in place.
    pub paths: Paths,
    /// What is wrong with the configuration file; the affected keys have their defaults.
    pub problems: Vec<ConfigProblem>,
    pub no_sound: bool,
    /// The model was named for this run alone.
    model_named: bool,
    pub verbose: u8,
    pub quiet: bool,
    /// Whether stdout may carry colours.
    pub color: bool,
    /// Whether a person watches stderr: progress bars there, else lines.
    pub progress: bool,
}

impl Context {
    /// Reads the configuration. A file that is not TOML at all is an error, except for the commands
    /// that are there to find that out (`forgiving`), which get the defaults and the problem.
    pub fn new(options: &Options, mut paths: Paths, forgiving: bool) -> Result<Self, CommandError> {
        if let Some(file) = &options.config {
            paths.config_file.clone_from(file);
        }
        let (mut config, problems) = read_config(&paths.config_file, options.config.is_some())?;
        if let Some(fatal) = problems.iter().find(|problem| problem.fatal)
            && !forgiving
        {
            return Err(CommandError::new(ExitCode::Usage, fatal.to_string()));
        }
        if let Some(color) = options.color {
            config.screen.color = match color {
                clap::ColorChoice::Auto => ColorChoice::Auto,
                clap::ColorChoice::Always => ColorChoice::Always,
                clap::ColorChoice::Never => ColorChoice::Never,
            };
        }
        config.screen.ascii |= options.ascii;
        if let Some(folder) = options
            .cache_dir
            .clone()
            .or_else(|| config.cache.folder.as_ref().map(|f| paths.expand(f)))
        {
            paths.cache = folder;
        }
        Ok(Self {
            color: use_color(config.screen.color, io::stdout().is_terminal(), |name| {
                std::env::var_os(name)
            }),
            progress: io::stderr().is_terminal() && !options.quiet,
            no_sound: options.no_sound,
            model_named: false,
            verbose: options.verbose,
            quiet: options.quiet,
            config,
            paths,
            problems,
        })
    }

    /// A message for the person, on stderr, unless they asked for quiet.
    pub fn say(&self, message: impl AsRef<str>) {
        if !self.quiet {
            // nobody left to tell when stderr is closed
            let _ = writeln!(io::stderr(), "{}", message.as_ref());
        }
    }

    /// What went wrong with one of several things, on stderr, however quiet it should be.
    pub fn complain(&self, subject: &str, words: &str) {
        let _ = writeln!(io::stderr(), "croon: {subject}: {words}");
    }

    /// Data, on stdout. A reader that went away ends the command quietly (`main` sees to it).
    pub fn print(&self, data: impl AsRef<str>) -> io::Result<()> {
        self.print_bytes(data.as_ref().as_bytes())
    }

    pub fn print_bytes(&self, data: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(data)?;
        out.flush()
    }

    /// The engine as configured. What is left at its default is not passed on: the engine's own
    /// defaults are the same.
    pub fn engine_command(&self) -> Result<EngineCommand, EngineError> {
        let wanted = &self.config.separation;
        let mut options = vec!["--nice".to_owned(), wanted.nice.to_string()];
        if wanted.device != Device::Auto {
            options.extend(["--device".to_owned(), wanted.device.as_str().to_owned()]);
        }
        if wanted.threads > 0 {
            options.extend(["--threads".to_owned(), wanted.threads.to_string()]);
        }
        if !wanted.model.is_empty() {
            options.extend(["--model".to_owned(), wanted.model.clone()]);
        }
        let command = EngineCommand::find(&wanted.command, &options)?;
        if wanted.command.is_empty() {
            let mut folders = models::folders_of(Some(&command.program));
            folders.extend(models::folders());
            models::check(&wanted.model, &folders)?;
        }
        Ok(command)
    }

    /// This context with another model of croon's own engine, for this run.
    ///
    /// # Errors
    /// [`ExitCode::Usage`] where there is no such model, and where the configuration names an engine of its
    /// own, which croon cannot tell what to use.
    pub fn with_model(&self, model: Option<&str>) -> Result<Self, CommandError> {
        let mut context = self.clone();
        if let Some(model) = model {
            if !context.config.separation.command.is_empty() {
                let what = "--model chooses a model of croon's own engine, and [separation] command in the configuration names another engine. Name the model in that command line, or use another configuration with --config";
                return Err(CommandError::new(ExitCode::Usage, what));
            }
            context.config.separation.model = model.to_owned();
            context.model_named = true;
            if let Err(error @ EngineError::UnknownModel(_)) = context.engine_command() {
                return Err(CommandError::new(ExitCode::Usage, error.to_string()));
            }
        }
        Ok(context)
    }

    /// Whether songs are separated again, unasked, where a better model is in use than theirs: not where the
    /// user separates by hand, nor for a model that is tried for one run.
    pub fn separates_again(&self) -> bool {
        self.config.library.auto_separate && !self.model_named
    }

    /// Where lyrics are kept apart from the songs.
    pub fn lyrics_folders(&self) -> Folders {
        let folder = self.config.lyrics.folder.as_ref();
        Folders {
            own: Some(self.paths.lyrics()),
            folder: folder.map(|folder| self.paths.expand(folder)),
        }
    }

    /// Where the store lies.
    pub fn store_paths(&self) -> StorePaths {
        StorePaths {
            cache: self.paths.cache.clone(),
            state: self.paths.state.clone(),
        }
    }

    /// Where the croon that owns this store listens.
    pub fn remote_address(&self) -> Address {
        Address::new(&self.paths.state, self.paths.runtime.as_deref())
    }

    /// The folders to look for songs in.
    pub fn music_folders(&self, asked: &[PathBuf]) -> Vec<PathBuf> {
        self.paths.music_folders(asked, &self.config)
    }
}

/// The configuration as the file says. No file is no problem, unless it was asked for by name.
fn read_config(file: &Path, asked_for: bool) -> Result<(Config, Vec<ConfigProblem>), CommandError> {
    let unreadable = |why: String| {
        let what = format!(
            "cannot read the configuration {}: {why}. Mend that, or name another file with --config.",
            file.display()
        );
        CommandError::new(ExitCode::Usage, what)
    };
    match fs::read(file) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                let (config, mut problems) = Config::parse(&text, file);
                problems.extend(key_problems(&config, &text, file));
                Ok((config, problems))
            }
            Err(error) => Err(unreadable(format!(
                "it is not UTF-8 (first wrong byte: number {})",
                error.utf8_error().valid_up_to()
            ))),
        },
        Err(error)
            if !asked_for
                && matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
        {
            Ok((Config::default(), Vec::new()))
        }
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// What the keymap cannot make sense of in `[keys]`, at its place in the file.
fn key_problems(config: &Config, text: &str, file: &Path) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    for (key, action) in &config.keys {
        let line = [(key.clone(), action.clone())].into();
        let place =
            SourcePosition::of_key(text, "keys", key).unwrap_or(SourcePosition { line: 1, column: 1 });
        problems.extend(
            Keymap::with_overrides(&line)
                .1
                .into_iter()
                .map(|error| ConfigProblem {
                    file: file.into(),
                    place,
                    what: format!("{error}."),
                    fatal: false,
                }),
        );
    }
    problems
}

/// The conventions of NO_COLOR and CLICOLOR_FORCE; what the user says to croon wins.
fn use_color(
    choice: ColorChoice,
    terminal: bool,
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> bool {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto
            if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") =>
        {
            true
        }
        ColorChoice::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_conventions() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).into())
            }
        };
        assert!(use_color(ColorChoice::Auto, true, with(&[])));
        assert!(!use_color(ColorChoice::Auto, false, with(&[])));
        assert!(!use_color(ColorChoice::Auto, true, with(&[("NO_COLOR", "1")])));
        assert!(use_color(ColorChoice::Auto, true, with(&[("NO_COLOR", "")])));
        assert!(use_color(ColorChoice::Always, false, with(&[("NO_COLOR", "1")])));
        assert!(use_color(
            ColorChoice::Auto,
            false,
            with(&[("CLICOLOR_FORCE", "1")])
        ));
        assert!(!use_color(ColorChoice::Auto, true, with(&[("TERM", "dumb")])));
        assert!(!use_color(
            ColorChoice::Never,
            true,
            with(&[("CLICOLOR_FORCE", "1")])
        ));
    }
}
