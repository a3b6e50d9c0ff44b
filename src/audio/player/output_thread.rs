//! The device: opened with a small buffer, watched, changed when another is chosen or becomes the
//! system's default, and tried again every few seconds when it is lost or never was. Meanwhile the
//! silent clock reads the ring.

use std::any::Any;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::audio::player::command::PlayerCommand;
use crate::audio::player::controls::Shared;
use crate::audio::player::cpal_backend::{CpalBackend, LARGEST};
use crate::audio::player::event::PlayerEvent;
use crate::audio::player::mixer::mixer;
use crate::audio::player::null_output::NullOutput;
use crate::audio::player::output_backend::{OpenedOutput, OutputBackend, StreamError, name_matches};
use crate::audio::player::settings::PlayerSettings;
use crate::audio::player::underrun_detector::UnderrunDetector;
use crate::output_state::OutputState;
use crate::text::printable;

/// Complaints of late sound within one watch after which the buffer is doubled.
const LATE: u32 = 3;
/// How often it is looked at whether a device has asked for sound for the first time.
const FIRST_CALL: Duration = Duration::from_millis(10);
/// Watches in a row without a single callback before the device counts as lost.
const PATIENCE: u32 = 2;
/// At 48 kHz 75 ms between callback and ear by a sound server, 85 by ALSA: a fader move is heard within a
/// tenth of a second, and a server on a busy machine has 64 ms to be late.
const BUFFER: u32 = 2048;
const CLOCK_RATE: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(44_099);

/// What the handle asks of the output thread, which ends when the other end is dropped.
#[derive(Debug)]
pub(super) enum OutputRequest {
    /// Plays on the output of this name from now on; `None` is the configured or default one.
    Choose(Option<String>),
    /// Tells which outputs there are.
    List,
}

/// How often things are looked at; shorter in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Between two attempts at a device.
    retry: Duration,
    /// Between two looks at whether the device still asks for sound, and is still the right one.
    watch: Duration,
    /// After opening, errors do not count: they are the server's own.
    settling: Duration,
    /// After opening, a device may keep quiet for so long: one that had nothing to play until then may
    /// first play seconds of silence that it prepared.
    starting: Duration,
    /// A device lost sooner than this after it was opened did not bear its buffer: the next is
    /// larger, and it is not opened again at once.
    short_life: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            retry: Duration::from_secs(3),
            watch: Duration::from_secs(1),
            settling: Duration::from_secs(1),
            starting: Duration::from_secs(5),
            short_life: Duration::from_secs(15),
        }
    }
}

pub(super) struct OutputThread<S> {
    settings: PlayerSettings,
    system: S,
    times: Times,
    shared: Arc<Shared>,
    feeder: Sender<PlayerCommand>,
    requests: Receiver<OutputRequest>,
    /// By the listener's hand; goes before the configured device.
    chosen: Option<String>,
    buffer: u32,
    /// Reads the ring while no device does.
    clock: Option<NullOutput>,
}

/// An open device.
struct Playing {
    name: String,
    errors: Receiver<StreamError>,
    since: Instant,
    rate: u32,
    /// Frames between the callback and the ear.
    latency: u32,
    /// Sounds until dropped.
    stream: Option<Box<dyn Any + Send>>,
}

/// How long a stream may take to close before it is left behind.
const CLOSING: Duration = Duration::from_millis(500);

impl Drop for Playing {
    /// Some sound systems wait for ever for a device that is gone, and the next one must not wait with
    /// them: the stream is closed by a thread of its own.
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        let (tell, closed) = bounded(1);
        let spawned = std::thread::Builder::new().name("close".into()).spawn(move || {
            drop(stream);
            let _ = tell.send(());
        });
        if spawned.is_ok() && closed.recv_timeout(CLOSING).is_err() {
            tracing::warn!("the stream of {} does not close; it is left behind", self.name);
        }
    }
}

