//! The device: opened with a small buffer, watched, and tried again every few seconds when it is
//! lost or never was. Meanwhile the silent clock reads the ring.

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rodio::cpal::traits::HostTrait;
use rodio::cpal::{self, BufferSize};
use rodio::stream::DeviceSinkError;
use rodio::{CpalErrorKind, Device, DeviceSinkBuilder, DeviceTrait, MixerDeviceSink};

use crate::audio::feeder::Command;
use crate::audio::mixer::mixer;

use super::controls::Shared;
use super::silent::SilentClock;
use super::{OutputState, PlayerSettings};

/// Between two attempts at a device.
const RETRY: Duration = Duration::from_secs(3);
/// How often it is checked that the device still asks for sound.
const WATCH: Duration = Duration::from_secs(1);
/// Complaints of late sound within [`WATCH`] after which the buffer is doubled.
const LATE: u32 = 3;
/// After opening, complaints do not count.
const SETTLING: Duration = Duration::from_secs(1);
/// Checks in a row without a single callback before the device counts as lost.
const PATIENCE: u32 = 2;
/// About 21 ms at 48 kHz: a fader move is heard well within a tenth of a second.
const BUFFER: u32 = 1024;
/// No larger fixed buffer is tried; after it comes the device's own choice.
const LARGEST: u32 = 4096;
/// A device lost sooner than this after it was opened did not bear its buffer: the next is larger.
const SHORT_LIFE: Duration = Duration::from_secs(15);
/// A device plays one buffer while it asks for the next.
const BUFFERS_AHEAD: u32 = 2;
const CLOCK_RATE: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(44_099);

