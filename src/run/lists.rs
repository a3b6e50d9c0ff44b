//! The queue on the disk: as croon's own record, and as lists that other programs read. Whatever
//! touches files of the user runs on a thread of its own.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Sender, bounded};
use serde::{Deserialize, Serialize};

use super::Message;
use crate::app::queue::Repeat;
use crate::app::{Event, Found, KeptQueue, Restored, Resume, Sung};
use crate::library;
use crate::m3u::{self, Item};
use crate::store::{StemStore, StoreError};
use crate::track::printable;

const QUEUE: &str = "queue";
const NOW: &str = "now";
const HISTORY: &str = "history";
/// Songs of the history kept.
const SUNG: usize = 500;

/// A path as it lies in the catalogue: text where it is text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathRecord {
    Text(String),
    Bytes(Vec<u8>),
}

impl PathRecord {
    fn of(path: &Path) -> Self {
        path.to_str().map_or_else(
            || Self::Bytes(path.as_os_str().as_bytes().to_vec()),
            |text| Self::Text(text.to_owned()),
        )
    }

    fn path(self) -> PathBuf {
        match self {
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => std::ffi::OsString::from_vec(bytes).into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ItemRecord {
    path: PathRecord,
    #[serde(default)]
    name: String,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    singer: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct QueueRecord {
    items: Vec<ItemRecord>,
    repeat: String,
    unshuffled: Option<Vec<usize>>,
    turns: Vec<(String, u64)>,
}

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

/// Keeps what the mind wants kept, and flushes it from a thread of its own.
pub struct Keeper {
    store: StemStore,
    flush: Sender<()>,
}

impl Keeper {
    pub fn start(store: StemStore) -> std::io::Result<Self> {
        // one wish that waits is as good as many
        let (flush, wishes) = bounded(1);
        let catalogue = store.clone();
        thread::Builder::new().name("keep".into()).spawn(move || {
            while wishes.recv().is_ok() {
                if let Err(error) = catalogue.flush() {
                    tracing::warn!("the queue could not be made safe: {error}");
                }
            }
        })?;
        Ok(Self { store, flush })
    }

    fn save<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.store.save_state(key, value)?;
        // full: a flush that has not begun takes this one along
        let _ = self.flush.try_send(());
        Ok(())
    }

    pub fn queue(&self, queue: KeptQueue) -> Result<(), StoreError> {
        let items = queue.items.into_iter().map(|item| ItemRecord {
            path: PathRecord::of(&item.path),
            name: item.name,
            seconds: item.seconds,
            singer: item.singer,
        });
        let record = QueueRecord {
            items: items.collect(),
            repeat: queue.repeat.word().into(),
            unshuffled: queue.unshuffled,
            turns: queue.turns,
        };
        self.save(QUEUE, &record)
    }

    pub fn now(&self, now: Option<Resume>) -> Result<(), StoreError> {
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
    pub fn sung(&self, path: PathBuf, name: String, singer: Option<String>) -> Result<Sung, StoreError> {
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
        Ok(Sung {
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

/// What the last evening left.
pub fn restored(store: &StemStore) -> Restored {
    let queue: QueueRecord = store.state(QUEUE).unwrap_or_default();
    let items = queue.items.into_iter().map(|item| Item {
        path: item.path.path(),
        name: printable(&item.name),
        seconds: item.seconds,
        singer: item.singer.map(|name| printable(&name)),
    });
    let now: Option<SongRecord> = store.state::<Option<SongRecord>>(NOW).flatten();
    let history: Vec<SongRecord> = store.state(HISTORY).unwrap_or_default();
    Restored {
        queue: KeptQueue {
            items: items.collect(),
            repeat: Repeat::from_word(&queue.repeat),
            unshuffled: queue.unshuffled,
            turns: queue.turns,
        },
        resume: now.map(|now| Resume {
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
            .map(|song| Sung {
                at: song.at,
                path: song.path.path(),
                name: printable(&song.name),
                singer: song.singer,
            })
            .collect(),
    }
}

/// Reads a list on a thread; answered by `ListRead`, or `Trouble`.
pub fn read(path: PathBuf, instead: bool, to_main: &Sender<Message>) {
    on_a_thread(to_main, move |_| {
        vec![match read_list(&path) {
            Ok(list) => Event::ListRead {
                items: list.items,
                left_out: list.left_out,
                instead,
            },
            Err(reason) => Event::Trouble(format!("{}: {reason}", shown(&path))),
        }]
    });
}

fn read_list(path: &Path) -> Result<m3u::List, String> {
    let about =
        |error: std::io::Error| format!("the list cannot be read ({error}); check its name and rights");
    let size = fs::metadata(path).map_err(about)?.len();
    if size > m3u::LONGEST_BYTES {
        return Err("too large for a list of songs; is it one?".into());
    }
    let base = std::path::absolute(path).map_err(about)?;
    let bytes = fs::read(path).map_err(about)?;
    Ok(m3u::read(&bytes, base.parent().unwrap_or(Path::new("/"))))
}

/// Writes a list on a thread; answered by `Said`, `ListExists` or `Trouble`.
pub fn write(path: PathBuf, items: Vec<Item>, over: bool, to_main: &Sender<Message>) {
    on_a_thread(to_main, move |_| {
        let songs = items.len();
        vec![match write_list(&path, &items, over) {
            Ok(path) => Event::Said(format!("{songs} songs are in {}", shown(&path))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !over => Event::ListExists { path },
            Err(error) => Event::Trouble(format!(
                "{}: the list cannot be written ({error}); choose another name or folder",
                shown(&path)
            )),
        }]
    });
}

fn write_list(path: &Path, items: &[Item], over: bool) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let text = m3u::write(items, folder);
    if !over {
        // never over a file that somebody made, not even one made this moment
        let mut file = fs::File::create_new(&path)?;
        file.write_all(&text)?;
        file.sync_all()?;
        return Ok(path);
    }
    // whole or not at all
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let written = fs::File::create_new(&part).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, &path)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })?;
    Ok(path)
}

/// Looks for files that the library does not have; those that are there become songs.
pub fn look_for(paths: Vec<PathBuf>, store: &StemStore, to_main: &Sender<Message>) {
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
            let found: Vec<Found> = super::catalogue::found(&store, vec![library::read_track(&real, stamp)]);
            send(Event::Found(found));
            if real != path {
                send(Event::QueuedAs { from: path, to: real });
            }
        }
        Vec::new()
    });
}

fn on_a_thread(to_main: &Sender<Message>, work: impl FnOnce(&dyn Fn(Event)) -> Vec<Event> + Send + 'static) {
    let to_main = to_main.clone();
    let started = thread::Builder::new().name("lists".into()).spawn(move || {
        // a main thread that is gone needs no news
        let send = |event| drop(to_main.send(Message::Event(event)));
        work(&send).into_iter().for_each(send);
    });
    if let Err(error) = started {
        tracing::warn!("no thread for a list: {error}");
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_users_file_is_never_written_over_unasked_and_whole_where_asked() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("party.m3u8");
        let items = [Item {
            path: home.path().join("a\nb.flac"),
            name: "Ana - Snow".into(),
            seconds: Some(61),
            singer: Some("Ben".into()),
        }];
        fs::write(&path, "mine").unwrap();
        let refused = write_list(&path, &items, false).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        write_list(&path, &items, true).unwrap();
        assert_eq!(read_list(&path).unwrap().items, items);
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing half-written stays"
        );
        assert!(read_list(&home.path().join("none.m3u")).is_err());
    }
}
