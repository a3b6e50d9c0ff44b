//! The songs that were sung, and their list on the Queue screen.

use crate::app::state::cursor::Cursor;
use crate::app::state::session::SungSong;

/// The songs that were sung, and their list on the Queue screen.
#[derive(Debug, Default)]
pub struct SungList {
    /// The newest first.
    pub songs: Vec<SungSong>,
    /// The Queue screen shows this list instead of the queue.
    pub shown: bool,
    pub cursor: Cursor,
}
