//! What the model `auto` stands for: the best bundled model that is fast enough where the engine runs. The
//! engine times the models; what is decided from the figures, and how they are kept, is here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::models;
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

/// A bundled model whose files are there.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCandidate {
    pub name: String,
    pub manifest: PathBuf,
    pub fingerprint: String,
    /// Median SDR of the vocals in dB, where the manifest says it.
    pub vocals_sdr: Option<f64>,
}

/// The models that `auto` may choose, the best first: by their measured SDR, and those without a figure
/// after them. A model whose manifest or weights are missing is left out.
pub fn candidates(folders: &[PathBuf]) -> Vec<ModelCandidate> {
    let mut found: Vec<ModelCandidate> = models::CANDIDATES
        .iter()
        .filter_map(|name| candidate(name, folders))
        .collect();
    let quality = |candidate: &ModelCandidate| candidate.vocals_sdr.unwrap_or(f64::NEG_INFINITY);
    found.sort_by(|a, b| quality(b).total_cmp(&quality(a)));
    found
}

fn candidate(name: &str, folders: &[PathBuf]) -> Option<ModelCandidate> {
    let path = models::manifest(name, folders)?;
    let manifest = models::read_manifest(&path)?;
    let weights = manifest.get("weights")?.as_str()?;
    if !path.with_file_name(weights).is_file() {
        return None;
    }
    Some(ModelCandidate {
        name: name.to_owned(),
        fingerprint: models::fingerprint(&manifest)?,
        vocals_sdr: models::vocals_sdr(&manifest),
        manifest: path,
    })
}

/// How fast a model is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    pub times_real_time: f64,
    /// The machine had other work meanwhile, so the figure may be too low.
    pub provisional: bool,
}

/// What became of timing a model.
#[derive(Debug, Clone, PartialEq)]
pub enum TimingResult {
    Speed(Speed),
    /// There was no time left for it.
    NoTime,
    /// It cannot be used at all.
    Unusable,
}

/// The model that was chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its place among the candidates.
    pub place: usize,
    pub why: String,
    pub times_real_time: Option<f64>,
}

/// The first candidate that is fast enough. `time` is asked for the speed of one candidate after the other
/// until one is. Where none is, [`models::LIGHT`] is chosen, or the last candidate that can be used. `None`
/// without any candidate.
pub fn choose(
    candidates: &[ModelCandidate],
    mut time: impl FnMut(&ModelCandidate) -> TimingResult,
) -> Option<Chosen> {
    let mut slower: Vec<(usize, Option<f64>)> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        match time(candidate) {
            TimingResult::Speed(speed) if speed.times_real_time >= FAST_ENOUGH => {
                let better = slower.iter().any(|(_, speed)| speed.is_none());
                let why = if better {
                    format!(
                        "{} times real time here; better models are not timed yet",
                        shown(speed.times_real_time)
                    )
                } else {
                    format!(
                        "{} times real time here, the best that reaches {FAST_ENOUGH}",
                        shown(speed.times_real_time)
                    )
                };
                return Some(Chosen {
                    place,
                    why,
                    times_real_time: Some(speed.times_real_time),
                });
            }
            TimingResult::Speed(speed) => slower.push((place, Some(speed.times_real_time))),
            TimingResult::NoTime => slower.push((place, None)),
            TimingResult::Unusable => {}
        }
    }
    let light = slower
        .iter()
        .find(|(place, _)| candidates[*place].name == models::LIGHT);
    let (place, speed) = *light.or(slower.last())?;
    let all_timed = slower.iter().all(|(_, speed)| speed.is_some());
    let why = match speed {
        Some(speed) if all_timed => {
            format!(
                "{} times real time here; no model reaches {FAST_ENOUGH}",
                shown(speed)
            )
        }
        Some(speed) => format!(
            "{} times real time here; better models are not timed yet",
            shown(speed)
        ),
        None => "the models are not timed yet".to_owned(),
    };
    Some(Chosen {
        place,
        why,
        times_real_time: speed,
    })
}

