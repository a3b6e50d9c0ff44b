//! A stream of PulseAudio's, or of PipeWire in its place, by the server's own protocol.
//!
//! cpal asks for a buffer in two halves. The server then lets the sound card sleep for half a millisecond at
//! a time, and what comes half a buffer late is heard as a hole. By fragments, as early requests
//! (`PA_STREAM_EARLY_REQUESTS`), it sleeps as long as a fragment, and nearly the whole of a smaller buffer
//! must pass without an answer before anything is heard of it.

use std::ffi::CString;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use futures::executor::block_on;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{PlaybackStreamParams, Prop, Props, SampleFormat, SampleSpec};
use pulseaudio::{AsPlaybackSource, Client, PlaybackStream};

use crate::audio::player::controls::Shared;
use crate::audio::player::mixer::{Mixer, mixer_for};
use crate::audio::player::output_backend::{OpenedOutput, StreamError};

/// A server that hangs says nothing, not even an error.
const PATIENCE: Duration = Duration::from_secs(3);
const SAMPLE: usize = size_of::<f32>();

/// Opens the sink of this name. The server holds one and a half times `buffer` frames and asks for more
/// whenever a quarter of `buffer` went on to the sound card, so that what it is given is heard one and
/// three quarters of `buffer` later at most.
pub(super) fn open(
    sink: &str,
    buffer: u32,
    shared: &Arc<Shared>,
    report: Sender<StreamError>,
) -> Result<OpenedOutput, String> {
    let (done, opened) = bounded(1);
    let (sink, shared) = (sink.to_owned(), shared.clone());
    std::thread::Builder::new()
        .name("pulse".into())
        .spawn(move || drop(done.send(connect(sink, buffer, shared, report))))
        .map_err(|error| error.to_string())?;
    opened
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err("the sound server does not answer".into()))
}

fn connect(
    sink: String,
    buffer: u32,
    shared: Arc<Shared>,
    report: Sender<StreamError>,
) -> Result<OpenedOutput, String> {
    let words = |error: pulseaudio::ClientError| error.to_string();
    // Of its own, so that nothing else is asked of the thread that answers for the sound.
    let client = Client::from_env(c"croon").map_err(words)?;
    let name = CString::new(sink).map_err(|error| error.to_string())?;
    let info = block_on(client.sink_info_by_name(name)).map_err(words)?;
    let sample_rate = info.sample_spec.sample_rate;
    let rate = NonZero::new(sample_rate).ok_or("it has no rate")?;
    let channels = NonZero::new(u16::from(info.channel_map.num_channels())).ok_or("it has no channels")?;
    let frame = SAMPLE * usize::from(channels.get());
    let bytes = |frames: u32| u32::try_from(frames as usize * frame).unwrap_or(u32::MAX);
    let (held, fragment) = (buffer + buffer / 2, buffer / 4);
    let (ring, mixer) = mixer_for(rate, channels, shared);
    let mut mixer = mixer.asked_for(held);
    // No role: the server would remember one volume for all programs of that role.
    let mut props = Props::new();
    props.set(Prop::MediaName, c"croon");
    let params = PlaybackStreamParams {
        sample_spec: SampleSpec {
            format: if cfg!(target_endian = "little") {
                SampleFormat::Float32Le
            } else {
                SampleFormat::Float32Be
            },
            channels: info.channel_map.num_channels(),
            sample_rate,
        },
        channel_map: info.channel_map,
        sink_index: Some(info.index),
        buffer_attr: BufferAttr {
            target_length: bytes(held),
            minimum_request_length: bytes(fragment),
            ..BufferAttr::default()
        },
        props,
        flags: StreamFlags {
            early_requests: true,
            ..StreamFlags::default()
        },
        ..PlaybackStreamParams::default()
    };
    let answer = move |out: &mut [u8]| fill(&mut mixer, out);
    let stream =
        block_on(client.create_playback_stream(params, answer.as_playback_source())).map_err(words)?;
    // What the server made of it; of a fragment it is ahead itself.
    let given = stream.buffer_attr();
    let ahead = u64::from(given.target_length) + u64::from(given.minimum_request_length);
    let stream = PulseStream(stream);
    stream.watch(report)?;
    Ok(OpenedOutput {
        rate: sample_rate,
        latency: u32::try_from(ahead / frame as u64).unwrap_or(u32::MAX),
        ring,
        stream: Box::new(stream),
    })
}

/// The callback. The server asks in whole frames.
fn fill(mixer: &mut Mixer, out: &mut [u8]) -> usize {
    for (bytes, sample) in out.chunks_exact_mut(SAMPLE).zip(mixer) {
        bytes.copy_from_slice(&sample.to_ne_bytes());
    }
    out.len()
}

/// Sounds until dropped.
struct PulseStream(PlaybackStream);

impl PulseStream {
    /// The stream never ends by itself, so when its end comes, the server or its connection is gone.
    fn watch(&self, report: Sender<StreamError>) -> Result<(), String> {
        let stream = self.0.clone();
        std::thread::Builder::new()
            .name("pulse".into())
            .spawn(move || {
                let _ = block_on(stream.source_eof());
                let _ = report.send(StreamError::Lost("the sound server ended the stream".into()));
            })
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

impl Drop for PulseStream {
    fn drop(&mut self) {
        // A server that is gone has ended it already.
        let _ = block_on(self.0.clone().delete());
    }
}
