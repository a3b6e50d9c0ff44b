//! The curves of a run as a picture, `report.svg`: loss, learning rate and validation SDR over steps.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::checkpoint::RunFolder;
use crate::log::{self, LogRow};
use croon::files;

#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Folder of the run
    #[arg(long)]
    pub run: PathBuf,
}

pub fn report(args: &ReportArgs) -> Result<()> {
    println!("{}", write(&RunFolder(args.run.clone()))?.display());
    Ok(())
}

/// Draws the run's log and gives the picture's path.
pub fn write(folder: &RunFolder) -> Result<PathBuf> {
    let log = folder.log();
    let rows = log::read(&log).with_context(|| {
        format!(
            "cannot read {}; --run names the folder of a training",
            log.display()
        )
    })?;
    ensure!(
        !rows.is_empty(),
        "{} has no rows yet; train on and ask again",
        log.display()
    );
    let path = folder.0.join("report.svg");
    let svg = draw(&rows, &name(&folder.0)).map_err(|err| anyhow!("cannot draw the curves: {err}"))?;
    files::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// One quantity over steps.
struct Curve {
    title: &'static str,
    axis: &'static str,
    points: Vec<(f64, f64)>,
    label: fn(&f64) -> String,
}

impl Curve {
    fn of(
        rows: &[LogRow],
        title: &'static str,
        axis: &'static str,
        value: impl Fn(&LogRow) -> Option<f64>,
        label: fn(&f64) -> String,
    ) -> Self {
        let points = rows.iter().filter_map(|row| Some((row.step as f64, value(row)?)));
        Self {
            title,
            axis,
            points: points.collect(),
            label,
        }
    }

    /// From the lowest to the highest value with a margin, never empty.
    fn range(&self) -> std::ops::Range<f64> {
        let values = || self.points.iter().map(|(_, value)| *value);
        let (low, high) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        let margin = (0.05 * (high - low)).max(0.01 * high.abs()).max(1e-6);
        low - margin..high + margin
    }
}

type Drawn<T> = Result<T, Box<dyn std::error::Error>>;

fn draw(rows: &[LogRow], name: &str) -> Drawn<String> {
    let curves = [
        Curve::of(
            rows,
            "Training loss, exponential mean",
            "loss",
            |row| Some(row.loss),
            |y| format!("{y:.3}"),
        ),
        Curve::of(
            rows,
            "Learning rate",
            "rate",
            |row| row.rate,
            |y| format!("{y:.1e}"),
        ),
        Curve::of(
            rows,
            "Validation, median SDR of the vocals",
            "SDR in dB",
            |row| row.validation_sdr,
            |y| format!("{y:.1}"),
        ),
    ];
    let last = rows.last().map_or(1.0, |row| row.step.max(1) as f64);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (900, 1000)).into_drawing_area();
        root.fill(&WHITE)?;
        let root = root.titled(name, ("sans-serif", 22))?;
        for (area, curve) in root.split_evenly((curves.len(), 1)).iter().zip(&curves) {
            panel(area, curve, last)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn panel(area: &DrawingArea<SVGBackend<'_>, Shift>, curve: &Curve, last: f64) -> Drawn<()> {
    let mut chart = ChartBuilder::on(area);
    chart
        .margin(10)
        .margin_right(30)
        .x_label_area_size(40)
        .y_label_area_size(70);
    if curve.points.is_empty() {
        // A run that holds no songs out has nothing to judge itself by.
        area.titled(&format!("{}: none", curve.title), ("sans-serif", 16))?;
        return Ok(());
    }
    let mut chart = chart
        .caption(curve.title, ("sans-serif", 16))
        .build_cartesian_2d(0.0..last, curve.range())?;
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc(curve.axis)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&curve.label)
        .light_line_style(WHITE)
        .draw()?;
    let line = BLUE.stroke_width(2);
    chart.draw_series(LineSeries::new(curve.points.iter().copied(), line))?;
    // Few points are marked: a single one makes no line.
    if curve.points.len() <= 60 {
        let dots = curve.points.iter().map(|at| Circle::new(*at, 3, BLUE.filled()));
        chart.draw_series(dots)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rows: &str) -> (tempfile::TempDir, RunFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder(dir.path().join("mine & <yours>"));
        std::fs::create_dir(&folder.0).unwrap();
        let text = format!("step,seconds,loss,rate,speed,validation_sdr\n{rows}");
        std::fs::write(folder.log(), text).unwrap();
        (dir, folder)
    }

    /// Heights of the points of each curve, from the top of the picture.
    fn curves(svg: &str) -> Vec<Vec<f64>> {
        let lines = svg.split("<polyline").skip(1);
        let lines = lines.filter(|line| line.split("/>").next().unwrap().contains("#0000FF"));
        lines
            .map(|line| {
                let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
                let points = points.split_whitespace();
                points
                    .map(|xy| xy.split(',').nth(1).unwrap().parse().unwrap())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn every_curve_is_drawn_with_its_title_and_axes() {
        let (_dir, folder) = run(
            "10,1,0.9,1.00e-4,9.0,\n20,2,0.7,2.00e-4,9.0,-3.0\n30,3,0.6,3.00e-4,9.0,\n40,4,0.5,2.00e-4,9.0,2.0\n",
        );
        let path = write(&folder).unwrap();
        let svg = std::fs::read_to_string(path).unwrap();
        for words in [
            "mine &amp; &lt;yours&gt;",
            "Training loss",
            "Learning rate",
            "SDR in dB",
            "step",
        ] {
            assert!(svg.contains(words), "no {words} in {svg}");
        }
        let curves = curves(&svg);
        assert_eq!(curves.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
        assert!(
            curves[0].is_sorted(),
            "the loss falls, so its line goes down: {:?}",
            curves[0]
        );
        assert!(curves[2][1] < curves[2][0], "the SDR rises: {:?}", curves[2]);
    }

    #[test]
    fn one_row_without_validation_is_a_picture_too() {
        let (_dir, folder) = run("1,1,0.9,1.00e-4,9.0,\n");
        let svg = std::fs::read_to_string(write(&folder).unwrap()).unwrap();
        assert!(svg.contains("vocals: none") && svg.contains("<circle"), "{svg}");
    }

    #[test]
    fn a_folder_without_a_log_is_named() {
        let (_dir, folder) = run("");
        assert!(write(&folder).unwrap_err().to_string().contains("no rows yet"));
        std::fs::remove_file(folder.log()).unwrap();
        assert!(write(&folder).unwrap_err().to_string().contains("--run"));
    }
}
