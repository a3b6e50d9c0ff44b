//! What the player reports, and the playback position.

use crate::output_state::OutputState;

/// An event of the player.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayerEvent {
    /// The song was loaded, or the queued song is now the current one. `duration` is in seconds.
    Started { play_id: u64, duration: Option<f64> },
    /// The last frame of the song was played.
    Ended { play_id: u64 },
    /// The song cannot be played, or not any further.
    Failed { play_id: u64, reason: String },
    /// A part of the song could not be decoded: it is silent for `seconds` from second `at` on.
    Damaged { play_id: u64, at: f64, seconds: f64 },
    /// The state of the output changed.
    Output(OutputState),
    /// The reply to `Player::list_outputs`: names of the outputs.
    Outputs(Vec<String>),
}

/// The playback position.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Position {
    /// The song that is heard; 0 before the first one.
    pub play_id: u64,
    pub seconds: f64,
    pub playing: bool,
}
