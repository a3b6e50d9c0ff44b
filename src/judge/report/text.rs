//! The report for people: a table per stem.

use unicode_width::UnicodeWidthChar;

use super::{Judged, Report, ReportRow, figures};
use crate::judge::scores::{Scores, StemScores};
use crate::text::printable;

const FIGURES: [&str; 6] = ["SDR", "ISR", "SIR", "SAR", "whole", "SI-SDR"];
const NAME: usize = 28;
const CELL: usize = 8;

impl Report {
    /// Two tables of plain text, vocals and accompaniment: the judged estimate song by song, then
    /// the medians of every method.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (stem, pick) in STEMS {
            let vocals = stem == "vocals";
            let more = ["leak", "x real"].into_iter().filter(|_| vocals);
            let head = FIGURES.into_iter().chain(more).map(str::to_owned);
            text.push_str(&line(&format!("{stem}, dB"), head));
            for row in &self.songs {
                if let Some(method) = row.methods.first() {
                    let cells = cells(&method.scores, pick, vocals);
                    let speed = vocals.then(|| row.times_real_time.map_or_else(dash, |x| format!("{x:.1}")));
                    text.push_str(&line(&row.song, cells.into_iter().chain(speed)));
                }
            }
            text.push_str(&format!("medians of {} songs\n", self.songs.len()));
            for method in &self.medians {
                text.push_str(&line(
                    &method.method,
                    cells(&method.scores, pick, vocals).into_iter(),
                ));
            }
            text.push('\n');
        }
        text.push_str(&self.mean_line());
        text.push_str(&self.cost());
        text
    }

    /// The figure by which MDX and SDX rank.
    fn mean_line(&self) -> String {
        let Some(Scores {
            vocals,
            accompaniment,
            ..
        }) = self.means.first().map(|method| method.scores)
        else {
            return String::new();
        };
        format!(
            "mean of whole-song SDR: vocals {}, accompaniment {} dB\n",
            decibels(vocals.whole_sdr),
            decibels(accompaniment.whole_sdr)
        )
    }

    fn cost(&self) -> String {
        let memory =
            |bytes: Option<u64>| bytes.map_or("unknown".into(), |b| format!("{:.0} MB", b as f64 / 1e6));
        let croon = memory(self.peak_memory);
        match &self.judged {
            Judged::Engine {
                model,
                device,
                peak_memory,
                ..
            } => {
                let sum =
                    |pick: fn(&ReportRow) -> Option<f64>| self.songs.iter().filter_map(pick).sum::<f64>();
                let speed = sum(|row| row.took.map(|_| row.seconds)) / sum(|row| row.took);
                let speed = if speed.is_finite() {
                    format!("{speed:.1}")
                } else {
                    "-".into()
                };
                format!(
                    "{} on {}: {speed} times real time; peak memory {}, of croon's judging {croon}\n",
                    printable(model),
                    printable(device),
                    memory(*peak_memory)
                )
            }
            Judged::Folder { path } => {
                format!(
                    "estimates of {}; peak memory of croon's judging {croon}\n",
                    printable(path)
                )
            }
        }
    }
}

type SelectStem = fn(&Scores) -> &StemScores;
const STEMS: [(&str, SelectStem); 2] = [
    ("vocals", |scores| &scores.vocals),
    ("accompaniment", |scores| &scores.accompaniment),
];

fn cells(scores: &Scores, pick: SelectStem, leak: bool) -> Vec<String> {
    let of_stem = figures(pick(scores)).into_iter().map(|(_, value)| value);
    of_stem.chain(leak.then_some(scores.leak)).map(decibels).collect()
}

fn line(name: &str, cells: impl Iterator<Item = String>) -> String {
    let mut shown = String::new();
    let mut room = NAME;
    for c in printable(name).chars() {
        room = match room.checked_sub(c.width().unwrap_or(0)) {
            Some(room) => room,
            None => break,
        };
        shown.push(c);
    }
    let cells: String = cells.map(|cell| format!("{cell:>CELL$}")).collect();
    format!("{shown}{:room$}{cells}\n", "")
}

fn decibels(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:.2}"))
}

fn dash() -> String {
    "-".into()
}
