//! `evaluate`: SDR of a model on songs whose stems are known, beside what it must be compared with:
//! the mixture itself, silence, and the ideal ratio mask.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use croon::audio::stft::Stft;
use serde::Serialize;

use crate::dataset;
use crate::device::Choice;
use crate::layers::Mode;
use crate::model;
use crate::reference::Stems;
use crate::sdr;
use crate::serve::ModelArgs;
use crate::take::{RATE, SPECTRUM_BINS};

#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Folder of songs with known stems: song folders, pairs, or .stem.mp4 files
    #[arg(long)]
    pub references: PathBuf,
    #[command(flatten)]
    pub model: ModelArgs,
    /// For programs instead of people
    #[arg(long)]
    pub json: bool,
    /// Threads of the network
    #[arg(long, default_value_t = 1)]
    pub threads: i32,
    /// Leave out the ideal ratio mask
    #[arg(long)]
    pub no_ideal: bool,
}

/// How one method did on one song, in dB; nothing where it cannot be judged.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    /// Medians over windows of a second.
    pub vocals: Option<f64>,
    pub accompaniment: Option<f64>,
    /// Over the whole song at once.
    pub vocals_whole: Option<f64>,
    pub accompaniment_whole: Option<f64>,
    /// Level of what is left as vocals where nobody sings, against the mixture there.
    pub leak: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Row {
    song: String,
    seconds: f64,
    methods: Vec<(&'static str, Scores)>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    model: &'a str,
    sha256: &'a str,
    metric: &'static str,
    songs: &'a [Row],
    medians: &'a [(&'static str, Scores)],
}

const MODEL: &str = "model";
const MIXTURE: &str = "mixture as vocals";
const NOTHING: &str = "nothing as vocals";
const IDEAL: &str = "ideal ratio mask";

/// Below this RMS in a second nobody sings.
const SILENT: f64 = 1e-3;

