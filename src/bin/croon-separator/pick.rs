//! Which model serves, and on what: the one that was asked for, or for `auto` the best that is fast enough
//! here. The decision is [`croon::separate::auto`]'s, the figures are those of [`timing`].

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use croon::separate::auto::{self, TimingResult};
use croon::separate::model_candidate::{self, ModelCandidate};
use croon::separate::models;
use croon::separate::speeds::Speed;
use croon::text::harmless_lines;
use tch::{Kind, TchError};

use crate::device::{self, Choice};
use crate::fallback::is_out_of_memory;
use crate::model::Model;
use crate::separator::Separator;
use crate::timing::{self, Ledger};
use crate::weights::{self, Loaded, WeightsError};

/// For loading and timing models at the first start: whoever waits for the first song hardly notices.
const BUDGET: Duration = Duration::from_millis(2000);

/// Which model, and where it lies.
#[derive(Debug, Clone, clap::Args)]
pub struct ModelArgs {
    /// Folder with models
    #[arg(long)]
    pub models: Option<PathBuf>,
    /// Name of the model; "auto" is the best that runs at least 6 times real time here, as measured at the
    /// first start
    #[arg(long, default_value = models::AUTO)]
    pub model: String,
}

/// A model and what computes it.
pub struct Picked {
    pub loaded: Loaded,
    /// The fingerprint of its samples, see [`models::fingerprint`].
    pub fingerprint: String,
    /// Why this model.
    pub why: String,
    /// In times real time with all workers side by side, where it was measured.
    pub times_real_time: Option<f64>,
    pub opened: OpenedSeparators,
}

/// What computes, and what it computes on after all.
pub struct OpenedSeparators {
    pub choice: Choice,
    /// One for each worker.
    pub separators: Vec<Separator>,
}

impl ModelArgs {
    /// Loads the model and makes it ready on the chosen device, for so many threads where that is the
    /// processor.
    pub fn pick(&self, choice: &Choice, threads: usize) -> Result<Picked, WeightsError> {
        let folder = self.models.as_deref();
        if !matches!(self.model.as_str(), "" | models::AUTO) {
            return named(folder, &self.model, choice, threads);
        }
        let folders = folder.map_or_else(models::folders, |folder| vec![folder.to_path_buf()]);
        let candidates = model_candidate::candidates(&folders);
        let choice = if choice.device.is_cuda() {
            match on_card(&candidates, choice)? {
                Ok(picked) => return Ok(picked),
                Err(processor) => processor,
            }
        } else {
            choice.clone()
        };
        match on_processor(&candidates, &choice, threads)? {
            Some(picked) => Ok(picked),
            // Its own reason is the one to tell.
            None => named(folder, models::LIGHT, &choice, threads),
        }
    }
}

fn named(folder: Option<&Path>, name: &str, choice: &Choice, threads: usize) -> Result<Picked, WeightsError> {
    let path = weights::find(folder, name)?;
    let loaded = weights::load(&path)?;
    let manifest = models::read_manifest(&path).unwrap_or_default();
    let fingerprint = models::fingerprint(&manifest).unwrap_or_default();
    let ledger = Ledger::new(choice, threads);
    let known = ledger.read().get(&fingerprint, &ledger.place);
    Ok(Picked {
        opened: open(choice, &loaded.model, threads)?,
        loaded,
        fingerprint,
        why: "asked for by its name".into(),
        times_real_time: known.map(|speed| speed.times_real_time),
    })
}

