//! `croon lyrics`: what croon reads in a lyrics file or finds for a song, what is wrong with a file,
//! and lyrics as files of another format. Nothing but the file named by `-o`, and what croon keeps for
//! itself, is written.

pub mod error;
mod keep;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::audio::identity::track_id;
use crate::commands::context::Context;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::commands::lyrics::error::{shown, unusable};
use crate::files;
use crate::jobs::lyrics as finder;
use crate::library::{is_audio, read_track, stamp_of};
use crate::lyrics::ultrastar::{self, UltraStarFile};
use crate::lyrics::{Lyrics, LyricsProblem, LyricsRequest, Millis, NoteKind, write};

#[derive(Debug, clap::Subcommand)]
pub enum LyricsCommand {
    /// Show a lyrics file, or the lyrics found for a song, with times, format and source
    Show(ShowArgs),
    /// List every fault of lyrics files, with its line
    Check(CheckArgs),
    /// Write lyrics as LRC, or an UltraStar file with shifted times
    Export(LyricsExportArgs),
    /// Copy a lyrics file for a song into croon's own folder
    Import(keep::LyricsImportArgs),
    /// Ask the LRCLIB server for the lyrics of songs, and store its answers
    Fetch(keep::FetchArgs),
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// A lyrics file or a song
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Lyrics files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct LyricsExportArgs {
    /// A lyrics file or a song
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// lrc from any format; ultrastar from UltraStar, every other byte as it was
    #[arg(long, value_name = "FORMAT", default_value = "lrc")]
    pub to: To,
    /// Shift all times by so many milliseconds (positive: later, negative: earlier)
    #[arg(long, value_name = "MS", default_value_t = 0, allow_negative_numbers = true)]
    pub shift: Millis,
    /// Write to this file, which must not exist yet [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum To {
    Lrc,
    Ultrastar,
}

pub fn run(command: LyricsCommand, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        LyricsCommand::Show(args) => show(&args, context),
        LyricsCommand::Check(args) => check(&args, context),
        LyricsCommand::Export(args) => export(&args, context),
        LyricsCommand::Import(args) => keep::import(&args, context),
        LyricsCommand::Fetch(args) => keep::fetch(&args, context),
    }
}

/// Lyrics and where they are from.
struct Told {
    lyrics: Lyrics,
    file: PathBuf,
    encoding: Option<&'static str>,
    flaws: Vec<LyricsProblem>,
}

/// Of a lyrics file, or, for a song, the best that is found for it.
fn told(file: &Path, context: &Context) -> Result<Told, CommandError> {
    if !is_audio(file) {
        let read = finder::read_file(file).map_err(|error| unusable(file, &error.to_string()))?;
        return Ok(Told {
            lyrics: read.lyrics,
            file: file.to_owned(),
            encoding: Some(read.encoding),
            flaws: read.flaws,
        });
    }
    let stamp = stamp_of(file).map_err(|error| unusable(file, &error.to_string()))?;
    let track = read_track(file, stamp);
    let places = keep::places(context);
    // the whole file is read for its identity: not where nothing is kept under one
    let kept = places.folders.own.as_ref().is_some_and(|own| own.is_dir());
    let wanted = LyricsRequest {
        path: file.to_owned(),
        id: kept.then(|| track_id(file).ok()).flatten(),
        artist: track.artist().to_owned(),
        title: track.title(),
        album: track.tags.album.clone(),
        duration: track.duration,
        ..LyricsRequest::default()
    };
    let found = finder::find(&wanted, &places);
    for (path, reason) in &found.refused {
        context.say(format!("croon: {} is not used: {reason}", shown(path)));
    }
    let Some(lyrics) = found.lyrics else {
        let looked = format!(
            "no lyrics for {}: none beside it (such as `{}`), in its tags, in an UltraStar text of its folder, or in the [lyrics] folder of the configuration",
            shown(file),
            shown(Path::new(
                file.with_extension("lrc").file_name().unwrap_or_default()
            )),
        );
        return Err(CommandError::new(ExitCode::NothingFound, looked));
    };
    Ok(Told {
        lyrics,
        file: found.file.unwrap_or_else(|| file.to_owned()),
        encoding: None,
        flaws: Vec::new(),
    })
}

fn show(args: &ShowArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let told = told(&args.file, context)?;
    context.print(if args.json { json(&told) } else { table(&told) })?;
    Ok(ExitCode::Done)
}

/// The head of the lyrics, then a row for each line: start, end, singer, text.
fn table(told: &Told) -> String {
    let lyrics = &told.lyrics;
    let mut text = format!(
        "{}: {}, {}, {}",
        shown(&told.file),
        lyrics.source.name(),
        lyrics.format,
        lyrics.timing.name()
    );
    if let Some(encoding) = told.encoding {
        text += &format!(", {encoding}");
    }
    text.push('\n');
    let named = [
        ("title", &lyrics.title),
        ("artist", &lyrics.artist),
        ("language", &lyrics.language),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            // writing to a String does not fail
            let _ = writeln!(text, "{key}: {value}");
        }
    }
    if lyrics.offset_ms != 0 {
        let _ = writeln!(text, "moved by the file's own offset: {} ms", lyrics.offset_ms);
    }
    for line in &lyrics.lines {
        if lyrics.is_timed() {
            let end = line.end_ms.map_or_else(|| " ".repeat(9), clock);
            let _ = write!(text, "{} {end}  ", clock(line.start_ms));
        }
        if line.singers.0 != 0 {
            let voices: Vec<String> = (0..16)
                .filter(|bit| line.singers.0 >> bit & 1 == 1)
                .map(|bit| (bit + 1).to_string())
                .collect();
            let _ = write!(text, "[{}] ", voices.join("+"));
        }
        let _ = writeln!(text, "{}", line.text);
        for under in &line.under {
            let margin = if lyrics.is_timed() { 21 } else { 2 };
            let _ = writeln!(text, "{}{}", " ".repeat(margin), under.text);
        }
    }
    text
}

