//! `croon separate FILE...`: vocals and instrumental of songs as files, straight through the engine.

pub(crate) mod files;
pub mod stem;

pub(super) use crate::commands::separate::files::StemFiles;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::audio::decode::Decoder;
use crate::audio::write::StemFormat;
use crate::commands::context::Context;
use crate::commands::exit_code::{self, ExitCode};
use crate::commands::interrupt::Interrupt;
use crate::commands::separate::stem::StemChoice;
use crate::separate::engine::Engine;
use crate::separate::error::EngineError;
use crate::separate::vocal_stream::{VocalStream, VocalStreamError};
use crate::text::printable;

const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub struct SeparateArgs {
    /// Songs to separate
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Folder for the stems; created if missing [default: the current folder]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Which stems to write
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "vocals,instrumental"
    )]
    pub stems: Vec<StemChoice>,
    /// wav: 32-bit float; flac: 24 bits, half the size
    #[arg(long, value_enum, default_value = "wav")]
    pub format: StemFormatArg,
    /// Model of croon's engine [default: the configured model]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Overwrite existing stems
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object per song
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StemFormatArg {
    Wav,
    Flac,
}

impl From<StemFormatArg> for StemFormat {
    fn from(format: StemFormatArg) -> Self {
        match format {
            StemFormatArg::Wav => Self::Wav,
            StemFormatArg::Flac => Self::Flac,
        }
    }
}

/// A song whose stems are written.
pub(super) struct Done {
    written: Vec<(StemChoice, PathBuf)>,
    seconds: f64,
    took: Duration,
    /// Samples that did not fit into 24 bits.
    clipped: u64,
    /// Seconds that are silent because they were damaged.
    damaged: f64,
}

pub fn run(args: SeparateArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let context = &context.with_model(args.model.as_deref())?;
    let interrupt = Interrupt::listen()?;
    let mut stems = args.stems.clone();
    stems.sort_unstable();
    stems.dedup();
    let folder = args.output.clone().unwrap_or_default();
    let mut engine = None;
    let mut written: Vec<PathBuf> = Vec::new();
    let mut failed = 0;
    for path in &args.files {
        if engine.is_none() {
            match Engine::start_until(context.engine_command()?, interrupt.0.clone()) {
                Ok(started) => {
                    let hello = started.hello();
                    let about = format!("{}: {} on {}", hello.version, hello.model, hello.device);
                    context.say(format!("engine {}", printable(&about)));
                    engine = Some(started);
                }
                Err(EngineError::Stopped) => return Ok(ExitCode::Interrupted),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(running) = &mut engine else { continue };
        let result = files::goals(path, &folder, &stems, args.format.into(), args.force, &written)
            .and_then(|goals| song(path, goals, args.format.into(), running, context, &interrupt));
        running.forget();
        match result {
            Ok(done) => {
                report(path, &done, &args, context)?;
                written.extend(done.written.into_iter().map(|(_, path)| path));
            }
            Err(error) => {
                if interrupt.happened() {
                    return Ok(ExitCode::Interrupted);
                }
                failed += 1;
                if matches!(error.downcast_ref(), Some(VocalStreamError::Engine(_))) {
                    // The next song deserves an engine of its own.
                    engine = None;
                }
                complain(path, &error, &args, context)?;
            }
        }
    }
    Ok(if failed == 0 {
        ExitCode::Done
    } else {
        ExitCode::Failed
    })
}

pub(super) fn song(
    path: &Path,
    goals: Vec<(StemChoice, PathBuf)>,
    format: StemFormat,
    engine: &mut Engine,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Done> {
    let began = Instant::now();
    let original = Decoder::open(path)?;
    let rate = original.info().rate;
    let mut vocals = VocalStream::open(path, engine.grid(), rate)?;
    let mut stems = StemFiles::create(original, &goals, format)?;
    let bar = bar(path, context);
    let mut pcm = Vec::new();
    let mut tenth = 0;
    loop {
        pcm.clear();
        let more = vocals.read(engine, PATIENCE, &mut pcm)?;
        stems.write(&pcm)?;
        if interrupt.happened() {
            return Err(EngineError::Stopped.into());
        }
        let share = vocals.progress();
        match &bar {
            Some(bar) => bar.set_position((share * 1000.0) as u64),
            None if (share * 10.0) as u32 > tenth && more => {
                tenth = (share * 10.0) as u32;
                context.say(format!("{}: {}0 %", shown(path), tenth));
            }
            None => {}
        }
        if !more {
            break;
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let end = stems.finish()?;
    Ok(Done {
        written: goals,
        seconds: end.frames as f64 / f64::from(rate),
        took: began.elapsed(),
        clipped: end.clipped,
        damaged: end.damaged,
    })
}

fn bar(path: &Path, context: &Context) -> Option<ProgressBar> {
    if !context.progress {
        return None;
    }
    let bar = ProgressBar::new(1000).with_message(shown(path));
    // Only a wrong template fails, and this one is tested by being shown.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {eta:>4}  {wide_msg}") {
        bar.set_style(style);
    }
    Some(bar)
}

fn report(path: &Path, done: &Done, args: &SeparateArgs, context: &Context) -> anyhow::Result<()> {
    let speed = done.seconds / done.took.as_secs_f64().max(1e-9);
    if args.json {
        let stems: serde_json::Map<_, _> = done
            .written
            .iter()
            .map(|(stem, path)| (stem.name().to_owned(), path.to_string_lossy().into()))
            .collect();
        let line = serde_json::json!({
            "file": path.to_string_lossy(),
            "stems": stems,
            "seconds": done.seconds,
            "took": done.took.as_secs_f64(),
            "speed": speed,
            "clipped_samples": done.clipped,
            "damaged_seconds": done.damaged,
        });
        return Ok(context.print(format!("{line}\n"))?);
    }
    context.say(format!(
        "{}: {:.0} s of music, {speed:.1}x real time",
        shown(path),
        done.seconds
    ));
    if done.damaged > 0.0 {
        context.say(format!(
            "{}: {:.2} s were damaged and are silent",
            shown(path),
            done.damaged
        ));
    }
    if done.clipped > 0 {
        context.say(format!(
            "{}: {} samples are louder than 24 bits hold and were cut; --format wav keeps them",
            shown(path),
            done.clipped
        ));
    }
    for (_, path) in &done.written {
        context.print(format!("{}\n", printable(&path.to_string_lossy())))?;
    }
    Ok(())
}

fn complain(
    path: &Path,
    error: &anyhow::Error,
    args: &SeparateArgs,
    context: &Context,
) -> anyhow::Result<()> {
    let words = exit_code::told(error);
    tracing::error!(path = %path.display(), "{words}");
    if args.json {
        let line = serde_json::json!({ "file": path.to_string_lossy(), "error": words });
        return Ok(context.print(format!("{line}\n"))?);
    }
    context.complain(&shown(path), &words);
    Ok(())
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
