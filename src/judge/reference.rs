//! Songs whose stems are known: how they lie on disk, and reading them in full precision. The engine
//! trains on the same layouts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audio::decode::error::DecodeError;
use crate::audio::decode::{Decoder, read_all};
use crate::audio::dsp::resample::{ResampleError, Resampler};
use crate::judge::RATE;

/// Extensions of the audio files that are looked at.
const EXTENSIONS: [&str; 9] = ["wav", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aiff", "aif"];
const CONTAINER: &str = ".stem.mp4";
const ACCOMPANIMENT: [&str; 2] = ["accompaniment", "instrumental"];
const INSTRUMENTS: [&str; 3] = ["drums", "bass", "other"];
/// Stems of one song that differ by more frames than this do not belong together.
const SLACK: usize = RATE as usize;

/// Why a song cannot serve as a reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error("{} cannot be looked through: {source}. Check the path and its rights", path.display())]
    Walk { path: PathBuf, source: walkdir::Error },
    #[error("{}: {source}", path.display())]
    Decode { path: PathBuf, source: DecodeError },
    #[error("{}: {source}", path.display())]
    Resample { path: PathBuf, source: ResampleError },
    #[error(
        "audio track {nth} cannot be read: {source}. A reference {CONTAINER} holds mixture, drums, bass, other and vocals, in this order"
    )]
    Track { nth: usize, source: DecodeError },
    #[error("{} is {seconds:.1} s long and the shortest stem {shortest:.1} s: they are not of one song", path.display())]
    Lengths {
        path: PathBuf,
        seconds: f64,
        shortest: f64,
    },
    #[error("it holds no sound")]
    Empty,
}

/// Where the stems of a song lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SongFiles {
    /// Files of one folder.
    Parts {
        vocals: PathBuf,
        /// One accompaniment, or drums, bass and other; empty where only the mixture is there.
        rest: Vec<PathBuf>,
        mixture: Option<PathBuf>,
    },
    /// A `.stem.mp4`: stream 0 mixture, 1 drums, 2 bass, 3 other, 4 vocals.
    Container(PathBuf),
}

/// Interleaved stereo at [`RATE`], of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Stems {
    pub vocals: Vec<f32>,
    pub accompaniment: Vec<f32>,
    /// Shared with whoever separates it.
    pub mixture: Arc<Vec<f32>>,
}

impl Stems {
    /// With the sum as the mixture.
    pub fn mixed(vocals: Vec<f32>, accompaniment: Vec<f32>) -> Self {
        let mixture = vocals.iter().zip(&accompaniment).map(|(v, a)| v + a).collect();
        Self {
            vocals,
            accompaniment,
            mixture: Arc::new(mixture),
        }
    }

    pub fn seconds(&self) -> f64 {
        seconds(&self.mixture)
    }
}

fn seconds(pcm: &[f32]) -> f64 {
    (pcm.len() / 2) as f64 / f64::from(RATE)
}

