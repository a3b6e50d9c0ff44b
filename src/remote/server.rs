//! The socket's thread: one thread for all clients, which waits for whatever comes first and never
//! for one of them.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::remote::address::SocketListener;
use crate::remote::connection::Connection;
use crate::remote::message::{
    Handler, PendingRequest, RemoteRequest, Reply, ReplyPath, Responder, ServerMessage, ServerSender,
};
use crate::remote::protocol;

/// Clients at once. A new one takes the place of the one that has been silent for longest.
const CLIENTS: usize = 64;
/// Taken in before those who are there have their turn.
const ACCEPTED: usize = 16;
/// Where the system has no descriptors left, until the next try.
const EXHAUSTED: Duration = Duration::from_millis(200);

pub(super) struct Server {
    door: SocketListener,
    woken: UnixStream,
    messages: Receiver<ServerMessage>,
    server_sender: ServerSender,
    on: Handler,
    watchers: Arc<AtomicUsize>,
    /// By number, so the oldest first.
    clients: BTreeMap<u64, Connection>,
    numbers: u64,
    /// Nobody new before this.
    accept_after: Option<Instant>,
}

impl Server {
    pub fn new(
        door: SocketListener,
        woken: UnixStream,
        messages: Receiver<ServerMessage>,
        server_sender: ServerSender,
        on: Handler,
        watchers: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            door,
            woken,
            messages,
            server_sender,
            on,
            watchers,
            clients: BTreeMap::new(),
            numbers: 0,
            accept_after: None,
        }
    }

    pub fn run(mut self) {
        loop {
            let Some(ready) = self.wait() else { return };
            if ready.woken && !self.handle_messages() {
                return;
            }
            if ready.door {
                self.accept();
            }
            for (number, flags) in ready.clients {
                self.serve(number, flags);
            }
            let now = Instant::now();
            let over: Vec<u64> = self
                .clients
                .iter()
                .filter(|(_, client)| client.is_over(now))
                .map(|(number, _)| *number)
                .collect();
            over.into_iter().for_each(|number| self.disconnect(number));
        }
    }

    /// Until something happens; None where the system can no longer tell.
    fn wait(&mut self) -> Option<Ready> {
        let now = Instant::now();
        let accepts = self.accept_after.is_none_or(|after| after <= now);
        let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN)];
        let door = if accepts {
            self.accept_after = None;
            PollFlags::IN
        } else {
            PollFlags::empty()
        };
        fds.push(PollFd::new(&self.door.listener, door));
        let mut listened = Vec::new();
        for (number, client) in self.clients.iter().filter(|(_, client)| !client.is_gone()) {
            listened.push(*number);
            let mut wants = PollFlags::empty();
            wants.set(PollFlags::IN, client.wants_to_read());
            wants.set(PollFlags::OUT, client.wants_to_write());
            fds.push(PollFd::new(client.stream(), wants));
        }
        let deadlines = self.clients.values().filter_map(Connection::deadline);
        let until = deadlines.chain(self.accept_after).min();
        let timeout = until.and_then(|until| Timespec::try_from(until.saturating_duration_since(now)).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::error!("croon can no longer be controlled from outside: {error}");
                return None;
            }
        }
        let flags: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
        let ready = |at: usize| flags.get(at).is_some_and(|flags| !flags.is_empty());
        Some(Ready {
            woken: ready(0),
            door: ready(1),
            clients: listened
                .into_iter()
                .zip(flags.iter().skip(2).copied())
                .filter(|(_, flags)| !flags.is_empty())
                .collect(),
        })
    }

    /// False when it is time to end.
    fn handle_messages(&mut self) -> bool {
        let mut bytes = [0; 256];
        while matches!((&self.woken).read(&mut bytes), Ok(1..)) {}
        while let Ok(message) = self.messages.try_recv() {
            match message {
                ServerMessage::Responder(number, reply) => {
                    if let Some(client) = self.clients.get_mut(&number) {
                        client.waiting = false;
                        client.reply(reply);
                        client.write();
                    }
                    self.handle_lines(number);
                }
                ServerMessage::Status(status) => {
                    for client in self.clients.values_mut().filter(|client| client.follows()) {
                        client.publish(&status);
                        client.write();
                    }
                }
                ServerMessage::Quit => return false,
            }
        }
        true
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTED {
            let stream = match self.door.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) =>
                {
                    continue;
                }
                Err(error) => {
                    tracing::debug!("no client can be taken in for now: {error}");
                    self.disconnect_idle();
                    self.accept_after = Some(Instant::now() + EXHAUSTED);
                    return;
                }
            };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            let mut client = Connection::new(stream, Instant::now());
            if self.clients.len() >= CLIENTS && !self.disconnect_idle() {
                client.refuse("too many others speak with croon already; end some of them");
                continue;
            }
            self.numbers += 1;
            self.clients.insert(self.numbers, client);
            // most have said what they want by now
            self.serve(self.numbers, PollFlags::IN);
        }
    }

    /// Lets go of the client that has been there for longest without wanting anything.
    fn disconnect_idle(&mut self) -> bool {
        let idle = self.clients.iter().find(|(_, client)| client.is_idle());
        let number = idle.map(|(number, _)| *number);
        if let Some(number) = number {
            self.disconnect(number);
        }
        number.is_some()
    }

    fn disconnect(&mut self, number: u64) {
        if self
            .clients
            .remove(&number)
            .is_some_and(|client| client.follows())
        {
            self.watchers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn serve(&mut self, number: u64, flags: PollFlags) {
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        if flags.intersects(PollFlags::HUP | PollFlags::ERR) {
            client.on_hangup();
        } else if flags.contains(PollFlags::IN) {
            client.read();
        }
        if flags.contains(PollFlags::OUT) {
            client.write();
        }
        self.handle_lines(number);
    }

    /// Answers what can be answered here, hands on the rest.
    fn handle_lines(&mut self, number: u64) {
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        while let Some(line) = client.line() {
            match protocol::read(&line) {
                Err(why) => client.reply(Reply::Refused(why)),
                Ok(ask) => {
                    client.waiting = true;
                    if ask == RemoteRequest::Follow && !client.follows() {
                        client.follow();
                        self.watchers.fetch_add(1, Ordering::Relaxed);
                    }
                    let ask = match ask {
                        RemoteRequest::Follow => RemoteRequest::Status,
                        other => other,
                    };
                    let answer = Responder(Some(ReplyPath::Socket(number, self.server_sender.clone())));
                    (self.on)(PendingRequest { ask, answer });
                }
            }
        }
        client.write();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let followers = self.clients.values().filter(|client| client.follows()).count();
        self.watchers.fetch_sub(followers, Ordering::Relaxed);
    }
}

struct Ready {
    woken: bool,
    door: bool,
    clients: Vec<(u64, PollFlags)>,
}
