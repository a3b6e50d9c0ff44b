//! The files a separated song becomes: names, and the sums that make the stems add up to the song.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::audio::decode::Decoder;
use crate::audio::write::{StemFormat, StemWriter};
use crate::commands::separate::stem::StemChoice;

/// Steps of a 24-bit sample.
const FULL: f32 = 8_388_608.0;

/// Where the stems of a song go: `<song>.vocals.wav` in the folder. Never over an input, and over
/// files that are there only by `force`.
pub(super) fn goals(
    song: &Path,
    folder: &Path,
    stems: &[StemChoice],
    format: StemFormat,
    force: bool,
    written: &[PathBuf],
) -> anyhow::Result<Vec<(StemChoice, PathBuf)>> {
    let Some(stem_of_song) = song.file_stem() else {
        bail!("it is no file; name a song");
    };
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder).with_context(|| {
            format!(
                "the folder {} cannot be made; choose another with -o",
                folder.display()
            )
        })?;
    }
    let mut goals = Vec::new();
    for stem in stems {
        let mut name = OsString::from(stem_of_song);
        name.push(format!(".{}.{}", stem.name(), format.extension()));
        let goal = folder.join(name);
        if written.contains(&goal) {
            bail!(
                "{} was just written for another song of that name; separate this one with another -o",
                goal.display()
            );
        }
        if goal.exists() && !force {
            bail!(
                "{} is there already; --force writes over it, -o chooses another folder",
                goal.display()
            );
        }
        goals.push((*stem, goal));
    }
    Ok(goals)
}

/// The stems of one song being written.
pub(in crate::commands) struct StemFiles {
    original: Decoder,
    /// Decoded frames of the original that wait for their vocals, stereo.
    mixture: Vec<f32>,
    writers: Vec<(StemChoice, StemWriter)>,
    /// Channels written: those of the song, two at most.
    channels: u16,
    /// In 24 bits both stems are cut to whole steps before they are subtracted, so that the sum is
    /// exact.
    whole_steps: bool,
    frames: u64,
    ended: bool,
    clipped: u64,
}

/// What was written.
pub(in crate::commands) struct End {
    pub frames: u64,
    pub clipped: u64,
    /// Seconds that are silent because they were damaged.
    pub damaged: f64,
}

impl StemFiles {
    pub(in crate::commands) fn create(
        original: Decoder,
        goals: &[(StemChoice, PathBuf)],
        format: StemFormat,
    ) -> anyhow::Result<Self> {
        let (rate, channels) = (original.info().rate, original.info().channels.clamp(1, 2));
        let writers = goals
            .iter()
            .map(|(stem, goal)| Ok((*stem, StemWriter::create(goal, format, rate, channels)?)))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            original,
            mixture: Vec::new(),
            writers,
            channels,
            whole_steps: format == StemFormat::Flac,
            frames: 0,
            ended: false,
            clipped: 0,
        })
    }

    /// The next vocals, stereo; what goes beyond the original's end is left out.
    pub(in crate::commands) fn write(&mut self, vocals: &[f32]) -> anyhow::Result<()> {
        while !self.ended && self.mixture.len() < vocals.len() {
            self.ended = self.original.read(&mut self.mixture)? == 0;
        }
        let count = vocals.len().min(self.mixture.len());
        let rest = self.mixture.split_off(count);
        let mixture = std::mem::replace(&mut self.mixture, rest);
        self.put(&mixture, &vocals[..count])
    }

    /// Completes the files; where the vocals were a frame short of the original they are silent.
    pub(in crate::commands) fn finish(mut self) -> anyhow::Result<End> {
        while self.original.read(&mut self.mixture)? > 0 {}
        let mixture = std::mem::take(&mut self.mixture);
        self.put(&mixture, &vec![0.0; mixture.len()])?;
        if self.frames == 0 {
            bail!("it holds no sound: there is nothing to separate");
        }
        let mut clipped = self.clipped;
        for (_, writer) in self.writers {
            clipped += writer.finish()?.clipped;
        }
        Ok(End {
            frames: self.frames,
            clipped,
            damaged: self.original.damaged_seconds(),
        })
    }

    fn put(&mut self, mixture: &[f32], vocals: &[f32]) -> anyhow::Result<()> {
        let channels = usize::from(self.channels);
        let mut stems = [
            Vec::with_capacity(mixture.len()),
            Vec::with_capacity(mixture.len()),
        ];
        for (mix, voc) in mixture.chunks_exact(2).zip(vocals.chunks_exact(2)) {
            // A mono song's vocals are what both sides have in common.
            let mono = [(voc[0] + voc[1]) / 2.0];
            let voc = if channels == 1 { &mono[..] } else { voc };
            for (&mix, &voc) in mix.iter().zip(voc) {
                let (voc, rest) = self.split(mix, voc);
                stems[0].push(voc);
                stems[1].push(rest);
            }
        }
        self.frames += mixture.len() as u64 / 2;
        for (stem, writer) in &mut self.writers {
            writer.write(&stems[*stem as usize])?;
        }
        Ok(())
    }

    fn split(&mut self, mix: f32, voc: f32) -> (f32, f32) {
        if !self.whole_steps {
            return (voc, mix - voc);
        }
        let steps = |sample: f32| (sample * FULL).round().clamp(-FULL, FULL - 1.0);
        // Below full scale every step is a whole f32, so neither loses anything in the writer.
        let (whole, voc) = (steps(mix), steps(voc));
        if (mix * FULL).round() != whole {
            self.clipped += 1;
        }
        (voc / FULL, (whole - voc) / FULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_named_after_the_song_and_never_written_over_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let name = |force, written: &[PathBuf]| {
            goals(
                Path::new("/m/a.b.mp3"),
                dir.path(),
                &[StemChoice::Vocals],
                StemFormat::Wav,
                force,
                written,
            )
        };
        let goal = dir.path().join("a.b.vocals.wav");
        assert_eq!(name(false, &[]).unwrap(), [(StemChoice::Vocals, goal.clone())]);
        std::fs::write(&goal, "mine").unwrap();
        assert!(name(false, &[]).unwrap_err().to_string().contains("--force"));
        assert!(name(true, &[]).is_ok());
        assert!(name(true, &[goal]).is_err());
    }
}
