//! The engine is asked itself: it is started as it would be for a song, its hello tells device, reason
//! and model, and a few windows tell its speed. That its hello came means that the weights passed their
//! checksum.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::Device;
use crate::separate::engine::{Engine, EngineReply};
use crate::separate::protocol::Hello;

use super::check::Check;
use crate::commands::Context;

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
        Ok(mut engine) => {
            let speed = speed(&mut engine);
            judge(
                engine.hello(),
                speed,
                context.config.separation.device,
                nvidia_driver().as_deref(),
            )
            .fact(format!("runs as: {shown}"))
        }
        Err(error) => Check::bad(error.to_string(), "its last words, if it had any, are above; `make build` builds it anew, with its libraries and weights")
            .fact(format!("runs as: {shown}")),
    }
}

/// Seconds of new music per second, through the same pipe as a song's: a window to warm up, then as
/// many at once as the engine wants, two rounds of them. Or why it separates nothing.
fn speed(engine: &mut Engine) -> Result<f64, String> {
    let noise = noise(2 * engine.grid().window);
    separate(engine, &noise, 1)?;
    let windows = 2 * engine.room();
    let start = Instant::now();
    separate(engine, &noise, windows)?;
    let took = start.elapsed().as_secs_f64().max(1e-6);
    let grid = engine.grid();
    Ok((windows * grid.core) as f64 / f64::from(grid.rate) / took)
}

fn separate(engine: &mut Engine, window: &[f32], times: usize) -> Result<(), String> {
    let (mut asked, mut answered) = (0, 0);
    while answered < times {
        while asked < times && engine.room() > 0 {
            engine.ask(asked as u64, window.to_vec());
            asked += 1;
        }
        match engine.answer(PATIENCE) {
            Ok(EngineReply::Vocals { .. }) => answered += 1,
            Ok(EngineReply::Failed { reason, .. } | EngineReply::Restarted { reason }) => return Err(reason),
            Ok(EngineReply::Nothing) => {
                return Err(format!("no answer within {} seconds", PATIENCE.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

/// White noise at -20 dB: an engine does not skip it.
fn noise(samples: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..samples).map(|_| 0.2 * (random.f32() - 0.5)).collect()
}

fn judge(hello: &Hello, speed: Result<f64, String>, wanted: Device, driver: Option<&str>) -> Check {
    let speed = match speed {
        Ok(speed) => format!("{speed:.1} times real time just now"),
        Err(reason) => {
            return Check::bad(
                format!("{} greets, but separates nothing: {reason}", hello.device),
                "its log (`croon paths` says where) may say more; `make build` builds it anew",
            );
        }
    };
    let what = format!("{}, {speed}: {}", hello.device, hello.why);
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
    let why = match hello.model_why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    check.fact(format!(
        "model {} ({digits}), weights checked; engine {}{why}",
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
            fingerprint: String::new(),
            model_why: "12 times real time here, the best that reaches 6".into(),
            times_real_time: Some(12.5),
            rate: 44_100,
            window: 393_216,
            core: 262_144,
            fade: 4096,
            in_flight: 2,
        }
    }

    #[test]
    fn a_gpu_that_is_not_used_is_said_aloud() {
        let state = |device, wanted, driver| judge(&hello(device), Ok(9.0), wanted, driver).state;
        assert_eq!(state("CPU (2 cores)", Device::Auto, None), State::Good);
        assert_eq!(state("CPU (2 cores)", Device::Auto, Some("580.1")), State::Note);
        assert_eq!(state("CPU (2 cores)", Device::Cpu, Some("580.1")), State::Good);
        assert_eq!(state("CPU (2 cores)", Device::Cuda, None), State::Bad);
        assert_eq!(state("CUDA (H200)", Device::Cuda, Some("580.1")), State::Good);
    }

    #[test]
    fn device_reason_speed_and_model_are_all_shown() {
        let text = judge(&hello("CPU (2 cores)"), Ok(12.54), Device::Auto, None).lines("engine", false);
        for part in [
            "CPU (2 cores)",
            "because",
            "12.5 times real time",
            "unet-mask",
            "abcdef012345",
            "the best that reaches 6",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn an_engine_that_separates_nothing_is_no_good() {
        let failed = Err("out of memory".to_owned());
        let check = judge(&hello("CPU (2 cores)"), failed, Device::Auto, None);
        assert_eq!(check.state, State::Bad);
        assert!(check.lines("engine", false).contains("out of memory"));
    }
}
