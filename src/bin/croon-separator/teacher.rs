//! A finished model separates songs that have no stems, so that another can learn from them. The vocals it
//! finds are kept in the run's folder as FLAC, under a name made of the song's content and the teacher's
//! weights: whatever stops a run, no song is separated twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use tch::TchError;

use crate::dataset::{self, Dataset, Skipped};
use crate::dataset_song::DatasetSong;
use crate::device::Choice;
use crate::model::GRID;
use crate::pick;
use crate::recording::{RATE, Recording};
use crate::separator::{BATCH, Separator};
use crate::weights::{self, WeightsError};
use croon::audio::decode::read_all;
use croon::audio::write::{StemFormat, StemWriter, WriteError};
use croon::judge::reference::{name_of, to_rate};
use croon::separate::window_source::Mixture;

/// Counted up when the same weights give other labels, so that kept ones are not mistaken for them.
const VERSION: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error("the teacher cannot be made ready: {0}. --device cpu does without a GPU")]
    Open(TchError),
    #[error(
        "the teacher could not separate {path}: {detail}. Take the file out of the folder, or choose another teacher, and give the same command again: songs that are labelled stay so"
    )]
    Separate { path: PathBuf, detail: String },
    #[error(
        "the labels cannot be kept in {path}: {detail}. Make room or mend its rights, and give the same command again: songs that are labelled stay so"
    )]
    Keep { path: PathBuf, detail: String },
}

/// Vocals of some windows, in their order.
type Separate = Box<dyn FnMut(&[&[f32]]) -> Result<Vec<Vec<f32>>, TchError>>;

pub struct Teacher {
    separate: Separate,
    /// Windows that are given to it together.
    together: usize,
    /// Stands for its weights in the names of labels.
    fingerprint: String,
    /// Where labels are kept.
    folder: PathBuf,
}

/// What became of a song.
#[derive(Debug)]
enum Outcome {
    Labelled { song: DatasetSong, kept: bool },
    Skipped(String),
    Stopped,
}

/// What became of all songs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// Songs separated now.
    pub labelled: usize,
    /// Songs whose labels were there already.
    pub kept: usize,
    /// `false` when it was stopped before the last song.
    pub whole: bool,
}

impl Teacher {
    /// A bundled model by its name, or any by the path of its manifest. Labels go below `run`; on the
    /// processor, `threads` windows are separated side by side.
    ///
    /// # Errors
    /// There is no such model, it does not load, or the device cannot run it.
    pub fn open(model: &str, run: &Path, choice: &Choice, threads: usize) -> Result<Self, TeacherError> {
        let path = Path::new(model);
        let manifest = if path.extension().is_some_and(|ending| ending == "toml") {
            path.to_path_buf()
        } else {
            weights::find(None, model)?
        };
        let loaded = weights::load(&manifest)?;
        let opened = pick::open(choice, &loaded.model, threads).map_err(TeacherError::Open)?;
        let on_card = opened.choice.device.is_cuda();
        let mut separators = opened.separators;
        Ok(Self {
            together: if on_card { BATCH } else { separators.len() },
            separate: Box::new(move |windows| side_by_side(&mut separators, windows)),
            fingerprint: format!("{VERSION} {} {:?}", loaded.manifest.sha256, loaded.manifest.gate),
            folder: run.join("teacher"),
        })
    }

