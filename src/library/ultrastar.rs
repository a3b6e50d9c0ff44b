//! Songs kept the UltraStar way: a text file with notes beside the audio it names. The two are one
//! song, which is called what the text calls it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::lyrics::MOST_BYTES;
use crate::lyrics::ultrastar::{self, UltraStarFile as Song, inside};
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
            .map(crate::text::clean)
            .filter(|name| !name.is_empty())
    };
    tags.title = header("TITLE").or(tags.title.take());
    tags.artist = header("ARTIST").or(tags.artist.take());
}

/// Vocals and instrumental that come with a song, of which at least one is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadyStems {
    pub vocals: Option<PathBuf>,
    pub instrumental: Option<PathBuf>,
}

/// The stems that the text of this song names and that lie in its folder.
pub fn ready_stems(audio: &Path) -> Option<ReadyStems> {
    let text = song_text(audio)?;
    let song = belongs(&text, audio)?;
    let there = |key: &str| {
        let path = text.parent()?.join(inside(song.header(key)?)?);
        (path.is_file() && !same(&path, audio)).then_some(path)
    };
    let stems = ReadyStems {
        vocals: there("VOCALS"),
        instrumental: there("INSTRUMENTAL"),
    };
    (stems != ReadyStems::default()).then_some(stems)
}

/// Which part of its audio the song is, as its text says: start and end in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Span {
    pub start: f64,
    pub end: Option<f64>,
}

/// The part of this audio that its text calls the song.
pub fn sung_span(audio: &Path) -> Span {
    let song = song_text(audio).and_then(|text| belongs(&text, audio));
    let Some(song) = song else {
        return Span::default();
    };
    let start = song.start_ms() as f64 / 1000.0;
    Span {
        start,
        end: song
            .end_ms()
            .map(|end| end as f64 / 1000.0)
            .filter(|end| *end > start),
    }
}

/// Files in a folder that are stems of a song there: parts of it, no songs of their own.
pub fn stems_in(folder: &Path) -> Vec<PathBuf> {
    let texts = texts_in(folder).unwrap_or_default();
    let songs = texts.iter().filter_map(|text| head(text));
    let songs = songs
        .filter(|head| ultrastar::looks_like(head))
        .map(|head| Song::parse(&head));
    let mut stems = Vec::new();
    for song in songs {
        let audio = song.audio().map(|name| folder.join(name));
        for key in ["VOCALS", "INSTRUMENTAL"] {
            let named = song.header(key).and_then(inside).map(|name| folder.join(name));
            // a text that names its only audio twice leaves a song
            let apart = |stem: &PathBuf| audio.as_ref().is_some_and(|audio| !same(stem, audio));
            stems.extend(named.filter(apart));
        }
    }
    stems
}

/// True where the text beside it names this file as a stem of another.
pub fn is_stem(path: &Path) -> bool {
    let Some(folder) = path.parent() else { return false };
    stems_in(folder).iter().any(|stem| same(stem, path))
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
    let texts = texts_in(audio.parent()?)?;
    texts.into_iter().find(|text| belongs(text, audio).is_some())
}

/// The texts of a folder; None of a heap.
fn texts_in(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut texts = Vec::new();
    for (count, entry) in std::fs::read_dir(folder).ok()?.flatten().enumerate() {
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
    Some(texts)
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
    let named = folder.join(named);
    // audio that was converted keeps its name and gets another ending
    let converted = same(&named.with_extension(""), &audio.with_extension("")) && !named.exists();
    same(&named, audio) || converted
}

/// File names that differ in case only count as one.
pub fn same(a: &Path, b: &Path) -> bool {
    let lower = |path: &Path| path.as_os_str().to_string_lossy().to_lowercase();
    lower(a) == lower(b)
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
    fn stems_are_parts_of_their_song_and_never_lie_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |more: &str| {
            let text =
                format!("#VERSION:1.1.0\n#TITLE:x\n#ARTIST:y\n#BPM:300\n#AUDIO:a.ogg\n{more}: 0 1 0 a\nE\n");
            fs::write(at("x.txt"), text).unwrap();
        };
        for name in ["a.ogg", "v.ogg", "i.ogg", "other.ogg"] {
            fs::write(at(name), "").unwrap();
        }
        write("#VOCALS:V.ogg\n#INSTRUMENTAL:../i.ogg\n#START:2,5\n#END:90000\n");
        assert_eq!(ready_stems(&at("a.ogg")), None, "V.ogg is not there");
        fs::write(at("V.ogg"), "").unwrap();
        let stems = ReadyStems {
            vocals: Some(at("V.ogg")),
            instrumental: None,
        };
        assert_eq!(ready_stems(&at("a.ogg")), Some(stems));
        assert_eq!(ready_stems(&at("other.ogg")), None);
        assert!(is_stem(&at("V.ogg")) && is_stem(&at("v.ogg")));
        assert!(!is_stem(&at("a.ogg")) && !is_stem(&at("i.ogg")) && !is_stem(&at("other.ogg")));
        let span = Span {
            start: 2.5,
            end: Some(90.0),
        };
        assert_eq!(sung_span(&at("a.ogg")), span);
        assert_eq!(sung_span(&at("other.ogg")), Span::default());
        write("#VOCALS:a.ogg\n#INSTRUMENTAL:/etc/passwd\n#START:9\n#END:5000\n");
        assert_eq!(ready_stems(&at("a.ogg")), None);
        assert!(!is_stem(&at("a.ogg")));
        assert_eq!(sung_span(&at("a.ogg")).end, None, "an end before the start");
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
