//! Finds a song's lyrics on a thread of its own, the best source first: a file beside the song, timed
//! lyrics in its tags, its UltraStar text, the folder of lyrics, and at last text without times. Files
//! are only read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::library::{embedded_lyrics, song_text};
use crate::lyrics::{self, ENDINGS, Lyrics, MOST_BYTES, NotLyrics, Source, tags};
use crate::track::printable;

/// A song whose lyrics are wanted, by its names.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub path: PathBuf,
    pub artist: String,
    pub title: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    pub lyrics: Option<Lyrics>,
    /// The file they are from; None: the song itself.
    pub file: Option<PathBuf>,
    /// Files that look like this song's lyrics and can't be used, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

/// The thread; it ends when this is dropped, after the song it is at.
pub struct LyricsFinder {
    wishes: Sender<Wanted>,
}

/// Of wishes that wait only the newest: the playing song, the next, and one the listener left again.
const WAITING: usize = 3;

impl LyricsFinder {
    /// `folder`: where lyrics are kept apart from the songs.
    pub fn start(
        folder: Option<PathBuf>,
        on: impl Fn(PathBuf, Found) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, inbox) = unbounded();
        thread::Builder::new()
            .name("lyrics".into())
            .spawn(move || run(folder.as_deref(), &inbox, &on))?;
        Ok(Self { wishes })
    }

    pub fn find(&self, wanted: Wanted) {
        if self.wishes.send(wanted).is_err() {
            tracing::error!("the thread that finds lyrics is gone");
        }
    }
}

fn run(folder: Option<&Path>, inbox: &Receiver<Wanted>, on: &dyn Fn(PathBuf, Found)) {
    while let Ok(first) = inbox.recv() {
        let mut waiting: Vec<Wanted> = std::iter::once(first).chain(inbox.try_iter()).collect();
        waiting.drain(..waiting.len().saturating_sub(WAITING));
        for wanted in waiting {
            let found = find(&wanted, folder);
            on(wanted.path, found);
        }
    }
}

/// Looks through all sources of one song.
pub fn find(wanted: &Wanted, folder: Option<&Path>) -> Found {
    let mut search = Search::default();
    let found = search.timed(wanted, folder);
    let (lyrics, file) = match found.or(search.plain.take()) {
        Some((lyrics, file)) => (Some(lyrics), file),
        None => (None, None),
    };
    Found {
        lyrics,
        file,
        refused: search.refused,
    }
}

type Candidate = (Lyrics, Option<PathBuf>);

#[derive(Default)]
struct Search {
    /// The first text without times: better than nothing, worse than any with them.
    plain: Option<Candidate>,
    refused: Vec<(PathBuf, String)>,
}

impl Search {
    fn timed(&mut self, wanted: &Wanted, folder: Option<&Path>) -> Option<Candidate> {
        for file in sidecars(&wanted.path) {
            if let Some(found) = self.file(&file, Source::Beside) {
                return Some(found);
            }
        }
        let embedded = embedded_lyrics(&wanted.path);
        if let Some(lyrics) = tags::timed(&embedded) {
            return Some((from(lyrics, Source::Tags), None));
        }
        if let Some(text) = song_text(&wanted.path)
            && let Some(found) = self.file(&text, Source::UltraStar)
        {
            return Some(found);
        }
        for file in folder.map(|folder| in_folder(folder, wanted)).unwrap_or_default() {
            if let Some(found) = self.file(&file, Source::Folder) {
                return Some(found);
            }
        }
        if self.plain.is_none() {
            self.plain = tags::plain(&embedded).map(|lyrics| (from(lyrics, Source::Tags), None));
        }
        None
    }

    /// The lyrics of a file, where they have times; those without are kept for later.
    fn file(&mut self, path: &Path, source: Source) -> Option<Candidate> {
        match read_file(path) {
            Ok(read) => {
                let found = (from(read.lyrics, source), Some(path.to_owned()));
                if found.0.is_timed() {
                    return Some(found);
                }
                self.plain.get_or_insert(found);
            }
            Err(Unread::Missing) => {}
            Err(error) => {
                tracing::info!(path = %path.display(), "no lyrics: {error}");
                self.refused.push((path.to_owned(), error.to_string()));
            }
        }
        None
    }
}

fn from(mut lyrics: Lyrics, source: Source) -> Lyrics {
    lyrics.source = source;
    lyrics
}

/// A file that gave no lyrics.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error("there is no such file")]
    Missing,
    #[error("it can't be read ({0}); check its permissions")]
    Io(std::io::Error),
    #[error(transparent)]
    NotLyrics(#[from] NotLyrics),
}

/// Reads a lyrics file of any format.
pub fn read_file(path: &Path) -> Result<lyrics::Read, Unread> {
    Ok(lyrics::read(&bytes_of(path)?, path)?)
}

/// A lyrics file's bytes, as far as any is read.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, Unread> {
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Io(error),
    };
    // a pipe is never opened: that could wait for ever
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(Unread::Missing);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    // one byte more than allowed tells that there are more
    file.take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    Ok(bytes)
}