/// `01:02.345`
fn clock(ms: Millis) -> String {
    format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

fn json(told: &Told) -> String {
    let lyrics = &told.lyrics;
    let lines = lyrics.lines.iter().map(|line| {
        let words = line.words.iter().map(|word| {
            serde_json::json!({
                "text": &line.text[word.from..word.to],
                "start_ms": word.start_ms,
                "end_ms": word.end_ms,
                "golden": matches!(word.manner, NoteKind::Golden | NoteKind::GoldenRap),
                "rap": matches!(word.manner, NoteKind::Rap | NoteKind::GoldenRap),
                "freestyle": word.manner == NoteKind::Free,
            })
        });
        serde_json::json!({
            "start_ms": lyrics.is_timed().then_some(line.start_ms),
            "end_ms": line.end_ms,
            "text": line.text,
            "singers": (0..16).filter(|bit| line.singers.0 >> bit & 1 == 1).map(|bit| bit + 1).collect::<Vec<_>>(),
            "words": words.collect::<Vec<_>>(),
            "under": line.under.iter().map(|under| &under.text).collect::<Vec<_>>(),
        })
    });
    let json = serde_json::json!({
        "schema": 1,
        "file": told.file.to_string_lossy(),
        "source": lyrics.source.name(),
        "format": lyrics.format.name(),
        "timing": lyrics.timing.name(),
        "encoding": told.encoding,
        "title": lyrics.title,
        "artist": lyrics.artist,
        "language": lyrics.language,
        "offset_ms": lyrics.offset_ms,
        "voices": lyrics.voices,
        "lines": lines.collect::<Vec<_>>(),
        "faults": told.flaws.iter().map(error).collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}

fn error(flaw: &LyricsProblem) -> serde_json::Value {
    serde_json::json!({ "line": (flaw.line > 0).then_some(flaw.line), "what": flaw.what })
}

fn check(args: &CheckArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let mut faults = 0;
    let mut all = Vec::new();
    for file in &args.files {
        let (format, flaws) = match finder::read_file(file) {
            Ok(read) => (Some(read.lyrics.format), read.flaws),
            Err(error) => {
                let what = error.to_string();
                (None, vec![LyricsProblem { line: 0, what }])
            }
        };
        faults += flaws.len();
        let name = shown(file);
        if args.json {
            all.push(serde_json::json!({
                "file": file.to_string_lossy(),
                "format": format.map(crate::lyrics::Format::name),
                "faults": flaws.iter().map(error).collect::<Vec<_>>(),
            }));
            continue;
        }
        let mut text = String::new();
        for flaw in &flaws {
            let place = if flaw.line > 0 {
                format!("{name}:{}", flaw.line)
            } else {
                name.clone()
            };
            let _ = writeln!(text, "{place}: {}", flaw.what);
        }
        if let (Some(format), true) = (format, flaws.is_empty()) {
            let _ = writeln!(text, "{name}: {format}, no fault");
        }
        context.print(text)?;
    }
    if args.json {
        let json = serde_json::json!({ "schema": 1, "files": all });
        context.print(format!("{json:#}\n"))?;
    }
    Ok(if faults == 0 {
        ExitCode::Done
    } else {
        ExitCode::Failed
    })
}

fn export(args: &LyricsExportArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let bytes = match args.to {
        To::Lrc => write::lrc(&told(&args.file, context)?.lyrics, args.shift).into_bytes(),
        To::Ultrastar => moved_ultrastar(&args.file, args.shift)?,
    };
    let Some(output) = &args.output else {
        context.print_bytes(&bytes)?;
        return Ok(ExitCode::Done);
    };
    // what somebody made by hand is never written over
    files::write_new(output, &bytes).with_context(|| {
        format!(
            "{} is not written: name a file that does not exist yet, in a folder you may write to",
            shown(output)
        )
    })?;
    context.say(format!("{} written", shown(output)));
    Ok(ExitCode::Done)
}

/// The file with another `#GAP`, all else byte for byte.
fn moved_ultrastar(path: &Path, shift: Millis) -> Result<Vec<u8>, CommandError> {
    let bytes = finder::bytes_of(path).map_err(|error| unusable(path, &error.to_string()))?;
    if !ultrastar::looks_like(&bytes) {
        return Err(unusable(
            path,
            "it is no UltraStar file; only those are written back as such",
        ));
    }
    let mut file = UltraStarFile::parse(&bytes);
    if shift != 0 {
        let gap = file.number("GAP").unwrap_or(0.0) + shift as f64;
        // headers of old files have a comma, and every game reads a whole number
        file.set_header("GAP", &format!("{gap:.0}"));
    }
    Ok(file.export())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_moves_the_gap_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.txt");
        std::fs::write(&path, "#TITLE:x\r\n#GAP:1000,4\r\n#ODD:1\r\n: 0 1 0 a \r\nE\r\n").unwrap();
        let moved = moved_ultrastar(&path, -150).unwrap();
        assert_eq!(moved, b"#TITLE:x\r\n#GAP:850\r\n#ODD:1\r\n: 0 1 0 a \r\nE\r\n");
        assert_eq!(moved_ultrastar(&path, 0).unwrap(), std::fs::read(&path).unwrap());
        std::fs::write(&path, "plain").unwrap();
        assert!(moved_ultrastar(&path, 0).is_err());
    }
}
