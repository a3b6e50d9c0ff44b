//! The queue on the disk: as croon's own record, and as lists that other programs read. Whatever
//! touches files of the user runs on a thread of its own.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use crossbeam_channel::{Sender, bounded};
use serde::{Deserialize, Serialize};

use crate::app::state::queue::Repeat;
use crate::app::{Event, FoundSong, ResumePoint, Session, SessionQueue, SungSong};
use crate::library;
use crate::m3u::ListItem;
use crate::remote::{Reply, Responder};
use crate::run::known_tracks;
use crate::run::message::{GatheredSongs, InboundMessage};
use crate::store::{PathRecord, StemStore, StoreError, StoredQueue};
use crate::text::printable;

const NOW: &str = "now";
const HISTORY: &str = "history";
/// Songs of the history kept.
const SUNG: usize = 500;

/// A song with a moment: where the music stands, or when it was sung.
#[derive(Serialize, Deserialize)]
struct SongRecord {
    path: PathRecord,
    name: String,
    singer: Option<String>,
    /// Of the song.
    #[serde(default)]
    seconds: f64,
    /// Since the Unix epoch.
    #[serde(default)]
    at: i64,
}

/// Stores the queue and the history, and flushes them from a thread of its own.
pub struct QueueStore {
    store: StemStore,
    flush: Sender<()>,
}

impl QueueStore {
    pub fn start(store: StemStore) -> std::io::Result<Self> {
        // one wish that waits is as good as many
        let (flush, requests) = bounded(1);
        let catalogue = store.clone();
        thread::Builder::new().name("queue-store".into()).spawn(move || {
            while requests.recv().is_ok() {
                if let Err(error) = catalogue.flush() {
                    tracing::warn!("the queue could not be made safe: {error}");
                }
            }
        })?;
        Ok(Self { store, flush })
    }

    /// Full: a flush that has not begun takes this one along.
    fn flush(&self) {
        let _ = self.flush.try_send(());
    }

    fn save<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.store.save_state(key, value)?;
        self.flush();
        Ok(())
    }

    pub fn queue(&self, queue: SessionQueue) -> Result<(), StoreError> {
        self.store.save_queue(StoredQueue {
            items: queue.items,
            repeat: queue.repeat.word().into(),
            unshuffled: queue.unshuffled,
            turns: queue.turns,
        })?;
        self.flush();
        Ok(())
    }

    pub fn now(&self, now: Option<ResumePoint>) -> Result<(), StoreError> {
        let record = now.map(|now| SongRecord {
            path: PathRecord::of(&now.path),
            name: now.name,
            singer: now.singer,
            seconds: now.seconds,
            at: 0,
        });
        self.save(NOW, &record)
    }

    /// Writes a song into the history, with the time of day.
    pub fn sung(&self, path: PathBuf, name: String, singer: Option<String>) -> Result<SungSong, StoreError> {
        let at = now_unix();
        let mut history: Vec<SongRecord> = self.store.state(HISTORY).unwrap_or_default();
        let record = SongRecord {
            path: PathRecord::of(&path),
            name: name.clone(),
            singer: singer.clone(),
            seconds: 0.0,
            at,
        };
        history.insert(0, record);
        history.truncate(SUNG);
        self.save(HISTORY, &history)?;
        Ok(SungSong {
            at,
            path,
            name,
            singer,
        })
    }
}

pub fn now_unix() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

/// The state that the last session left.
pub fn restored(store: &StemStore) -> Session {
    let queue = store.queue();
    let now: Option<SongRecord> = store.state::<Option<SongRecord>>(NOW).flatten();
    let history: Vec<SongRecord> = store.state(HISTORY).unwrap_or_default();
    Session {
        queue: SessionQueue {
            items: queue.items,
            repeat: Repeat::from_word(&queue.repeat),
            unshuffled: queue.unshuffled,
            turns: queue.turns,
        },
        resume: now.map(|now| ResumePoint {
            path: now.path.path(),
            name: printable(&now.name),
            singer: now.singer,
            seconds: if now.seconds.is_finite() {
                now.seconds.max(0.0)
            } else {
                0.0
            },
        }),
        history: history
            .into_iter()
            .map(|song| SungSong {
                at: song.at,
                path: song.path.path(),
                name: printable(&song.name),
                singer: song.singer,
            })
            .collect(),
    }
}

