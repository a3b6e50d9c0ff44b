//! Lyrics of real songs: files timed by hand are read whole and go back byte for byte, and tags and
//! files are found through the same doors as croon uses. Without songs they report themselves as skipped.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::skip::shared;
use croon::jobs::lyrics::{Places, find};
use croon::library::{read_track, stamp_of};
use croon::lyrics::ultrastar::{UltraStarFile, UltraStarItem};
use croon::lyrics::{Format, LyricsRequest, LyricsSource, Timing, read};

/// Folders with `song.txt` and audio, in the folder that `CROON_SONGS` names or beside the repository.
#[track_caller]
fn songs() -> Vec<PathBuf> {
    let named = std::env::var_os("CROON_SONGS").map(PathBuf::from);
    let Some(folder) = named.or_else(|| shared("data/songs")) else {
        return Vec::new();
    };
    let entries = fs::read_dir(&folder).unwrap();
    let mut songs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    songs.retain(|song| song.join("song.txt").is_file());
    songs.sort();
    assert!(!songs.is_empty(), "no songs in {}", folder.display());
    songs
}

#[test]
fn songs_timed_by_hand_are_read_whole_and_go_back_byte_for_byte() {
    for song in songs() {
        let bytes = fs::read(song.join("song.txt")).unwrap();
        let file = UltraStarFile::parse(&bytes);
        assert_eq!(file.export(), bytes, "{}", song.display());
        let count =
            |wanted: fn(&UltraStarItem) -> bool| file.items().filter(|(_, item)| wanted(item)).count();
        assert_eq!(
            count(|item| *item == UltraStarItem::Other),
            0,
            "every row is understood"
        );
        let notes = count(|item| matches!(item, UltraStarItem::Note(_)));
        let phrases = 1 + count(|item| matches!(item, UltraStarItem::Break { .. }));

        let read = read(&bytes, Path::new("song.txt")).unwrap();
        let lyrics = read.lyrics;
        assert_eq!(read.flaws, [], "{}", song.display());
        assert_eq!((lyrics.format, lyrics.timing), (Format::UltraStar, Timing::Words));
        // a phrase may hold nothing, and a `~` is no syllable of its own
        assert!(
            lyrics.lines.len() <= phrases && lyrics.lines.len() * 10 > phrases * 9,
            "{phrases} phrases"
        );
        let words: usize = lyrics.lines.iter().map(|line| line.words.len()).sum();
        assert!(
            words <= notes && words * 10 > notes * 8,
            "{words} words of {notes} notes"
        );
    }
}

#[test]
fn a_folder_with_text_and_audio_is_one_song_with_its_words() {
    for folder in songs() {
        let audio = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        let audio = audio
            .into_iter()
            .find(|path| path.file_stem().is_some_and(|stem| stem == "audio"))
            .unwrap();
        let track = read_track(&audio, stamp_of(&audio).unwrap());
        let file = UltraStarFile::parse(&fs::read(folder.join("song.txt")).unwrap());
        let wanted = LyricsRequest {
            path: audio,
            artist: track.artist().to_owned(),
            title: track.title(),
            ..LyricsRequest::default()
        };
        let found = find(&wanted, &Places::default());
        assert_eq!(
            (Some(track.title().as_str()), Some(track.artist())),
            (file.header("TITLE"), file.header("ARTIST"))
        );
        let lyrics = found.lyrics.expect("the words of the folder");
        assert_eq!(lyrics.source, LyricsSource::UltraStar);
        let end = lyrics.lines.last().unwrap().end_ms.unwrap() as f64 / 1000.0;
        assert!(end < track.duration.unwrap() + 5.0, "the words end with the song");
    }
}
