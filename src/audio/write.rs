//! Stems into files: 32-bit float WAV, which holds every sample as it is, or 24-bit FLAC, half the
//! size. Written beside the goal and renamed when whole, so nobody ever finds half a stem.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

use super::flac::{self, FlacError};
use crate::files::PartFile;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StemFormat {
    /// 32-bit float.
    Wav,
    /// 24 bits.
    Flac,
}

impl StemFormat {
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }
}

/// Why a stem could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{} cannot be written: {source}. Check the folder's rights and the space on the disk", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{} cannot be written as WAV: {source}. A WAV ends at 4 GB: choose FLAC for very long songs", path.display())]
    Wav { path: PathBuf, source: hound::Error },
    #[error(transparent)]
    Flac(#[from] FlacError),
    #[error("a stem has 1 or 2 channels, not {0}")]
    Channels(u16),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub frames: u64,
    /// Samples beyond full scale that 24-bit FLAC cannot hold; always 0 for WAV.
    pub clipped: u64,
}

/// Writes one stem as it comes. Dropped before [`finish`](Self::finish) it leaves nothing behind.
pub struct StemWriter {
    goal: PathBuf,
    channels: u16,
    samples: u64,
    body: Body,
    part: PartFile,
}

enum Body {
    Wav(hound::WavWriter<BufWriter<File>>),
    Flac(Box<FlacFile>),
}

impl StemWriter {
    pub fn create(goal: &Path, format: StemFormat, rate: u32, channels: u16) -> Result<Self, WriteError> {
        if !(1..=2).contains(&channels) {
            return Err(WriteError::Channels(channels));
        }
        let failed = |source| WriteError::File {
            path: goal.to_owned(),
            source,
        };
        let part = PartFile::create(goal).map_err(failed)?;
        let file = BufWriter::new(part.file().try_clone().map_err(failed)?);
        let body = match format {
            StemFormat::Wav => {
                let spec = hound::WavSpec {
                    channels,
                    sample_rate: rate,
                    bits_per_sample: 32,
                    sample_format: hound::SampleFormat::Float,
                };
                Body::Wav(hound::WavWriter::new(file, spec).map_err(|source| wav_error(goal, source))?)
            }
            StemFormat::Flac => Body::Flac(Box::new(FlacFile::new(goal, file, rate, channels)?)),
        };
        Ok(Self {
            goal: goal.to_owned(),
            channels,
            samples: 0,
            body,
            part,
        })
    }

    /// Appends interleaved samples of the file's own number of channels.
    pub fn write(&mut self, pcm: &[f32]) -> Result<(), WriteError> {
        self.samples += pcm.len() as u64;
        match &mut self.body {
            Body::Wav(writer) => pcm
                .iter()
                .try_for_each(|&s| writer.write_sample(s))
                .map_err(|source| wav_error(&self.goal, source)),
            Body::Flac(file) => file.write(pcm),
        }
    }

    /// Completes the file and puts it in its place.
    pub fn finish(self) -> Result<Written, WriteError> {
        let clipped = match self.body {
            Body::Wav(writer) => {
                writer
                    .finalize()
                    .map_err(|source| wav_error(&self.goal, source))?;
                0
            }
            Body::Flac(file) => file.finish()?,
        };
        self.part.commit().map_err(|source| WriteError::File {
            path: self.goal,
            source,
        })?;
        Ok(Written {
            frames: self.samples / u64::from(self.channels),
            clipped,
        })
    }
}

fn wav_error(goal: &Path, source: hound::Error) -> WriteError {
    match source {
        hound::Error::IoError(source) => WriteError::File {
            path: goal.to_owned(),
            source,
        },
        source => WriteError::Wav {
            path: goal.to_owned(),
            source,
        },
    }
}

struct FlacFile {
    goal: PathBuf,
    file: BufWriter<File>,
    encoder: flac::Encoder,
    rate: u32,
    channels: u16,
    pending: Vec<i32>,
    samples: u64,
    clipped: u64,
    sizes: (u32, u32),
    md5: Md5,
}

impl FlacFile {
    fn new(goal: &Path, file: BufWriter<File>, rate: u32, channels: u16) -> Result<Self, WriteError> {
        let encoder = flac::Encoder::new(rate, usize::from(channels), 24)?;
        let mut flac = Self {
            goal: goal.to_owned(),
            file,
            encoder,
            rate,
            channels,
            pending: Vec::new(),
            samples: 0,
            clipped: 0,
            sizes: (0, 0),
            md5: Md5::new(),
        };
        flac.head([0; 16])?;
        Ok(flac)
    }

    fn head(&mut self, md5: [u8; 16]) -> Result<(), WriteError> {
        let frames = self.samples / u64::from(self.channels);
        let info = flac::stream_info(self.rate, usize::from(self.channels), 24, frames, self.sizes, md5);
        // The only metadata block, so the last: 34 bytes of STREAMINFO.
        self.bytes(b"fLaC\x80\0\0\x22")?;
        self.bytes(&info)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.file.write_all(bytes).map_err(|source| WriteError::File {
            path: self.goal.clone(),
            source,
        })
    }

