//! Stems that come with a song, as UltraStar folders have them: used as its vocals where they fit the
//! recording, so that nothing has to be separated.

use std::path::Path;

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::library::ReadyStems;
use crate::separate::segment::Grid;
use crate::separate::window_source::{Mixture, MixtureError};

/// Files of one recording in different codecs differ in length by their padding.
const LENGTH_SECONDS: f64 = 0.25;
/// Sound of the stem that is compared with the recording.
const COMPARED_SECONDS: f64 = 20.0;
/// Of full scale squared; below it nobody sings.
const SILENT: f64 = 1e-7;
/// How much of a stem the recording holds, in times the stem. Mastering changes it, and a separated
/// stem, which has a share of everything, is in it more than once; a stranger or a stem shifted in time
/// is not in it at all.
const FITS: std::ops::RangeInclusive<f64> = 0.5..=4.0;

/// Why stems are not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("the stem cannot be read: {0}")]
    Decode(#[from] DecodeError),
    #[error("the stem cannot be read: {0}")]
    Mixture(#[from] MixtureError),
    #[error("the stem has {stem} frames a second and the song {song}")]
    Rate { stem: u32, song: u32 },
    #[error("the stem is {stem:.1} s long and the song {song:.1} s")]
    Length { stem: f64, song: f64 },
    #[error("the stem is not in the song at this place: another recording, or shifted in time")]
    Elsewhere,
}

/// A stem beside the recording it is a part of.
pub(super) struct BundledStems {
    stem: Mixture,
    /// The file is what is left without the vocals.
    is_rest: bool,
}

impl BundledStems {
    /// The vocals, else the instrumental, of a song; an error where they are not of this recording.
    pub(super) fn open(song: &Path, stems: &ReadyStems, grid: Grid) -> Result<Self, Unfit> {
        let (path, is_rest) = match (&stems.vocals, &stems.instrumental) {
            (Some(vocals), _) => (vocals, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => return Err(Unfit::Elsewhere),
        };
        compare(song, path)?;
        let mut ready = Self {
            stem: Mixture::open(path, grid)?,
            is_rest,
        };
        let level = ready.level(&mut Mixture::open(song, grid)?, &grid)?;
        tracing::info!(song = %song.display(), ?level, "a stem that came with the song");
        // one without a sound is that of a song in which nobody sings
        if level.is_none_or(|level| FITS.contains(&level)) {
            Ok(ready)
        } else {
            Err(Unfit::Elsewhere)
        }
    }

    /// The vocals in the window of a segment, of which this is the mixture.
    pub(super) fn vocals(&mut self, segment: u32, mixture: &[f32]) -> Result<Vec<f32>, MixtureError> {
        // a stem a moment shorter than the song ends in silence
        let Some(stem) = self.stem.window(segment)? else {
            let silence = vec![0.0; mixture.len()];
            return Ok(if self.is_rest { mixture.to_vec() } else { silence });
        };
        Ok(if self.is_rest {
            mixture.iter().zip(&stem).map(|(m, s)| m - s).collect()
        } else {
            stem
        })
    }

    /// How much of the stem is in the recording, in times the stem, where it sounds first: 1 for a stem
    /// that was mixed in, about 0 for a stranger. None for a stem without a sound.
    fn level(&mut self, song: &mut Mixture, grid: &Grid) -> Result<Option<f64>, MixtureError> {
        let core = 2 * grid.context()..2 * (grid.context() + grid.core);
        let (mut both, mut own, mut seconds) = (0.0_f64, 0.0_f64, 0.0);
        let mut segment = 0;
        while seconds < COMPARED_SECONDS {
            let (Some(mixture), Some(stem)) = (song.window(segment)?, self.stem.window(segment)?) else {
                break;
            };
            // half a second at a time: pauses do not count
            let pieces = mixture[core.clone()]
                .chunks(grid.rate as usize)
                .zip(stem[core.clone()].chunks(grid.rate as usize));
            for (m, s) in pieces {
                let energy: f64 = s.iter().map(|s| f64::from(s * s)).sum();
                if energy / s.len() as f64 > SILENT {
                    own += energy;
                    both += m.iter().zip(s).map(|(m, s)| f64::from(m * s)).sum::<f64>();
                    seconds += s.len() as f64 / 2.0 / f64::from(grid.rate);
                }
            }
            segment += 1;
        }
        Ok((own > 0.0).then(|| both / own))
    }
}

/// Rates are the same and lengths agree, as far as the files' heads tell.
fn compare(song: &Path, stem: &Path) -> Result<(), Unfit> {
    let (song, stem) = (Decoder::open(song)?, Decoder::open(stem)?);
    let (song, stem) = (song.info(), stem.info());
    if song.rate != stem.rate {
        return Err(Unfit::Rate {
            stem: stem.rate,
            song: song.rate,
        });
    }
    match (song.duration(), stem.duration()) {
        (Some(song), Some(stem)) if (song - stem).abs() > LENGTH_SECONDS => Err(Unfit::Length { stem, song }),
        _ => Ok(()),
    }
}