pub fn evaluate(args: &EvaluateArgs, choice: &Choice) -> Result<()> {
    tch::set_num_threads(args.threads.max(1));
    let loaded = args.model.load(choice)?;
    let songs = dataset::songs(&args.references).map_err(anyhow::Error::msg)?;
    ensure!(
        !songs.is_empty(),
        "{} holds no songs with stems: it takes vocals beside accompaniment, vocals beside drums, bass and other, or .stem.mp4 files",
        args.references.display()
    );
    let mut stft = model::stft();
    let mut rows = Vec::new();
    for song in &songs {
        let stems = match song.read() {
            Ok(stems) => stems,
            Err(reason) => {
                eprintln!("skipped {}: {reason}", song.name());
                continue;
            }
        };
        let mixture = stems.mixture();
        let estimate = model::separate_song(&loaded.model, &mut stft, &mixture, Mode::Folded)?;
        let mut methods = vec![(MODEL, judge(&stems, &mixture, &estimate))];
        methods.push((MIXTURE, judge(&stems, &mixture, &mixture)));
        methods.push((NOTHING, judge(&stems, &mixture, &vec![0.0; mixture.len()])));
        if !args.no_ideal {
            methods.push((
                IDEAL,
                judge(&stems, &mixture, &ideal(&mut stft, &stems, &mixture)),
            ));
        }
        let row = Row {
            song: song.name(),
            seconds: (mixture.len() / 2) as f64 / f64::from(RATE),
            methods,
        };
        if !args.json {
            println!("{}", line(&row.song, &row.methods[0].1));
        }
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "no song could be read");
    let medians = medians(&rows);
    if args.json {
        let report = Report {
            model: &loaded.manifest.name,
            sha256: &loaded.manifest.sha256,
            metric: "SDR of BSS Eval v4 in dB: medians over windows of 1 s, then over songs",
            songs: &rows,
            medians: &medians,
        };
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    println!(
        "\nmedians over {} songs in dB: windows of 1 s (whole song)",
        rows.len()
    );
    for (method, scores) in &medians {
        println!("{}", line(method, scores));
    }
    Ok(())
}

/// Scores of an estimate of the vocals; the accompaniment is the rest of the mixture.
pub fn judge(stems: &Stems, mixture: &[f32], vocals: &[f32]) -> Scores {
    let rate = RATE as usize;
    let rest: Vec<f32> = mixture.iter().zip(vocals).map(|(m, v)| m - v).collect();
    let of_vocals = sdr::windows(&stems.vocals, vocals, rate);
    let of_rest = sdr::windows(&stems.accompaniment, &rest, rate);
    // As in BSS Eval, a window counts for both stems or for none.
    let both: Vec<(f64, f64)> = of_vocals
        .into_iter()
        .zip(of_rest)
        .filter_map(|(v, r)| Some((v?, r?)))
        .collect();
    // An estimate that is nothing, or everything, cannot be judged by that rule; its distortion can.
    let empty = vocals.iter().all(|x| *x == 0.0) || rest.iter().all(|x| *x == 0.0);
    let (mut vocals_median, mut rest_median) = (
        sdr::median(both.iter().map(|pair| pair.0)),
        sdr::median(both.iter().map(|pair| pair.1)),
    );
    if empty {
        let all = |reference: &[f32], estimate: &[f32]| {
            sdr::median(
                sdr::heard_windows(&stems.vocals, &stems.accompaniment, rate)
                    .map(|range| sdr::ratio(&reference[range.clone()], &estimate[range])),
            )
        };
        (vocals_median, rest_median) = (all(&stems.vocals, vocals), all(&stems.accompaniment, &rest));
    }
    let finite = |x: f64| x.is_finite().then_some(x);
    Scores {
        vocals: vocals_median,
        accompaniment: rest_median,
        vocals_whole: finite(sdr::ratio(&stems.vocals, vocals)),
        accompaniment_whole: finite(sdr::ratio(&stems.accompaniment, &rest)),
        leak: leak(&stems.vocals, vocals, mixture),
    }
}

fn leak(reference: &[f32], estimate: &[f32], mixture: &[f32]) -> Option<f64> {
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let len = 2 * RATE as usize;
    let (mut leaked, mut played) = (0.0, 0.0);
    let windows = reference
        .chunks_exact(len)
        .zip(estimate.chunks_exact(len))
        .zip(mixture.chunks_exact(len));
    for ((reference, estimate), mixture) in windows {
        if (energy(reference) / len as f64).sqrt() < SILENT {
            leaked += energy(estimate);
            played += energy(mixture);
        }
    }
    (played > 0.0 && leaked > 0.0).then(|| 10.0 * (leaked / played).log10())
}

/// What a perfect magnitude mask |V| / (|V| + |A|) would give.
fn ideal(stft: &mut Stft, stems: &Stems, mixture: &[f32]) -> Vec<f32> {
    let frames = mixture.len() / 2;
    let size = stft.frames(frames) * SPECTRUM_BINS;
    let mut out = vec![0.0; mixture.len()];
    let mut spectra: [Vec<f32>; 6] = std::array::from_fn(|_| vec![0.0; size]);
    for side in 0..2 {
        let channel = |pcm: &[f32]| pcm.chunks_exact(2).map(|frame| frame[side]).collect::<Vec<f32>>();
        for (pcm, pair) in [&stems.vocals, &stems.accompaniment, mixture]
            .iter()
            .zip(spectra.chunks_exact_mut(2))
        {
            let (re, im) = pair.split_at_mut(1);
            stft.forward(&channel(pcm), &mut re[0], &mut im[0]);
        }
        let [voice_re, voice_im, rest_re, rest_im, re, im] = &mut spectra;
        let sources = voice_re.iter().zip(voice_im).zip(rest_re.iter().zip(rest_im));
        for (((voice_re, voice_im), (rest_re, rest_im)), (re, im)) in
            sources.zip(re.iter_mut().zip(im.iter_mut()))
        {
            let voice = voice_re.hypot(*voice_im);
            let both = voice + rest_re.hypot(*rest_im);
            let mask = if both > 0.0 { voice / both } else { 0.0 };
            *re *= mask;
            *im *= mask;
        }
        let mut signal = vec![0.0; frames];
        stft.inverse(re, im, &mut signal);
        for (frame, x) in out.chunks_exact_mut(2).zip(signal) {
            frame[side] = x;
        }
    }
    out
}

fn medians(rows: &[Row]) -> Vec<(&'static str, Scores)> {
    let methods = rows[0].methods.iter().map(|(name, _)| *name);
    methods
        .enumerate()
        .map(|(index, name)| {
            let of = |pick: fn(&Scores) -> Option<f64>| {
                sdr::median(rows.iter().filter_map(|row| pick(&row.methods[index].1)))
            };
            let scores = Scores {
                vocals: of(|s| s.vocals),
                accompaniment: of(|s| s.accompaniment),
                vocals_whole: of(|s| s.vocals_whole),
                accompaniment_whole: of(|s| s.accompaniment_whole),
                leak: of(|s| s.leak),
            };
            (name, scores)
        })
        .collect()
}

fn line(name: &str, scores: &Scores) -> String {
    let db = |x: Option<f64>| x.map_or("    -".into(), |x| format!("{x:5.2}"));
    format!(
        "{:40.40} vocals {} ({})  accompaniment {} ({})  leak {}",
        croon::track::printable(name),
        db(scores.vocals),
        db(scores.vocals_whole),
        db(scores.accompaniment),
        db(scores.accompaniment_whole),
        db(scores.leak)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use std::path::Path;

    fn noise(seed: u64, len: usize) -> Vec<f32> {
        let mut rng = crate::rng::Rng::new(seed);
        (0..len).map(|_| rng.normal(0.0, 0.1)).collect()
    }

    #[test]
    fn the_baselines_score_what_they_must() {
        let len = 2 * RATE as usize * 3;
        let stems = Stems {
            vocals: noise(1, len),
            accompaniment: noise(2, len),
        };
        let mixture = stems.mixture();
        let nothing = judge(&stems, &mixture, &vec![0.0; len]);
        assert!(nothing.vocals.unwrap().abs() < 1e-9 && nothing.accompaniment.unwrap().abs() < 0.1);
        let everything = judge(&stems, &mixture, &mixture);
        assert!(everything.vocals.unwrap().abs() < 0.1 && everything.accompaniment.unwrap().abs() < 1e-6);
        let ideal = judge(&stems, &mixture, &ideal(&mut model::stft(), &stems, &mixture));
        assert!(ideal.vocals.unwrap() > 3.0, "{ideal:?}");
    }

    #[test]
    fn leak_is_what_sounds_where_nobody_sings() {
        let len = 2 * RATE as usize;
        let stems = Stems {
            vocals: vec![0.0; len],
            accompaniment: noise(2, len),
        };
        let mixture = stems.mixture();
        let tenth: Vec<f32> = mixture.iter().map(|x| x * 0.1).collect();
        assert!((judge(&stems, &mixture, &tenth).leak.unwrap() + 20.0).abs() < 1e-3);
        assert_eq!(judge(&stems, &mixture, &tenth).vocals, None);
    }

    #[test]
    fn windows_agree_with_museval() {
        let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
        if !fixtures.join("museval_golden.json").exists() {
            println!("skipped: no fixtures here");
            return;
        }
        let read = |name: &str| croon::audio::decode::read_all(&fixtures.join(name)).unwrap().1;
        let judged = [0, 1].map(|i| {
            sdr::windows(
                &read(&format!("ref{i}.wav")),
                &read(&format!("est{i}.wav")),
                RATE as usize,
            )
        });
        // What museval 0.4.1 says of these files; a second is silent in one reference.
        let wanted = [18.1444, 18.1622, f64::NAN, 18.1261, 18.1891];
        for (index, wanted) in wanted.iter().enumerate() {
            let both = judged[0][index].zip(judged[1][index]);
            match both {
                Some((first, _)) => {
                    assert!((first - wanted).abs() < 0.001, "window {index}: {first} {wanted}")
                }
                None => assert!(wanted.is_nan(), "window {index}"),
            }
        }
        let second = sdr::median((0..5).filter_map(|i| judged[0][i].and(judged[1][i]))).unwrap();
        assert!((second - 14.8949).abs() < 0.001, "{second}");
    }
}