/// Reads a list on a thread; answered by `ListRead`, or `Trouble`.
pub fn read(path: PathBuf, instead: bool, to_main: &Sender<InboundMessage>) {
    on_a_thread(to_main, move |_| {
        vec![match library::songs_of(&path) {
            Ok(list) => Event::ListRead {
                items: list.items,
                left_out: list.left_out,
                instead,
            },
            Err(reason) => Event::Notice(format!("{}: {reason}", shown(&path))),
        }]
    });
}

/// Writes a list on a thread; answered by `Said`, `ListExists` or `Trouble`.
pub fn write(path: PathBuf, items: Vec<ListItem>, over: bool, to_main: &Sender<InboundMessage>) {
    on_a_thread(to_main, move |_| {
        vec![match library::write_list(&path, &items, over) {
            Ok(path) => Event::Toast(written(items.len(), &path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !over => Event::ListExists { path },
            Err(error) => Event::Notice(not_written(&path, &error)),
        }]
    });
}

/// The same for somebody outside, who is told what came of it.
pub fn write_list_for(
    path: PathBuf,
    items: Vec<ListItem>,
    over: bool,
    answer: Responder,
    to_main: &Sender<InboundMessage>,
) {
    on_a_thread(to_main, move |_| {
        answer.reply(match library::write_list(&path, &items, over) {
            Ok(path) => Reply::Done(written(items.len(), &path)),
            Err(error) => Reply::Refused(not_written(&path, &error)),
        });
        Vec::new()
    });
}

/// Reads a list, or all songs of a folder, for somebody outside.
pub fn collect_songs(path: PathBuf, instead: bool, answer: Responder, to_main: &Sender<InboundMessage>) {
    let send = to_main.clone();
    on_a_thread(to_main, move |_| {
        let gathered = GatheredSongs {
            list: library::songs_of(&path).map_err(|reason| format!("{}: {reason}", shown(&path))),
            instead,
            answer,
        };
        // a main thread that is gone drops the answer, and so says that croon ends
        drop(send.send(InboundMessage::GatheredSongs(Box::new(gathered))));
        Vec::new()
    });
}

/// Songs of a list or folder behind those of the queue. A folder that holds the whole Library is there by
/// a slip of the hand.
pub fn add(path: PathBuf, roots: &[PathBuf], answer: Responder, to_main: &Sender<InboundMessage>) {
    let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    if real.is_dir() && roots.iter().any(|root| root.starts_with(&real)) {
        let why = format!(
            "{} is in the Library already; choose songs there, or name a folder below it",
            shown(&path)
        );
        return answer.reply(Reply::Refused(why));
    }
    collect_songs(path, false, answer, to_main);
}

fn written(songs: usize, path: &Path) -> String {
    let plural = if songs == 1 { "song is" } else { "songs are" };
    format!("{songs} {plural} in {}", shown(path))
}

fn not_written(path: &Path, error: &std::io::Error) -> String {
    library::not_written(path, error)
}

/// Looks for files that the library does not have; those that are there become songs.
pub fn look_for(paths: Vec<PathBuf>, store: &StemStore, to_main: &Sender<InboundMessage>) {
    let store = store.clone();
    on_a_thread(to_main, move |send| {
        for path in paths {
            let Ok(real) = fs::canonicalize(&path) else {
                continue;
            };
            let Ok(stamp) = library::stamp_of(&real) else {
                continue;
            };
            if !real.is_file() || !library::is_audio(&real) {
                continue;
            }
            let found: Vec<FoundSong> = known_tracks::found(&store, vec![library::read_track(&real, stamp)]);
            send(Event::SongsFound(found));
            if real != path {
                send(Event::QueuedAs { from: path, to: real });
            }
        }
        Vec::new()
    });
}

fn on_a_thread(
    to_main: &Sender<InboundMessage>,
    work: impl FnOnce(&dyn Fn(Event)) -> Vec<Event> + Send + 'static,
) {
    let to_main = to_main.clone();
    let started = thread::Builder::new().name("lists".into()).spawn(move || {
        // a main thread that is gone needs no news
        let send = |event| drop(to_main.send(InboundMessage::Event(event)));
        work(&send).into_iter().for_each(send);
    });
    if let Err(error) = started {
        tracing::warn!("no thread for a list: {error}");
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
