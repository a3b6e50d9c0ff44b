//! The sound system: which outputs there are, which of them is the default, and one of them opened.

use std::sync::Arc;

use crossbeam_channel::Sender;
use rodio::cpal::traits::HostTrait;
use rodio::cpal::{self, BufferSize, HostId};
use rodio::stream::DeviceSinkError;
use rodio::{CpalErrorKind, Device, DeviceSinkBuilder, DeviceTrait};
use rustix::process::Pid;

use crate::audio::player::controls::Shared;
use crate::audio::player::mixer::mixer_for;
use crate::audio::player::output_backend::{OpenedOutput, OutputBackend, StreamError};
use crate::audio::player::{priority, pulse_backend};
use crate::text::printable;

/// A device plays one buffer while it asks for the next.
const BUFFERS_AHEAD: u32 = 2;
/// No larger buffer is asked for: the ring has to hold all that a device takes in one go.
pub(super) const LARGEST: u32 = 4096;

/// Outputs as cpal lists them: those of PulseAudio or PipeWire where one of them runs, else ALSA's. Only
/// the latter are also opened by cpal.
#[derive(Default)]
pub(super) struct CpalBackend {
    host: Option<cpal::Host>,
}

struct Output {
    name: String,
    id: String,
    device: Device,
}

impl CpalBackend {
    /// The sound system, asked for anew after it failed: a server may have come or gone.
    fn host(&mut self) -> Result<&cpal::Host, String> {
        if self.host.is_none() {
            let hosts = cpal::available_hosts().into_iter();
            self.host = hosts.filter_map(|id| cpal::host_from_id(id).ok()).next();
        }
        self.host.as_ref().ok_or_else(|| {
            "there is no sound system. Start PipeWire or PulseAudio; croon keeps trying".into()
        })
    }

    fn all(&mut self) -> Result<Vec<Output>, String> {
        let found = self.host()?.output_devices();
        let devices = found.map_err(|error| {
            self.host = None;
            format!("sound devices cannot be listed: {error}")
        })?;
        let mut all: Vec<Output> = devices.map(Output::of).collect();
        for at in 1..all.len() {
            let (before, rest) = all.split_at_mut(at);
            if before.iter().any(|other| other.name == rest[0].name) {
                rest[0].name = format!("{} ({})", rest[0].name, rest[0].id);
            }
        }
        Ok(all)
    }

    fn is_alsa(&self) -> bool {
        self.host.as_ref().is_some_and(|host| host.id() == HostId::Alsa)
    }
}

impl Output {
    fn of(device: Device) -> Self {
        let id = device
            .id()
            .map_or_else(|_| String::new(), |id| printable(id.id()));
        let name = device
            .description()
            .map_or_else(|_| id.clone(), |about| printable(about.name()));
        Self { name, id, device }
    }
}

impl OutputBackend for CpalBackend {
    fn outputs(&mut self) -> Vec<String> {
        let all = self.all().unwrap_or_default();
        let alsa = self.is_alsa();
        all.into_iter()
            .filter(|output| !alsa || is_for_people(&output.id))
            .map(|output| output.name)
            .collect()
    }

    fn default_output(&mut self) -> Option<String> {
        let default = self.host().ok()?.default_output_device().map(Output::of);
        let Some(default) = default else {
            self.host = None;
            return None;
        };
        if self.is_alsa() {
            return Some(default.name);
        }
        let listed = self.all().ok()?.into_iter().find(|one| one.id == default.id);
        Some(listed.map_or(default.name, |one| one.name))
    }

    fn is_gone(&mut self, name: &str) -> bool {
        // ALSA tells the stream itself, and listing its devices reads many files.
        !self.is_alsa() && !self.all().is_ok_and(|all| all.iter().any(|one| one.name == name))
    }

    fn raise(&mut self, thread: Pid) {
        // A thread of its own: an answer over D-Bus may take its time, and the device is watched.
        let spawned = std::thread::Builder::new()
            .name("priority".into())
            .spawn(move || priority::raise(thread));
        if let Err(error) = spawned {
            tracing::debug!("no thread to ask for priority: {error}");
        }
    }