impl SongFiles {
    /// The song that the audio files of one folder make up: vocals beside an accompaniment, beside
    /// drums, bass and other, or beside a mixture. `None` without vocals, or with nothing beside them.
    pub fn in_folder(files: &[PathBuf]) -> Option<Self> {
        let vocals = named(files, "vocals")?;
        let all = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| named(files, name))
                .collect::<Vec<_>>()
        };
        let mut rest = all(&INSTRUMENTS);
        if rest.is_empty() {
            rest = all(&ACCOMPANIMENT);
            rest.truncate(1);
        }
        let mixture = named(files, "mixture");
        (!rest.is_empty() || mixture.is_some()).then_some(Self::Parts {
            vocals,
            rest,
            mixture,
        })
    }

    /// Whether what sounds beside the vocals is there by itself, not only in the mixture.
    pub fn has_rest(&self) -> bool {
        match self {
            Self::Parts { rest, .. } => !rest.is_empty(),
            Self::Container(_) => true,
        }
    }

    pub fn is_container(path: &Path) -> bool {
        path.to_string_lossy().to_lowercase().ends_with(CONTAINER)
    }

    pub fn name(&self) -> String {
        match self {
            Self::Parts { vocals, .. } => vocals.parent().map(name_of).unwrap_or_default(),
            Self::Container(path) => {
                let name = name_of(path);
                let end = name.len()
                    - if Self::is_container(path) {
                        CONTAINER.len()
                    } else {
                        0
                    };
                name[..end].to_owned()
            }
        }
    }

    /// Reads the stems. The mixture is the folder's own where it has one and else the sum of the
    /// stems; a container's is always the sum, since lossy coding makes its first stream differ.
    pub fn read(&self) -> Result<Stems, ReferenceError> {
        let (vocals, rest, mixture) = match self {
            Self::Parts {
                vocals,
                rest,
                mixture,
            } => {
                let rest = rest
                    .iter()
                    .map(|path| read_file(path))
                    .collect::<Result<Vec<_>, _>>()?;
                let mixture = mixture.as_deref().map(read_file).transpose()?;
                (read_file(vocals)?, rest, mixture)
            }
            Self::Container(path) => {
                let stream = |nth| -> Result<Vec<f32>, ReferenceError> {
                    let ReferenceStream { pcm, rate } = read_stream(path, nth)?;
                    at_rate(path, pcm, rate)
                };
                let rest = [1, 2, 3].map(stream).into_iter().collect::<Result<Vec<_>, _>>()?;
                (stream(4)?, rest, None)
            }
        };
        self.align(vocals, rest, mixture)
    }

    /// Stems of slightly different length are cut to the shortest.
    fn align(
        &self,
        mut vocals: Vec<f32>,
        rest: Vec<Vec<f32>>,
        mixture: Option<Vec<f32>>,
    ) -> Result<Stems, ReferenceError> {
        let parts = || [&vocals].into_iter().chain(&rest).chain(&mixture);
        let len = parts().map(Vec::len).min().unwrap_or(0);
        if let Some(at) = parts().position(|part| part.len() > len + 2 * SLACK) {
            return Err(ReferenceError::Lengths {
                path: self.paths().nth(at).cloned().unwrap_or_default(),
                seconds: parts().nth(at).map_or(0.0, |part| seconds(part)),
                shortest: (len / 2) as f64 / f64::from(RATE),
            });
        }
        if len == 0 {
            return Err(ReferenceError::Empty);
        }
        vocals.truncate(len);
        let mixture = mixture.map(|mut pcm| {
            pcm.truncate(len);
            pcm
        });
        let mut rest = rest.into_iter();
        let accompaniment = match (rest.next(), &mixture) {
            (Some(mut sum), _) => {
                sum.truncate(len);
                for part in rest {
                    sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
                }
                sum
            }
            (None, Some(mixture)) => mixture.iter().zip(&vocals).map(|(m, v)| m - v).collect(),
            (None, None) => return Err(ReferenceError::Empty),
        };
        Ok(match mixture {
            Some(mixture) => Stems {
                vocals,
                accompaniment,
                mixture: Arc::new(mixture),
            },
            None => Stems::mixed(vocals, accompaniment),
        })
    }

    /// In the order they are read: vocals, the rest, the mixture.
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (vocals, rest, mixture) = match self {
            Self::Parts {
                vocals,
                rest,
                mixture,
            } => (vocals, &rest[..], mixture.as_ref()),
            Self::Container(path) => (path, &[][..], None),
        };
        [vocals].into_iter().chain(rest).chain(mixture)
    }
}

/// What a place offers to be judged against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundReferences {
    Song(SongFiles),
    /// A song by its looks, which lacks what it takes: its name, and what is missing.
    Incomplete {
        song: String,
        lacks: String,
    },
}

/// The songs at `path`: a container, a song's folder, or a folder of either, at any depth.
pub fn find(path: &Path) -> Result<Vec<FoundReferences>, ReferenceError> {
    if path.is_file() {
        return Ok(vec![FoundReferences::Song(SongFiles::Container(path.to_owned()))]);
    }
    let mut found = Vec::new();
    for (folder, files) in audio_by_folder(path)? {
        if let Some(song) = SongFiles::in_folder(&files) {
            found.push(FoundReferences::Song(song));
        } else if let Some(lacks) = lacking(&files) {
            let song = name_of(&folder);
            found.push(FoundReferences::Incomplete { song, lacks });
        }
        let containers = files.into_iter().filter(|path| SongFiles::is_container(path));
        found.extend(containers.map(|path| FoundReferences::Song(SongFiles::Container(path))));
    }
    Ok(found)
}

