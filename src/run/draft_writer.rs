//! Writes down what the editor makes, in order and on a thread of its own: drafts in croon's state, and
//! lyrics where the user said. Whole or not at all, and never over a file that somebody made unasked.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::app::state::editor::Draft;
use crate::app::{Effect, Event};
use crate::files;
use crate::run::message::InboundMessage;
use crate::text::printable;

/// A larger draft is none.
const LONGEST_DRAFT: u64 = 32 << 20;

/// The thread; it ends, with all it was told done, when this is dropped.
pub struct DraftWriter {
    requests: Option<Sender<Effect>>,
    thread: Option<JoinHandle<()>>,
}

impl DraftWriter {
    /// `drafts`: the folder for them, made when need be.
    pub fn start(drafts: PathBuf, to_main: Sender<InboundMessage>) -> std::io::Result<Self> {
        let (requests, inbox) = unbounded();
        let thread = thread::Builder::new()
            .name("draft-writer".into())
            .spawn(move || run(&drafts, &inbox, &to_main))?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    pub fn tell(&self, wish: Effect) {
        if self
            .requests
            .as_ref()
            .is_none_or(|requests| requests.send(wish).is_err())
        {
            tracing::error!("the thread that writes lyrics is gone");
        }
    }
}

impl Drop for DraftWriter {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(drafts: &Path, inbox: &Receiver<Effect>, to_main: &Sender<InboundMessage>) {
    // a main thread that is gone needs no news
    let send = |event| drop(to_main.send(InboundMessage::Event(event)));
    while let Ok(wish) = inbox.recv() {
        match wish {
            Effect::OpenDraft { song } => {
                let draft = read_draft(&draft_file(drafts, &song)).map(Box::new);
                send(Event::Draft { song, draft });
            }
            Effect::SaveDraft { song, draft } => {
                if let Err(error) = keep_draft(&draft_file(drafts, &song), draft.as_ref()) {
                    send(Event::Notice(format!(
                        "the unsaved times of the words can't be kept in {} ({error}); s saves them as a file",
                        shown(drafts)
                    )));
                }
            }
            Effect::WriteLyrics { .. } => send(write_lyrics(wish)),
            _ => {}
        }
    }
}

/// The draft of a song: named after it, told from others of the name by its path.
fn draft_file(drafts: &Path, song: &Path) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let name = printable(&song.file_stem().unwrap_or_default().to_string_lossy());
    let name: String = name.chars().filter(|c| *c != '/').take(60).collect();
    let hash = blake3::hash(song.as_os_str().as_bytes()).to_hex();
    drafts.join(format!("{name}-{}.json", &hash[..16]))
}

fn read_draft(file: &Path) -> Option<Draft> {
    let size = fs::metadata(file).ok()?.len();
    if size > LONGEST_DRAFT {
        tracing::warn!("{} is too large for a draft", file.display());
        return None;
    }
    let bytes = fs::read(file).ok()?;
    serde_json::from_slice(&bytes)
        .inspect_err(|error| tracing::warn!("{} is no draft: {error}", file.display()))
        .ok()
}

fn keep_draft(file: &Path, draft: Option<&Draft>) -> std::io::Result<()> {
    match draft {
        Some(draft) => whole(file, &serde_json::to_vec(draft)?),
        None => match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}

fn write_lyrics(wish: Effect) -> Event {
    let Effect::WriteLyrics {
        song,
        file,
        own,
        text,
        over,
    } = &wish
    else {
        return Event::Notice(String::new());
    };
    let written = if *over {
        whole(file, text.as_bytes())
    } else {
        files::write_new(file, text.as_bytes())
    };
    match written {
        Ok(()) => {
            // what was made here before goes first when lyrics are looked for: it must not be older
            if let Some(own) = own.as_ref().filter(|own| own.is_file())
                && let Err(error) = whole(own, text.as_bytes())
            {
                return Event::Notice(format!("{} is still the older one: {error}", shown(own)));
            }
            Event::LyricsWritten {
                song: song.clone(),
                file: file.clone(),
            }
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !over => Event::LyricsExist(Box::new(wish)),
        Err(error) => Event::Notice(format!(
            "{} can't be written ({error}); the draft is kept, save it elsewhere",
            shown(file)
        )),
    }
}

/// Writes a file whole; its folder is made.
fn whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    files::write(file, bytes)
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::state::editor::Sheet;
    use crate::app::state::editor::SheetRow;

    fn next(inbox: &Receiver<InboundMessage>) -> Event {
        match inbox.recv_timeout(Duration::from_secs(60)).unwrap() {
            InboundMessage::Event(event) => event,
            _ => panic!("no event"),
        }
    }

    #[test]
    fn a_draft_outlives_the_thread_and_goes_when_it_is_told_to() {
        let home = tempfile::tempdir().unwrap();
        let drafts = home.path().join("state/drafts");
        let song = home.path().join("sub/ü song.flac");
        let draft = Draft::of(&Sheet::ordered(vec![SheetRow::new("paper lanterns")]));
        let (to_main, inbox) = unbounded();
        let draft_writer = DraftWriter::start(drafts.clone(), to_main.clone()).unwrap();
        draft_writer.tell(Effect::SaveDraft {
            song: song.clone(),
            draft: Some(draft.clone()),
        });
        drop(draft_writer);
        let draft_writer = DraftWriter::start(drafts.clone(), to_main).unwrap();
        let open = || Effect::OpenDraft { song: song.clone() };
        draft_writer.tell(open());
        let kept = Event::Draft {
            song: song.clone(),
            draft: Some(Box::new(draft)),
        };
        assert_eq!(next(&inbox), kept);
        draft_writer.tell(Effect::SaveDraft {
            song: song.clone(),
            draft: None,
        });
        draft_writer.tell(open());
        assert_eq!(
            next(&inbox),
            Event::Draft {
                song: song.clone(),
                draft: None
            }
        );
        fs::write(draft_file(&drafts, &song), "{\"version\":").unwrap();
        draft_writer.tell(open());
        assert_eq!(
            next(&inbox),
            Event::Draft {
                song: song.clone(),
                draft: None
            }
        );
    }

    #[test]
    fn a_users_lyrics_are_written_over_only_with_a_yes_and_ours_follow() {
        let home = tempfile::tempdir().unwrap();
        let (file, own) = (home.path().join("song.lrc"), home.path().join("own/song [x].lrc"));
        fs::write(&file, "theirs").unwrap();
        let wish = |file: &Path, own: Option<&Path>, over| Effect::WriteLyrics {
            song: home.path().join("song.flac"),
            file: file.into(),
            own: own.map(Into::into),
            text: "[00:01.000]ours\n".into(),
            over,
        };
        let refused = write_lyrics(wish(&file, Some(&own), false));
        assert_eq!(
            refused,
            Event::LyricsExist(Box::new(wish(&file, Some(&own), false)))
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert!(matches!(
            write_lyrics(wish(&own, None, true)),
            Event::LyricsWritten { .. }
        ));
        fs::write(&own, "older").unwrap();
        assert!(matches!(
            write_lyrics(wish(&file, Some(&own), true)),
            Event::LyricsWritten { .. }
        ));
        for path in [&file, &own] {
            assert_eq!(fs::read_to_string(path).unwrap(), "[00:01.000]ours\n");
        }
        let nowhere = home.path().join("gone/song.lrc");
        assert!(matches!(
            write_lyrics(wish(&nowhere, None, false)),
            Event::Notice(_)
        ));
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            2,
            "nothing half-written stays"
        );
    }
}