/// Why the device is to be closed.
enum CloseReason {
    Lost(String),
    /// Its buffer ran empty so often that a larger one is called for.
    Starved,
    /// Another output is the right one now.
    Switch,
    Quit,
}

impl<S: OutputBackend> OutputThread<S> {
    pub(super) fn new(
        settings: PlayerSettings,
        system: S,
        times: Times,
        shared: Arc<Shared>,
        feeder: Sender<PlayerCommand>,
        requests: Receiver<OutputRequest>,
    ) -> Self {
        Self {
            buffer: settings.buffer_frames.unwrap_or(BUFFER).clamp(64, LARGEST),
            chosen: settings.chosen.clone(),
            settings,
            system,
            times,
            shared,
            feeder,
            requests,
            clock: None,
        }
    }

    /// Until the handle is dropped.
    pub(super) fn run(mut self) {
        let mut reason = "sound output is turned off".to_owned();
        loop {
            if self.settings.output {
                match self.open() {
                    Ok(playing) => match self.watch(&playing) {
                        CloseReason::Quit => return,
                        CloseReason::Switch => continue,
                        CloseReason::Starved => {
                            self.buffer = (self.buffer * 2).min(LARGEST);
                            tracing::warn!(
                                "sound came too late again and again; the device's buffer is now {} frames",
                                self.buffer
                            );
                            continue;
                        }
                        CloseReason::Lost(why) => {
                            self.lose(&playing.name, &why);
                            // One that lived goes at once to the next device, or to itself again.
                            if playing.since.elapsed() >= self.times.short_life {
                                continue;
                            }
                            self.buffer = (self.buffer * 2).min(LARGEST);
                            reason = why;
                        }
                    },
                    Err(why) => reason = why,
                }
            }
            self.start_silent_clock(&reason);
            if !self.wait() {
                return;
            }
        }
    }

    /// The output that is to play now, and the wanted one where that is not there.
    fn target(&mut self) -> Option<(String, Option<String>)> {
        let wanted = self.chosen.clone().or_else(|| self.settings.device.clone());
        if let Some(found) = wanted.as_deref().and_then(|wanted| self.system.find(wanted)) {
            return Some((found, None));
        }
        let default = self.system.default_output()?;
        Some((default, wanted))
    }

    fn open(&mut self) -> Result<Playing, String> {
        let Some((name, instead_of)) = self.target() else {
            return Err(
                "there is no sound device. Connect one or start the sound server; croon keeps trying".into(),
            );
        };
        let (tell, errors) = unbounded();
        self.shared.forget_caller();
        let OpenedOutput {
            rate,
            latency,
            ring,
            stream,
        } = self.system.open(&name, self.buffer, &self.shared, tell)?;
        // Its ring is empty until the feeder has it, so the clock was the only one that read.
        self.clock = None;
        self.send(PlayerCommand::Attach {
            ring,
            rate,
            latency,
            state: OutputState::Device {
                name: name.clone(),
                rate,
                instead_of: instead_of.map(|wanted| printable(&wanted)),
            },
        });
        Ok(Playing {
            name,
            errors,
            since: Instant::now(),
            rate,
            latency,
            stream: Some(stream),
        })
    }

    /// The song waits where it was, before any other device could go on with it.
    fn lose(&mut self, name: &str, why: &str) {
        tracing::warn!("sound output lost: {why}");
        self.shared.set_playing(false);
        self.emit_state(OutputState::Lost {
            name: name.to_owned(),
            reason: why.to_owned(),
        });
    }

    fn start_silent_clock(&mut self, reason: &str) {
        if self.clock.is_some() {
            return;
        }
        let (ring, silent) = mixer(CLOCK_RATE, self.shared.clone());
        self.clock = Some(NullOutput::start(silent, CLOCK_RATE, self.shared.clone()));
        self.send(PlayerCommand::Attach {
            ring,
            rate: CLOCK_RATE.get(),
            latency: 0,
            state: OutputState::Silent {
                reason: reason.to_owned(),
            },
        });
    }

