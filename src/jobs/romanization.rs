//! Writes the readings of lyrics on a thread of its own: the Japanese dictionary takes its time.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::lyrics::Lyrics;
use crate::lyrics::romanization::{Kind, Readings};
use crate::romanization::{BrokenDictionary, RomanizationReader};

/// Lyrics to be read.
#[derive(Debug, Clone)]
pub struct RomanizationRequest {
    /// Of the song.
    pub path: PathBuf,
    pub lyrics: Arc<Lyrics>,
    pub kind: Kind,
}

/// The thread; it ends when this is dropped, after the song it is at.
pub struct Romanizer {
    wishes: Sender<RomanizationRequest>,
}

/// The dictionary is given back when no song needed it for so long.
const IDLE: Duration = Duration::from_secs(120);

impl Romanizer {
    pub fn start(
        on: impl Fn(RomanizationRequest, Result<Readings, BrokenDictionary>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, inbox) = unbounded();
        thread::Builder::new()
            .name("readings".into())
            .spawn(move || run(&inbox, &on))?;
        Ok(Self { wishes })
    }

    pub fn read(&self, wish: RomanizationRequest) {
        if self.wishes.send(wish).is_err() {
            tracing::error!("the thread that writes readings is gone");
        }
    }
}

fn run(
    inbox: &Receiver<RomanizationRequest>,
    on: &dyn Fn(RomanizationRequest, Result<Readings, BrokenDictionary>),
) {
    let mut reader = RomanizationReader::default();
    // without end until there is something to give back
    while let Ok(first) = inbox.recv() {
        let mut next = Ok(first);
        while let Ok(wish) = next {
            let readings = reader.read(wish.kind, &wish.lyrics);
            on(wish, readings);
            next = inbox.recv_timeout(IDLE);
        }
        reader.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lyrics::read;

    #[test]
    fn the_thread_answers_for_each_song() {
        let (sent, heard) = unbounded();
        let writer = Romanizer::start(move |wish, readings| {
            sent.send((wish.path, readings.unwrap())).unwrap();
        })
        .unwrap();
        let lyrics = read("[00:01.00]纸灯笼\n".as_bytes(), "a.lrc".as_ref())
            .unwrap()
            .lyrics;
        writer.read(RomanizationRequest {
            path: "song.flac".into(),
            lyrics: Arc::new(lyrics),
            kind: Kind::Pinyin,
        });
        let (path, readings) = heard.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(path, PathBuf::from("song.flac"));
        assert_eq!(readings.lines[0][1].text, "dēng");
    }
}
