//! croon, the player: reads the command line and the configuration, starts the log, hands over.
//! The only place that prints an error and chooses the exit code.

use std::io::{IsTerminal, Write};
use std::process;

use clap::Parser;
use croon::cli::Cli;
use croon::commands::{CommandError, Context, ExitCode};
use croon::config::LogLevel;
use croon::logging::{self, LogSettings};
use croon::paths::Paths;

fn main() -> process::ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(exit_code) => exit_code.into(),
        // `croon ... | head` is no failure
        Err(error) if reader_went_away(&error) => ExitCode::Done.into(),
        Err(error) => {
            tracing::error!("{error:#}");
            let _ = writeln!(std::io::stderr(), "croon: {error:#}");
            ExitCode::of(&error).into()
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    cli.check()?;
    let forgiving = cli
        .command
        .as_ref()
        .is_some_and(|command| command.forgives_config());
    let context = Context::new(
        &cli.options,
        Paths::from_env().map_err(|e| CommandError::new(ExitCode::Usage, e.to_string()))?,
        forgiving,
    )?
    .with_model(cli.model.as_deref())?;
    let screen = cli.command.is_none();
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let plain = cli.plain || dumb;
    if screen {
        if let Some(exit_code) = croon::run::attach(&cli.paths, &context)? {
            return Ok(exit_code);
        }
        needs_terminal(plain)?;
    }
    let plain_talk = cli
        .command
        .as_ref()
        .is_some_and(|command| command.is_plain_talk());
    let (_logging, trouble) = logging::start(&LogSettings {
        folder: context.paths.log(),
        level: if plain_talk {
            LogLevel::Off
        } else {
            context.config.log.level
        },
        stderr: match context.verbose {
            _ if screen => LogLevel::Off,
            0 => LogLevel::Off,
            1 => LogLevel::Info,
            _ => LogLevel::Debug,
        },
    });
    if let Some(trouble) = trouble
        && context.verbose > 0
    {
        context.say(trouble.to_string());
    }
    match cli.command {
        Some(command) => {
            if !command.forgives_config() {
                for problem in &context.problems {
                    context.say(format!("croon: {problem}"));
                }
            }
            command.run(&context)
        }
        None => croon::run::run(&cli.paths, plain, &context),
    }
}

/// The screen cannot be drawn into a file or a pipe; say what can be done there instead. `plain`: lines
/// can be told anywhere, and only the keys need a terminal.
fn needs_terminal(plain: bool) -> Result<(), CommandError> {
    if std::io::stdin().is_terminal() && (plain || std::io::stdout().is_terminal()) {
        return Ok(());
    }
    Err(CommandError::new(
        ExitCode::NoTerminal,
        format!(
            "the screen needs a terminal, and this is none. Run `croon` in one, or use what works without:\n\
             \x20 croon separate FILE...   write the vocals and the instrumental of songs to files\n\
             \x20 croon watch DIR...       separate the songs in these folders, and new ones as they arrive\n\
             \x20 croon scan DIR...        list the songs croon sees\n\
             \x20 croon --plain            print everything as lines, also into a pipe; keys come from a terminal\n\
             \x20 croon doctor             check sound, engine, model, cache and terminal\n\
             \x20 croon --help             everything else\n\
             (exit code {})",
            ExitCode::NoTerminal.code()
        ),
    ))
}

fn reader_went_away(error: &anyhow::Error) -> bool {
    let io = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter()
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
