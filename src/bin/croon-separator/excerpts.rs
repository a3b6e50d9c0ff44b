//! Windows of music to compare devices with: from audio files, from songs whose stems are known, or a
//! synthetic mixture where no file is given.

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use croon::audio::decode::read_all;
use croon::judge::reference::{FoundReferences, SongFiles, find, to_rate};

use crate::model::GRID;
use crate::rng::Rng;

/// Interleaved stereo of [`GRID`]'s window length.
pub struct Excerpt {
    pub mixture: Vec<f32>,
    /// The true vocals, where the stems are known.
    pub vocals: Option<Vec<f32>>,
}

pub struct Excerpts {
    pub windows: Vec<Excerpt>,
    /// The source of the windows, in words.
    pub source: String,
}

enum ExcerptSource {
    Song(SongFiles),
    Mixture(PathBuf),
}

impl Excerpts {
    /// Up to `count` windows from `paths`, spread over all songs found there. A file is one mixture, a
    /// `.stem.mp4` or a folder with stems brings known vocals, other folders are searched for those.
    ///
    /// # Errors
    ///
    /// A file does not decode, or the paths hold no sound.
    pub fn read(paths: &[PathBuf], count: usize) -> Result<Self> {
        if paths.is_empty() {
            return Ok(Self::synthetic(count));
        }
        let mut sources = Vec::new();
        for path in paths {
            sources.extend(sources_at(path)?);
        }
        ensure!(
            !sources.is_empty(),
            "no songs with known stems were found; name audio files, or folders as `croon eval` takes them"
        );
        let per_source = count.div_ceil(sources.len());
        // More songs than windows: evenly spread songs.
        let every = (sources.len() / count.max(1)).max(1);
        let mut windows = Vec::new();
        let mut used = 0;
        for source in sources.iter().step_by(every) {
            let wanted = per_source.min(count - windows.len());
            if wanted == 0 {
                break;
            }
            let (mixture, vocals) = source.read()?;
            windows.extend(cut(&mixture, vocals.as_deref(), wanted));
            used += 1;
        }
        ensure!(!windows.is_empty(), "the audio files hold nothing but silence");
        let source = format!("{} windows of {used} recordings", windows.len());
        Ok(Self { windows, source })
    }

    /// A chord, a beat, and a voice-like tone with vibrato that pauses; no two windows alike.
    fn synthetic(count: usize) -> Self {
        let windows = (0..count).map(|index| Excerpt {
            mixture: synthetic(index as u64),
            vocals: None,
        });
        Self {
            windows: windows.collect(),
            source: format!("{count} windows of a synthetic mixture, since no audio was given"),
        }
    }
}

fn sources_at(path: &Path) -> Result<Vec<ExcerptSource>> {
    if path.is_file() && !SongFiles::is_container(path) {
        return Ok(vec![ExcerptSource::Mixture(path.to_path_buf())]);
    }
    let songs = find(path)?.into_iter().filter_map(|found| match found {
        FoundReferences::Song(song) => Some(ExcerptSource::Song(song)),
        FoundReferences::Incomplete { .. } => None,
    });
    Ok(songs.collect())
}

impl ExcerptSource {
    /// Mixture, and vocals where they are known.
    fn read(&self) -> Result<(Vec<f32>, Option<Vec<f32>>)> {
        match self {
            Self::Song(song) => {
                let stems = song.read().with_context(|| song.name())?;
                Ok((stems.mixture.to_vec(), Some(stems.vocals)))
            }
            Self::Mixture(path) => {
                let name = || path.display().to_string();
                let (info, pcm) = read_all(path).with_context(name)?;
                Ok((to_rate(pcm, info.rate).with_context(name)?, None))
            }
        }
    }
}

/// Up to `count` windows of a song, evenly spread, on the grid that a player cuts songs on. Windows
/// whose mixture is digital silence are left out: no network sees them.
fn cut(mixture: &[f32], vocals: Option<&[f32]>, count: usize) -> Vec<Excerpt> {
    let segments = GRID.segments(mixture.len() as u64 / 2) as usize;
    let window = |pcm: &[f32], segment: usize| {
        let start = 2 * GRID.window_start(segment as u32);
        let at = |index: usize| {
            let place = usize::try_from(start + index as i64).ok();
            place.and_then(|place| pcm.get(place)).copied().unwrap_or(0.0)
        };
        (0..2 * GRID.window).map(at).collect::<Vec<f32>>()
    };
    let places = (0..count.min(segments)).map(|nth| nth * segments / count.min(segments));
    let excerpts = places.map(|segment| Excerpt {
        mixture: window(mixture, segment),
        vocals: vocals.map(|vocals| window(vocals, segment)),
    });
    excerpts
        .filter(|excerpt| excerpt.mixture.iter().any(|x| *x != 0.0))
        .collect()
}

fn synthetic(seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed + 1);
    let root = 110.0 * 2_f32.powf(rng.below(12) as f32 / 12.0);
    let tone = |time: f32, pitch: f32| (TAU * (time * pitch).fract()).sin();
    let mut pcm = Vec::with_capacity(2 * GRID.window);
    for frame in 0..GRID.window {
        let time = frame as f32 / GRID.rate as f32;
        let chord: f32 = [1.0, 1.25, 1.5]
            .iter()
            .map(|ratio| tone(time, root * ratio))
            .sum();
        let beat = rng.normal(0.0, 0.3) * (-20.0 * (time % 0.5)).exp();
        let sings = f32::from(u8::from(time % 3.0 < 2.0));
        let vibrato = 0.3 * (TAU * 5.5 * time).sin();
        let voice: f32 = (1..9)
            .map(|n| {
                let n = n as f32;
                (TAU * (2.0 * root * n * time).fract() + n * vibrato).sin() / n
            })
            .sum();
        let both = 0.08 * chord + 0.12 * sings * voice;
        pcm.push(both + beat + rng.normal(0.0, 0.005));
        pcm.push(both - 0.5 * beat + rng.normal(0.0, 0.005));
    }
    pcm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_spread_over_the_song_on_the_grid_of_a_player() {
        let frames = 4 * GRID.core;
        let mixture: Vec<f32> = (0..2 * frames).map(|index| 1.0 + (index / 2) as f32).collect();
        let excerpts = cut(&mixture, Some(&mixture), 2);
        assert_eq!(excerpts.len(), 2);
        let context = GRID.context();
        // Before the song there is silence; the second window belongs to segment 2.
        assert_eq!(excerpts[0].mixture[2 * context - 1], 0.0);
        assert_eq!(excerpts[0].mixture[2 * context], 1.0);
        assert_eq!(excerpts[1].mixture[2 * context], 1.0 + 2.0 * GRID.core as f32);
        assert_eq!(excerpts[1].vocals.as_ref(), Some(&excerpts[1].mixture));
    }

    #[test]
    fn silence_is_left_out_and_no_file_means_a_synthetic_mixture() {
        assert!(cut(&vec![0.0; 4 * GRID.core], None, 2).is_empty());
        let excerpts = Excerpts::read(&[], 2).unwrap();
        assert!(excerpts.source.contains("synthetic"));
        let [one, two] = &excerpts.windows[..] else {
            panic!("two windows")
        };
        assert_eq!(one.mixture.len(), 2 * GRID.window);
        assert_ne!(one.mixture, two.mixture);
        let peak = one.mixture.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!((0.2..2.0).contains(&peak), "{peak}");
    }
}
