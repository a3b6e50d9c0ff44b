//! Sound: the device is opened as for a song, and closed again without a sound.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::Duration;

use crossbeam_channel::unbounded;

use crate::audio::player::event::PlayerEvent;
use crate::audio::player::settings::PlayerSettings;
use crate::audio::player::{Player, devices};
use crate::commands::context::Context;
use crate::commands::doctor::check::Check;
use crate::output_state::OutputState;

/// Opening takes a tenth of this even on a slow sound server.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn sound(context: &Context) -> Check {
    if context.no_sound {
        return Check::good("not asked for (--no-sound): a silent clock keeps everything moving");
    }
    let quiet = Quiet::new();
    let wanted = &context.config.playback;
    let settings = PlayerSettings {
        device: (!wanted.device.is_empty()).then(|| wanted.device.clone()),
        buffer_frames: Some(wanted.buffer_frames),
        ..PlayerSettings::default()
    };
    let (told, heard) = unbounded();
    let player = Player::start(settings, move |event| {
        if let PlayerEvent::Output(state) = event {
            // nobody listens any more once the answer is there
            let _ = told.send(state);
        }
    });
    let state = heard.recv_timeout(PATIENCE).ok();
    drop(player);
    let mut found = devices();
    drop(quiet);
    found.sort();
    found.dedup();
    judge(state, &found)
}

fn judge(state: Option<OutputState>, devices: &[String]) -> Check {
    let mend = "songs play silently until there is a device; croon tries again by itself. Plug one in, start PipeWire or \
                PulseAudio, or name another under playback.device in config.toml";
    let check = match state {
        Some(OutputState::Device {
            name,
            rate,
            instead_of: None,
        }) => Check::good(format!("{name}, {rate} Hz")),
        Some(OutputState::Device {
            name,
            rate,
            instead_of: Some(wanted),
        }) => Check::note(
            format!("{name}, {rate} Hz, because \"{wanted}\" is not there"),
            "connect it, or name one of the devices below under playback.device in config.toml",
        ),
        Some(OutputState::Lost { reason, .. } | OutputState::Silent { reason }) => {
            Check::bad(format!("no sound: {reason}"), mend)
        }
        None => Check::bad("the sound system does not answer", mend),
    };
    match devices.is_empty() {
        true => check,
        false => check.fact(format!("devices: {}", devices.join(", "))),
    }
}

/// ALSA and JACK print to stderr whatever they come across while devices are tried; here that
/// would only hide the answer.
struct Quiet {
    before: Option<OwnedFd>,
}

impl Quiet {
    fn new() -> Self {
        let before = rustix::io::dup(rustix::stdio::stderr()).ok();
        let silenced = File::options()
            .write(true)
            .open("/dev/null")
            .map(rustix::stdio::dup2_stderr);
        Self {
            before: before.filter(|_| matches!(silenced, Ok(Ok(())))),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // nothing can be said about it where it fails
            let _ = rustix::stdio::dup2_stderr(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::State;

    #[test]
    fn silence_is_bad_and_says_why() {
        let silent = judge(
            Some(OutputState::Silent {
                reason: "no card".into(),
            }),
            &[],
        );
        assert_eq!(silent.state, State::Bad);
        assert!(silent.what.contains("no card") && silent.mend.unwrap().contains("playback.device"));
        assert_eq!(judge(None, &[]).state, State::Bad);
        let device = OutputState::Device {
            name: "Speakers".into(),
            rate: 48_000,
            instead_of: None,
        };
        let good = judge(Some(device), &["HDMI".into(), "Speakers".into()]);
        assert_eq!(
            (good.state, good.what.as_str()),
            (State::Good, "Speakers, 48000 Hz")
        );
        assert_eq!(good.facts, ["devices: HDMI, Speakers"]);
        let other = OutputState::Device {
            name: "Speakers".into(),
            rate: 48_000,
            instead_of: Some("Headphones".into()),
        };
        let note = judge(Some(other), &["Speakers".into()]);
        assert_eq!(note.state, State::Note);
        assert!(note.what.contains("\"Headphones\" is not there") && note.mend.is_some());
    }
}
