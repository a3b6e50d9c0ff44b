//! The door to a running croon: a Unix socket for `croon ctl` and scripts, and MPRIS for media keys
//! and desktops. Both turn what arrives into a [`RemoteRequest`] for the main thread and carry the answer
//! back; neither ever makes it wait.
//!
//! # The protocol, schema 1
//!
//! The socket lies at `$XDG_RUNTIME_DIR/croon/croon-XXXXXXXX.sock` (`croon paths` names it; the
//! eight digits tell croons with different state folders apart), for the user alone. Lines of JSON
//! in UTF-8, each at most 32 KiB, go both ways. A request:
//!
//! ```json
//! {"schema":1,"request":"vocals","value":"-10"}
//! ```
//!
//! | `request` | beside it |
//! |---|---|
//! | `play` `pause` `toggle` `stop` `next` `previous` | |
//! | `seek` | `value`: `"83.5"`, `"1:23"`, `"+30"`, `"-0:10"` |
//! | `vocals` | `value`, percent: `"20"`, `"+5"`, `"-5%"`, `"toggle"` |
//! | `key` | `value`, semitones: `"+2"`, `"-2"`; against the recording `"2"`, `"=-2"` |
//! | `tempo` | `value`, percent: `"90%"`, `"+5"` |
//! | `volume` | `value`, percent: `"80"`, `"-5"`, `"mute"` |
//! | `repeat` · `shuffle` | `value`: `"off"`, `"one"`, `"all"` · `"on"`, `"off"` |
//! | `play` `add` `open` | `file`: an absolute path or a `file:` URI; `open` plays where nothing plays, else adds; of a list or a folder `add` and `open` add all songs |
//! | `queue-save` | `file`: the list to write; `value`: `"over"`, where a file may be there already |
//! | `queue-load` | `file`: a list or a folder; `value`: `"add"` puts its songs behind the queue, else instead |
//! | `status` `follow` | |
//!
//! `schema` may be left out, other fields may not be there. Every request is answered by one line, in
//! order, and the next line is read when the one before is answered:
//!
//! ```json
//! {"schema":1,"ok":true,"said":"the singer is at 10 %"}
//! {"schema":1,"ok":false,"error":"this is the last song"}
//! {"schema":1,"ok":true,"status":{...}}
//! ```
//!
//! with the fields of [`Status`]. After `follow`, a status line comes at every change, and each second
//! while a song plays, until the connection ends; a reader that is slow misses some and gets the
//! newest. New fields may come within a schema; what changes or goes makes a new one.

mod address;
mod client;
mod connection;
mod message;
#[cfg(feature = "dbus")]
mod mpris;
mod protocol;
mod server;
mod status;
pub mod uri;

pub use crate::remote::address::{Address, SocketError};
pub use crate::remote::client::{Client, ClientError};
pub use crate::remote::protocol::{LONGEST_LINE, RequestLine, ResponseLine, SCHEMA};
pub use crate::remote::status::{Capabilities, EngineStatus, Playback, Status, places};
pub use message::{Handler, PendingRequest, RemoteRequest, Reply, Responder};

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::unbounded;

use crate::remote::message::{ServerMessage, ServerSender};
#[cfg(feature = "dbus")]
use crate::remote::mpris::Mpris;
use crate::remote::server::Server;

/// Which doors are to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteInterfaces {
    pub socket: bool,
    pub mpris: bool,
}

/// The open doors; dropping it closes them and removes the socket.
pub struct Remote {
    server: Option<(ServerSender, JoinHandle<()>)>,
    #[cfg(feature = "dbus")]
    mpris: Option<Mpris>,
    /// Those who want every new status: following connections, and MPRIS once it is there.
    watchers: Arc<AtomicUsize>,
}

impl Remote {
    /// Opens the doors. One that cannot be opened is told of, and everything else goes on. Returns at
    /// once: the bus is looked for in the background.
    pub fn start(address: &Address, doors: RemoteInterfaces, on: Handler) -> (Self, Option<SocketError>) {
        let watchers = Arc::new(AtomicUsize::new(0));
        let mut trouble = None;
        let mut server = None;
        if doors.socket {
            match Self::serve(address, on.clone(), watchers.clone()) {
                Ok(open) => server = Some(open),
                Err(reason) => trouble = Some(reason),
            }
        }
        #[cfg(not(feature = "dbus"))]
        if doors.mpris {
            tracing::debug!("no MPRIS: this croon was built without it");
        }
        let remote = Self {
            server,
            #[cfg(feature = "dbus")]
            mpris: doors.mpris.then(|| Mpris::start(on, watchers.clone())).flatten(),
            watchers,
        };
        (remote, trouble)
    }

    fn serve(
        address: &Address,
        on: Handler,
        watchers: Arc<AtomicUsize>,
    ) -> Result<(ServerSender, JoinHandle<()>), SocketError> {
        let door = address::bind(address)?;
        let failed = |error: std::io::Error| SocketError::Io {
            path: door.path().to_owned(),
            error,
        };
        let (wake, woken) = UnixStream::pair().map_err(failed)?;
        wake.set_nonblocking(true).map_err(failed)?;
        woken.set_nonblocking(true).map_err(failed)?;
        let (inbox, messages) = unbounded();
        let server_sender = ServerSender {
            inbox,
            wake: Arc::new(wake),
        };
        let path = door.path().to_owned();
        let server = Server::new(door, woken, messages, server_sender.clone(), on, watchers);
        let thread = thread::Builder::new()
            .name("remote".into())
            .spawn(move || server.run())
            .map_err(|error| SocketError::Io { path, error })?;
        Ok((server_sender, thread))
    }

    /// Somebody wants to be told of changes.
    pub fn watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// The status of this moment; `jumped`: the position did not come to be where it is by playing.
    #[cfg_attr(
        not(feature = "dbus"),
        expect(unused_variables, reason = "socket readers see it anyhow")
    )]
    pub fn publish(&self, status: Status, jumped: bool) {
        let status = Arc::new(status);
        if let Some((server_sender, _)) = &self.server {
            server_sender.send(ServerMessage::Status(status.clone()));
        }
        #[cfg(feature = "dbus")]
        if let Some(mpris) = &self.mpris {
            mpris.publish(status, jumped);
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some((server_sender, thread)) = self.server.take() {
            server_sender.send(ServerMessage::Quit);
            let _ = thread.join();
        }
    }
}
