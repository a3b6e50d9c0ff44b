//! TODO

use std::any::Any;
use std::sync::Arc;

use crossbeam_channel::Sender;
use rtrb::Producer;
use rustix::process::Pid;

use crate::audio::frame::Frame;
use crate::audio::player::controls::Shared;

/// What a device complains of.
#[derive(Debug)]
pub(super) enum StreamError {
    /// It is gone.
    Lost(String),
    /// It ran out of sound, or a sound server behind it stumbled; passes by itself.
    Late,
}

/// An output that asks for sound until it is dropped.
pub(super) struct Opened {
    pub rate: u32,
    /// Frames between the callback and the ear.
    pub latency: u32,
    pub ring: Producer<Frame>,
    pub stream: Box<dyn Any + Send>,
}

/// All that the output thread asks of the sound system.
pub(super) trait OutputBackend {
    /// Names of the outputs that can be chosen, each once.
    fn outputs(&mut self) -> Vec<String>;

    /// The name of the system's own choice; none where there is no output at all.
    fn default_output(&mut self) -> Option<String>;

    /// An output that plays went away without a word: some servers move the sound elsewhere.
    fn is_gone(&mut self, name: &str) -> bool;

    /// The output whose name this is, or is part of.
    fn find(&mut self, wanted: &str) -> Option<String> {
        let outputs = self.outputs();
        let part = || outputs.iter().find(|name| name_matches(name, wanted));
        let found = outputs.iter().find(|name| *name == wanted).or_else(part);
        found.cloned()
    }

    /// Asks for real-time priority for the thread that asks for sound.
    fn raise(&mut self, thread: Pid);

    /// Opens an output by its name and lets it read from a new mixer. `buffer` is in frames; how many of
    /// them one callback gets and how many are held is the output's way. The error says why in words for
    /// the listener.
    fn open(
        &mut self,
        name: &str,
        buffer: u32,
        shared: &Arc<Shared>,
        report: Sender<StreamError>,
    ) -> Result<Opened, String>;
}

/// Whether this is how the listener may have written the name.
pub(super) fn name_matches(name: &str, wanted: &str) -> bool {
    name.to_lowercase().contains(&wanted.to_lowercase())
}
