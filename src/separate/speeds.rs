//! How fast the models are on this machine, and the file that remembers it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::model_candidate::ModelCandidate;
use crate::files;

/// Speed in times real time that a model must reach to be chosen: a song is separated well ahead of its
/// singer, also while other programs want the processor.
pub const FAST_ENOUGH: f64 = 6.0;
/// A busy machine makes a figure provisional, and it is measured again at the next start; so often in all.
const TRIES: u32 = 3;
/// Figures kept in the file; the oldest go first.
const MOST_ENTRIES: usize = 64;
/// No file of so many entries is larger, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// How fast a model is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    pub times_real_time: f64,
    /// The machine had other work meanwhile, so the figure may be too low.
    pub provisional: bool,
}

/// Where a speed was measured: it holds for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeedContext {
    pub device: String,
    pub processor: String,
    pub threads: usize,
    /// Version of the engine.
    pub engine: String,
}

/// The speeds measured on this machine so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Speeds {
    #[serde(default, rename = "speed")]
    entries: Vec<SpeedEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SpeedEntry {
    model: String,
    fingerprint: String,
    #[serde(flatten)]
    place: SpeedContext,
    times_real_time: f64,
    provisional: bool,
    #[serde(default)]
    tries: u32,
}

/// Where the speeds of a machine are kept, below croon's cache folder.
pub fn speeds_file(cache: &Path) -> PathBuf {
    cache.join("engine-speeds.toml")
}