    /// Until it is time for another attempt; false when croon ends.
    fn wait(&mut self) -> bool {
        let until = Instant::now() + self.times.retry;
        loop {
            let request = if self.settings.output {
                self.requests.recv_deadline(until)
            } else {
                self.requests.recv().map_err(Into::into)
            };
            match request {
                Ok(OutputRequest::List) => self.list(),
                Ok(OutputRequest::Choose(chosen)) => {
                    self.chosen = chosen;
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn watch(&mut self, playing: &Playing) -> CloseReason {
        let mut ticks = self.shared.ticks();
        let mut detector = None;
        let mut called: Option<Instant> = None;
        let (mut silent_for, mut late, mut looked) = (0, 0, Instant::now());
        let requests = self.requests.clone();
        loop {
            crossbeam_channel::select! {
                recv(requests) -> request => match request {
                    Ok(OutputRequest::List) => self.list(),
                    Ok(OutputRequest::Choose(chosen)) => {
                        self.chosen = chosen;
                        if self.target().is_some_and(|(target, _)| target != playing.name) {
                            return CloseReason::Switch;
                        }
                    }
                    Err(_) => return CloseReason::Quit,
                },
                recv(playing.errors) -> error => match error {
                    Ok(StreamError::Late) if playing.since.elapsed() > self.times.settling => late += 1,
                    Ok(StreamError::Late) => {}
                    Ok(StreamError::Lost(why)) => return CloseReason::Lost(why),
                    Err(_) => return CloseReason::Lost("its stream ended".into()),
                },
                default(if called.is_some() { self.times.watch } else { FIRST_CALL }) => {}
            }
            if called.is_none()
                && let Some(thread) = self.shared.caller()
            {
                self.system.raise(thread);
                called = Some(Instant::now());
            }
            if looked.elapsed() < self.times.watch {
                continue;
            }
            looked = Instant::now();
            let now = self.shared.ticks();
            silent_for = if now == ticks { silent_for + 1 } else { 0 };
            ticks = now;
            // First, because one that is gone asks for nothing either.
            if self.system.is_gone(&playing.name) {
                return CloseReason::Lost("it was taken away".into());
            }
            if silent_for >= PATIENCE && playing.since.elapsed() > self.times.starting {
                return CloseReason::Lost("the device stopped asking for sound".into());
            }
            let behind = detector
                .as_mut()
                .is_some_and(|detector: &mut UnderrunDetector| detector.poll(looked, now));
            if (late >= LATE || behind) && self.buffer < LARGEST {
                return CloseReason::Starved;
            }
            late = 0;
            // What it is given when it opens says nothing yet: it may first play seconds of its own.
            let settled = called.is_some_and(|called| called.elapsed() > self.times.settling);
            if detector.is_none() && settled && silent_for == 0 {
                detector = UnderrunDetector::new(playing.rate, playing.latency, looked, now);
            }
            if self.should_switch(&playing.name) {
                return CloseReason::Switch;
            }
        }
    }

    /// The default changed, or the wanted output, which was not there, is.
    fn should_switch(&mut self, name: &str) -> bool {
        let wanted = self.chosen.clone().or_else(|| self.settings.device.clone());
        match wanted {
            Some(wanted) if name_matches(name, &wanted) => false,
            _ => self.target().is_some_and(|(target, _)| target != name),
        }
    }

    fn list(&mut self) {
        let outputs = self.system.outputs();
        self.send(PlayerCommand::Emit(PlayerEvent::Outputs(outputs)));
    }

    fn emit_state(&self, state: OutputState) {
        self.send(PlayerCommand::Emit(PlayerEvent::Output(state)));
    }

    fn send(&self, command: PlayerCommand) {
        // A feeder that is gone has said why in the log.
        let _ = self.feeder.send(command);
    }
}

/// The names of the outputs that can be chosen.
pub fn devices() -> Vec<String> {
    CpalBackend::default().outputs()
}

#[cfg(test)]
mod fake;

#[cfg(test)]
mod tests;
