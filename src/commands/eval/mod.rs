//! `croon eval DIR|FILE...`: how good the engine is, or any separator whose stems lie in a folder, on
//! songs whose stems are known.

mod goal;
mod memory;
mod separator;

use std::path::PathBuf;

use crate::commands::context::Context;
use crate::commands::eval::goal::Goal;
use crate::commands::eval::separator::EvalSeparator;
use crate::commands::exit_code::{self, CommandError, ExitCode};
use crate::commands::interrupt::Interrupt;
use crate::judge::baselines::Baseline;
use crate::judge::reference::{self, FoundReferences, SongFiles, Stems};
use crate::judge::report::{DEFINITIONS, Judged, Method, Problem, Report, ReportRow, summary};
use crate::judge::scores::{Estimate, Judge};
use crate::judge::sdr;
use crate::text::printable;

#[derive(Debug, clap::Args)]
pub struct EvalArgs {
    /// Songs with known stems: .stem.mp4 files, folders with vocals beside a mixture, an
    /// accompaniment, or drums, bass and other, or folders of these
    #[arg(required = true, value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Model of croon's engine [default: the configured model]
    #[arg(long, value_name = "NAME", conflicts_with = "estimates")]
    pub model: Option<String>,
    /// Judge the stems in DIR/SONG/vocals.* (and accompaniment.*, if there is one) instead of
    /// separating
    #[arg(long, value_name = "DIR")]
    pub estimates: Option<PathBuf>,
    /// Write everything, windows included, as JSON; - is stdout, instead of the table
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    /// Write a line per song and method as CSV; - is stdout, instead of the table
    #[arg(long, value_name = "FILE|-")]
    pub csv: Option<PathBuf>,
    /// Measure the baselines too: doing nothing, simple tricks, ideal masks; this is the default
    #[arg(long, overrides_with = "no_baselines")]
    pub baselines: bool,
    /// Leave the baselines out
    #[arg(long, overrides_with = "baselines")]
    pub no_baselines: bool,
}

/// What was judged so far.
#[derive(Default)]
struct Findings {
    rows: Vec<ReportRow>,
    problems: Vec<Problem>,
    interrupted: bool,
}

pub fn run(args: EvalArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let goals = Goal::of(args.json.as_deref(), args.csv.as_deref())?;
    let mut findings = Findings::default();
    let songs = songs(&args.paths, &mut findings, context);
    if songs.is_empty() {
        return match findings.problems.len() {
            0 => Err(nothing_found(&args.paths).into()),
            _ => Ok(ExitCode::Failed),
        };
    }
    let mut separator = match &args.estimates {
        Some(folder) => EvalSeparator::of_folder(folder)?,
        None => match EvalSeparator::of_engine(args.model.as_deref(), context, &interrupt) {
            Err(_) if interrupt.happened() => return Ok(ExitCode::Interrupted),
            started => started?,
        },
    };
    let baselines = if args.no_baselines {
        &[][..]
    } else {
        &Baseline::ALL
    };
    let mut ended = Ok(());
    for song in &songs {
        if interrupt.happened() {
            findings.interrupted = true;
            break;
        }
        if let Err(error) = judge(
            song,
            &mut separator,
            baselines,
            &mut findings,
            context,
            &interrupt,
        ) {
            // What is judged already is worth telling before this ends everything.
            findings.interrupted = interrupt.happened();
            ended = if findings.interrupted { Ok(()) } else { Err(error) };
            break;
        }
    }
    if !findings.rows.is_empty() {
        let report = report(&mut findings, separator.judged());
        goal::write(&goals, &report, context)?;
    }
    ended?;
    Ok(if findings.interrupted {
        ExitCode::Interrupted
    } else if findings.problems.is_empty() {
        ExitCode::Done
    } else {
        ExitCode::Failed
    })
}

/// The songs to judge; what looks like one and is none is told at once.
fn songs(paths: &[PathBuf], findings: &mut Findings, context: &Context) -> Vec<SongFiles> {
    let mut songs = Vec::new();
    for path in paths {
        match reference::find(path) {
            Ok(found) => {
                for found in found {
                    match found {
                        FoundReferences::Song(song) => songs.push(song),
                        FoundReferences::Incomplete { song, lacks } => {
                            findings.complain(&song, lacks, context)
                        }
                    }
                }
            }
            Err(error) => findings.complain(&path.to_string_lossy(), error.to_string(), context),
        }
    }
    songs
}

