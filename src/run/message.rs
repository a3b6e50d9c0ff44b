//! Everything that arrives at the main thread, in one type for its one channel.

use crate::app::{Event, Found};
use crate::jobs::load::Opened;
use crate::m3u::List;
use crate::remote::{PendingRequest, Responder};
use crate::request::Request;
use crate::terminal::Input;

/// All that arrives at the main thread.
pub enum Message {
    Event(Event),
    Input(Input),
    /// A song opened for the player: machines keep the handles, the mind is told the facts.
    Opened(Box<Opened>),
    /// Somebody outside wants something.
    PendingRequest(PendingRequest),
    /// The file they want was read.
    Fetched(Box<Fetched>),
    /// The songs they want in the queue were looked for.
    Gathered(Box<Gathered>),
}

/// A request about a file that croon did not know, and what was found there.
pub struct Fetched {
    pub request: Request,
    pub answer: Responder,
    pub found: Result<Found, String>,
}

/// Songs that somebody outside wants in the queue.
pub struct Gathered {
    pub list: Result<List, String>,
    /// Of what waits there.
    pub instead: bool,
    pub answer: Responder,
}