    /// Labels the unlabelled songs of `data`, which hears of each that it had to leave out; `progress` hears
    /// how many of how many are done.
    ///
    /// # Errors
    /// The teacher fails, or a label cannot be written. A song that does not decode is only skipped.
    pub fn teach(
        &mut self,
        data: &mut Dataset,
        stop: &AtomicBool,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Lesson, TeacherError> {
        let keep = |err: std::io::Error, path: &Path| TeacherError::Keep {
            path: path.to_path_buf(),
            detail: err.to_string(),
        };
        std::fs::create_dir_all(&self.folder).map_err(|err| keep(err, &self.folder))?;
        let own = self
            .folder
            .canonicalize()
            .map_err(|err| keep(err, &self.folder))?;
        let mut songs = std::mem::take(&mut data.unlabelled);
        // A run may lie within its own material.
        songs.retain(|path| !path.canonicalize().is_ok_and(|path| path.starts_with(&own)));
        let count = songs.len();
        let mut lesson = Lesson {
            labelled: 0,
            kept: 0,
            whole: true,
        };
        for (done, path) in songs.into_iter().enumerate() {
            progress(done, count);
            match self.label(&path, stop)? {
                Outcome::Labelled { song, kept } => {
                    data.taught.push(song);
                    *(if kept {
                        &mut lesson.kept
                    } else {
                        &mut lesson.labelled
                    }) += 1;
                }
                Outcome::Skipped(reason) => data.skipped.push(Skipped { path, reason }),
                Outcome::Stopped => {
                    lesson.whole = false;
                    return Ok(lesson);
                }
            }
        }
        progress(count, count);
        Ok(lesson)
    }

    fn label(&mut self, path: &Path, stop: &AtomicBool) -> Result<Outcome, TeacherError> {
        if stop.load(Relaxed) {
            return Ok(Outcome::Stopped);
        }
        let (rate, pcm, label) = match self.open_song(path) {
            Ok(song) => song,
            Err(reason) => return Ok(Outcome::Skipped(reason)),
        };
        let frames = pcm.len() / 2;
        let known = read_label(&label, frames);
        let kept = known.is_some();
        let vocals = match known {
            Some(vocals) => vocals,
            None => {
                let Some(vocals) = self.vocals(path, &pcm, stop)? else {
                    return Ok(Outcome::Stopped);
                };
                if let Some(at) = vocals.iter().position(|x| !x.is_finite()) {
                    return Ok(Outcome::Skipped(format!(
                        "the teacher gives no numbers for it at {:.0} s",
                        (at / 2) as f64 / f64::from(RATE)
                    )));
                }
                let unkept = |detail: String| TeacherError::Keep {
                    path: label.clone(),
                    detail,
                };
                write_label(&label, &vocals).map_err(|err| unkept(err.to_string()))?;
                // As a later run will read it, so that both learn from the very same.
                read_label(&label, frames).ok_or_else(|| unkept("it does not read back".into()))?
            }
        };
        let band = dataset::band_of(rate);
        let vocals = Recording::from_stereo(&vocals, false, band);
        let rest = Recording::from_stereo(&pcm, false, band).less(&vocals);
        for (take, what) in [(&vocals, "voice"), (&rest, "accompaniment")] {
            if dataset::is_silent(take) {
                return Ok(Outcome::Skipped(format!("the teacher hears no {what} in it")));
            }
        }
        let song = DatasetSong {
            name: name_of(path),
            vocals,
            parts: vec![rest],
        };
        Ok(Outcome::Labelled { song, kept })
    }

    /// The file's rate, the song in stereo at [`RATE`], and where its label lies; or what is wrong with it.
    fn open_song(&self, path: &Path) -> Result<(u32, Arc<Vec<f32>>, PathBuf), String> {
        let content = weights::sha256_of(path).map_err(|err| err.to_string())?;
        let (info, pcm) = read_all(path).map_err(|err| err.to_string())?;
        let pcm = to_rate(pcm, info.rate).map_err(|err| err.to_string())?;
        if pcm.len() / 2 < dataset::SHORTEST {
            return Err(dataset::too_short(pcm.len() / 2));
        }
        let name = weights::sha256(format!("{content} {}", self.fingerprint).as_bytes());
        let label = self.folder.join(format!("{}.flac", &name[..32]));
        Ok((info.rate, Arc::new(pcm), label))
    }

    /// The vocals of a whole song, put together from windows as the player does; `None` when it was stopped.
    fn vocals(
        &mut self,
        path: &Path,
        pcm: &Arc<Vec<f32>>,
        stop: &AtomicBool,
    ) -> Result<Option<Vec<f32>>, TeacherError> {
        let failed = |detail: String| TeacherError::Separate {
            path: path.to_path_buf(),
            detail,
        };
        let frames = pcm.len() as u64 / 2;
        let mut song =
            Mixture::in_memory(Arc::clone(pcm), RATE, GRID).map_err(|err| failed(err.to_string()))?;
        let mut vocals = vec![0.0; pcm.len()];
        let mut next = 0;
        while next < GRID.segments(frames) {
            if stop.load(Relaxed) {
                return Ok(None);
            }
            let mut windows = Vec::with_capacity(self.together);
            while windows.len() < self.together {
                let window = song.window(next + windows.len() as u32);
                match window.map_err(|err| failed(err.to_string()))? {
                    Some(window) => windows.push(window),
                    None => break,
                }
            }
            let views: Vec<&[f32]> = windows.iter().map(Vec::as_slice).collect();
            let separated = (self.separate)(&views).map_err(|err| failed(err.to_string()))?;
            if separated.is_empty() {
                return Err(failed("the song ends before its last window".into()));
            }
            for window in separated {
                let piece = GRID.cut(next, &window, Some(frames));
                GRID.add(next, &piece, 0, &mut vocals);
                next += 1;
            }
        }
        Ok(Some(vocals))
    }
}

/// Windows spread over separators, each with a thread of its own.
fn side_by_side(separators: &mut [Separator], windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
    let share = windows.len().div_ceil(separators.len().max(1)).max(1);
    if share == windows.len() {
        return separators
            .first_mut()
            .map_or_else(|| Ok(Vec::new()), |first| first.separate(windows));
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = separators
            .iter_mut()
            .zip(windows.chunks(share))
            .map(|(separator, windows)| {
                scope.spawn(move || {
                    tch::set_num_threads(1);
                    separator.separate(windows)
                })
            })
            .collect();
        let mut vocals = Vec::new();
        for worker in workers {
            let done = worker.join();
            vocals
                .extend(done.map_err(|_| TchError::Convert("a thread of the teacher ended early".into()))??);
        }
        Ok(vocals)
    })
}

/// The vocals of a song of so many frames, if they are kept whole.
fn read_label(path: &Path, frames: usize) -> Option<Vec<f32>> {
    let (info, vocals) = read_all(path).ok()?;
    (info.rate == RATE && vocals.len() == 2 * frames).then_some(vocals)
}

/// Under another name first: a label that can be seen is whole.
fn write_label(path: &Path, vocals: &[f32]) -> Result<(), WriteError> {
    let mut writer = StemWriter::create(path, StemFormat::Flac, RATE, 2)?;
    writer.write(vocals)?;
    writer.finish().map(|_| ())
}

#[cfg(test)]
#[path = "teacher_tests.rs"]
mod tests;
