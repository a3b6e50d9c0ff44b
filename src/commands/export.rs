//! `croon export --ultrastar FILE...`: a folder for each song as UltraStar's players want it, with the
//! stems as files of their own and the notes as they were. The song's own folder is only read.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::audio::Vocals;
use crate::audio::decode::Decoder;
use crate::audio::dsp::resample::Resampler;
use crate::audio::identity::track_id;
use crate::audio::write::StemFormat;
use crate::commands::context::Context;
use crate::commands::exit_code::{self, CommandError, ExitCode};
use crate::commands::interrupt::Interrupt;
use crate::commands::separate::files::StemFiles;
use crate::commands::separate::stem::StemChoice;
use crate::commands::separate::{StemFormatArg, song as separate};
use crate::files::PartFolder;
use crate::jobs::vocals::StoredVocals;
use crate::jobs::{model, stored};
use crate::library::{is_audio, ready_stems, song_text};
use crate::lyrics::ultrastar::{self, UltraStarFile, inside};
use crate::separate::engine::Engine;
use crate::store::StemStore;
use crate::text::printable;

/// Frames of stored vocals read at a time.
const PIECE: usize = 1 << 15;
/// Bytes of a folder's name, so that every file system takes it.
const LONGEST_NAME: usize = 160;
/// Headers that name files which belong to a song besides its sound.
const COMPANIONS: [&str; 3] = ["COVER", "BACKGROUND", "VIDEO"];

#[derive(Debug, clap::Args)]
pub struct ExportSongsArgs {
    /// Songs of UltraStar folders: the audio file or the text file
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write UltraStar folders: text, audio, vocals, instrumental, pictures and video
    #[arg(long, required = true)]
    pub ultrastar: bool,
    /// Folder in which each song gets a folder of its own
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Format of stems that have to be written; flac: 24 bits, wav: 32-bit float
    #[arg(long, value_enum, default_value = "flac")]
    pub format: StemFormatArg,
}

pub fn run(args: ExportSongsArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let mut export = Export {
        context,
        interrupt: Interrupt::listen()?,
        format: args.format.into(),
        store: None,
        engine: None,
    };
    // a croon that plays holds the store: then the engine has to do what may be there already
    match StemStore::open(&context.store_paths(), context.config.cache_bytes()) {
        Ok(store) => {
            model::settle(&store, &context.config.separation);
            export.store = Some(store);
        }
        Err(error) => tracing::info!("stored vocals are not used: {error}"),
    }
    let mut failed = 0;
    for file in &args.files {
        match export.song(file, &args.output) {
            Ok(folder) => context.print(format!("{}\n", shown(&folder)))?,
            Err(_) if export.interrupt.happened() => return Ok(ExitCode::Interrupted),
            Err(error) => {
                failed += 1;
                context.complain(&shown(file), &exit_code::told(&error));
            }
        }
    }
    Ok(if failed == 0 {
        ExitCode::Done
    } else {
        ExitCode::Failed
    })
}

struct Export<'a> {
    context: &'a Context,
    interrupt: Interrupt,
    format: StemFormat,
    store: Option<StemStore>,
    engine: Option<Engine>,
}

