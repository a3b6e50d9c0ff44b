//! What the player reports, and the playback position.

use crate::output_state::OutputState;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayerEvent {
    /// The song is loaded, or the queued one is now heard.
    Started {
        play_id: u64,
        duration: Option<f64>,
    },
    /// Its last frame has been played.
    Ended {
        play_id: u64,
    },
    /// It cannot be played, or not further.
    Failed {
        play_id: u64,
        reason: String,
    },
    /// Some seconds of it could not be read; silence of that length is heard from second `at` on.
    Damaged {
        play_id: u64,
        at: f64,
        seconds: f64,
    },
    Output(OutputState),
    /// The answer to [`Player::list_outputs`].
    Outputs(Vec<String>),
}

/// Where the song is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Position {
    /// The song heard now; 0 before the first.
    pub play_id: u64,
    pub seconds: f64,
    pub playing: bool,
}