    fn open(
        &mut self,
        name: &str,
        buffer: u32,
        shared: &Arc<Shared>,
        report: Sender<StreamError>,
    ) -> Result<OpenedOutput, String> {
        let default = self.host()?.default_output_device().map(Output::of);
        let device = match default.filter(|one| one.name == name) {
            Some(default) => default.device,
            None => {
                let all = self.all()?.into_iter();
                let found = all.filter(|one| one.name == name).map(|one| one.device).next();
                found.ok_or_else(|| format!("{name} is not there any more"))?
            }
        };
        let opened = match device.id() {
            Ok(id) if id.host() == HostId::PulseAudio => pulse_backend::open(id.id(), buffer, shared, report),
            _ => open(&device, buffer, shared, report),
        };
        opened.map_err(|why| {
            self.host = None;
            format!(
                "{name} cannot be opened ({why}). Check that no other program holds it; croon keeps trying"
            )
        })
    }
}

/// ALSA lists every way to one and the same socket; these are the ones a listener would mean.
fn is_for_people(id: &str) -> bool {
    const OTHER: &[&str] = &[
        "null",
        "lavrate",
        "samplerate",
        "speexrate",
        "speex",
        "upmix",
        "vdownmix",
        "oss",
    ];
    match id.split_once(':') {
        Some((way, _)) => matches!(way, "sysdefault" | "hdmi"),
        None => !OTHER.contains(&id),
    }
}

pub(crate) fn open(
    device: &Device,
    buffer: u32,
    shared: &Arc<Shared>,
    report: Sender<StreamError>,
) -> Result<OpenedOutput, String> {
    let on_error = move |error: cpal::Error| match error.kind() {
        CpalErrorKind::DeviceNotAvailable
        | CpalErrorKind::HostUnavailable
        | CpalErrorKind::StreamInvalidated => {
            let _ = report.send(StreamError::Lost(format!("the device reported: {error}")));
        }
        CpalErrorKind::RealtimeDenied | CpalErrorKind::DeviceChanged => {
            tracing::debug!("sound output: {error}")
        }
        // The rest passes by itself, as sound servers behind ALSA show at every start; if it does
        // not, the device stops asking for sound, and that is watched.
        _ => {
            tracing::debug!("sound output: {error}");
            let _ = report.send(StreamError::Late);
        }
    };
    let mut why = String::new();
    // A device's own choice may be seconds, more than the ring holds: only where it takes no other.
    for size in [BufferSize::Fixed(buffer), BufferSize::Default] {
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
                let (rate, channels) = (sink.config().sample_rate(), sink.config().channel_count());
                let latency = match sink.config().buffer_size() {
                    BufferSize::Fixed(frames) => frames * BUFFERS_AHEAD,
                    BufferSize::Default => rate.get() / 20,
                };
                let (ring, source) = mixer_for(rate, channels, shared.clone());
                // When it opens, it asks for all that it will hold.
                sink.mixer().add(source.asked_for(latency));
                return Ok(OpenedOutput {
                    rate: rate.get(),
                    latency,
                    ring,
                    stream: Box::new(sink),
                });
            }
            Err(error) => why = explain(&error),
        }
    }
    Err(why)
}

/// rodio's own words leave out what the system said.
fn explain(error: &DeviceSinkError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_alsas_many_names_only_sockets_and_servers_are_shown() {
        for id in [
            "default",
            "pulse",
            "pipewire",
            "sysdefault:CARD=PCH",
            "hdmi:CARD=HDMI,DEV=0",
        ] {
            assert!(is_for_people(id), "{id}");
        }
        for id in [
            "null",
            "hw:CARD=PCH,DEV=0",
            "dmix:CARD=PCH",
            "surround51:CARD=PCH",
            "upmix",
        ] {
            assert!(!is_for_people(id), "{id}");
        }
    }
}
