//! Everything that arrives at the main thread, in one type for its one channel.

use crate::app::{Event, FoundSong};
use crate::jobs::load::OpenedSong;
use crate::m3u::List;
use crate::remote::{PendingRequest, Responder};
use crate::request::Request;
use crate::terminal::Input;

/// All that arrives at the main thread.
pub enum InboundMessage {
    Event(Event),
    Input(Input),
    /// A song opened for the player: the services keep the handles, and the app gets the payload.
    Opened(Box<OpenedSong>),
    /// A request from outside.
    PendingRequest(PendingRequest),
    /// The file of a request was read.
    FetchedFile(Box<FetchedFile>),
    /// The songs that a request adds to the queue were collected.
    GatheredSongs(Box<GatheredSongs>),
}

/// A request about a file that croon did not know, and what was found there.
pub struct FetchedFile {
    pub request: Request,
    pub answer: Responder,
    pub found: Result<FoundSong, String>,
}

/// Songs that somebody outside wants in the queue.
pub struct GatheredSongs {
    pub list: Result<List, String>,
    /// Of what waits there.
    pub instead: bool,
    pub answer: Responder,
}