impl Export<'_> {
    /// Writes one song's folder and tells where it is.
    fn song(&mut self, file: &Path, output: &Path) -> anyhow::Result<PathBuf> {
        let (text, audio) = text_and_audio(file)?;
        let bytes = std::fs::read(&text).with_context(|| format!("{} cannot be read", shown(&text)))?;
        let mut song = UltraStarFile::parse(&bytes);
        let name = name(&song, &audio);
        let goal = output.join(&name);
        if goal.exists() {
            anyhow::bail!(
                "{} is there already, and nothing is written over: choose another folder with -o",
                shown(&goal)
            );
        }
        std::fs::create_dir_all(output).with_context(|| {
            format!(
                "the folder {} cannot be made; choose another with -o",
                shown(output)
            )
        })?;
        // hidden until it is whole, and gone with this value if it never is
        let part = PartFolder::create(&goal)
            .with_context(|| format!("a folder in {} cannot be made", shown(output)))?;
        let audio_name = PathBuf::from(audio.file_name().unwrap_or_default());
        copy(&audio, &part.path().join(&audio_name))?;
        if song.audio() != Some(&audio_name) {
            let key = if song.header("AUDIO").is_some() {
                "AUDIO"
            } else {
                "MP3"
            };
            song.set_header(key, &audio_name.to_string_lossy());
        }
        let home = text.parent().unwrap_or(Path::new(""));
        for companion in COMPANIONS {
            if let Some(named) = song.header(companion).and_then(inside) {
                let from = home.join(named);
                if from.is_file() {
                    copy(&from, &part.path().join(named))?;
                }
            }
        }
        let [vocals, rest] = self.stems(&audio, &name, part.path())?;
        song.set_header("VOCALS", &vocals);
        song.set_header("INSTRUMENTAL", &rest);
        let text_name = format!("{name}.txt");
        std::fs::write(part.path().join(&text_name), song.export())
            .with_context(|| format!("{text_name} could not be written; check the space on the disk"))?;
        part.commit()
            .with_context(|| format!("{} could not be named so", shown(&goal)))?;
        Ok(goal)
    }

    /// Brings both stems into the folder and tells their names there.
    fn stems(&mut self, audio: &Path, name: &str, folder: &Path) -> anyhow::Result<[String; 2]> {
        let ready = ready_stems(audio).unwrap_or_default();
        if let (Some(vocals), Some(rest)) = (&ready.vocals, &ready.instrumental) {
            let mut names = [String::new(), String::new()];
            for (into, (from, part)) in names.iter_mut().zip([(vocals, "VOC"), (rest, "INSTR")]) {
                let ending = from.extension().unwrap_or_default().to_string_lossy();
                *into = format!("{name} [{part}].{ending}");
                copy(from, &folder.join(&*into))?;
            }
            return Ok(names);
        }
        let names = ["VOC", "INSTR"].map(|part| format!("{name} [{part}].{}", self.format.extension()));
        let goals = vec![
            (StemChoice::Vocals, folder.join(&names[0])),
            (StemChoice::Instrumental, folder.join(&names[1])),
        ];
        if !self.stored(audio, &goals)? {
            let engine = match &mut self.engine {
                Some(engine) => engine,
                None => self.engine.insert(Engine::start_until(
                    self.context.engine_command()?,
                    self.interrupt.0.clone(),
                )?),
            };
            let done = separate(audio, goals, self.format, engine, self.context, &self.interrupt);
            if done.is_err() {
                // the next song deserves an engine of its own
                self.engine = None;
            }
            done?;
        }
        Ok(names)
    }

    /// Writes the stems from the stored vocals, where these are whole.
    fn stored(&self, audio: &Path, goals: &[(StemChoice, PathBuf)]) -> anyhow::Result<bool> {
        let Some(store) = &self.store else {
            return Ok(false);
        };
        let id = track_id(audio)?;
        let stored = stored::stems(store, id)?.map(|stored| stored.stems);
        let stored = stored.filter(|stems| stems.is_complete());
        let Some((stored, meta)) = stored.and_then(|stems| Some((stems.clone(), stems.meta()?))) else {
            return Ok(false);
        };
        let original = Decoder::open(audio)?;
        let mut to_file = Resampler::new(meta.rate, original.info().rate)?;
        let mut stems = StemFiles::create(original, goals, self.format)?;
        let mut vocals = StoredVocals::new(store.clone(), id, Some(stored));
        let mut pcm = Vec::new();
        for start in (0..meta.frames).step_by(PIECE) {
            if self.interrupt.happened() {
                anyhow::bail!("interrupted");
            }
            let frames = PIECE.min((meta.frames - start) as usize);
            let mut piece = vec![0.0; 2 * frames];
            if !vocals.read(start, &mut piece) {
                // damaged: the engine makes them anew
                return Ok(false);
            }
            pcm.clear();
            to_file.push(&piece, &mut pcm)?;
            stems.write(&pcm)?;
        }
        pcm.clear();
        to_file.finish(&mut pcm)?;
        stems.write(&pcm)?;
        stems.finish()?;
        Ok(true)
    }
}

/// The text of a song and its audio, by the name of either.
fn text_and_audio(file: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let missing = |what: &str| CommandError::new(ExitCode::NothingFound, what.to_owned());
    if is_audio(file) {
        let text = song_text(file).ok_or_else(|| {
            missing("there is no UltraStar text beside it that names it, and without notes there is no UltraStar song")
        })?;
        return Ok((text, file.to_owned()));
    }
    let bytes = crate::jobs::lyrics::bytes_of(file)?;
    if !ultrastar::looks_like(&bytes) {
        return Err(missing("it is neither audio nor an UltraStar text").into());
    }
    let song = UltraStarFile::parse(&bytes);
    let audio = song.audio().map(|name| file.with_file_name("").join(name));
    match audio.filter(|audio| audio.is_file()) {
        Some(audio) => Ok((file.to_owned(), audio)),
        None => Err(missing("the audio it names is not in its folder").into()),
    }
}

/// `Artist - Title`, as the name of a folder.
fn name(song: &UltraStarFile, audio: &Path) -> String {
    let title = song
        .header("TITLE")
        .map_or_else(|| crate::track::file_title(audio), str::to_owned);
    let name = match song.header("ARTIST") {
        Some(artist) => format!("{artist} - {title}"),
        None => title,
    };
    let plain = |c: char| match c {
        '/' | '\\' | ':' | '?' | '*' | '"' | '<' | '>' | '|' => '_',
        c => c,
    };
    let mut name: String = printable(&name).chars().map(plain).collect();
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    let name = name.trim_start_matches('.').trim();
    if name.is_empty() {
        "song".to_owned()
    } else {
        name.to_owned()
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to)
        .with_context(|| format!("{} could not be copied; check the space on the disk", shown(from)))?;
    Ok(())
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_is_named_by_its_headers_within_one_folder() {
        let named = |headers: &str| name(&UltraStarFile::parse(headers.as_bytes()), Path::new("/m/a.ogg"));
        assert_eq!(named("#ARTIST:AC/DC\n#TITLE:../x\n"), "AC_DC - .._x");
        assert_eq!(named("#TITLE:..\n"), "song");
        assert_eq!(named("#BPM:3\n"), "a");
        assert!(named(&format!("#TITLE:{}\n", "ü".repeat(500))).len() <= LONGEST_NAME);
    }
}
