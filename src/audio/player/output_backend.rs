//! What the output thread needs from a sound system: the interface that cpal implements, and
//! that tests replace.

use std::any::Any;
use std::sync::Arc;

use crossbeam_channel::Sender;
use rtrb::Producer;
use rustix::process::Pid;

use crate::audio::frame::Frame;
use crate::audio::player::controls::Shared;

/// An error of an open stream.
#[derive(Debug)]
pub(super) enum StreamError {
    /// The device is gone; the text gives the reason.
    Lost(String),
    /// The device or its sound server ran out of samples; playback goes on by itself.
    Late,
}

/// An open output stream, which plays until it is dropped.
pub(super) struct OpenedOutput {
    /// Sample rate in Hz.
    pub rate: u32,
    /// Latency between the callback and the loudspeaker, in frames.
    pub latency: u32,
    pub ring: Producer<Frame>,
    pub stream: Box<dyn Any + Send>,
}

/// A sound system: lists and opens outputs.
pub(super) trait OutputBackend {
    /// Names of the outputs that can be chosen, without duplicates.
    fn outputs(&mut self) -> Vec<String>;

    /// Name of the default output; `None` if there is no output.
    fn default_output(&mut self) -> Option<String>;

    /// Whether an open output disappeared without an error: some servers move the stream to another one.
    fn is_gone(&mut self, name: &str) -> bool;

    /// The output with this name, else the first whose name contains it.
    fn find(&mut self, wanted: &str) -> Option<String> {
        let outputs = self.outputs();
        let part = || outputs.iter().find(|name| name_matches(name, wanted));
        let found = outputs.iter().find(|name| *name == wanted).or_else(part);
        found.cloned()
    }

    /// Requests real-time priority for the thread of the audio callback.
    fn raise(&mut self, thread: Pid);

    /// Opens an output by its name with a new mixer as its source. `buffer` is in frames; the output
    /// decides how it divides them into periods.
    ///
    /// # Errors
    /// A sentence for the user that says why the output cannot be opened.
    fn open(
        &mut self,
        name: &str,
        buffer: u32,
        shared: &Arc<Shared>,
        report: Sender<StreamError>,
    ) -> Result<OpenedOutput, String>;
}

/// Whether `name` contains `wanted`, ignoring case.
pub(super) fn name_matches(name: &str, wanted: &str) -> bool {
    name.to_lowercase().contains(&wanted.to_lowercase())
}
