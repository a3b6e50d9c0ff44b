//! `croon lyrics import` and `fetch`: lyrics brought to croon, kept in places of its own.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::audio::identity::track_id;
use crate::commands::context::Context;
use crate::commands::exit_code::{self, CommandError, ExitCode};
use crate::commands::lyrics::error::{shown, unusable};
use crate::jobs::lyrics as finder;
use crate::jobs::lyrics::online::{self, Known};
use crate::jobs::lyrics::{Places, own};
use crate::library::{read_track, stamp_of};
use crate::lrclib::{Lrclib, LrclibReply};
use crate::lyrics::{self, Format, LyricsRequest, MOST_BYTES};
use crate::store::StemStore;
use crate::track::Track;

#[derive(Debug, clap::Args)]
pub struct LyricsImportArgs {
    /// The song
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its lyrics, in any format croon reads; -: from stdin
    #[arg(value_name = "LYRICS")]
    pub lyrics: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    /// Songs with artist, title and a length
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Ask again for songs the server was asked for before
    #[arg(long)]
    pub again: bool,
}

/// Where a command looks for lyrics: what a server said earlier too, but no server is asked.
pub(super) fn places(context: &Context) -> Places {
    // a croon that is running holds the store; what it keeps is then not seen
    let there = context.paths.state.is_dir();
    let store = there.then(|| StemStore::open(&context.store_paths(), context.config.cache_bytes()));
    Places {
        folders: context.lyrics_folders(),
        store: store.and_then(Result::ok),
        server: None,
    }
}

fn track(file: &Path) -> Result<Track, CommandError> {
    let stamp = stamp_of(file).map_err(|error| unusable(file, &error.to_string()))?;
    Ok(read_track(file, stamp))
}

pub(super) fn import(args: &LyricsImportArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let bytes = if args.lyrics == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .take(MOST_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        bytes
    } else {
        finder::bytes_of(&args.lyrics).map_err(|error| unusable(&args.lyrics, &error.to_string()))?
    };
    let read =
        lyrics::read(&bytes, &args.lyrics).map_err(|error| unusable(&args.lyrics, &error.to_string()))?;
    let track = track(&args.file)?;
    let id = track_id(&args.file)?;
    let folder = context.paths.lyrics();
    let (artist, title) = (track.artist(), track.title());
    let ending = ending(read.lyrics.format);
    let path = own::save(&folder, id, artist, &title, ending, &bytes)?;
    for flaw in &read.flaws {
        context.say(format!("croon: {}: {}", shown(&args.lyrics), flaw.what));
    }
    context.say(format!(
        "{}: sung from now on from these, {} lines, {}",
        shown(&args.file),
        read.lyrics.lines.len(),
        read.lyrics.timing.name()
    ));
    context.print(format!("{}\n", shown(&path)))?;
    Ok(ExitCode::Done)
}

/// Under which a format is found again.
fn ending(format: Format) -> &'static str {
    match format {
        Format::Lrc | Format::EnhancedLrc | Format::Sylt => "lrc",
        Format::UltraStar | Format::Plain | Format::Cdg => "txt",
        Format::Lyricsfile => "lyricsfile",
        Format::Ass => "ass",
        Format::Midi => "kar",
    }
}

pub(super) fn fetch(args: &FetchArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let server = Lrclib::new(&context.config.lyrics.lrclib_server)?;
    // asked for by hand, an answer has to be kept: not while another croon holds the store
    let store = StemStore::open(&context.store_paths(), context.config.cache_bytes())?;
    let (mut missing, mut failed) = (0, 0);
    for file in &args.files {
        match fetched(file, args.again, &server, &store) {
            Ok(Some(words)) => context.print(format!("{}: {words}\n", shown(file)))?,
            Ok(None) => {
                missing += 1;
                context.complain(&shown(file), "LRCLIB has no lyrics of this song");
            }
            Err(error) => {
                failed += 1;
                context.complain(&shown(file), &exit_code::told(&error));
            }
        }
    }
    store.flush()?;
    Ok(match (failed, missing) {
        (0, 0) => ExitCode::Done,
        (0, _) => ExitCode::NothingFound,
        _ => ExitCode::Failed,
    })
}

/// What is kept now of a song, in words; None where the server has nothing.
fn fetched(file: &Path, again: bool, server: &Lrclib, store: &StemStore) -> anyhow::Result<Option<String>> {
    let track = track(file)?;
    let wanted = LyricsRequest {
        path: file.to_owned(),
        artist: track.artist().to_owned(),
        title: track.title(),
        album: track.tags.album.clone(),
        duration: track.duration,
        ..LyricsRequest::default()
    };
    let Some(question) = online::question(&wanted) else {
        anyhow::bail!(
            "its artist or its length is not known, and without them lyrics of another song could come; tag it first"
        );
    };
    let known = if again {
        Known::Unasked
    } else {
        online::known(store, &question)
    };
    let text = match known {
        Known::Lyrics(text) => text,
        Known::Nothing => return Ok(None),
        Known::Unasked => match online::ask(server, Some(store), &question)? {
            LrclibReply::Lyrics(text) => text,
            LrclibReply::Nothing => return Ok(None),
        },
    };
    let lyrics = lyrics::read(text.as_bytes(), Path::new(""))?.lyrics;
    Ok(Some(format!(
        "{}, {}, {} lines",
        lyrics.format,
        lyrics.timing.name(),
        lyrics.lines.len()
    )))
}
