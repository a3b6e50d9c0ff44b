//! The log: a file that changes daily, seven are kept. Nothing reaches stderr while the screen is
//! on; without the screen `-v` shows the same lines there too.

use std::path::PathBuf;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::LogLevel;

const KEPT_DAYS: usize = 7;

/// What to log and where.
#[derive(Debug, Clone)]
pub struct LogSettings {
    pub folder: PathBuf,
    pub level: LogLevel,
    /// How much goes to stderr as well; never set where the screen will be on.
    pub stderr: LogLevel,
}

/// Keeps the log alive; dropping it writes what is still waiting.
#[derive(Debug, Default)]
#[must_use = "the log ends when this is dropped"]
pub struct Logging {
    _writer: Option<WorkerGuard>,
}

/// The log file cannot be written. croon goes on without.
#[derive(Debug, thiserror::Error)]
#[error("no log is written: {} cannot be used ({reason}). croon works without; free or mend that folder to get one.", folder.display())]
pub struct NoLog {
    pub folder: PathBuf,
    pub reason: String,
}

/// Starts logging for this process. `CROON_LOG` (a tracing filter such as `croon::jobs=debug`)
/// overrides the configured level. A log that cannot be opened is reported, not fatal.
pub fn start(settings: &LogSettings) -> (Logging, Option<NoLog>) {
    let asked = std::env::var("CROON_LOG")
        .ok()
        .filter(|filter| !filter.is_empty());
    let filter = |level: LogLevel| match &asked {
        Some(filter) => EnvFilter::new(filter),
        None => EnvFilter::new(directives(level)),
    };
    let mut logging = Logging::default();
    let mut trouble = None;
    let mut file_layer = None;
    if settings.level != LogLevel::Off || asked.is_some() {
        // made here, because the appender complains on stderr when it has to make it
        let made = std::fs::create_dir_all(&settings.folder);
        let file = || {
            Builder::new()
                .rotation(Rotation::DAILY)
                .filename_prefix("croon")
                .filename_suffix("log")
                .max_log_files(KEPT_DAYS)
                .build(&settings.folder)
                .map_err(|error| {
                    std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)
                })
        };
        match made.map_err(|error| error.to_string()).and_then(|()| file()) {
            Ok(file) => {
                // written from a thread of its own: a slow disk must not hold up the screen
                let (writer, guard) = tracing_appender::non_blocking(file);
                logging._writer = Some(guard);
                let layer = fmt::layer()
                    .with_writer(writer)
                    .with_ansi(false)
                    .log_internal_errors(false);
                file_layer = Some(layer.with_filter(filter(settings.level)));
            }
            Err(reason) => {
                let folder = settings.folder.clone();
                trouble = Some(NoLog { folder, reason });
            }
        }
    }
    let stderr_layer = (settings.stderr != LogLevel::Off).then(|| {
        let layer = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .without_time();
        layer
            .log_internal_errors(false)
            .with_filter(EnvFilter::new(directives(settings.stderr)))
    });
    // a second start in one process (tests) keeps the first
    let _ = tracing_subscriber::registry()
        .with(file_layer)
        .with(stderr_layer)
        .try_init();
    (logging, trouble)
}

/// croon at the level asked for, its libraries only when something is wrong.
fn directives(level: LogLevel) -> String {
    match level {
        LogLevel::Off => "off".into(),
        LogLevel::Error => "error".into(),
        level => format!("warn,croon={}", level.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_a_valid_filter() {
        use LogLevel::*;
        for level in [Off, Error, Warn, Info, Debug, Trace] {
            let text = directives(level);
            assert!(EnvFilter::try_new(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_reported_and_survived() {
        let settings = LogSettings {
            folder: PathBuf::from("/dev/null/log"),
            level: LogLevel::Info,
            stderr: LogLevel::Off,
        };
        let (_logging, trouble) = start(&settings);
        assert!(trouble.unwrap().to_string().contains("/dev/null/log"));
    }
}
