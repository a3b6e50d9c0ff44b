//! Songs kept the UltraStar way: a text file with notes beside the audio it names. The two are one
//! song, which is called what the text calls it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::lyrics::MOST_BYTES;
use crate::lyrics::ultrastar::{self, File as Song};
use crate::track::Tags;

/// Folders of more entries are a heap of songs, where the text has its audio's name.
const ENTRIES: usize = 64;
/// Texts looked into, of those a folder has.
const TEXTS: usize = 8;
/// The headers stand in so much of a file.
const HEAD_BYTES: u64 = 8 << 10;

/// The text that belongs to this audio file.
pub fn song_text(audio: &Path) -> Option<PathBuf> {
    named_like(audio)
        .into_iter()
        .find(|text| belongs(text, audio).is_some())
        .or_else(|| in_folder(audio))
}

/// Gives a track the names its text has for it.
pub fn name(audio: &Path, tags: &mut Tags) {
    let Some(song) = song_text(audio).and_then(|text| belongs(&text, audio)) else {
        return;
    };
    let header = |key: &str| {
        song.header(key)
            .map(super::tags::clean)
            .filter(|name| !name.is_empty())
    };
    tags.title = header("TITLE").or(tags.title.take());
    tags.artist = header("ARTIST").or(tags.artist.take());
}

/// Names that need no look through the folder.
fn named_like(audio: &Path) -> Vec<PathBuf> {
    let mut names = vec![audio.with_extension("txt")];
    if let Some(folder) = audio.parent() {
        names.push(folder.join("song.txt"));
        if let Some(name) = folder.file_name() {
            let mut name = name.to_owned();
            name.push(".txt");
            names.push(folder.join(name));
        }
    }
    names
}

fn in_folder(audio: &Path) -> Option<PathBuf> {
    let mut texts = Vec::new();
    for (count, entry) in std::fs::read_dir(audio.parent()?).ok()?.flatten().enumerate() {
        if count == ENTRIES {
            return None;
        }
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("txt"))
        {
            texts.push(path);
        }
    }
    texts.sort();
    texts.truncate(TEXTS);
    texts.into_iter().find(|text| belongs(text, audio).is_some())
}

/// The headers of a text that names this audio file, or, naming none, is named like it.
fn belongs(text: &Path, audio: &Path) -> Option<Song> {
    let head = head(text)?;
    if !ultrastar::looks_like(&head) {
        return None;
    }
    let song = Song::parse(&head);
    let fits = match song.audio() {
        Some(named) => same_file(text, named, audio),
        None => {
            song.header("MP3").or(song.header("AUDIO")).is_none() && text.file_stem() == audio.file_stem()
        }
    };
    fits.then_some(song)
}

/// File names are written by hand, mostly on systems where their case does not matter.
fn same_file(text: &Path, named: &Path, audio: &Path) -> bool {
    let Some(folder) = text.parent() else { return false };
    let lower = |path: &Path| path.as_os_str().to_string_lossy().to_lowercase();
    let named = folder.join(named);
    // audio that was converted keeps its name and gets another ending
    let converted = lower(&named.with_extension("")) == lower(&audio.with_extension("")) && !named.exists();
    lower(&named) == lower(audio) || converted
}

fn head(path: &Path) -> Option<Vec<u8>> {
    // a pipe or device is never opened: that could wait for ever
    let meta = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let visible = path
        .file_name()
        .unwrap_or(OsStr::new(""))
        .as_encoded_bytes()
        .first()
        != Some(&b'.');
    if meta.len() > MOST_BYTES as u64 || !visible {
        return None;
    }
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .ok()?;
    Some(head)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn text_and_audio_are_one_song_with_the_names_of_the_text() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("licence.txt"), "free").unwrap();
        fs::write(
            at("Notes of it.txt"),
            "#TITLE:Lan\x1bterns\n#ARTIST:Ana\n#MP3:Audio.OGG\n#BPM:300\n: 0 1 0 a\nE\n",
        )
        .unwrap();
        assert_eq!(song_text(&at("audio.ogg")), Some(at("Notes of it.txt")));
        assert_eq!(song_text(&at("other.ogg")), None);
        assert_eq!(
            song_text(&at("audio.flac")),
            Some(at("Notes of it.txt")),
            "converted"
        );
        fs::write(at("Audio.OGG"), "").unwrap();
        assert_eq!(song_text(&at("audio.flac")), None, "the named one is there");
        let mut tags = Tags {
            title: Some("Track 7".into()),
            ..Tags::default()
        };
        name(&at("audio.ogg"), &mut tags);
        assert_eq!(
            (tags.title.as_deref(), tags.artist.as_deref()),
            (Some("Lanterns"), Some("Ana"))
        );
    }

    #[test]
    fn a_text_that_names_no_audio_goes_with_the_file_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.txt"), "#TITLE:x\n#BPM:300\n").unwrap();
        assert_eq!(song_text(&at("a.mp3")), Some(at("a.txt")));
        assert_eq!(song_text(&at("b.mp3")), None);
        fs::write(at("a.txt"), "#TITLE:x\n#MP3:../a.mp3\n#BPM:300\n").unwrap();
        assert_eq!(
            song_text(&at("a.mp3")),
            None,
            "a path out of the folder is not followed"
        );
    }
}
