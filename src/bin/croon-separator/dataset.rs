//! Finds and decodes training material. A folder tree may hold, in any mixture:
//! songs (`vocals` beside `drums`, `bass`, `other`, or `.stem.mp4` files), pairs (`vocals` beside
//! `accompaniment`), and loose recordings below folders called `vocals` or `accompaniment`.

use std::path::{Path, PathBuf};

use croon::audio::decode::read_all;
use croon::judge::reference::{SongFiles, Stream, audio_by_folder, name_of, read_stream, to_rate};

use crate::take::{RATE, Take};

/// Stems of one performance, aligned.
#[derive(Debug, Clone)]
pub struct Song {
    pub name: String,
    pub vocals: Take,
    /// Everything else: one accompaniment, or drums, bass and other.
    pub parts: Vec<Take>,
}

/// A file that could not be used, and why.
#[derive(Debug, Clone)]
pub struct Skipped {
    pub path: PathBuf,
    pub reason: String,
}

#[derive(Debug, Default)]
pub struct Dataset {
    /// Songs in several parts: their parts may be recombined.
    pub songs: Vec<Song>,
    /// Songs whose accompaniment is one piece.
    pub pairs: Vec<Song>,
    pub voices: Vec<Take>,
    pub accompaniments: Vec<Take>,
    pub skipped: Vec<Skipped>,
}

/// What a folder tree offers, before anything is decoded.
#[derive(Debug, PartialEq)]
enum Found {
    Song(SongFiles),
    Voice(PathBuf),
    Accompaniment(PathBuf),
}

impl Dataset {
    /// Decodes everything below `root`; `progress` hears of each file.
    pub fn load(root: &Path, mut progress: impl FnMut(usize, usize)) -> Result<Self, String> {
        let found = find(root)?;
        if found.is_empty() {
            return Err(format!(
                "{} holds no training material that is recognised. Expected: folders with vocals beside drums, bass \
                 and other; vocals beside accompaniment; .stem.mp4 files; or recordings below folders called vocals \
                 or accompaniment",
                root.display()
            ));
        }
        let mut data = Self::default();
        let count = found.len();
        for (done, item) in found.into_iter().enumerate() {
            progress(done, count);
            data.add(item);
        }
        progress(count, count);
        Ok(data)
    }

    fn add(&mut self, item: Found) {
        match item {
            Found::Song(SongFiles::Parts { vocals, rest, .. }) => {
                let name = vocals.parent().map(name_of).unwrap_or_default();
                let parts: Result<Vec<Take>, Skipped> = rest.iter().map(|path| read(path)).collect();
                match (read(&vocals), parts) {
                    (Ok(vocals), Ok(parts)) if parts.len() > 1 => {
                        self.songs.push(Song { name, vocals, parts })
                    }
                    (Ok(vocals), Ok(parts)) => self.pairs.push(Song { name, vocals, parts }),
                    (Err(skipped), _) | (_, Err(skipped)) => self.skipped.push(skipped),
                }
            }
            Found::Song(SongFiles::Container(path)) => match read_container(&path) {
                Ok(song) => self.songs.push(song),
                Err(reason) => self.skipped.push(Skipped { path, reason }),
            },
            Found::Voice(path) => match read(&path) {
                Ok(take) => self.voices.push(take),
                Err(skipped) => self.skipped.push(skipped),
            },
            Found::Accompaniment(path) => match read(&path) {
                Ok(take) => self.accompaniments.push(take),
                Err(skipped) => self.skipped.push(skipped),
            },
        }
    }

    /// Takes every `nth` song out for validation; the choice depends on the names alone.
    pub fn hold_out(&mut self, nth: usize) -> Vec<Song> {
        self.songs.sort_by(|a, b| a.name.cmp(&b.name));
        let mut held = Vec::new();
        let mut kept = Vec::new();
        for (index, song) in self.songs.drain(..).enumerate() {
            if index % nth == nth / 2 {
                held.push(song)
            } else {
                kept.push(song)
            }
        }
        self.songs = kept;
        held
    }

    pub fn minutes(&self) -> f64 {
        let songs = self
            .songs
            .iter()
            .chain(&self.pairs)
            .map(|song| song.vocals.frames());
        let loose = self.voices.iter().chain(&self.accompaniments).map(Take::frames);
        songs.chain(loose).sum::<usize>() as f64 / f64::from(RATE) / 60.0
    }
}

fn find(root: &Path) -> Result<Vec<Found>, String> {
    let folders = audio_by_folder(root).map_err(|err| err.to_string())?;
    Ok(folders
        .into_iter()
        .flat_map(|(folder, files)| sort_out(root, &folder, files))
        .collect())
}

