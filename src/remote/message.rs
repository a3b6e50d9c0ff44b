//! What travels between those who ask from outside, the server and the main thread, and the way back for
//! each answer.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::remote::status::Status;
use crate::request::Request;

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Do(Request),
    Status,
    /// The queue into a list; over a file that is there only where `over`.
    SaveQueue {
        path: PathBuf,
        over: bool,
    },
    /// The songs of a list or a folder, `instead` of the queue or behind it.
    LoadQueue {
        path: PathBuf,
        instead: bool,
    },
    /// The server's own business: it arrives at nobody as an [`Asked`].
    Follow,
}

/// What they are told.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Done(String),
    Refused(String),
    Status(Box<Status>),
}

/// One who asks and waits.
#[derive(Debug)]
pub struct Asked {
    pub ask: Ask,
    pub answer: Answer,
}

/// The way back; dropped without a word it says that croon ends.
#[derive(Debug)]
pub struct Answer(pub(crate) Option<Back>);

#[derive(Debug)]
pub(crate) enum Back {
    /// A connection of the server, by its number.
    Socket(u64, Bell),
    /// A thread that waits.
    #[cfg(feature = "dbus")]
    Thread(Sender<Reply>),
}

impl Answer {
    pub fn give(mut self, reply: Reply) {
        self.send(reply);
    }

    fn send(&mut self, reply: Reply) {
        match self.0.take() {
            Some(Back::Socket(client, bell)) => bell.tell(ToServer::Answer(client, reply)),
            // one who waits no longer has gone on without
            #[cfg(feature = "dbus")]
            Some(Back::Thread(to)) => drop(to.try_send(reply)),
            None => {}
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.send(Reply::Refused("croon is just ending".into()));
    }
}

/// Where requests go; called from the threads of this room, which it must not hold up.
pub type Handler = Arc<dyn Fn(Asked) + Send + Sync>;

/// What the server's inbox takes.
#[derive(Debug)]
pub(crate) enum ToServer {
    Answer(u64, Reply),
    Status(Arc<Status>),
    Quit,
}

/// Puts something into the server's inbox and wakes it. Never waits.
#[derive(Debug, Clone)]
pub(crate) struct Bell {
    pub(crate) inbox: Sender<ToServer>,
    pub(crate) wake: Arc<UnixStream>,
}

impl Bell {
    pub(crate) fn tell(&self, message: ToServer) {
        // A server that is gone needs no news; a full pipe wakes it as well as one more byte would.
        let _ = self.inbox.send(message);
        let _ = (&*self.wake).write(&[1]);
    }
}
