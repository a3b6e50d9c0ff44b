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
pub enum RemoteRequest {
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
    /// The server's own business: it arrives at nobody as an [`PendingRequest`].
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
pub struct PendingRequest {
    pub ask: RemoteRequest,
    pub answer: Responder,
}

/// The way back; dropped without a word it says that croon ends.
#[derive(Debug)]
pub struct Responder(pub(crate) Option<ReplyPath>);

#[derive(Debug)]
pub(crate) enum ReplyPath {
    /// A connection of the server, by its number.
    Socket(u64, ServerSender),
    /// A thread that waits.
    #[cfg(feature = "dbus")]
    Thread(Sender<Reply>),
}

impl Responder {
    pub fn reply(mut self, reply: Reply) {
        self.send(reply);
    }

    fn send(&mut self, reply: Reply) {
        match self.0.take() {
            Some(ReplyPath::Socket(client, server_sender)) => {
                server_sender.send(ServerMessage::Responder(client, reply))
            }
            // one who waits no longer has gone on without
            #[cfg(feature = "dbus")]
            Some(ReplyPath::Thread(to)) => drop(to.try_send(reply)),
            None => {}
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.send(Reply::Refused("croon is just ending".into()));
    }
}

/// Where requests go; called from the threads of this room, which it must not hold up.
pub type Handler = Arc<dyn Fn(PendingRequest) + Send + Sync>;

/// What the server's inbox takes.
#[derive(Debug)]
pub(crate) enum ServerMessage {
    Responder(u64, Reply),
    Status(Arc<Status>),
    Quit,
}

/// Puts something into the server's inbox and wakes it. Never waits.
#[derive(Debug, Clone)]
pub(crate) struct ServerSender {
    pub(crate) inbox: Sender<ServerMessage>,
    pub(crate) wake: Arc<UnixStream>,
}

impl ServerSender {
    pub(crate) fn send(&self, message: ServerMessage) {
        // A server that is gone needs no news; a full pipe wakes it as well as one more byte would.
        let _ = self.inbox.send(message);
        let _ = (&*self.wake).write(&[1]);
    }
}
