//! Songs whose stems are known, in full precision: what `evaluate` judges against.

use std::path::{Path, PathBuf};

use croon::audio::decode::{Decoder, read_all};
use croon::audio::resample::Resampler;

use crate::dataset::name_of;
use crate::take::RATE;

/// Where the stems of a song lie.
#[derive(Debug, Clone, PartialEq)]
pub enum SongFiles {
    /// Vocals, and what is beside them.
    Parts(PathBuf, Vec<PathBuf>),
    /// A `.stem.mp4`: stream 0 mixture, 1 drums, 2 bass, 3 other, 4 vocals.
    Container(PathBuf),
}

/// Interleaved stereo at [`RATE`].
#[derive(Debug, Clone)]
pub struct Stems {
    pub vocals: Vec<f32>,
    pub accompaniment: Vec<f32>,
}

impl Stems {
    pub fn mixture(&self) -> Vec<f32> {
        self.vocals
            .iter()
            .zip(&self.accompaniment)
            .map(|(v, a)| v + a)
            .collect()
    }
}

impl SongFiles {
    pub fn name(&self) -> String {
        match self {
            Self::Parts(vocals, _) => vocals.parent().map(name_of).unwrap_or_default(),
            Self::Container(path) => name_of(path).trim_end_matches(".stem.mp4").to_owned(),
        }
    }

    /// The mixture is the sum of these stems, not the container's own: lossy coding makes it differ.
    pub fn read(&self) -> Result<Stems, String> {
        let mut parts = match self {
            Self::Parts(vocals, rest) => {
                let read = |path: &PathBuf| {
                    let (info, pcm) = read_all(path).map_err(|err| err.to_string())?;
                    to_rate(pcm, info.rate)
                };
                [vocals]
                    .into_iter()
                    .chain(rest)
                    .map(read)
                    .collect::<Result<Vec<_>, String>>()?
            }
            Self::Container(path) => [4, 1, 2, 3]
                .into_iter()
                .map(|stream| read_stream(path, stream)?.at_rate())
                .collect::<Result<_, String>>()?,
        };
        // Stems of slightly different length are cut to the shortest.
        let len = parts.iter().map(Vec::len).min().unwrap_or(0);
        parts.iter_mut().for_each(|part| part.truncate(len));
        let mut parts = parts.into_iter();
        let vocals = parts.next().unwrap_or_default();
        let mut accompaniment = vec![0.0; len];
        for part in parts {
            accompaniment.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        Ok(Stems {
            vocals,
            accompaniment,
        })
    }
}

/// One decoded stream.
pub struct Stream {
    pub pcm: Vec<f32>,
    pub rate: u32,
}

impl Stream {
    pub fn at_rate(self) -> Result<Vec<f32>, String> {
        to_rate(self.pcm, self.rate)
    }
}

/// The nth audio stream of a container.
pub fn read_stream(path: &Path, nth: usize) -> Result<Stream, String> {
    let mut decoder = Decoder::open_track(path, nth).map_err(|err| err.to_string())?;
    let mut pcm = Vec::new();
    while decoder.read(&mut pcm).map_err(|err| err.to_string())? > 0 {}
    Ok(Stream {
        pcm,
        rate: decoder.info().rate,
    })
}

/// Stereo at [`RATE`].
pub fn to_rate(pcm: Vec<f32>, rate: u32) -> Result<Vec<f32>, String> {
    if rate == RATE {
        return Ok(pcm);
    }
    let mut resampler = Resampler::new(rate, RATE).map_err(|err| err.to_string())?;
    let mut out = Vec::new();
    resampler.push(&pcm, &mut out).map_err(|err| err.to_string())?;
    resampler.finish(&mut out).map_err(|err| err.to_string())?;
    Ok(out)
}