/// The best model that is fast enough on the processor; `None` where no model can be used.
fn on_processor(
    candidates: &[ModelCandidate],
    choice: &Choice,
    threads: usize,
) -> Result<Option<Picked>, WeightsError> {
    let deadline = Instant::now() + BUDGET;
    let ledger = Ledger::new(choice, threads);
    let known = ledger.read();
    let mut last = None;
    let chosen = auto::choose(candidates, |candidate| {
        let before = known.get(&candidate.fingerprint, &ledger.place);
        if let Some(speed) = before.filter(|speed| !speed.provisional) {
            return TimingResult::Speed(speed);
        }
        match timing::timed_until(deadline, candidate, &ledger) {
            Ok(Some((loaded, speed))) => {
                last = Some((candidate.name.clone(), loaded));
                TimingResult::Speed(speed)
            }
            Ok(None) => before.map_or(TimingResult::NoTime, TimingResult::Speed),
            Err(reason) => left_out(candidate, &reason),
        }
    });
    let Some(chosen) = chosen else {
        return Ok(None);
    };
    let candidate = &candidates[chosen.place];
    let loaded = match last.filter(|(name, _)| *name == candidate.name) {
        Some((_, loaded)) => loaded,
        None => weights::load(&candidate.manifest)?,
    };
    Ok(Some(Picked {
        opened: open(choice, &loaded.model, threads)?,
        loaded,
        fingerprint: candidate.fingerprint.clone(),
        why: chosen.why,
        times_real_time: chosen.times_real_time,
    }))
}

/// The best model that is fast enough on the card: nearly always the first, whose speed costs two passes.
/// The processor where the card's memory is taken.
fn on_card(candidates: &[ModelCandidate], choice: &Choice) -> Result<Result<Picked, Choice>, WeightsError> {
    let mut last = None;
    let mut processor = None;
    let chosen = auto::choose(candidates, |candidate| {
        // The card's memory is for one model.
        last = None;
        let ready = weights::load(&candidate.manifest).and_then(|loaded| {
            let mut opened = open(choice, &loaded.model, 0)?;
            let speed = match opened.separators.first_mut() {
                Some(separator) => timing::on_card(separator)?,
                None => {
                    processor = Some(opened.choice);
                    return Ok(None);
                }
            };
            Ok(Some((loaded, opened, speed)))
        });
        match ready {
            Ok(Some((loaded, opened, times_real_time))) => {
                last = Some((candidate.name.clone(), loaded, opened));
                TimingResult::Speed(Speed {
                    times_real_time,
                    provisional: false,
                })
            }
            Ok(None) => TimingResult::Unusable,
            Err(error) => left_out(candidate, &error.to_string()),
        }
    });
    if let Some(processor) = processor {
        return Ok(Err(processor));
    }
    let Some(chosen) = chosen else {
        return Ok(Err(choice.clone()));
    };
    let candidate = &candidates[chosen.place];
    let (loaded, opened) = match last.filter(|(name, ..)| *name == candidate.name) {
        Some((_, loaded, opened)) => (loaded, opened),
        None => {
            let loaded = weights::load(&candidate.manifest)?;
            let opened = open(choice, &loaded.model, 0)?;
            (loaded, opened)
        }
    };
    Ok(Ok(Picked {
        loaded,
        opened,
        fingerprint: candidate.fingerprint.clone(),
        why: chosen.why,
        times_real_time: chosen.times_real_time,
    }))
}

fn left_out(candidate: &ModelCandidate, reason: &str) -> TimingResult {
    eprintln!(
        "croon-separator: the model {} is left out: {}",
        candidate.name,
        harmless_lines(reason)
    );
    TimingResult::Unusable
}

/// Makes the model ready on the chosen device: one worker on a card, which takes windows together, or
/// `threads` on the processor. A card whose memory is taken already leaves the work to the processor.
pub fn open(choice: &Choice, model: &Model, threads: usize) -> Result<OpenedSeparators, TchError> {
    let mut choice = choice.clone();
    if choice.device.is_cuda() {
        let say = |sentence: String| eprintln!("croon-separator: {sentence}");
        match Separator::on_card(model.share(), choice.device, say) {
            Ok((separator, kind)) => {
                let kind = if kind == Kind::Half { "half" } else { "single" };
                choice
                    .why
                    .push_str(&format!("; {kind} precision is the faster here"));
                let separators = vec![separator];
                return Ok(OpenedSeparators { choice, separators });
            }
            Err(error) if is_out_of_memory(&error) => {
                choice = device::cpu(
                    "the card's memory is taken by other programs: close them and start again".into(),
                );
                say(format!("{}: {error}", choice.why));
            }
            Err(error) => return Err(error),
        }
    }
    let separators = (0..threads)
        .map(|_| Separator::on_processor(model.share()))
        .collect::<Result<_, _>>()?;
    Ok(OpenedSeparators { choice, separators })
}
