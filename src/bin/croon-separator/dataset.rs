//! Finds and decodes training material. A folder tree may hold, in any mixture:
//! songs (`vocals` beside `drums`, `bass`, `other`, or `.stem.mp4` files), pairs (`vocals` beside
//! `accompaniment`), loose recordings below folders called `vocals` or `accompaniment`, and whole songs
//! below folders called `unlabelled`, which [`crate::teacher`] separates. What cannot be used is named
//! with its reason and left out.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dataset_song::DatasetSong;
use crate::recording::{RATE, Recording};
use croon::audio::decode::read_all;
use croon::judge::reference::{
    ReferenceStream, SongFiles, files_by_folder, is_audio, name_of, read_stream, to_rate,
};
use croon::library::AUDIO_ENDINGS;

/// Shorter recordings hold too little to learn from.
pub const SHORTEST: usize = RATE as usize / 2;
/// Frames by which stems of one song may differ: codecs pad, editors cut.
const SLACK: usize = RATE as usize / 10;
/// A recording whose peak stays below this, -60 dB of full scale, is silent.
const AUDIBLE: u16 = 33;

/// A file that could not be used, and why.
#[derive(Debug, Clone)]
pub struct Skipped {
    pub path: PathBuf,
    pub reason: String,
}

#[derive(Debug, Default)]
pub struct Dataset {
    /// Songs in several parts: their parts may be recombined.
    pub songs: Vec<DatasetSong>,
    /// Songs whose accompaniment is one piece.
    pub pairs: Vec<DatasetSong>,
    pub voices: Vec<Recording>,
    pub accompaniments: Vec<Recording>,
    /// Songs in two parts, the vocals as a teacher heard them and the rest.
    pub taught: Vec<DatasetSong>,
    /// Whole songs that a teacher has not labelled.
    pub unlabelled: Vec<PathBuf>,
    pub skipped: Vec<Skipped>,
    /// Audio files that are part of no layout.
    pub strays: Vec<PathBuf>,
}

/// What a folder tree offers, before anything is decoded.
#[derive(Debug, PartialEq)]
enum MaterialItem {
    Song(SongFiles),
    Voice(PathBuf),
    Accompaniment(PathBuf),
    Unlabelled(PathBuf),
    Stray(PathBuf),
}

/// The same after decoding.
enum Usable {
    Song(DatasetSong),
    Voice(Recording),
    Accompaniment(Recording),
    Unlabelled(PathBuf),
    Stray(PathBuf),
}

/// A decoded file or stream.
struct DecodedFile {
    path: PathBuf,
    /// Its name among the stems of a song.
    name: String,
    audio: Recording,
    /// As recorded, before it came to [`RATE`].
    rate: u32,
}

