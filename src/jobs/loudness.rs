//! Measures the loudness of a song a little at a time, while a thread has nothing better to do.

use std::path::Path;

use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::loudness::{Loudness, Meter, MeterError};
use crate::store::StemStore;
use crate::track::TrackId;

/// Seconds of song read at a time: some hundredths of a second of work.
const STEP_SECONDS: u64 = 5;

#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Meter(#[from] MeterError),
}

/// A song being measured for the store.
pub(super) struct Measuring {
    id: TrackId,
    measurement: Measurement,
}

impl Measuring {
    /// Nothing where the song was measured before, and nothing, with a line in the log, where it
    /// cannot be: it plays as loud as it is.
    pub(super) fn begin(store: &StemStore, path: &Path, id: TrackId) -> Option<Self> {
        if store.loudness(id).is_some() {
            return None;
        }
        let measurement = Measurement::open(path)
            .inspect_err(|error| tracing::warn!(path = %path.display(), "not measured: {error}"))
            .ok()?;
        Some(Self { id, measurement })
    }

    /// One step; nothing once it is over.
    pub(super) fn go_on(mut self, store: &StemStore) -> Option<Self> {
        match self.measurement.step() {
            Ok(None) => return Some(self),
            Ok(Some(loudness)) => {
                if let Err(error) = store.save_loudness(self.id, &loudness) {
                    tracing::warn!("the loudness of {} was not kept: {error}", self.id);
                }
            }
            Err(error) => tracing::warn!("{} was not measured: {error}", self.id),
        }
        None
    }
}

struct Measurement {
    decoder: Decoder,
    meter: Meter,
    pcm: Vec<f32>,
}

impl Measurement {
    fn open(path: &Path) -> Result<Self, MeasureError> {
        let decoder = Decoder::open(path)?;
        let meter = Meter::new(decoder.info().rate)?;
        Ok(Self {
            decoder,
            meter,
            pcm: Vec::new(),
        })
    }

    /// Listens to some more of the song; what it came to, once all of it was heard.
    fn step(&mut self) -> Result<Option<Loudness>, MeasureError> {
        let wanted = STEP_SECONDS * u64::from(self.decoder.info().rate);
        let mut heard = 0;
        while heard < wanted {
            self.pcm.clear();
            let frames = self.decoder.read(&mut self.pcm)?;
            if frames == 0 {
                return Ok(Some(self.meter.finish()?));
            }
            self.meter.add(&self.pcm)?;
            heard += frames as u64;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_song_counts_step_by_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        // Twelve seconds at -20 dBFS: mono comes out of both speakers.
        for i in 0..12 * 44_100u32 {
            let t = f64::from(i) / 44_100.0;
            let sample = (std::f64::consts::TAU * 1000.0 * t).sin() * 0.1 * 32_767.0;
            writer.write_sample(sample as i16).unwrap();
        }
        writer.finalize().unwrap();
        let mut song = Measurement::open(&path).unwrap();
        let mut steps = 1;
        let loudness = loop {
            match song.step().unwrap() {
                Some(loudness) => break loudness,
                None => steps += 1,
            }
        };
        assert_eq!(steps, 3);
        assert!((loudness.lufs + 20.0).abs() < 0.1, "{loudness:?}");
        assert!((loudness.true_peak + 20.0).abs() < 0.2, "{loudness:?}");
    }
}
