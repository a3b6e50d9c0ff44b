//! The commands that the player and the output thread send to the feeder.

use rtrb::Producer;

use crate::audio::frame::Frame;
use crate::audio::player::event::PlayerEvent;
use crate::audio::player::song::PlayerSong;
use crate::key_tempo::KeyTempo;
use crate::output_state::OutputState;

/// A command to the feeder.
pub enum PlayerCommand {
    /// Plays this song instead of the current one; `true` starts it at once.
    Load(PlayerSong, bool),
    /// Sets the song that follows the current one; `None` removes it.
    Queue(Option<PlayerSong>),
    /// Goes to this second of the current song.
    Seek(f64),
    /// Changes key and tempo of the current song.
    KeyTempo(KeyTempo),
    /// Loops between these two seconds of the current song; `None` ends the loop.
    Loop(Option<(f64, f64)>),
    /// More of the vocals is available; buffered frames are decoded again.
    Vocals,
    /// A device or the null output reads from this ring from now on. `latency` is in frames.
    Attach {
        ring: Producer<Frame>,
        rate: u32,
        latency: u32,
        state: OutputState,
    },
    /// Passes on an event of the output thread, in order with the feeder's own events.
    Emit(PlayerEvent),
    /// The controls changed; wakes the feeder.
    Wake,
    /// Ends the feeder's thread.
    Quit,
}
