//! Finds a song's lyrics on a thread of its own: all there are, best first, and reads the one that is
//! wanted. Files are only read. A server is asked only where the user lets it be.

pub mod online;
pub mod own;
mod search;

pub use crate::jobs::lyrics::search::find;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::lrclib::Lrclib;
use crate::lyrics::cdg::Graphics;
use crate::lyrics::{self, Lyrics, LyricsError, LyricsRequest, MOST_BYTES, Offer, Online, Pick, model};
use crate::store::StemStore;

/// Where lyrics are kept apart from the songs.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// croon's own.
    pub own: Option<PathBuf>,
    /// The user's, as configured.
    pub folder: Option<PathBuf>,
}

/// Where lyrics are looked for.
#[derive(Default)]
pub struct Places {
    pub folders: Folders,
    /// Holds what a server said.
    pub store: Option<StemStore>,
    /// The server, where the user lets it be asked.
    pub server: Option<Lrclib>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct LyricsSearchResult {
    pub lyrics: Option<Lyrics>,
    /// In place of them, where pictures are what is sung from.
    pub graphics: Option<Graphics>,
    /// The file they are from; None: the song itself, or a server.
    pub file: Option<PathBuf>,
    /// Everything the song could be sung with, best first, and which of it the lyrics are.
    pub offers: Vec<Offer>,
    pub chosen: usize,
    pub online: Online,
    /// Files that look like this song's lyrics and can't be used, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

/// The threads, one for what lies here and one for a server; they end when this is dropped, after the
/// song they are at.
pub struct LyricsFinder {
    wishes: Sender<LyricsRequest>,
}

/// Of wishes that wait only the newest: the playing song, the next, and one the listener left again.
const WAITING: usize = 3;

type Tell = dyn Fn(PathBuf, LyricsSearchResult) + Send + Sync;

impl LyricsFinder {
    /// Whatever is found is told; where a server is asked, once more when it has answered.
    pub fn start(
        places: Places,
        on: impl Fn(PathBuf, LyricsSearchResult) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, inbox) = unbounded();
        let (questions, asked) = unbounded();
        let (places, on): (_, Arc<Tell>) = (Arc::new(places), Arc::new(on));
        let (the_places, the_on) = (Arc::clone(&places), Arc::clone(&on));
        thread::Builder::new().name("lyrics".into()).spawn(move || {
            each(&inbox, |wanted: LyricsRequest| {
                let mut found = find(&wanted, &the_places);
                let alone = found.offers.is_empty() || wanted.pick == Some(Pick::lrclib());
                let asks =
                    found.online != Online::Off && (wanted.ask || found.online == Online::Unasked && alone);
                if asks && questions.send(wanted.clone()).is_ok() {
                    found.online = Online::Asking;
                }
                the_on(wanted.path, found);
            });
        })?;
        thread::Builder::new().name("lrclib".into()).spawn(move || {
            each(&asked, |wanted| {
                on(wanted.path.clone(), asked_for(&wanted, &places))
            })
        })?;
        Ok(Self { wishes })
    }

    pub fn find(&self, wanted: LyricsRequest) {
        if self.wishes.send(wanted).is_err() {
            tracing::error!("the thread that finds lyrics is gone");
        }
    }
}

/// The newest wishes, in the order they came.
fn each(inbox: &Receiver<LyricsRequest>, take: impl Fn(LyricsRequest)) {
    while let Ok(first) = inbox.recv() {
        let mut waiting: Vec<LyricsRequest> = std::iter::once(first).chain(inbox.try_iter()).collect();
        waiting.drain(..waiting.len().saturating_sub(WAITING));
        waiting.into_iter().for_each(&take);
    }
}

/// Asks the server, and looks again.
fn asked_for(wanted: &LyricsRequest, places: &Places) -> LyricsSearchResult {
    let failed = match (&places.server, online::question(wanted)) {
        (Some(server), Some(question)) => online::ask(server, places.store.as_ref(), &question).err(),
        _ => None,
    };
    let mut found = find(wanted, places);
    if let Some(error) = failed {
        tracing::info!(path = %wanted.path.display(), "{error}");
        found.online = Online::Failed(error.to_string());
    }
    found
}

/// A file that gave no lyrics.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error("there is no such file")]
    Missing,
    #[error("it can't be read ({0}); check its permissions")]
    Io(std::io::Error),
    #[error(transparent)]
    LyricsError(#[from] LyricsError),
}

/// Reads a lyrics file of any format.
pub fn read_file(path: &Path) -> Result<model::Read, Unread> {
    Ok(lyrics::read(&bytes_of(path)?, path)?)
}

/// A lyrics file's bytes, as far as any is read.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, Unread> {
    bytes_up_to(path, MOST_BYTES)
}

/// One byte more than allowed tells that there are more.
fn bytes_up_to(path: &Path, most: usize) -> Result<Vec<u8>, Unread> {
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
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_answers_for_each_song() {
        let home = tempfile::tempdir().unwrap();
        let song = home.path().join("song.flac");
        std::fs::write(home.path().join("song.lrc"), "[00:01.00]from a file\n").unwrap();
        let (sent, heard) = unbounded();
        let finder = LyricsFinder::start(Places::default(), move |path, found| {
            sent.send((path, found.lyrics)).unwrap();
        })
        .unwrap();
        finder.find(LyricsRequest {
            path: song.clone(),
            ..LyricsRequest::default()
        });
        let (path, lyrics) = heard.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert_eq!((path, lyrics.unwrap().text().as_str()), (song, "from a file"));
    }
}
