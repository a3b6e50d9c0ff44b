//! Listens through the song that plays, for its [`Trace`]: the stored vocals where they are whole,
//! else the mixture where that will do. On a thread of its own; of wishes that wait only the newest
//! counts.

use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::audio::Vocals;
use crate::audio::decode::Decoder;
use crate::audio::decode::error::DecodeError;
use crate::audio::dsp::vocal_activity::VocalActivityMeter;
use crate::jobs::stored;
use crate::jobs::vocals::StoredVocals;
use crate::store::StemStore;
use crate::track::TrackId;
use crate::vocal_timing::{Of, Trace};

/// Frames read at a time.
const PIECE: usize = 44_100;

/// A song to listen to.
#[derive(Debug, Clone, PartialEq)]
pub struct Listen {
    pub path: PathBuf,
    pub id: Option<TrackId>,
    /// Without stored vocals the mixture is better than nothing.
    pub or_mixture: bool,
}

/// The listening thread; it ends when this is dropped, after the song it is at.
pub struct Listener {
    wishes: Sender<Listen>,
}

impl Listener {
    /// Each wish that is not pushed out by a newer one is answered, with None where nothing could be
    /// heard.
    pub fn start(
        store: StemStore,
        on: impl Fn(PathBuf, Option<Trace>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, inbox) = unbounded();
        thread::Builder::new()
            .name("listen".into())
            .spawn(move || run(&store, &inbox, &on))?;
        Ok(Self { wishes })
    }

    pub fn listen(&self, wish: Listen) {
        if self.wishes.send(wish).is_err() {
            tracing::error!("the listening thread is gone");
        }
    }
}

fn run(store: &StemStore, inbox: &Receiver<Listen>, on: &dyn Fn(PathBuf, Option<Trace>)) {
    while let Ok(first) = inbox.recv() {
        let wish = inbox.try_iter().last().unwrap_or(first);
        let mut trace = wish.id.and_then(|id| of_vocals(store, id));
        if trace.is_none() && wish.or_mixture {
            trace = of_mixture(&wish.path)
                .inspect_err(|error| tracing::warn!(path = %wish.path.display(), "not listened to: {error}"))
                .ok();
        }
        on(wish.path, trace);
    }
}

/// Of a song's stored vocals; None unless all of them are there.
fn of_vocals(store: &StemStore, id: TrackId) -> Option<Trace> {
    let stems = stored::stems(store, id).ok()??.stems;
    let meta = stems.meta().filter(|_| stems.is_complete())?;
    let seconds = meta.frames as f64 / f64::from(meta.rate.max(1));
    let mut vocals = StoredVocals::new(store.clone(), id, Some(stems));
    let frames = (seconds * f64::from(vocals.rate())) as u64;
    let mut maker = VocalActivityMeter::new(Of::Vocals, vocals.rate());
    let mut pcm = vec![0.0; 2 * PIECE];
    let mut at = 0;
    while at < frames && !maker.is_full() {
        let count = PIECE.min((frames - at) as usize);
        // a damaged part is separated again, and then there is another chance
        if !vocals.read(at, &mut pcm[..2 * count]) {
            return None;
        }
        maker.add(&pcm[..2 * count]);
        at += count as u64;
    }
    Some(maker.finish())
}

/// Of a file as it is.
pub fn of_mixture(path: &Path) -> Result<Trace, DecodeError> {
    of_file(path, Of::Mixture)
}

/// Of a file that holds nothing but vocals.
pub fn of_vocals_file(path: &Path) -> Result<Trace, DecodeError> {
    of_file(path, Of::Vocals)
}

fn of_file(path: &Path, of: Of) -> Result<Trace, DecodeError> {
    let mut decoder = Decoder::open(path)?;
    let mut maker = VocalActivityMeter::new(of, decoder.info().rate);
    let mut pcm = Vec::new();
    while !maker.is_full() {
        pcm.clear();
        if decoder.read(&mut pcm)? == 0 {
            break;
        }
        maker.add(&pcm);
    }
    Ok(maker.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_without_stored_vocals_is_heard_as_it_is_where_that_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for i in 0..3 * 44_100_i32 {
            let loud = if i > 44_100 { 8_000 } else { 0 };
            writer.write_sample(((i / 50 % 2) * 2 - 1) as i16 * loud).unwrap();
        }
        writer.finalize().unwrap();
        let paths = crate::store::StorePaths {
            state: folder.path().join("state"),
            cache: folder.path().join("cache"),
        };
        let store = StemStore::open(&paths, 0).unwrap();
        let (sent, heard) = unbounded();
        let listener = Listener::start(store, move |path, trace| sent.send((path, trace)).unwrap()).unwrap();
        for or_mixture in [false, true] {
            listener.listen(Listen {
                path: path.clone(),
                id: Some(TrackId([7; 16])),
                or_mixture,
            });
            let (of, trace) = heard.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
            assert_eq!((&of, trace.is_some()), (&path, or_mixture));
            if let Some(trace) = trace {
                assert_eq!(trace.of(), Of::Mixture);
                assert!((299..=301).contains(&trace.len()), "{}", trace.len());
                assert!(trace.loudness(2_000, 2_500) > trace.loudness(200, 700));
            }
        }
        listener.listen(Listen {
            path: folder.path().join("gone.flac"),
            id: None,
            or_mixture: true,
        });
        assert_eq!(
            heard.recv_timeout(std::time::Duration::from_secs(60)).unwrap().1,
            None
        );
    }
}
