//! Looks through all places a song's lyrics may be in, and orders what is there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::audio::mp3g_zip;
use crate::jobs::lyrics::online::{self, Known};
use crate::jobs::lyrics::{LyricsSearchResult, Places, Unread, bytes_up_to, own, read_file};
use crate::library::{embedded_lyrics, song_text};
use crate::lyrics::cdg::{self, Graphics};
use crate::lyrics::{
    self, ENDINGS, Format, Lyrics, LyricsRequest, LyricsSource, Offer, Online, Pick, Timing, tags,
};
use crate::text::printable;

/// Looks through all sources of one song.
pub fn find(wanted: &LyricsRequest, places: &Places) -> LyricsSearchResult {
    let mut search = Search::default();
    search.everywhere(wanted, places);
    let online = search.kept_answer(wanted, places);
    let mut candidates = search.candidates;
    candidates.sort_by_key(|candidate| candidate.offer.rank());
    let is_picked = |candidate: &LyricsCandidate| wanted.pick.as_ref() == Some(&candidate.offer.pick);
    let chosen = candidates.iter().position(is_picked).unwrap_or(0);
    let offers = candidates
        .iter()
        .map(|candidate| candidate.offer.clone())
        .collect();
    let (mut lyrics, mut graphics, mut file) = (None, None, None);
    if let Some(candidate) = candidates.into_iter().nth(chosen) {
        file = candidate.file;
        match candidate.words {
            LyricsOrGraphics::Lyrics(words) => lyrics = Some(words),
            LyricsOrGraphics::Graphics(pictures) => graphics = Some(pictures),
        }
    }
    LyricsSearchResult {
        lyrics,
        graphics,
        file,
        offers,
        chosen,
        online,
        refused: search.refused,
    }
}

struct LyricsCandidate {
    offer: Offer,
    words: LyricsOrGraphics,
    file: Option<PathBuf>,
}

enum LyricsOrGraphics {
    Lyrics(Lyrics),
    Graphics(Graphics),
}

#[derive(Default)]
struct Search {
    candidates: Vec<LyricsCandidate>,
    /// Files looked at: one may belong to two sources, and counts for the first.
    seen: HashSet<PathBuf>,
    refused: Vec<(PathBuf, String)>,
}

impl Search {
    fn everywhere(&mut self, wanted: &LyricsRequest, places: &Places) {
        let folders = &places.folders;
        if let (Some(folder), Some(id)) = (&folders.own, wanted.id) {
            for file in own::files(folder, id) {
                self.file(&file, LyricsSource::Edited);
            }
        }
        for file in sidecars(&wanted.path) {
            self.file(&file, LyricsSource::Beside);
        }
        self.pictures(&wanted.path);
        for (name, lyrics) in tags::all(&embedded_lyrics(&wanted.path)) {
            self.take(lyrics, LyricsSource::Tags, name, None);
        }
        if let Some(text) = song_text(&wanted.path) {
            self.file(&text, LyricsSource::UltraStar);
        }
        for file in folders
            .folder
            .as_ref()
            .map(|folder| in_folder(folder, wanted))
            .unwrap_or_default()
        {
            self.file(&file, LyricsSource::Folder);
        }
    }

    /// CD+G beside the song, or in the zip that the song is.
    fn pictures(&mut self, song: &Path) {
        let (file, bytes) = if mp3g_zip::is_zip(song) {
            (
                song.to_owned(),
                mp3g_zip::pictures(song).map_err(|error| error.to_string()),
            )
        } else {
            let mut names = ["cdg", "CDG"]
                .map(|ending| song.with_extension(ending))
                .into_iter();
            let Some(file) = names.find(|name| name.is_file()) else {
                return;
            };
            let bytes = bytes_up_to(&file, cdg::MOST_BYTES).map_err(|error| error.to_string());
            (file, bytes)
        };
        let read = bytes.and_then(|bytes| Graphics::read(&bytes).map_err(|error| error.to_string()));
        match read {
            Ok(graphics) => self.candidates.push(LyricsCandidate {
                offer: Offer {
                    pick: Pick {
                        source: LyricsSource::Beside,
                        name: printable(&file.file_name().unwrap_or_default().to_string_lossy()),
                    },
                    format: Format::Cdg,
                    timing: Timing::Words,
                },
                words: LyricsOrGraphics::Graphics(graphics),
                file: Some(file),
            }),
            Err(reason) => self.refused.push((file, reason)),
        }
    }

    /// What a server said of the song earlier, also where it is not asked any more.
    fn kept_answer(&mut self, wanted: &LyricsRequest, places: &Places) -> Online {
        let asks = places.server.is_some();
        let Some(question) = online::question(wanted) else {
            return Online::Off;
        };
        let known = places.store.as_ref().map(|store| online::known(store, &question));
        match known.unwrap_or(Known::Unasked) {
            Known::Lyrics(text) => match lyrics::read(text.as_bytes(), Path::new("")) {
                Ok(read) => {
                    self.take(read.lyrics, LyricsSource::Lrclib, String::new(), None);
                    Online::Here
                }
                Err(error) => {
                    tracing::info!("LRCLIB sent what are no lyrics: {error}");
                    Online::Nothing
                }
            },
            Known::Nothing if asks => Online::Nothing,
            Known::Unasked if asks => Online::Unasked,
            Known::Nothing | Known::Unasked => Online::Off,
        }
    }

