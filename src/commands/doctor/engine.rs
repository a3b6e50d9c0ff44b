//! The engine is asked itself: it is started as it would be for a song, and its hello tells device,
//! reason, model and speed. That its hello came means that the weights passed their checksum.

use std::path::Path;
use std::time::Duration;

use crate::config::Device;
use crate::separate::engine::Engine;
use crate::separate::protocol::Hello;

use super::Context;
use super::check::Check;

/// The first load of CUDA's libraries from a cold disk is slow.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn engine(context: &Context) -> Check {
    let mut command = match context.engine_command() {
        Ok(command) => command,
        Err(error) => {
            return Check::bad(
                error.to_string(),
                "run `make build` in croon's folder, or set separation.command in config.toml to an engine elsewhere",
            );
        }
    };
    command.patience.hello = PATIENCE;
    command.patience.restarts = 0;
    let shown = command.shown();
    match Engine::start(command) {
        Ok(engine) => judge(engine.hello(), context.config.separation.device, nvidia_driver().as_deref())
            .fact(format!("runs as: {shown}")),
        Err(error) => Check::bad(error.to_string(), "its last words, if it had any, are above; `make build` builds it anew, with its libraries and weights")
            .fact(format!("runs as: {shown}")),
    }
}

fn judge(hello: &Hello, wanted: Device, driver: Option<&str>) -> Check {
    let speed = match hello.speed {
        speed if speed > 0.0 => format!(", {speed:.1} times real time"),
        _ => String::new(),
    };
    let what = format!("{}{speed}: {}", hello.device, hello.why);
    let on_gpu = hello.device.to_lowercase().contains("cuda");
    let digits: String = hello.model_sha256.chars().take(12).collect();
    let check = match (wanted, driver) {
        (Device::Cuda, _) if !on_gpu => Check::bad(
            format!("config.toml wants CUDA, and this is {what}"),
            "mend what keeps CUDA away, or set separation.device = \"auto\"",
        ),
        (Device::Auto, Some(driver)) if !on_gpu => Check::note(
            format!("{what} (an NVIDIA driver is here: {driver})"),
            "`CROON_GPU=1 make build` brings the CUDA libraries; driver 580 or newer is needed",
        ),
        _ => Check::good(what),
    };
    check.fact(format!(
        "model {} ({digits}), weights checked; engine {}",
        hello.model, hello.version
    ))
}

/// The version of the NVIDIA driver, where there is one.
fn nvidia_driver() -> Option<String> {
    let text = std::fs::read_to_string(Path::new("/proc/driver/nvidia/version")).ok()?;
    let line = text.lines().next()?;
    let version = line
        .split_whitespace()
        .find(|word| word.split('.').count() > 1 && word.starts_with(|c: char| c.is_ascii_digit()));
    Some(version.unwrap_or("of unknown version").to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::check::State;
    use super::*;

    fn hello(device: &str) -> Hello {
        Hello {
            protocol: 1,
            version: "0.1.0".into(),
            device: device.into(),
            why: "because".into(),
            model: "unet-mask".into(),
            model_sha256: "abcdef0123456789".into(),
            rate: 44_100,
            window: 393_216,
            core: 262_144,
            fade: 4096,
            speed: 12.5,
            in_flight: 2,
        }
    }

    #[test]
    fn a_gpu_that_is_not_used_is_said_aloud() {
        let state = |device, wanted, driver| judge(&hello(device), wanted, driver).state;
        assert_eq!(state("CPU (2 cores)", Device::Auto, None), State::Good);
        assert_eq!(state("CPU (2 cores)", Device::Auto, Some("580.1")), State::Note);
        assert_eq!(state("CPU (2 cores)", Device::Cpu, Some("580.1")), State::Good);
        assert_eq!(state("CPU (2 cores)", Device::Cuda, None), State::Bad);
        assert_eq!(state("CUDA (H200)", Device::Cuda, Some("580.1")), State::Good);
    }

    #[test]
    fn device_reason_speed_and_model_are_all_shown() {
        let text = judge(&hello("CPU (2 cores)"), Device::Auto, None).lines("engine", false);
        for part in [
            "CPU (2 cores)",
            "because",
            "12.5 times",
            "unet-mask",
            "abcdef012345",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