/// A speed for people: `38` or `4.2`, never rounded up to what it does not reach.
fn shown(times_real_time: f64) -> String {
    if times_real_time >= 10.0 {
        format!("{:.0}", times_real_time.floor())
    } else {
        format!("{:.1}", (times_real_time * 10.0).floor() / 10.0)
    }
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

    fn models(folder: &Path, models: &[(&str, Option<f64>)]) -> Vec<ModelCandidate> {
        for (name, sdr) in models {
            let measured = sdr.map_or(String::new(), |sdr| format!("[measured]\nvocals_sdr = {sdr}\n"));
            let text =
                format!("name = \"{name}\"\nweights = \"{name}.bin\"\nsha256 = \"{name}\"\n{measured}");
            fs::write(folder.join(format!("{name}.toml")), text).unwrap();
            fs::write(folder.join(format!("{name}.bin")), b"weights").unwrap();
        }
        candidates(&[folder.to_owned()])
    }

    fn names(candidates: &[ModelCandidate]) -> Vec<&str> {
        candidates
            .iter()
            .map(|candidate| candidate.name.as_str())
            .collect()
    }

    fn speed(times_real_time: f64) -> TimingResult {
        TimingResult::Speed(Speed {
            times_real_time,
            provisional: false,
        })
    }

    #[test]
    fn the_best_measured_model_comes_first_and_missing_files_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let all = [("light", Some(5.3)), ("spleeter", Some(7.8)), ("full", Some(6.1))];
        assert_eq!(names(&models(dir.path(), &all)), ["spleeter", "full", "light"]);
        fs::remove_file(dir.path().join("spleeter.bin")).unwrap();
        assert_eq!(names(&candidates(&[dir.path().to_owned()])), ["full", "light"]);
        let unmeasured = [("light", None), ("full", None)];
        assert_eq!(names(&models(dir.path(), &unmeasured)), ["full", "light"]);
        assert_eq!(candidates(&["/nowhere".into()]), []);
    }

    #[test]
    fn the_best_that_is_fast_enough_is_chosen_and_no_more_is_timed() {
        let dir = tempfile::tempdir().unwrap();
        let all = models(
            dir.path(),
            &[("spleeter", Some(7.8)), ("full", Some(6.1)), ("light", Some(5.3))],
        );
        let mut asked = Vec::new();
        let chosen = choose(&all, |candidate| {
            asked.push(candidate.name.clone());
            speed(if candidate.name == "spleeter" { 5.99 } else { 12.7 })
        });
        let chosen = chosen.unwrap();
        assert_eq!(asked, ["spleeter", "full"]);
        assert_eq!((chosen.place, chosen.times_real_time), (1, Some(12.7)));
        assert_eq!(chosen.why, "12 times real time here, the best that reaches 6");
    }

    #[test]
    fn light_it_is_where_nothing_is_fast_enough_or_there_was_no_time() {
        let dir = tempfile::tempdir().unwrap();
        let all = models(dir.path(), &[("full", Some(6.1)), ("light", Some(5.3))]);
        let of = |full: TimingResult, light: TimingResult| {
            let chosen = choose(&all, |candidate| match candidate.name.as_str() {
                "full" => full.clone(),
                _ => light.clone(),
            });
            let chosen = chosen.unwrap();
            (all[chosen.place].name.as_str(), chosen.why)
        };
        assert_eq!(
            of(speed(2.0), speed(4.29)),
            ("light", "4.2 times real time here; no model reaches 6".to_owned())
        );
        let (name, why) = of(TimingResult::NoTime, TimingResult::NoTime);
        assert!(name == "light" && why.contains("not timed yet"), "{why}");
        let (name, why) = of(TimingResult::NoTime, speed(30.0));
        assert!(name == "light" && why.contains("not timed yet"), "{why}");
        assert_eq!(of(speed(3.0), TimingResult::Unusable).0, "full");
        assert_eq!(choose(&all, |_| TimingResult::Unusable), None);
        assert_eq!(choose(&[], |_| speed(9.0)), None);
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
        let full = models(dir.path(), &[("full", Some(6.1))]).remove(0);
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
        let dir = tempfile::tempdir().unwrap();
        let full = models(dir.path(), &[("full", Some(6.1))]).remove(0);
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
        let dir = tempfile::tempdir().unwrap();
        let all = models(dir.path(), &[("full", Some(8.0)), ("light", Some(7.0))]);
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