/// Until `quit` is dropped.
pub(super) fn run(
    settings: &PlayerSettings,
    shared: &Arc<Shared>,
    feeder: &Sender<Command>,
    quit: &Receiver<()>,
) {
    let mut clock = None;
    let mut reason = "sound output is turned off".to_owned();
    let mut buffer = settings.buffer_frames.unwrap_or(BUFFER).clamp(64, LARGEST);
    loop {
        if settings.output {
            let (tell, lost) = unbounded();
            match open(settings, buffer, tell) {
                Ok((sink, name)) => {
                    let opened = Instant::now();
                    // Only one may read at a time: what it reads is what counts as heard.
                    clock = None;
                    attach(&sink, name, shared, feeder);
                    match watch(shared, &lost, quit) {
                        End::Lost(why) => reason = why,
                        End::Starved if buffer <= LARGEST => {
                            buffer *= 2;
                            tracing::warn!(
                                "sound came too late again and again; the device's buffer is now {buffer} frames"
                            );
                            continue;
                        }
                        End::Starved => reason = "sound comes too late even with the largest buffer".into(),
                        End::Quit => return,
                    }
                    tracing::warn!("sound output lost: {reason}");
                    if opened.elapsed() < SHORT_LIFE && buffer <= LARGEST {
                        buffer *= 2;
                    }
                }
                Err(why) => reason = why,
            }
        }
        if clock.is_none() {
            let (ring, silent) = mixer(CLOCK_RATE, shared.clone());
            clock = Some(SilentClock::start(silent, CLOCK_RATE, shared.clone()));
            let state = OutputState::Silent {
                reason: reason.clone(),
            };
            let _ = feeder.send(Command::Attach {
                ring,
                rate: CLOCK_RATE.get(),
                latency: 0,
                state,
            });
        }
        let waited = if settings.output {
            quit.recv_timeout(RETRY)
        } else {
            quit.recv().map_err(Into::into)
        };
        if !matches!(waited, Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

fn attach(sink: &MixerDeviceSink, name: String, shared: &Arc<Shared>, feeder: &Sender<Command>) {
    let rate = sink.config().sample_rate();
    let latency = match sink.config().buffer_size() {
        BufferSize::Fixed(frames) => frames * BUFFERS_AHEAD,
        BufferSize::Default => rate.get() / 20,
    };
    let (ring, source) = mixer(rate, shared.clone());
    sink.mixer().add(source);
    let state = OutputState::Device {
        name,
        rate: rate.get(),
    };
    let _ = feeder.send(Command::Attach {
        ring,
        rate: rate.get(),
        latency,
        state,
    });
}

/// Why the device is to be closed.
enum End {
    Lost(String),
    /// Its buffer ran empty so often that a larger one is called for.
    Starved,
    Quit,
}

/// What a device complains of.
enum Complaint {
    /// It is gone.
    Lost(String),
    /// It ran out of sound, or a sound server behind ALSA stumbled; passes by itself.
    Late,
}

fn watch(shared: &Shared, complaints: &Receiver<Complaint>, quit: &Receiver<()>) -> End {
    let mut ticks = shared.ticks();
    let mut silent_for = 0;
    // Complaints at the very start are the server's own.
    let (opened, mut late, mut since) = (Instant::now(), 0, Instant::now());
    loop {
        crossbeam_channel::select! {
            recv(quit) -> _ => return End::Quit,
            recv(complaints) -> complaint => match complaint {
                Ok(Complaint::Late) if opened.elapsed() > SETTLING => late += 1,
                Ok(Complaint::Late) => {}
                Ok(Complaint::Lost(why)) => return End::Lost(why),
                Err(_) => return End::Lost("its stream ended".into()),
            },
            default(WATCH) => {}
        }
        if since.elapsed() < WATCH {
            continue;
        }
        since = Instant::now();
        if late >= LATE {
            return End::Starved;
        }
        late = 0;
        let now = shared.ticks();
        silent_for = if now == ticks { silent_for + 1 } else { 0 };
        ticks = now;
        if silent_for >= PATIENCE {
            return End::Lost(
                "the device stopped asking for sound; croon opens it again as soon as it can".into(),
            );
        }
    }
}

fn open(
    settings: &PlayerSettings,
    buffer: u32,
    tell: Sender<Complaint>,
) -> Result<(MixerDeviceSink, String), String> {
    let device = find(settings.device.as_deref())?;
    let name = name_of(&device);
    let on_error = move |error: cpal::Error| match error.kind() {
        CpalErrorKind::DeviceNotAvailable
        | CpalErrorKind::HostUnavailable
        | CpalErrorKind::StreamInvalidated => {
            let _ = tell.send(Complaint::Lost(format!("the device reported: {error}")));
        }
        CpalErrorKind::RealtimeDenied | CpalErrorKind::DeviceChanged => {
            tracing::debug!("sound output: {error}")
        }
        // The rest passes by itself, as sound servers behind ALSA show at every start; if it does
        // not, the device stops asking for sound, and that is watched.
        _ => {
            tracing::debug!("sound output: {error}");
            let _ = tell.send(Complaint::Late);
        }
    };
    let sizes = [
        (buffer <= LARGEST).then_some(BufferSize::Fixed(buffer)),
        Some(BufferSize::Default),
    ];
    let mut why = String::new();
    for size in sizes.into_iter().flatten() {
        let opened = DeviceSinkBuilder::from_device(device.clone())
            .map(|builder| {
                builder
                    .with_buffer_size(size)
                    .with_error_callback(on_error.clone())
            })
            .and_then(|builder| {
                if size == BufferSize::Default {
                    builder.open_sink_or_fallback()
                } else {
                    builder.open_stream()
                }
            });
        match opened {
            Ok(mut sink) => {
                sink.log_on_drop(false);
                return Ok((sink, name));
            }
            Err(error) => why = explain(&error),
        }
    }
    Err(format!(
        "{name} cannot be opened ({why}). Check that no other program holds it; croon keeps trying"
    ))
}

fn find(wanted: Option<&str>) -> Result<Device, String> {
    let host = cpal::default_host();
    let Some(wanted) = wanted else {
        return host.default_output_device().ok_or_else(|| {
            "there is no sound device. Connect one or start the sound server; croon keeps trying".into()
        });
    };
    let mut all = host
        .output_devices()
        .map_err(|error| format!("sound devices cannot be listed: {error}"))?;
    let goal = wanted.to_lowercase();
    all.find(|device| name_of(device).to_lowercase().contains(&goal))
        .ok_or_else(|| {
            format!("no sound device is called \"{wanted}\". `croon doctor` lists those there are")
        })
}

/// The names of the devices that can play.
pub fn devices() -> Vec<String> {
    let found = cpal::default_host().output_devices();
    found
        .map(|all| all.map(|device| name_of(&device)).collect())
        .unwrap_or_default()
}

fn name_of(device: &Device) -> String {
    device.description().map_or_else(
        |_| "a device without a name".into(),
        |about| about.name().to_owned(),
    )
}

/// rodio's own words leave out what the system said.
fn explain(error: &DeviceSinkError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| cause.to_string())
}
