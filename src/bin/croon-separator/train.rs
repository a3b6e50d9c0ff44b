//! Training: a loader thread draws batches, this one steps. Stops at Ctrl-C, SIGTERM or the end of
//! the plan, always with its state saved; the same command goes on from there.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tch::{Cuda, Device};

use crate::checkpoint::{Checkpoint, Length, Precision, RunFolder, TrainingPlan};
use crate::dataset::Dataset;
use crate::dataset_song::DatasetSong;
use crate::device::Choice;
use crate::export::{self, ExportArgs};
use crate::loader::Loader;
use crate::log::{Log, LogRow};
use crate::material::{self, Material, say};
use crate::network::Design;
use crate::recording::{HOP, RATE};
use crate::train_args::TrainArgs;
use crate::train_step::{learning_rate, progress, step, validate, whitening};
use crate::{report, weights};

/// Steps between lines of progress and rows of the log.
const LOG_EVERY: u64 = 10;
const SAVE_EVERY: Duration = Duration::from_secs(120);
/// Share of the newest step in the mean loss.
const LOSS_SHARE: f64 = 0.02;

pub fn train(args: &TrainArgs, choice: &Choice) -> Result<()> {
    ensure!(
        args.batch >= 2 && args.batch.is_multiple_of(2),
        "--batch must be an even number: each voice is used twice"
    );
    let folder = RunFolder(args.run.clone());
    let begun = folder.read_plan()?;
    let model = args.model.clone().unwrap_or_else(|| match &begun {
        Some(plan) => plan.model.clone(),
        None => "light".into(),
    });
    if let Some(plan) = begun.as_ref().filter(|plan| plan.model != model) {
        bail!(
            "the run in {} trains the model {}, and --model asks for {model}; leave --model out to go on, or name another --run",
            args.run.display(),
            plan.model
        );
    }
    let design = Design::named(&model).context("unknown model")?;
    let multiple = design.frame_multiple();
    ensure!(
        args.frames > 0 && args.frames.is_multiple_of(multiple),
        "--frames must be a multiple of {multiple}"
    );
    tch::set_num_threads(args.threads.max(1));
    if choice.device.is_cuda() {
        // Every batch has the same size, so the fastest convolutions are worth looking for.
        Cuda::cudnn_set_benchmark(true);
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // A second Ctrl-C ends at once.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    say!("device: {} ({})", choice.name, choice.why);
    let example = (args.frames - 1) * HOP;
    let Some(Material { data, held }) = material::gather(args, choice, &stop, example)? else {
        return Ok(());
    };
    // A teacher's threads set the number for all.
    tch::set_num_threads(args.threads.max(1));

    let asked = args
        .steps
        .map(Length::Steps)
        .or(args.minutes.map(Length::Minutes));
    let (plan, state) = match begun {
        Some(mut plan) => {
            if let Some(length) = asked {
                plan.length = length;
                folder.write_plan(&plan)?;
            }
            let state = folder.load(&plan, choice.device)?;
            (plan, state)
        }
        None => {
            let keep_statistics = args.from.is_some() && matches!(design, Design::Spleeter(_));
            let plan = TrainingPlan {
                model,
                design,
                keep_statistics,
                precision: args.precision.unwrap_or_else(|| Precision::best(choice.device)),
                seed: args.seed,
                batch: args.batch,
                frames: args.frames,
                rate: args.lr,
                length: asked.unwrap_or(Length::Minutes(60.0)),
                polish: args.polish.clamp(0.0, 1.0),
                data_minutes: data.minutes(),
            };
            folder.write_plan(&plan)?;
            (plan, None)
        }
    };
    let mut state = match state {
        Some(state) => {
            say!("going on from step {} of {}", state.step, args.run.display());
            state
        }
        None => match &args.from {
            Some(manifest) => {
                say!("beginning with the weights of {}", manifest.display());
                Checkpoint::from_model(&plan, weights::read(manifest)?.model, choice.device)?
            }
            None => Checkpoint::fresh(&plan, whitening(&data, plan.frames, plan.seed, 16), choice.device)?,
        },
    };
    let outcome = run(&plan, &mut state, &data, &held, &folder, &stop, args);
    if let Err(err) = &outcome {
        say!("stopped: {err:#}");
    }
    outcome?;
    if let Some(models) = &args.export {
        export::export(&ExportArgs::plain(&args.run, models))?;
    }
    Ok(())
}

pub(crate) fn run(
    plan: &TrainingPlan,
    state: &mut Checkpoint,
    data: &Dataset,
    held: &[DatasetSong],
    folder: &RunFolder,
    stop: &AtomicBool,
    args: &TrainArgs,
) -> Result<()> {
    let polishing = AtomicBool::new(false);
    let device = state.model.device;
    let threads = args.loaders.unwrap_or_else(|| loaders(device));
    std::thread::scope(|scope| {
        // Dropped before the scope waits for its threads.
        let mut batches = Loader::start(scope, threads, data, plan, state.step, &polishing, device);
        let every = args.every.max(1);
        let result = steps(plan, state, held, folder, stop, every, &polishing, &mut batches);
        // A run that was stopped before its first step has nothing to show.
        if state.step > 0
            && let Err(err) = report::write(folder)
        {
            say!("no report: {err:#}");
        }
        result
    })
}

/// Threads that mix examples: a processor that trains is the slower half, a card is not.
pub(crate) fn loaders(device: Device) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if device.is_cuda() {
        cores.saturating_sub(1).clamp(1, 32)
    } else {
        1
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one loop, put together in one place above
pub(crate) fn steps(
    plan: &TrainingPlan,
    state: &mut Checkpoint,
    held: &[DatasetSong],
    folder: &RunFolder,
    stop: &AtomicBool,
    every: u64,
    polishing: &AtomicBool,
    batches: &mut Loader,
) -> Result<()> {
    let mut log = Log::open(&folder.log(), state.step).with_context(|| {
        format!(
            "cannot write {}; mend its rights or make room",
            folder.log().display()
        )
    })?;
    let (sitting, before, first) = (Instant::now(), state.seconds, state.step);
    let mut mean = log.last.map(|row| row.loss);
    let mut saved = Instant::now();
    // What the state in the folder knows as the best.
    let mut best = f64::NAN;
    let is_over =
        |state: &Checkpoint| progress(plan.length, state.step, state.seconds) >= 1.0 || stop.load(Relaxed);
    let mut over = is_over(state);
    while !over {
        let done = progress(plan.length, state.step, state.seconds);
        polishing.store(done >= 1.0 - plan.polish, Relaxed);
        let examples = batches.next().context("the loader ended")??;
        let rate = learning_rate(plan.rate, done, state.step);
        let loss = step(state, &examples, rate)?;
        if !loss.is_finite() {
            bail!(
                "step {} gave a loss that is no number; the last good state stays in {}. Try a lower --lr in a new run",
                state.step + 1,
                folder.last().display()
            );
        }
        let mean = *mean.insert(mean.map_or(loss, |mean| (1.0 - LOSS_SHARE) * mean + LOSS_SHARE * loss));
        state.seconds = before + sitting.elapsed().as_secs_f64();
        let audio =
            ((state.step - first) * (plan.batch * (plan.frames - 1) * HOP) as u64) as f64 / f64::from(RATE);
        let speed = audio / sitting.elapsed().as_secs_f64();
        let shown = state.step.is_multiple_of(LOG_EVERY) || state.step == first + 1;
        if shown {
            let done = progress(plan.length, state.step, state.seconds);
            say!("{}", line(plan.length, state, mean, rate, speed, done));
        }
        over = is_over(state);
        if over {
            // Before the validation, which may take longer than whoever stops it will wait.
            folder.save(state)?;
            best = state.best;
        } else if saved.elapsed() >= SAVE_EVERY {
            // A disk that is full for an hour must not end a training of days.
            if let Err(err) = folder.save(state) {
                say!("step {} is not saved, training goes on: {err}", state.step);
            }
            saved = Instant::now();
        }
        let judged = over || state.step.is_multiple_of(every);
        let validation_sdr = if judged { check(state, held, folder)? } else { None };
        if shown || judged {
            let row = LogRow {
                step: state.step,
                seconds: state.seconds,
                loss: mean,
                rate: Some(rate),
                speed: Some(speed),
                validation_sdr,
            };
            if let Err(err) = log.write(row) {
                say!("step {} is not in {}: {err}", state.step, folder.log().display());
            }
        }
    }
    if state.best != best {
        folder.save(state)?;
    }
    say!("saved step {} in {}", state.step, folder.last().display());
    Ok(())
}

/// Validates the average and keeps it when it is the best so far; gives its SDR in dB. With no songs
/// to judge by, the newest counts as the best.
fn check(state: &mut Checkpoint, held: &[DatasetSong], folder: &RunFolder) -> Result<Option<f64>> {
    let sdr = if held.is_empty() {
        None
    } else {
        Some(validate(&state.averaged()?, held)?).filter(|sdr| sdr.is_finite())
    };
    let best = state.best;
    if held.is_empty() || sdr.is_some_and(|sdr| sdr >= best) {
        state.best = sdr.unwrap_or(best);
        if let Err(err) = state.save(&folder.best()) {
            state.best = best;
            say!("step {} is not kept as the best: {err}", state.step);
        }
    }
    if let Some(sdr) = sdr {
        say!(
            "step {}: validation SDR {sdr:.2} dB (best {:.2})",
            state.step,
            state.best
        );
    }
    Ok(sdr)
}

fn line(length: Length, state: &Checkpoint, loss: f64, rate: f64, speed: f64, done: f64) -> String {
    let left = match length {
        Length::Minutes(minutes) => minutes * 60.0 - state.seconds,
        Length::Steps(_) => state.seconds * (1.0 - done) / done.max(1e-6),
    };
    format!(
        "step {:5}  loss {loss:.4}  rate {rate:.2e}  {speed:.1}x real time  {:.0} min left",
        state.step,
        left / 60.0
    )
}