impl Speeds {
    /// Reads the file; no file is no speeds.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn read(path: &Path) -> Result<Self, String> {
        // Anything else could keep whoever reads it waiting, or fill the memory.
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => return Err("it is no file; remove it".into()),
            Ok(found) if found.len() > LARGEST_FILE => {
                return Err(format!("it has {} bytes; remove it", found.len()));
            }
            _ => {}
        }
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| error.message().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Writes the file whole, or leaves the one that is there.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        let about = "# How fast the models are on this machine, measured by croon-separator for `model = \"auto\"`.\n\
                     # It may be deleted at any time: what is missing is measured again.\n\n";
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        files::write(path, format!("{about}{text}"))
    }

    /// What was measured of a model at this place.
    pub fn get(&self, fingerprint: &str, place: &SpeedContext) -> Option<Speed> {
        let entry = self.find(fingerprint, place)?;
        let sane = entry.times_real_time.is_finite() && entry.times_real_time > 0.0;
        sane.then_some(Speed {
            times_real_time: entry.times_real_time,
            provisional: entry.provisional && entry.tries < TRIES,
        })
    }

    /// Whether a model is known to be fast enough with so many threads of an engine of this version. A provisional
    /// figure counts too: other work can only have slowed the model down.
    pub fn is_fast_enough(&self, fingerprint: &str, threads: usize, engine: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.fingerprint == fingerprint
                && entry.place.threads == threads
                && entry.place.engine == engine
                && entry.times_real_time.is_finite()
                && entry.times_real_time >= FAST_ENOUGH
        })
    }

    /// Notes a measurement; returns what counts now. Of several provisional figures the highest is the
    /// nearest to the truth, for other work can only slow a model down.
    pub fn note(&mut self, candidate: &ModelCandidate, place: &SpeedContext, measured: Speed) -> Speed {
        let before = self.find(&candidate.fingerprint, place).cloned();
        let (mut speed, mut tries) = (measured, 1);
        if let Some(before) = before.filter(|before| before.provisional) {
            tries = before.tries.saturating_add(1);
            if measured.provisional && before.times_real_time.is_finite() {
                speed.times_real_time = speed.times_real_time.max(before.times_real_time);
            }
        }
        self.entries
            .retain(|entry| entry.fingerprint != candidate.fingerprint || entry.place != *place);
        if self.entries.len() >= MOST_ENTRIES {
            self.entries.drain(..=self.entries.len() - MOST_ENTRIES);
        }
        self.entries.push(SpeedEntry {
            model: candidate.name.clone(),
            fingerprint: candidate.fingerprint.clone(),
            place: place.clone(),
            times_real_time: speed.times_real_time,
            provisional: speed.provisional,
            tries,
        });
        speed
    }

    fn find(&self, fingerprint: &str, place: &SpeedContext) -> Option<&SpeedEntry> {
        self.entries
            .iter()
            .find(|entry| entry.fingerprint == fingerprint && entry.place == *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> ModelCandidate {
        ModelCandidate {
            name: name.into(),
            manifest: format!("{name}.toml").into(),
            fingerprint: format!("of {name}"),
            vocals_sdr: None,
        }
    }

    fn place(threads: usize) -> SpeedContext {
        SpeedContext {
            device: "CPU, 2 cores".into(),
            processor: "a \"fast\" one".into(),
            threads,
            engine: "0.1.0".into(),
        }
    }

    #[test]
    fn a_speed_comes_back_from_the_file_for_the_same_place_alone() {
        let dir = tempfile::tempdir().unwrap();
        let full = model("full");
        let path = dir.path().join("cache/engine-speeds.toml");
        assert_eq!(Speeds::read(&path), Ok(Speeds::default()));
        let mut speeds = Speeds::default();
        let measured = Speed {
            times_real_time: 12.5,
            provisional: false,
        };
        assert_eq!(speeds.note(&full, &place(2), measured), measured);
        speeds.write(&path).unwrap();
        let read = Speeds::read(&path).unwrap();
        assert_eq!(read.get(&full.fingerprint, &place(2)), Some(measured));
        assert_eq!(read.get(&full.fingerprint, &place(1)), None);
        assert_eq!(read.get("other weights", &place(2)), None);
        assert_eq!(fs::read_dir(dir.path().join("cache")).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_unwritable_file_is_an_error_and_no_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine-speeds.toml");
        for text in ["speed = 3", "[[speed]]\nmodel = 1", "\u{0}\u{1}", "[[speed"] {
            fs::write(&path, text).unwrap();
            assert!(Speeds::read(&path).is_err(), "{text}");
        }
        assert!(Speeds::default().write(&path.join("below/a/file")).is_err());
    }

    #[test]
    fn a_provisional_figure_is_measured_again_but_not_for_ever() {
        let full = model("full");
        let mut speeds = Speeds::default();
        let busy = |times_real_time| Speed {
            times_real_time,
            provisional: true,
        };
        assert_eq!(speeds.note(&full, &place(2), busy(5.0)), busy(5.0));
        assert_eq!(
            speeds.note(&full, &place(2), busy(4.0)),
            busy(5.0),
            "the highest counts"
        );
        assert!(speeds.get(&full.fingerprint, &place(2)).unwrap().provisional);
        speeds.note(&full, &place(2), busy(4.5));
        let settled = speeds.get(&full.fingerprint, &place(2)).unwrap();
        assert_eq!((settled.times_real_time, settled.provisional), (5.0, false));
        let quiet = Speed {
            times_real_time: 4.0,
            provisional: false,
        };
        assert_eq!(
            speeds.note(&full, &place(2), quiet),
            quiet,
            "a quiet machine tells the truth"
        );
        for threads in 0..100 {
            speeds.note(&full, &place(threads), quiet);
        }
        assert_eq!(speeds.entries.len(), MOST_ENTRIES);
        assert!(speeds.get(&full.fingerprint, &place(99)).is_some());
    }

    #[test]
    fn a_model_is_known_to_be_fast_where_it_was_measured_and_nowhere_else() {
        let all = [model("full"), model("light")];
        let place = SpeedContext {
            device: "CPU, 2 cores".into(),
            processor: "some".into(),
            threads: 2,
            engine: "1.0".into(),
        };
        let mut speeds = Speeds::default();
        let of = |times_real_time| Speed {
            times_real_time,
            provisional: true,
        };
        speeds.note(&all[0], &place, of(40.0));
        speeds.note(&all[1], &place, of(5.9));
        let (full, light) = (&all[0].fingerprint, &all[1].fingerprint);
        assert!(speeds.is_fast_enough(full, 2, "1.0"));
        assert!(!speeds.is_fast_enough(light, 2, "1.0"));
        assert!(!speeds.is_fast_enough(full, 1, "1.0"));
        assert!(!speeds.is_fast_enough(full, 2, "2.0"));
        assert!(!Speeds::default().is_fast_enough(full, 2, "1.0"));
    }

    #[test]
    fn what_is_no_file_of_speeds_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        )
        .unwrap();
        assert!(Speeds::read(&pipe).unwrap_err().contains("no file"));
        assert!(Speeds::read(dir.path()).unwrap_err().contains("no file"));
        let huge = dir.path().join("huge");
        fs::File::create(&huge).unwrap().set_len(3 << 30).unwrap();
        assert!(Speeds::read(&huge).unwrap_err().contains("bytes"));
        assert_eq!(Speeds::read(&dir.path().join("none")), Ok(Speeds::default()));
    }
}
