//! TODO

use rtrb::Producer;

use crate::audio::frame::Frame;
use crate::audio::player::event::PlayerEvent;
use crate::audio::player::song::Song;
use crate::key_tempo::KeyTempo;
use crate::output_state::OutputState;

/// What the player asks of the feeder.
pub enum Command {
    Load(Song, bool),
    Queue(Option<Song>),
    Seek(f64),
    /// Of the song heard.
    KeyTempo(KeyTempo),
    /// Seconds of the song heard to go round in.
    Loop(Option<(f64, f64)>),
    /// More vocals are known.
    Vocals,
    /// A device or the silent clock reads from this ring from now on.
    Attach {
        ring: Producer<Frame>,
        rate: u32,
        latency: u32,
        state: OutputState,
    },
    /// News of the output, told in their place among the others.
    Emit(PlayerEvent),
    /// Something changed among the controls.
    Wake,
    Quit,
}