/// Names that lyrics beside a song may have, best first.
fn sidecars(song: &Path) -> Vec<PathBuf> {
    let whole = song.file_name().unwrap_or_default();
    let mut names = Vec::new();
    for ending in ENDINGS {
        names.push(song.with_extension(ending));
        names.push(song.with_extension(ending.to_uppercase()));
        // song.mp3.lrc
        let mut longer = whole.to_owned();
        longer.push(format!(".{ending}"));
        names.push(song.with_file_name(longer));
    }
    names
}

/// Entries looked at in the folder of lyrics.
const ENTRIES: usize = 50_000;

/// Files of the lyrics folder that are named like the song or like its artist and title, best ending
/// first.
fn in_folder(folder: &Path, wanted: &Wanted) -> Vec<PathBuf> {
    let stem = wanted.path.file_stem().unwrap_or_default().to_string_lossy();
    let mut names = vec![plain(&stem)];
    if !wanted.artist.is_empty() {
        names.push(plain(&format!("{} - {}", wanted.artist, wanted.title)));
    }
    let Ok(entries) = std::fs::read_dir(folder) else {
        tracing::info!(folder = %printable(&folder.to_string_lossy()), "the folder of lyrics can't be read");
        return Vec::new();
    };
    let mut found: Vec<(usize, PathBuf)> = Vec::new();
    for entry in entries.flatten().take(ENTRIES) {
        let path = entry.path();
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let rank = ENDINGS.iter().position(|known| *known == ending);
        let name = plain(&path.file_stem().unwrap_or_default().to_string_lossy());
        if let (Some(rank), true) = (rank, names.contains(&name)) {
            found.push((rank, path));
        }
    }
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// A name without case and without the signs that file systems refuse.
fn plain(name: &str) -> String {
    let small = name.to_lowercase();
    let refused = |c: char| {
        matches!(c, '/' | '\\' | ':' | '?' | '*' | '"' | '<' | '>' | '|' | '_') || c.is_whitespace()
    };
    small
        .split(refused)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const LRC: &str = "[00:01.00]from a file\n";
    const NOTES: &str = "#TITLE:x\n#ARTIST:y\n#MP3:song.flac\n#BPM:300\n: 0 1 0 from notes\nE\n";

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            fs::create_dir(home.at("lyrics")).unwrap();
            home
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.at(name), text).unwrap();
        }

        fn find(&self) -> Found {
            let wanted = Wanted {
                path: self.at("song.flac"),
                artist: "Ana: the/Best".into(),
                title: "Paper Lanterns?".into(),
            };
            find(&wanted, Some(&self.at("lyrics")))
        }

        /// Text and source of what is found.
        fn said(&self) -> Option<(String, Source)> {
            self.find().lyrics.map(|lyrics| (lyrics.text(), lyrics.source))
        }
    }

    #[test]
    fn the_best_source_goes_before_the_others() {
        let home = Home::new();
        assert_eq!(home.said(), None);
        home.write("song.txt", "plain words\n");
        assert_eq!(home.said(), Some(("plain words".into(), Source::Beside)));
        home.write(
            "lyrics/ana the best - paper lanterns.LRC",
            "[00:01.00]from the folder\n",
        );
        assert_eq!(home.said(), Some(("from the folder".into(), Source::Folder)));
        home.write("notes.txt", NOTES);
        assert_eq!(home.said(), Some(("from notes".into(), Source::UltraStar)));
        home.write("song.kar", "nonsense");
        home.write("song.LRC", LRC);
        assert_eq!(home.said(), Some(("from a file".into(), Source::Beside)));
        home.write("song.lrc", "[00:02.00]better\n");
        assert_eq!(home.said(), Some(("better".into(), Source::Beside)));
        assert_eq!(home.find().file, Some(home.at("song.lrc")));
    }

    #[test]
    fn what_cannot_be_used_is_said_and_the_next_source_taken() {
        let home = Home::new();
        home.write("song.lrc", "\0\0\0");
        fs::create_dir(home.at("song.ass")).unwrap();
        home.write("lyrics/song.lrc", LRC);
        let found = home.find();
        assert_eq!(found.lyrics.unwrap().source, Source::Folder);
        assert_eq!(found.refused.len(), 1, "{:?}", found.refused);
        assert!(found.refused[0].1.contains("no text"));
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let home = Home::new();
        let made = std::process::Command::new("mkfifo")
            .arg(home.at("song.lrc"))
            .status();
        assert!(made.unwrap().success());
        assert_eq!(home.said(), None);
    }

    #[test]
    fn the_thread_answers_for_each_song() {
        let home = Home::new();
        home.write("song.lrc", LRC);
        let (sent, heard) = unbounded();
        let finder =
            LyricsFinder::start(None, move |path, found| sent.send((path, found.lyrics)).unwrap()).unwrap();
        finder.find(Wanted {
            path: home.at("song.flac"),
            artist: String::new(),
            title: String::new(),
        });
        let (path, lyrics) = heard.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert_eq!(
            (path, lyrics.unwrap().text().as_str()),
            (home.at("song.flac"), "from a file")
        );
    }
}
