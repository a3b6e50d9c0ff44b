//! The report for spreadsheets: RFC 4180, a line per song and method, then the medians and means.

use super::{Method, Report, figures};
use crate::judge::scores::{Scores, StemScores};

impl Report {
    pub fn csv(&self) -> String {
        let mut text = head();
        for row in &self.songs {
            for (at, method) in row.methods.iter().enumerate() {
                // Only the judged estimate has cost anything that was measured.
                let cost = [row.took, row.times_real_time].map(|value| value.filter(|_| at == 0));
                text.push_str(&line("song", &row.song, Some(row.seconds), method, cost));
            }
        }
        for (kind, methods) in [("median", &self.medians), ("mean", &self.means)] {
            for method in methods {
                text.push_str(&line(kind, "", None, method, [None; 2]));
            }
        }
        text
    }
}

fn head() -> String {
    let mut names: Vec<String> = ["row", "song", "seconds", "method"].map(String::from).to_vec();
    for stem in ["vocals", "accompaniment"] {
        let figures = figures(&StemScores::default());
        names.extend(figures.map(|(name, _)| format!("{stem}_{name}")));
    }
    names.extend(["leak", "took", "times_real_time"].map(String::from));
    names.join(",") + "\r\n"
}

fn line(kind: &str, song: &str, seconds: Option<f64>, method: &Method, cost: [Option<f64>; 2]) -> String {
    let Scores {
        vocals,
        accompaniment,
        leak,
    } = &method.scores;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.5}"));
    let mut cells = vec![
        kind.to_owned(),
        quoted(song),
        number(seconds),
        quoted(&method.method),
    ];
    let stems = [vocals, accompaniment].into_iter().flat_map(|stem| figures(stem));
    cells.extend(stems.map(|(_, value)| number(value)));
    cells.extend([*leak, cost[0], cost[1]].map(number));
    cells.join(",") + "\r\n"
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