    fn write(&mut self, pcm: &[f32]) -> Result<(), WriteError> {
        const FULL: f32 = 8_388_608.0;
        for &sample in pcm {
            let scaled = (sample * FULL).round();
            let kept = scaled.clamp(-FULL, FULL - 1.0);
            // Full scale itself is one step too high, which nobody hears and nobody need count.
            self.clipped += u64::from(!(-FULL..=FULL).contains(&scaled));
            self.pending.push(kept as i32);
        }
        let block = flac::BLOCK * usize::from(self.channels);
        while self.pending.len() >= block {
            let rest = self.pending.split_off(block);
            let full = std::mem::replace(&mut self.pending, rest);
            self.frame(&full)?;
        }
        Ok(())
    }

    fn frame(&mut self, interleaved: &[i32]) -> Result<(), WriteError> {
        for sample in interleaved {
            self.md5.update(&sample.to_le_bytes()[..3]);
        }
        self.samples += interleaved.len() as u64;
        let frame = self.encoder.frame(interleaved)?;
        let size = frame.len() as u32;
        self.sizes = if self.sizes.1 == 0 {
            (size, size)
        } else {
            (self.sizes.0.min(size), self.sizes.1.max(size))
        };
        self.bytes(&frame)
    }

    fn finish(mut self: Box<Self>) -> Result<u64, WriteError> {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.frame(&rest)?;
        }
        let failed = |path: &Path, source| WriteError::File {
            path: path.to_owned(),
            source,
        };
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(|source| failed(&self.goal, source))?;
        let md5 = std::mem::take(&mut self.md5).finalize().into();
        self.head(md5)?;
        self.file.flush().map_err(|source| failed(&self.goal, source))?;
        Ok(self.clipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::decode::read_all;

    fn song(frames: usize, channels: usize) -> Vec<f32> {
        (0..frames * channels)
            .map(|i| ((i / channels) as f32 * 0.01 * (1 + i % channels) as f32).sin() * 0.9)
            .collect()
    }

    #[test]
    fn a_wav_holds_every_sample_even_beyond_full_scale() {
        let folder = tempfile::tempdir().unwrap();
        let goal = folder.path().join("vocals.wav");
        let pcm: Vec<f32> = song(5000, 2).iter().map(|s| s * 1.7).collect();
        let mut writer = StemWriter::create(&goal, StemFormat::Wav, 44_100, 2).unwrap();
        pcm.chunks(333).for_each(|part| writer.write(part).unwrap());
        assert!(!goal.exists(), "half a stem is visible");
        assert_eq!(
            writer.finish().unwrap(),
            Written {
                frames: 5000,
                clipped: 0
            }
        );
        assert_eq!(read_all(&goal).unwrap().1, pcm);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_flac_of_any_length_comes_back_within_its_24_bits() {
        let folder = tempfile::tempdir().unwrap();
        for (frames, channels) in [
            (1usize, 2u16),
            (31, 1),
            (64, 2),
            (4096, 1),
            (4097, 2),
            (20_000, 2),
            (0, 2),
        ] {
            let goal = folder.path().join(format!("{frames}.flac"));
            let pcm = song(frames, usize::from(channels));
            let mut writer = StemWriter::create(&goal, StemFormat::Flac, 48_000, channels).unwrap();
            pcm.chunks(1001).for_each(|part| writer.write(part).unwrap());
            assert_eq!(
                writer.finish().unwrap(),
                Written {
                    frames: frames as u64,
                    clipped: 0
                }
            );
            if frames == 0 {
                continue;
            }
            let (info, back) = read_all(&goal).unwrap();
            assert_eq!(
                (info.rate, info.channels, info.frames),
                (48_000, channels, Some(frames as u64)),
                "{frames}"
            );
            assert_eq!(back.len(), frames * 2);
            for (i, stereo) in back.chunks(2).enumerate() {
                let expected = if channels == 1 {
                    [pcm[i]; 2]
                } else {
                    [pcm[i * 2], pcm[i * 2 + 1]]
                };
                assert!(
                    (stereo[0] - expected[0]).abs() < 1.3e-7 && (stereo[1] - expected[1]).abs() < 1.3e-7,
                    "{frames} frames, {channels} channels, at {i}"
                );
            }
        }
    }

    #[test]
    fn flac_says_how_much_it_had_to_clip() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            StemWriter::create(&folder.path().join("a.flac"), StemFormat::Flac, 44_100, 1).unwrap();
        writer.write(&[1.0, -1.0, 1.5, -1.5, 0.0]).unwrap();
        assert_eq!(
            writer.finish().unwrap(),
            Written {
                frames: 5,
                clipped: 2
            }
        );
    }

    #[test]
    fn an_unfinished_stem_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        for format in [StemFormat::Wav, StemFormat::Flac] {
            let goal = folder.path().join("gone").with_extension(format.extension());
            let mut writer = StemWriter::create(&goal, format, 44_100, 2).unwrap();
            writer.write(&song(10_000, 2)).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let Err(error) = StemWriter::create(Path::new("/nowhere/at/all/a.wav"), StemFormat::Wav, 44_100, 2)
        else {
            panic!("it was written")
        };
        assert!(error.to_string().contains("/nowhere/at/all/a.wav"), "{error}");
    }
}