/// What the files of a folder that looks like a song's lack; `None` for any other folder.
fn lacking(files: &[PathBuf]) -> Option<String> {
    let has = |name: &&&str| named(files, name).is_some();
    if has(&&"vocals") {
        return Some("it has vocals, but neither a mixture nor an accompaniment beside them".into());
    }
    let names = ["mixture"].iter().chain(&ACCOMPANIMENT).chain(&INSTRUMENTS);
    let there: Vec<&str> = names.filter(has).copied().collect();
    (!there.is_empty()).then(|| {
        format!(
            "it has {} but no vocals to judge against; put vocals.wav (or .flac, .ogg, .mp3, .m4a) beside it",
            there.join(", ")
        )
    })
}

/// The audio files below `root`, by the folder they lie in.
pub fn audio_by_folder(root: &Path) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, ReferenceError> {
    files_by_folder(root, is_audio)
}

/// The wanted files below `root`, by the folder they lie in.
///
/// # Errors
/// `root` cannot be read.
pub fn files_by_folder(
    root: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, ReferenceError> {
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root).follow_links(true).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(source) if source.depth() == 0 => {
                return Err(ReferenceError::Walk {
                    path: root.to_owned(),
                    source,
                });
            }
            // A loop of links or an unreadable folder costs only itself.
            Err(_) => continue,
        };
        let path = entry.path();
        if entry.file_type().is_file() && wanted(path) {
            folders
                .entry(path.parent().unwrap_or(root).to_owned())
                .or_default()
                .push(path.to_owned());
        }
    }
    Ok(folders)
}

/// The audio files of one folder, by name.
pub fn audio_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && is_audio(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether the name ends like an audio file's that stems are kept in.
pub fn is_audio(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&&*extension.to_lowercase()))
}

/// The file of that name, whatever its extension and case.
pub fn named(files: &[PathBuf], name: &str) -> Option<PathBuf> {
    let stem = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    files
        .iter()
        .find(|path| stem(path).as_deref() == Some(name))
        .cloned()
}

/// A file's or folder's name, for people.
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A whole file, interleaved stereo at [`RATE`].
pub fn read_file(path: &Path) -> Result<Vec<f32>, ReferenceError> {
    let (info, pcm) = read_all(path).map_err(|source| ReferenceError::Decode {
        path: path.to_owned(),
        source,
    })?;
    at_rate(path, pcm, info.rate)
}

/// One decoded stream.
pub struct ReferenceStream {
    pub pcm: Vec<f32>,
    pub rate: u32,
}

/// The nth audio stream of a container, counted from 0.
pub fn read_stream(path: &Path, nth: usize) -> Result<ReferenceStream, ReferenceError> {
    let failed = |source| ReferenceError::Track { nth, source };
    let mut decoder = Decoder::open_track(path, nth).map_err(failed)?;
    let mut pcm = Vec::new();
    while decoder.read(&mut pcm).map_err(failed)? > 0 {}
    Ok(ReferenceStream {
        pcm,
        rate: decoder.info().rate,
    })
}

/// Stereo at [`RATE`].
pub fn to_rate(pcm: Vec<f32>, rate: u32) -> Result<Vec<f32>, ResampleError> {
    if rate == RATE {
        return Ok(pcm);
    }
    let mut resampler = Resampler::new(rate, RATE)?;
    let mut out = Vec::new();
    resampler.push(&pcm, &mut out)?;
    resampler.finish(&mut out)?;
    Ok(out)
}

fn at_rate(path: &Path, pcm: Vec<f32>, rate: u32) -> Result<Vec<f32>, ReferenceError> {
    to_rate(pcm, rate).map_err(|source| ReferenceError::Resample {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
