//! `croon scan`: what the library sees in a folder, without playing or separating anything.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::commands::context::Context;
use crate::commands::exit_code::ExitCode;
use crate::library::{ScanSummary, scan_once};
use crate::text::printable;
use crate::track::Track;

#[derive(Debug, clap::Args)]
pub struct ScanArgs {
    /// Folders or files to scan [default: the configured folders]
    #[arg(value_name = "DIR|FILE")]
    pub paths: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: ScanArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let roots = context.music_folders(&args.paths);
    let bar = progress(context);
    let mut told = Instant::now();
    let seen = scan_once(&roots, &context.config.library.exclude, |songs| {
        // reading a song may take less time than drawing a number
        if told.elapsed() > Duration::from_millis(100) {
            told = Instant::now();
            bar.set_position(songs as u64);
        }
    });
    bar.finish_and_clear();
    context.print(if args.json {
        json(&roots, &seen)
    } else {
        table(&seen)
    })?;
    for (path, reason) in &seen.troubles {
        context.say(format!("croon: {}: {reason}", printable(&path.to_string_lossy())));
    }
    if !args.json {
        context.say(summary(&roots, &seen));
    }
    Ok(match (seen.troubles.is_empty(), seen.tracks.is_empty()) {
        (false, _) => ExitCode::Failed,
        (true, true) => ExitCode::NothingFound,
        (true, false) => ExitCode::Done,
    })
}

fn progress(context: &Context) -> indicatif::ProgressBar {
    if !context.progress {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner();
    if let Ok(style) = indicatif::ProgressStyle::with_template("{pos} songs") {
        bar.set_style(style);
    }
    bar
}

fn table(seen: &ScanSummary) -> String {
    let mut text = String::new();
    for track in &seen.tracks {
        let name = match track.artist() {
            "" => track.title(),
            artist => format!("{artist} - {}", track.title()),
        };
        let path = printable(&track.path.to_string_lossy());
        // writing to a String does not fail
        let _ = writeln!(text, "{:>7}  {name}  ({path})", length(track.duration));
    }
    text
}

/// `3:05`, `1:02:03`, or a dash where the file does not tell.
fn length(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else {
        return "-".into();
    };
    let all = seconds.round() as u64;
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

fn summary(roots: &[PathBuf], seen: &ScanSummary) -> String {
    let folders: Vec<_> = roots
        .iter()
        .map(|root| printable(&root.to_string_lossy()))
        .collect();
    let total: f64 = seen.tracks.iter().filter_map(|track| track.duration).sum();
    format!(
        "{} songs, {} of music, in {} ({:.1} s)",
        seen.tracks.len(),
        length(Some(total)),
        folders.join(", "),
        seen.took.as_secs_f64()
    )
}

fn json(roots: &[PathBuf], seen: &ScanSummary) -> String {
    // paths that are no UTF-8 cannot be JSON strings: shown with the replacement character
    let song = |track: &Track| {
        serde_json::json!({
            "path": track.path.to_string_lossy(),
            "title": track.title(),
            "artist": track.tags.artist,
            "album": track.tags.album,
            "track": track.tags.track_no,
            "seconds": track.duration,
            "rate": (track.rate > 0).then_some(track.rate),
            "channels": (track.channels > 0).then_some(track.channels),
            "bytes": track.stamp.size,
        })
    };
    let json = serde_json::json!({
        "schema": 1,
        "folders": roots.iter().map(|root| root.to_string_lossy()).collect::<Vec<_>>(),
        "songs": seen.tracks.iter().map(song).collect::<Vec<_>>(),
        "troubles": seen.troubles.iter().map(|(path, reason)| serde_json::json!({
            "path": path.to_string_lossy(),
            "reason": reason,
        })).collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_clocks() {
        let lengths = [None, Some(0.2), Some(185.4), Some(3723.0)].map(length);
        assert_eq!(lengths, ["-", "0:00", "3:05", "1:02:03"]);
    }
}
