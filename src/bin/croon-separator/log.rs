//! The log of a run, `log.csv`: one row every few steps, one for every validation. A step has one row
//! however often the run was picked up.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use croon::files;

const HEADER: &str = "step,seconds,loss,rate,speed,validation_sdr";

/// How a run stood at a step. What was not measured there is empty in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRow {
    pub step: u64,
    /// Seconds trained, over all sittings.
    pub seconds: f64,
    /// Exponential mean of the loss.
    pub loss: f64,
    /// Learning rate of the step.
    pub rate: Option<f64>,
    /// Seconds of audio trained on per second.
    pub speed: Option<f64>,
    /// Median SDR in dB over the songs held out.
    pub validation_sdr: Option<f64>,
}

impl LogRow {
    fn parse(line: &str) -> Option<Self> {
        let cells: [&str; 6] = line.split(',').collect::<Vec<_>>().try_into().ok()?;
        let number = |cell: &str| cell.parse::<f64>().ok().filter(|x| x.is_finite());
        Some(Self {
            step: cells[0].parse().ok()?,
            seconds: number(cells[1])?,
            loss: number(cells[2])?,
            rate: number(cells[3]),
            speed: number(cells[4]),
            validation_sdr: number(cells[5]),
        })
    }

    fn line(&self) -> String {
        let rate = self.rate.map(|x| format!("{x:.2e}")).unwrap_or_default();
        let speed = self.speed.map(|x| format!("{x:.2}")).unwrap_or_default();
        let sdr = self.validation_sdr.map(|x| format!("{x:.3}")).unwrap_or_default();
        format!(
            "{},{:.0},{:.5},{rate},{speed},{sdr}\n",
            self.step, self.seconds, self.loss
        )
    }
}

/// The rows of a log, one a step, in order. A line that a crash tore is passed over.
pub fn read(path: &Path) -> io::Result<Vec<LogRow>> {
    let text = std::fs::read_to_string(path)?;
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut rows: Vec<LogRow> = whole.filter_map(|line| LogRow::parse(line.trim_end())).collect();
    // What was written later counts: a run stopped at a validation has judged that step twice.
    rows.reverse();
    rows.sort_by_key(|row| row.step);
    rows.dedup_by_key(|row| row.step);
    Ok(rows)
}

/// A log that grows.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// The newest row.
    pub last: Option<LogRow>,
}

impl Log {
    /// Opens the log of a run that stands at `step`. Rows of later steps are of a sitting that ended
    /// before it could save them: those steps are made again, and their rows with them.
    pub fn open(path: &Path, step: u64) -> io::Result<Self> {
        let mut rows = match read(path) {
            Ok(rows) => rows,
            Err(err) if err.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(err) => return Err(err),
        };
        rows.retain(|row| row.step <= step);
        let lines: String = rows.iter().map(LogRow::line).collect();
        files::write(path, format!("{HEADER}\n{lines}"))?;
        Ok(Self {
            file: OpenOptions::new().append(true).open(path)?,
            last: rows.pop(),
        })
    }

    /// Appends a row, whole or not at all.
    pub fn write(&mut self, row: LogRow) -> io::Result<()> {
        let end = self.file.metadata()?.len();
        let written = self.file.write_all(row.line().as_bytes());
        match written {
            Ok(()) => self.last = Some(row),
            // Half a row would spoil the next one; where even this fails, reading passes over both.
            Err(_) => drop(self.file.set_len(end)),
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64, validation_sdr: Option<f64>) -> LogRow {
        LogRow {
            step,
            seconds: step as f64,
            loss: 0.5,
            rate: Some(1e-3),
            speed: Some(12.25),
            validation_sdr,
        }
    }

    #[test]
    fn steps_that_were_rolled_back_are_logged_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.csv");
        let mut log = Log::open(&path, 0).unwrap();
        for step in [10, 20, 30] {
            log.write(row(step, None)).unwrap();
        }
        // Killed in the middle of a row, with step 20 saved last.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"40,40,0.1").unwrap();
        let mut log = Log::open(&path, 20).unwrap();
        assert_eq!(log.last, Some(row(20, None)));
        log.write(row(30, Some(-1.5))).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            [row(10, None), row(20, None), row(30, Some(-1.5))]
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert_eq!(text.lines().nth(3).unwrap(), "30,30,0.50000,1.00e-3,12.25,-1.500");
    }

    #[test]
    fn of_two_rows_of_a_step_the_later_one_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.csv");
        let rows = "150,60,0.40000,1.00e-3,3.00,1.000\n150,60,0.40000,,,2.000\n160,61,0.3,,,NaN\nhalf a r";
        std::fs::write(&path, format!("{HEADER}\n{rows}")).unwrap();
        let rows = read(&path).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].step, rows[0].validation_sdr), (150, Some(2.0)));
        assert_eq!((rows[1].step, rows[1].validation_sdr), (160, None));
    }
}
