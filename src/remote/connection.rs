//! One client of the socket: lines in, lines out, neither without a bound.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::remote::message::Reply;
use crate::remote::protocol::{self, LONGEST_LINE};
use crate::remote::status::Status;

/// More than this unread by the client, and nothing more is read from it.
const UNREAD: usize = 64 * 1024;
/// A client that reads nothing for so long while there is something for it is let go.
const STALLED: Duration = Duration::from_secs(10);
/// Bytes taken from one client before the others have their turn.
const TURN: usize = 64 * 1024;

pub(super) struct Connection {
    stream: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Of `output`, gone already.
    sent: usize,
    /// When the client last took something, or there was nothing to take.
    moved: Instant,
    /// The answer to its last request is not there yet.
    pub waiting: bool,
    follow: Option<Follow>,
    /// The client says no more; it may still listen.
    ended: bool,
    /// What is left goes out, and that is all.
    closing: bool,
    /// The other end is not there any more: what it said counts, what it is told reaches nobody.
    gone: bool,
}

#[derive(Default)]
struct Follow {
    last: Option<Arc<Status>>,
    /// Not told yet, for the client is slow; only the newest is kept.
    newest: Option<Arc<Status>>,
}

impl Connection {
    pub fn new(stream: UnixStream, now: Instant) -> Self {
        Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            moved: now,
            waiting: false,
            follow: None,
            ended: false,
            closing: false,
            gone: false,
        }
    }

    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    pub fn wants_to_read(&self) -> bool {
        !self.ended && !self.closing && !self.waiting && self.pending() < UNREAD
    }

    pub fn is_gone(&self) -> bool {
        self.gone
    }

    pub fn wants_to_write(&self) -> bool {
        self.pending() > 0
    }

    fn pending(&self) -> usize {
        self.output.len() - self.sent
    }

    pub fn follows(&self) -> bool {
        self.follow.is_some()
    }

    /// Nothing is under way: it may be let go to make room.
    pub fn is_idle(&self) -> bool {
        !self.waiting && self.follow.is_none() && self.pending() == 0
    }

    /// Nothing more will come of it.
    pub fn is_over(&self, now: Instant) -> bool {
        let said_all = self.ended && !self.waiting && self.input.is_empty();
        (self.gone && said_all)
            || (self.pending() == 0 && (self.closing || (said_all && self.follow.is_none())))
            || (self.pending() > 0 && now.duration_since(self.moved) > STALLED)
    }

    /// When [`Connection::is_over`] may become true without anything happening.
    pub fn deadline(&self) -> Option<Instant> {
        (self.pending() > 0).then(|| self.moved + STALLED + Duration::from_millis(1))
    }

    /// The other end is gone altogether.
    pub fn on_hangup(&mut self) {
        self.read();
        self.mark_gone();
    }

    fn mark_gone(&mut self) {
        self.gone = true;
        self.ended = true;
        self.output.clear();
        self.sent = 0;
    }

    pub fn read(&mut self) {
        let mut chunk = [0; 4096];
        let mut taken = 0;
        while taken < TURN && self.input.len() <= LONGEST_LINE {
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    self.ended = true;
                    return;
                }
                Ok(count) => {
                    self.input.extend_from_slice(&chunk[..count]);
                    taken += count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.mark_gone(),
            }
        }
    }

    /// The next line to be answered, without its end; the last one may lack it.
    pub fn line(&mut self) -> Option<Vec<u8>> {
        while !self.waiting && !self.closing && self.pending() < UNREAD {
            let end = self.input.iter().position(|byte| *byte == b'\n');
            if end.unwrap_or(self.input.len()) > LONGEST_LINE {
                self.input = Vec::new();
                self.closing = true;
                self.reply(Reply::Refused(format!(
                    "a line longer than {LONGEST_LINE} bytes is no request"
                )));
                return None;
            }
            let mut line: Vec<u8> = match end {
                Some(end) => self.input.drain(..=end).collect(),
                None if self.ended && !self.input.is_empty() => std::mem::take(&mut self.input),
                None => return None,
            };
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    }

    pub fn reply(&mut self, reply: Reply) {
        if let (Some(follow), Reply::Status(status)) = (&mut self.follow, &reply) {
            follow.last = Some(Arc::new((**status).clone()));
        }
        self.send(&protocol::write(reply));
    }

    /// Tells why and hangs up.
    pub fn refuse(&mut self, why: &str) {
        self.reply(Reply::Refused(why.into()));
        self.closing = true;
        self.write();
    }

    pub fn follow(&mut self) {
        self.follow.get_or_insert_default();
    }

    /// A new status, for those who follow.
    pub fn publish(&mut self, status: &Arc<Status>) {
        let Some(follow) = &mut self.follow else { return };
        // the first one is the answer to its request
        let Some(last) = &follow.last else { return };
        if !status.shows_more_than(last) {
            follow.newest = None;
            return;
        }
        follow.newest = Some(status.clone());
        self.catch_up();
    }

    fn catch_up(&mut self) {
        if self.pending() > 0 || self.waiting {
            return;
        }
        if let Some(newest) = self.follow.as_mut().and_then(|follow| follow.newest.take()) {
            self.reply(Reply::Status(Box::new((*newest).clone())));
        }
    }

    fn send(&mut self, line: &[u8]) {
        if self.gone {
            return;
        }
        if self.pending() == 0 {
            self.moved = Instant::now();
        }
        self.output.extend_from_slice(line);
    }

    /// As much as the client takes.
    pub fn write(&mut self) {
        loop {
            self.catch_up();
            if self.pending() == 0 {
                self.output.clear();
                self.sent = 0;
                return;
            }
            match self.stream.write(&self.output[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    self.moved = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.mark_gone(),
            }
        }
    }
}