impl Dataset {
    /// Decodes everything below `root` on every core; `progress` hears of each file.
    pub fn load(root: &Path, mut progress: impl FnMut(usize, usize)) -> Result<Self, String> {
        let found = find(root)?;
        if found.iter().all(|item| matches!(item, MaterialItem::Stray(_))) {
            return Err(format!(
                "{} holds no training material that is recognised. Expected: folders with vocals beside drums, bass \
                 and other; vocals beside accompaniment; .stem.mp4 files; recordings below folders called vocals or \
                 accompaniment; or, for --teacher, songs below folders called unlabelled",
                root.display()
            ));
        }
        let count = found.len();
        let mut read: Vec<Option<Result<Usable, Skipped>>> = (0..count).map(|_| None).collect();
        let next = AtomicUsize::new(0);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            let (done, results) = crossbeam_channel::unbounded();
            for _ in 0..cores.min(count) {
                let (done, next, found) = (done.clone(), &next, &found);
                scope.spawn(move || {
                    while let Some((index, item)) = next_item(next, found) {
                        let _ = done.send((index, read_item(item)));
                    }
                });
            }
            drop(done);
            for (so_far, (index, result)) in results.into_iter().enumerate() {
                read[index] = Some(result);
                progress(so_far + 1, count);
            }
        });
        let mut data = Self::default();
        // In the order of their names, whichever was read first.
        read.into_iter().flatten().for_each(|result| data.add(result));
        Ok(data)
    }

    fn add(&mut self, result: Result<Usable, Skipped>) {
        match result {
            Ok(Usable::Song(song)) if song.parts.len() > 1 => self.songs.push(song),
            Ok(Usable::Song(song)) => self.pairs.push(song),
            Ok(Usable::Voice(audio)) => self.voices.push(audio),
            Ok(Usable::Accompaniment(audio)) => self.accompaniments.push(audio),
            Ok(Usable::Unlabelled(path)) => self.unlabelled.push(path),
            Ok(Usable::Stray(path)) => self.strays.push(path),
            Err(skipped) => self.skipped.push(skipped),
        }
    }

    /// What is worth knowing about the material as a whole, for examples of `len` frames.
    pub fn remarks(&self, len: usize) -> Vec<String> {
        let songs = self.songs.iter().chain(&self.pairs).chain(&self.taught);
        let all: Vec<&Recording> = songs
            .flat_map(|song| [&song.vocals].into_iter().chain(&song.parts))
            .chain(&self.voices)
            .chain(&self.accompaniments)
            .collect();
        let mono = all.iter().filter(|audio| audio.channels == 1).count();
        let short = all.iter().filter(|audio| audio.frames() < len).count();
        let stray = self
            .strays
            .first()
            .map_or_else(String::new, |path| path.display().to_string());
        [
            (self.skipped.len(), "skipped".to_owned()),
            (mono, "mono, put on both sides".to_owned()),
            (short, "shorter than an example, silence follows them".to_owned()),
            (
                self.strays.len(),
                format!("left alone because they are part of no known layout, such as {stray}"),
            ),
            (
                self.unlabelled.len(),
                "unlabelled songs left alone: --teacher MODEL separates them".to_owned(),
            ),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect()
    }

    /// Takes every `nth` song out for validation; the choice depends on the names alone.
    pub fn hold_out(&mut self, nth: usize) -> Vec<DatasetSong> {
        self.songs.sort_by(|a, b| a.name.cmp(&b.name));
        let mut held = Vec::new();
        let mut kept = Vec::new();
        for (index, song) in self.songs.drain(..).enumerate() {
            if index % nth == nth / 2 {
                held.push(song)
            } else {
                kept.push(song)
            }
        }
        self.songs = kept;
        held
    }

    pub fn minutes(&self) -> f64 {
        let songs = self
            .songs
            .iter()
            .chain(&self.pairs)
            .chain(&self.taught)
            .map(|song| song.vocals.frames());
        let alone = self.voices.iter().chain(&self.accompaniments);
        let loose = alone.map(Recording::frames);
        songs.chain(loose).sum::<usize>() as f64 / f64::from(RATE) / 60.0
    }
}

/// The next item that no thread has taken yet.
fn next_item<'f>(next: &AtomicUsize, found: &'f [MaterialItem]) -> Option<(usize, &'f MaterialItem)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((index, found.get(index)?))
}

fn read_item(item: &MaterialItem) -> Result<Usable, Skipped> {
    Ok(match item {
        MaterialItem::Song(files) => Usable::Song(read_song(files)?),
        MaterialItem::Voice(path) => Usable::Voice(read_alone(path)?),
        MaterialItem::Accompaniment(path) => Usable::Accompaniment(read_alone(path)?),
        MaterialItem::Unlabelled(path) => Usable::Unlabelled(path.clone()),
        MaterialItem::Stray(path) => Usable::Stray(path.clone()),
    })
}

fn find(root: &Path) -> Result<Vec<MaterialItem>, String> {
    let wanted = |path: &Path| is_audio(path) || (has_song_ending(path) && is_below(root, path, &UNLABELLED));
    let folders = files_by_folder(root, wanted).map_err(|err| err.to_string())?;
    Ok(folders
        .into_values()
        .flat_map(|files| sort_out(root, files))
        .collect())
}

/// Folders of songs without stems.
const UNLABELLED: [&str; 2] = ["unlabelled", "unlabeled"];

/// Whether `path` lies in a folder of one of these names, `root` and what is below it.
fn is_below(root: &Path, path: &Path, names: &[&str]) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let folders = inside.parent().into_iter().flatten();
    let mut folders = root.file_name().into_iter().chain(folders);
    folders.any(|folder| names.contains(&&*folder.to_string_lossy().to_lowercase()))
}

/// Whether the player takes a file of this name for a song.
fn has_song_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        AUDIO_ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// What the audio files of one folder are.
fn sort_out(root: &Path, files: Vec<PathBuf>) -> Vec<MaterialItem> {
    // Trained on are stems: a mixture beside the vocals is of no use without what it is made of.
    if let Some(song) = SongFiles::in_folder(&files).filter(SongFiles::has_rest) {
        return vec![MaterialItem::Song(song)];
    }
    files
        .into_iter()
        .map(|path| {
            if SongFiles::is_container(&path) {
                MaterialItem::Song(SongFiles::Container(path))
            } else if is_below(root, &path, &UNLABELLED) {
                MaterialItem::Unlabelled(path)
            } else if is_below(root, &path, &["vocals", "voices", "acapella"]) {
                MaterialItem::Voice(path)
            } else if is_below(
                root,
                &path,
                &["accompaniment", "accompaniments", "instrumental", "instrumentals"],
            ) {
                MaterialItem::Accompaniment(path)
            } else {
                MaterialItem::Stray(path)
            }
        })
        .collect()
}