fn nothing_found(paths: &[PathBuf]) -> CommandError {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    CommandError::new(
        ExitCode::NothingFound,
        format!(
            "no song with known stems in {}, so there is nothing to judge against. It takes .stem.mp4 files, or a folder per song with vocals beside a mixture, an accompaniment, or drums, bass and other",
            printable(&shown.join(", "))
        ),
    )
}

impl Findings {
    fn complain(&mut self, song: &str, reason: String, context: &Context) {
        tracing::warn!(song, "{reason}");
        context.complain(&printable(song), &printable(&reason));
        let song = song.to_owned();
        self.problems.push(Problem { song, reason });
    }
}

/// One song: a row, or a problem, or an error that ends the run.
fn judge(
    song: &SongFiles,
    separator: &mut EvalSeparator,
    baselines: &[Baseline],
    findings: &mut Findings,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let name = song.name();
    let stems = match song.read() {
        Ok(stems) => stems,
        Err(error) => {
            findings.complain(&name, format!("{error}; it was left out"), context);
            return Ok(());
        }
    };
    if let Some(reason) = silence(&stems) {
        findings.complain(&name, reason, context);
    }
    let answer = match separator.separate(&name, &stems, context, interrupt)? {
        Ok(answer) => answer,
        Err(_) if interrupt.happened() => {
            findings.interrupted = true;
            return Ok(());
        }
        Err(error) => {
            let words = format!("{}; it was left out", exit_code::told(&error));
            findings.complain(&name, words, context);
            return Ok(());
        }
    };
    let judge = Judge::new(&stems);
    let verdict = judge.judge(&answer.estimate);
    let mut methods = vec![Method {
        method: separator.judged().name().to_owned(),
        scores: verdict.scores,
    }];
    drop(answer.estimate);
    for baseline in baselines {
        if interrupt.happened() {
            findings.interrupted = true;
            return Ok(());
        }
        let estimate = Estimate::of(&stems, baseline.vocals(&stems), None);
        methods.push(Method {
            method: baseline.name().to_owned(),
            scores: judge.judge(&estimate).scores,
        });
    }
    let seconds = stems.seconds();
    let times_real_time = answer.took.map(|took| seconds / took.max(1e-9));
    let [vocals_windows, accompaniment_windows] = verdict.windows;
    let row = ReportRow {
        song: name,
        seconds,
        took: answer.took,
        times_real_time,
        methods,
        vocals_windows,
        accompaniment_windows,
    };
    context.say(said(&row));
    findings.rows.push(row);
    Ok(())
}

/// A stem without sound, of which no ratio is defined.
fn silence(stems: &Stems) -> Option<String> {
    let silent = [("vocals", &stems.vocals), ("accompaniment", &stems.accompaniment)]
        .into_iter()
        .find(|(_, pcm)| sdr::silent(pcm));
    silent.map(|(stem, _)| {
        format!(
            "its {stem} stem is silent from beginning to end, so no ratio is defined and only the leak is judged; bring a stem that sounds, or leave the song out"
        )
    })
}

fn said(row: &ReportRow) -> String {
    let Some(Method { scores, .. }) = row.methods.first() else {
        return printable(&row.song);
    };
    let decibels = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.2}"));
    let speed = row
        .times_real_time
        .map_or(String::new(), |speed| format!(", {speed:.1}x real time"));
    format!(
        "{}: SDR of vocals {}, of accompaniment {} dB{speed}",
        printable(&row.song),
        decibels(scores.vocals.sdr),
        decibels(scores.accompaniment.sdr)
    )
}

fn report(findings: &mut Findings, judged: &Judged) -> Report {
    let songs = std::mem::take(&mut findings.rows);
    let (medians, means) = summary(&songs);
    Report {
        croon: env!("CARGO_PKG_VERSION").into(),
        definitions: DEFINITIONS,
        judged: judged.clone(),
        songs,
        problems: findings.problems.clone(),
        medians,
        means,
        peak_memory: memory::peak(std::process::id()),
    }
}