    fn file(&mut self, path: &Path, source: LyricsSource) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        match read_file(path) {
            Ok(read) => {
                let name = printable(&path.file_name().unwrap_or_default().to_string_lossy());
                self.take(read.lyrics, source, name, Some(path.to_owned()));
            }
            Err(Unread::Missing) => {}
            Err(error) => {
                tracing::info!(path = %path.display(), "no lyrics: {error}");
                self.refused.push((path.to_owned(), error.to_string()));
            }
        }
    }

    fn take(&mut self, mut lyrics: Lyrics, source: LyricsSource, name: String, file: Option<PathBuf>) {
        lyrics.source = source;
        self.candidates.push(LyricsCandidate {
            offer: Offer {
                pick: Pick { source, name },
                format: lyrics.format,
                timing: lyrics.timing,
            },
            words: LyricsOrGraphics::Lyrics(lyrics),
            file,
        });
    }
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
fn in_folder(folder: &Path, wanted: &LyricsRequest) -> Vec<PathBuf> {
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
mod tests {
    use std::fs;

    use super::*;
    use crate::jobs::lyrics::Folders;
    use crate::track::TrackId;

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

        fn find(&self) -> LyricsSearchResult {
            self.find_with(None)
        }

        fn find_with(&self, pick: Option<Pick>) -> LyricsSearchResult {
            let wanted = LyricsRequest {
                path: self.at("song.flac"),
                id: Some(TrackId([7; 16])),
                artist: "Ana: the/Best".into(),
                title: "Paper Lanterns?".into(),
                pick,
                ..LyricsRequest::default()
            };
            let places = Places {
                folders: Folders {
                    own: Some(self.at("own")),
                    folder: Some(self.at("lyrics")),
                },
                ..Places::default()
            };
            find(&wanted, &places)
        }

        /// Text and source of what is found.
        fn said(&self) -> Option<(String, LyricsSource)> {
            self.find().lyrics.map(|lyrics| (lyrics.text(), lyrics.source))
        }
    }

    #[test]
    fn the_best_source_goes_before_the_others() {
        let home = Home::new();
        assert_eq!(home.said(), None);
        home.write("song.txt", "plain words\n");
        assert_eq!(home.said(), Some(("plain words".into(), LyricsSource::Beside)));
        home.write(
            "lyrics/ana the best - paper lanterns.LRC",
            "[00:01.00]from the folder\n",
        );
        assert_eq!(
            home.said(),
            Some(("from the folder".into(), LyricsSource::Folder))
        );
        home.write("notes.txt", NOTES);
        assert_eq!(home.said(), Some(("from notes".into(), LyricsSource::UltraStar)));
        home.write("song.kar", "nonsense");
        home.write("song.LRC", LRC);
        assert_eq!(home.said(), Some(("from a file".into(), LyricsSource::Beside)));
        home.write("song.lrc", "[00:02.00]better\n");
        assert_eq!(home.said(), Some(("better".into(), LyricsSource::Beside)));
        assert_eq!(home.find().file, Some(home.at("song.lrc")));
        let id = TrackId([7; 16]);
        let made = own::save(
            &home.at("own"),
            id,
            "Ana",
            "Lanterns",
            "lrc",
            b"[00:01.00]made here\n",
        )
        .unwrap();
        assert_eq!(home.said(), Some(("made here".into(), LyricsSource::Edited)));
        assert_eq!(home.find().file, Some(made));
    }

    #[test]
    fn what_was_chosen_by_hand_goes_before_the_best_as_long_as_it_is_there() {
        let home = Home::new();
        home.write("song.lrc", LRC);
        home.write("song.txt", "plain words\n");
        home.write("notes.txt", NOTES);
        let found = home.find();
        let names: Vec<(LyricsSource, &str)> = found
            .offers
            .iter()
            .map(|offer| (offer.pick.source, offer.pick.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                (LyricsSource::Beside, "song.lrc"),
                (LyricsSource::UltraStar, "notes.txt"),
                (LyricsSource::Beside, "song.txt")
            ]
        );
        assert_eq!(found.chosen, 0);
        for (nth, offer) in found.offers.iter().enumerate() {
            let again = home.find_with(Some(offer.pick.clone()));
            assert_eq!((again.chosen, &again.offers), (nth, &found.offers));
            assert_eq!(again.lyrics.unwrap().source, offer.pick.source);
        }
        let gone = home.find_with(Some(Pick::lrclib()));
        assert_eq!(gone.lyrics.unwrap().text(), "from a file");
    }

    #[test]
    fn what_cannot_be_used_is_said_and_the_next_source_taken() {
        let home = Home::new();
        home.write("song.lrc", "\0\0\0");
        fs::create_dir(home.at("song.ass")).unwrap();
        home.write("lyrics/song.lrc", LRC);
        let found = home.find();
        assert_eq!(found.lyrics.unwrap().source, LyricsSource::Folder);
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
}