/// What the audio files of one folder are.
fn sort_out(root: &Path, folder: &Path, files: Vec<PathBuf>) -> Vec<Found> {
    // Trained on are stems: a mixture beside the vocals is of no use without what it is made of.
    if let Some(song) = SongFiles::in_folder(&files).filter(SongFiles::has_rest) {
        return vec![Found::Song(song)];
    }
    let below = |names: &[&str]| {
        let inside = folder.strip_prefix(root).unwrap_or(folder);
        let mut parts = root.file_name().into_iter().chain(inside.iter());
        parts.any(|part| names.contains(&&*part.to_string_lossy().to_lowercase()))
    };
    files
        .into_iter()
        .filter_map(|path| {
            if SongFiles::is_container(&path) {
                Some(Found::Song(SongFiles::Container(path)))
            } else if below(&["vocals", "voices", "acapella"]) {
                Some(Found::Voice(path))
            } else if below(&["accompaniment", "accompaniments", "instrumental", "instrumentals"]) {
                Some(Found::Accompaniment(path))
            } else {
                None
            }
        })
        .collect()
}

fn read(path: &Path) -> Result<Take, Skipped> {
    let skipped = |reason: String| Skipped {
        path: path.to_path_buf(),
        reason,
    };
    let (info, pcm) = read_all(path).map_err(|err| skipped(err.to_string()))?;
    if pcm.is_empty() {
        return Err(skipped("it holds no sound".into()));
    }
    let pcm = to_rate(pcm, info.rate).map_err(|err| skipped(err.to_string()))?;
    Ok(Take::from_stereo(&pcm, info.channels == 1, band_of(info.rate)))
}

/// The streams of a `.stem.mp4`: 0 mixture, 1 drums, 2 bass, 3 other, 4 vocals.
fn read_container(path: &Path) -> Result<Song, String> {
    let mut takes = Vec::new();
    for nth in 1..=4 {
        let Stream { pcm, rate } = read_stream(path, nth).map_err(|err| err.to_string())?;
        let pcm = to_rate(pcm, rate).map_err(|err| err.to_string())?;
        takes.push(Take::from_stereo(&pcm, false, band_of(rate)));
    }
    let vocals = takes.pop().ok_or("it holds no streams")?;
    Ok(Song {
        name: name_of(path),
        vocals,
        parts: takes,
    })
}

fn band_of(rate: u32) -> f32 {
    rate.min(RATE) as f32 / 2.0
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn touch(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
    }

    #[test]
    fn the_layouts_are_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        touch(
            root,
            &[
                "songs/a/vocals.wav",
                "songs/a/drums.wav",
                "songs/a/bass.wav",
                "songs/a/other.wav",
                "songs/a/mixture.wav",
            ],
        );
        touch(
            root,
            &[
                "pairs/b/vocals.ogg",
                "pairs/b/accompaniment.ogg",
                "x/c.stem.mp4",
                "x/d.mp3",
            ],
        );
        touch(
            root,
            &["mir/vocals/e.ogg", "accompaniment/rock/f.FLAC", "vocals/g.txt"],
        );
        let found = find(root).unwrap();
        let at = |name: &str| root.join(name);
        let songs = ["drums", "bass", "other"]
            .map(|part| at(&format!("songs/a/{part}.wav")))
            .to_vec();
        assert!(found.contains(&Found::Song(SongFiles::Parts {
            vocals: at("songs/a/vocals.wav"),
            rest: songs,
            mixture: Some(at("songs/a/mixture.wav")),
        })));
        assert!(found.contains(&Found::Song(SongFiles::Parts {
            vocals: at("pairs/b/vocals.ogg"),
            rest: vec![at("pairs/b/accompaniment.ogg")],
            mixture: None,
        })));
        assert!(found.contains(&Found::Song(SongFiles::Container(at("x/c.stem.mp4")))));
        assert!(found.contains(&Found::Voice(at("mir/vocals/e.ogg"))));
        assert!(found.contains(&Found::Accompaniment(at("accompaniment/rock/f.FLAC"))));
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn files_that_do_not_decode_are_named_and_skipped() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &["vocals/empty.wav"]);
        let data = Dataset::load(dir.path(), |_, _| {}).unwrap();
        assert!(data.voices.is_empty());
        assert_eq!(data.skipped.len(), 1);
        assert!(data.skipped[0].path.ends_with("vocals/empty.wav"));
    }

    #[test]
    fn an_empty_folder_says_what_was_expected() {
        let dir = tempfile::tempdir().unwrap();
        let err = Dataset::load(dir.path(), |_, _| {}).unwrap_err();
        assert!(err.contains("accompaniment"), "{err}");
    }
}
