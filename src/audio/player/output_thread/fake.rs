//! A sound system made of nothing, whose devices are silent clocks.

use std::sync::Mutex;

use rustix::process::Pid;

use super::*;
use crate::audio::player::mixer::Mixer;

/// What is plugged in; changed by the test while the output thread looks at it.
#[derive(Default)]
pub(super) struct Plugged {
    pub(super) outputs: Vec<(&'static str, u32)>,
    pub(super) default: usize,
    pub(super) refuse: bool,
    /// Its streams never close.
    pub(super) hangs: bool,
    /// Of the output that is open.
    pub(super) tell: Option<Sender<StreamError>>,
    pub(super) opened: Vec<String>,
    /// Its devices ask for half of what they should, and tell nobody.
    pub(super) slow: bool,
    /// How long its devices wait before they first ask for sound.
    pub(super) starts: Duration,
    /// How large a buffer each was opened with.
    pub(super) buffers: Vec<u32>,
    /// The threads that asked for sound.
    pub(super) raised: Vec<Pid>,
}

// lock: the test and the output thread both change what is plugged in
#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<Plugged>>);

impl Fake {
    pub(super) fn with(outputs: &[(&'static str, u32)]) -> Self {
        let fake = Self::default();
        fake.change(|plugged| plugged.outputs = outputs.to_vec());
        fake
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Plugged) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Pulls an output out; the one that is open is told so.
    pub(super) fn unplug(&self, name: &str) {
        self.change(|plugged| {
            plugged.outputs.retain(|(other, _)| *other != name);
            plugged.default = 0;
            if plugged.opened.last().is_some_and(|open| open == name)
                && let Some(tell) = &plugged.tell
            {
                let _ = tell.send(StreamError::Lost("unplugged".into()));
            }
        });
    }
}

impl OutputBackend for Fake {
    fn outputs(&mut self) -> Vec<String> {
        self.change(|plugged| {
            plugged
                .outputs
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect()
        })
    }

    fn default_output(&mut self) -> Option<String> {
        self.change(|plugged| {
            let name = plugged.outputs.get(plugged.default)?.0;
            Some(name.to_owned())
        })
    }

    fn is_gone(&mut self, name: &str) -> bool {
        !self.outputs().iter().any(|other| other == name)
    }

    fn raise(&mut self, thread: Pid) {
        self.change(|plugged| plugged.raised.push(thread));
    }

    fn open(
        &mut self,
        name: &str,
        buffer: u32,
        shared: &Arc<Shared>,
        tell: Sender<StreamError>,
    ) -> Result<OpenedOutput, String> {
        let rate = self.change(|plugged| {
            if plugged.refuse {
                return Err(format!("{name} takes none of the rates there are"));
            }
            plugged.tell = Some(tell);
            plugged.opened.push(name.to_owned());
            plugged.buffers.push(buffer);
            let found = plugged.outputs.iter().find(|(other, _)| *other == name);
            found.map(|(_, rate)| *rate).ok_or_else(|| "gone".to_owned())
        })?;
        let frames = NonZero::new(rate).unwrap();
        let (ring, source) = mixer(frames, shared.clone());
        let slow = self.change(|plugged| plugged.slow);
        let frames = if slow {
            NonZero::new(rate / 2).unwrap()
        } else {
            frames
        };
        Ok(OpenedOutput {
            rate,
            latency: if slow { 2 * buffer } else { 0 },
            ring,
            stream: Box::new(Sounding {
                _clock: Late::start(
                    self.change(|plugged| plugged.starts),
                    source,
                    frames,
                    shared.clone(),
                ),
                hangs: self.change(|plugged| plugged.hangs),
            }),
        })
    }
}

/// Where a sound system waits for a device that is gone, it waits for ever.
struct Sounding {
    _clock: Late,
    hangs: bool,
}

/// A clock that starts after a while, if it is still wanted then.
struct Late {
    _ends: Sender<()>,
}

impl Late {
    fn start(after: Duration, source: Mixer, rate: NonZero<u32>, shared: Arc<Shared>) -> Self {
        let (ends, ended) = bounded(0);
        std::thread::spawn(move || {
            if after.is_zero() || matches!(ended.recv_timeout(after), Err(RecvTimeoutError::Timeout)) {
                let _clock = NullOutput::start(source, rate, shared);
                let _ = ended.recv();
            }
        });
        Self { _ends: ends }
    }
}

impl Drop for Sounding {
    fn drop(&mut self) {
        if self.hangs {
            loop {
                std::thread::park();
            }
        }
    }
}