fn read(path: &Path) -> Result<DecodedFile, Skipped> {
    let skipped = |reason: String| Skipped {
        path: path.to_path_buf(),
        reason,
    };
    let (info, pcm) = read_all(path).map_err(|err| skipped(err.to_string()))?;
    let pcm = to_rate(pcm, info.rate).map_err(|err| skipped(err.to_string()))?;
    let audio = Recording::from_stereo(&pcm, info.channels == 1, band_of(info.rate));
    if audio.frames() < SHORTEST {
        return Err(skipped(too_short(audio.frames())));
    }
    Ok(DecodedFile {
        path: path.to_path_buf(),
        name: name_of(path),
        audio,
        rate: info.rate,
    })
}

/// A recording that stands for itself.
fn read_alone(path: &Path) -> Result<Recording, Skipped> {
    let file = read(path)?;
    if is_silent(&file.audio) {
        return Err(Skipped {
            path: file.path,
            reason: "it is silent".into(),
        });
    }
    Ok(file.audio)
}

fn read_song(files: &SongFiles) -> Result<DatasetSong, Skipped> {
    let (vocals, rest) = match files {
        SongFiles::Parts { vocals, rest, .. } => (
            read(vocals)?,
            rest.iter().map(|path| read(path)).collect::<Result<_, _>>()?,
        ),
        SongFiles::Container(path) => read_container(path).map_err(|reason| Skipped {
            path: path.clone(),
            reason,
        })?,
    };
    together(files.name(), vocals, rest)
}

/// The vocals of a `.stem.mp4`, and drums, bass and other. Its stream 0, the mixture, is not needed.
fn read_container(path: &Path) -> Result<(DecodedFile, Vec<DecodedFile>), String> {
    let stem = |(nth, name): (usize, &str)| {
        let ReferenceStream { pcm, rate } = read_stream(path, nth).map_err(|err| err.to_string())?;
        let pcm = to_rate(pcm, rate).map_err(|err| err.to_string())?;
        let audio = Recording::from_stereo(&pcm, false, band_of(rate));
        if audio.frames() < SHORTEST {
            return Err(format!("its {name}: {}", too_short(audio.frames())));
        }
        Ok(DecodedFile {
            path: path.to_path_buf(),
            name: format!("the stream of {name}"),
            audio,
            rate,
        })
    };
    let rest = [(1, "drums"), (2, "bass"), (3, "other")].map(stem);
    Ok((stem((4, "vocals"))?, rest.into_iter().collect::<Result<_, _>>()?))
}

/// A song of stems, if they are of one performance and there is something to hear on both sides.
fn together(name: String, vocals: DecodedFile, rest: Vec<DecodedFile>) -> Result<DatasetSong, Skipped> {
    for part in &rest {
        let (here, there) = (part.audio.frames(), vocals.audio.frames());
        let reason = if part.rate != vocals.rate {
            format!(
                "it has {} Hz and {} {} Hz; bring the stems of a song to one rate",
                part.rate, vocals.name, vocals.rate
            )
        } else if here.abs_diff(there) > SLACK {
            format!(
                "it is {:.1} s long and {} {:.1} s; they are not of one performance",
                seconds(here),
                vocals.name,
                seconds(there)
            )
        } else {
            continue;
        };
        return Err(Skipped {
            path: part.path.clone(),
            reason,
        });
    }
    if is_silent(&vocals.audio) {
        return Err(Skipped {
            path: vocals.path,
            reason: "the vocals are silent".into(),
        });
    }
    // A song without drums is one; a song with nothing but vocals is none.
    if rest.iter().all(|part| is_silent(&part.audio)) {
        return Err(Skipped {
            path: rest.into_iter().next().map_or(vocals.path, |part| part.path),
            reason: "all that is beside the vocals is silent".into(),
        });
    }
    Ok(DatasetSong {
        name,
        vocals: vocals.audio,
        parts: rest.into_iter().map(|part| part.audio).collect(),
    })
}

/// Whether nothing in it can be heard.
pub fn is_silent(audio: &Recording) -> bool {
    audio.pcm.iter().all(|x| x.unsigned_abs() < AUDIBLE)
}

/// Why a recording of so many frames is left out.
pub fn too_short(frames: usize) -> String {
    format!(
        "it is {:.2} s long, and less than {:.1} s holds nothing to learn from",
        seconds(frames),
        seconds(SHORTEST)
    )
}

fn seconds(frames: usize) -> f64 {
    frames as f64 / f64::from(RATE)
}

/// The highest frequency that a file of this rate can hold, in Hz.
pub fn band_of(rate: u32) -> f32 {
    rate.min(RATE) as f32 / 2.0
}

#[cfg(test)]
#[path = "dataset_tests.rs"]
mod tests;
