//! Whose estimates are judged: the engine's, made now, or those that lie in a folder.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::commands::context::Context;
use crate::commands::eval::memory;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::commands::interrupt::Interrupt;
use crate::judge::RATE;
use crate::judge::reference::{Stems, audio_in, named, read_file};
use crate::judge::report::Judged;
use crate::judge::scores::Estimate;
use crate::separate::command::EngineCommand;
use crate::separate::engine::Engine;
use crate::separate::error::EngineError;
use crate::separate::vocal_stream::{VocalStream, VocalStreamError};
use crate::text::printable;

const PATIENCE: Duration = Duration::from_millis(200);

/// What other separators call the song without its vocals.
const ACCOMPANIMENT: [&str; 3] = ["accompaniment", "instrumental", "no_vocals"];

pub(super) struct EvalSeparator {
    source: StemSource,
    judged: Judged,
}

enum StemSource {
    Engine {
        command: EngineCommand,
        /// None after it was lost: the next song deserves one of its own.
        running: Option<Box<Engine>>,
    },
    Folder(PathBuf),
}

/// An estimate, and the seconds the engine took for it.
pub(super) struct Answer {
    pub(super) estimate: Estimate,
    pub(super) took: Option<f64>,
}

impl EvalSeparator {
    pub(super) fn of_folder(folder: &Path) -> Result<Self, CommandError> {
        if !folder.is_dir() {
            return Err(CommandError::new(
                ExitCode::Usage,
                format!(
                    "there is no folder {} with estimates. Name one that holds a folder per song with its vocals",
                    folder.display()
                ),
            ));
        }
        let path = folder.to_string_lossy().into_owned();
        Ok(Self {
            source: StemSource::Folder(folder.to_owned()),
            judged: Judged::Folder { path },
        })
    }

    /// Starts the engine as configured, with another model of its own where one is named.
    pub(super) fn of_engine(
        model: Option<&str>,
        context: &Context,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let context = context.with_model(model)?;
        let command = context.engine_command()?;
        let engine = Engine::start_until(command.clone(), interrupt.0.clone())?;
        let hello = engine.hello();
        let about = format!("{}: {} on {}", hello.version, hello.model, hello.device);
        context.say(format!("engine {}", printable(&about)));
        let judged = Judged::Engine {
            version: hello.version.clone(),
            model: hello.model.clone(),
            model_sha256: hello.model_sha256.clone(),
            device: hello.device.clone(),
            why: hello.why.clone(),
            peak_memory: None,
        };
        let running = Some(Box::new(engine));
        Ok(Self {
            source: StemSource::Engine { command, running },
            judged,
        })
    }

    pub(super) fn judged(&self) -> &Judged {
        &self.judged
    }

    /// The inner error costs this song, the outer one the whole run.
    pub(super) fn separate(
        &mut self,
        song: &str,
        stems: &Stems,
        context: &Context,
        interrupt: &Interrupt,
    ) -> anyhow::Result<anyhow::Result<Answer>> {
        let (command, running) = match &mut self.source {
            StemSource::Folder(folder) => return Ok(read(folder, song, stems, context)),
            StemSource::Engine { command, running } => (command, running),
        };
        let mut engine = match running.take() {
            Some(engine) => engine,
            None => Box::new(Engine::start_until(command.clone(), interrupt.0.clone())?),
        };
        let answer = ask(&mut engine, stems, interrupt);
        engine.forget();
        if let Judged::Engine { peak_memory, .. } = &mut self.judged {
            *peak_memory = memory::peak(engine.pid()).max(*peak_memory);
        }
        if !matches!(&answer, Err(VocalStreamError::Engine(_))) {
            *running = Some(engine);
        }
        Ok(answer.map_err(Into::into))
    }
}

fn ask(engine: &mut Engine, stems: &Stems, interrupt: &Interrupt) -> Result<Answer, VocalStreamError> {
    let began = Instant::now();
    let mut stream = VocalStream::in_memory(stems.mixture.clone(), engine.grid(), RATE)?;
    let mut vocals = Vec::with_capacity(stems.mixture.len());
    while stream.read(engine, PATIENCE, &mut vocals)? {
        if interrupt.happened() {
            return Err(EngineError::Stopped.into());
        }
    }
    let took = began.elapsed().as_secs_f64();
    Ok(Answer {
        estimate: Estimate::of(stems, vocals, None),
        took: Some(took),
    })
}

fn read(folder: &Path, song: &str, stems: &Stems, context: &Context) -> anyhow::Result<Answer> {
    let place = folder.join(song);
    let files = audio_in(&place)
        .with_context(|| format!("there is no folder {} with its estimates", place.display()))?;
    let Some(vocals) = named(&files, "vocals") else {
        bail!("{} holds no vocals to judge", place.display());
    };
    let vocals = read_file(&vocals)?;
    let apart = vocals.len().abs_diff(stems.mixture.len()) / 2;
    if apart > RATE as usize {
        context.say(format!(
            "{}: the estimate is {:.1} s longer or shorter than the song; what is missing counts as silence",
            printable(song),
            apart as f64 / f64::from(RATE)
        ));
    }
    let accompaniment = ACCOMPANIMENT.iter().find_map(|name| named(&files, name));
    let accompaniment = accompaniment.map(|path| read_file(&path)).transpose()?;
    Ok(Answer {
        estimate: Estimate::of(stems, vocals, accompaniment),
        took: None,
    })
}
