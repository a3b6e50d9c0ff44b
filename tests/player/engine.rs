//! The engine as a child process, against engines that are honest, dead, deaf or mad.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::fake_engine;
use croon::separate::command::EngineCommand;
use croon::separate::engine::{Engine, EngineReply};
use croon::separate::error::EngineError;
use croon::separate::segment::Grid;

const PATIENCE: Duration = Duration::from_secs(120);

/// A window that no other has.
fn window(tag: u64) -> Vec<f32> {
    (0..2 * Grid::STANDARD.window)
        .map(|i| (i as f32 * 1e-6 + tag as f32).sin())
        .collect()
}

/// What came back, by window.
type Came = BTreeMap<u64, Vec<f32>>;

/// Asks for windows `0..count`, never more at once than the engine wants, and returns what came
/// and the reasons of restarts and of windows that failed.
fn run(command: EngineCommand, count: u64) -> Result<(Came, Vec<String>), EngineError> {
    let mut engine = Engine::start(command)?;
    let (mut asked, mut came, mut reasons) = (0, BTreeMap::new(), Vec::new());
    while (came.len() as u64) < count {
        while engine.room() > 0 && asked < count {
            engine.ask(asked, window(asked));
            asked += 1;
        }
        match engine.answer(PATIENCE)? {
            EngineReply::Vocals { tag, mixture, pcm } => {
                assert_eq!(*mixture, window(tag));
                assert!(came.insert(tag, pcm).is_none(), "window {tag} was answered twice");
            }
            EngineReply::Failed { tag, reason } => {
                reasons.push(reason);
                engine.ask(tag, window(tag));
            }
            EngineReply::Restarted { reason } => reasons.push(reason),
            EngineReply::Nothing => panic!("no answer in time"),
        }
    }
    Ok((came, reasons))
}

fn all_came(mode: &str, count: u64) -> Vec<String> {
    let mut command = fake_engine::command(mode);
    if mode.contains("hang") {
        command.patience.window = Duration::from_secs(4);
    }
    let (came, reasons) = run(command, count).unwrap();
    for (tag, pcm) in came {
        assert!(pcm == window(tag), "window {tag} came back changed");
    }
    reasons
}

#[test]
fn an_honest_engine_answers_every_window_once() {
    assert_eq!(all_came("identity", 5), [""; 0]);
    assert_eq!(all_came("identity reverse", 5), [""; 0]);
}

#[test]
fn an_engine_that_dies_is_replaced_and_nothing_is_lost() {
    // It dies again in each of its lives, after two windows.
    let reasons = all_came("die-after:1", 5);
    assert!(reasons.len() >= 3, "{reasons:?}");
}

#[test]
fn an_engine_that_goes_mad_once_costs_no_window() {
    let dir = tempfile::tempdir().unwrap();
    for fault in ["hang-after", "garbage-after", "crc-after", "short-after"] {
        let flag = dir.path().join(fault);
        let reasons = all_came(&format!("{fault}:1 once:{}", flag.display()), 3);
        assert_eq!(reasons.len(), 1, "{fault}: {reasons:?}");
    }
}

#[test]
fn windows_that_fail_are_told_and_the_engine_goes_on() {
    let mut engine = Engine::start(fake_engine::command("refuse")).unwrap();
    let pid = engine.pid();
    for tag in 0..2 {
        engine.ask(tag, window(tag));
        let answer = engine.answer(PATIENCE).unwrap();
        assert_eq!(
            answer,
            EngineReply::Failed {
                tag,
                reason: "out of memory".into()
            }
        );
    }
    assert_eq!(engine.pid(), pid);
}

#[test]
fn numbers_that_are_no_sound_are_not_passed_on() {
    let mut engine = Engine::start(fake_engine::command("nan-after:0")).unwrap();
    engine.ask(9, window(9));
    let answer = engine.answer(PATIENCE).unwrap();
    assert!(
        matches!(&answer, EngineReply::Failed { tag: 9, reason } if reason.contains("no sound")),
        "{answer:?}"
    );
}

#[test]
fn an_engine_that_never_finishes_anything_is_given_up_with_its_last_words() {
    let error = run(fake_engine::command("die-after:0"), 1).unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, EngineError::KeepsFailing { times: 4, .. }),
        "{text}"
    );
    assert!(
        text.contains("CUDA error: out of memory") && text.contains("croon doctor"),
        "{text}"
    );
}

#[test]
fn an_engine_that_does_not_greet_properly_is_refused() {
    for (mode, says) in [
        ("exit", "no such device"),
        ("text", "login script"),
        ("future", "different versions"),
        ("odd", "window of 7 frames"),
    ] {
        let text = Engine::start(fake_engine::command(mode))
            .err()
            .unwrap()
            .to_string();
        assert!(text.contains(says), "{mode}: {text}");
    }
    let mut mute = fake_engine::command("mute");
    mute.patience.hello = Duration::from_millis(300);
    let error = Engine::start(mute).err().unwrap();
    assert!(matches!(error, EngineError::NoHello { .. }), "{error}");
    let missing = EngineCommand::new("/no/such/engine", ["serve"]);
    assert!(matches!(Engine::start(missing), Err(EngineError::Spawn { .. })));
}

#[test]
fn an_engine_that_comes_back_with_another_model_is_refused() {
    let error = run(fake_engine::command("changing die-after:1"), 3).unwrap_err();
    assert!(matches!(error, EngineError::ModelChanged { .. }), "{error}");
}

#[test]
fn a_killed_engine_is_replaced() {
    let mut engine = Engine::start(fake_engine::command("identity")).unwrap();
    let pid = rustix::process::Pid::from_raw(engine.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    engine.ask(4, window(4));
    let mut restarts = 0;
    loop {
        match engine.answer(PATIENCE).unwrap() {
            EngineReply::Restarted { .. } => restarts += 1,
            EngineReply::Vocals { tag, pcm, .. } => {
                assert!(tag == 4 && pcm == window(4));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(restarts, 1);
    assert_ne!(engine.pid(), pid.as_raw_nonzero().get() as u32);
}

/// Linux shares the processor among sessions first: in croon's own the engine would eat the sound's share.
#[cfg(target_os = "linux")]
#[test]
fn the_engine_has_a_session_of_its_own() {
    // 0 where its leader lives outside of the container.
    let session = |process: &str| -> u32 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(3).unwrap().parse().unwrap()
    };
    let engine = Engine::start(fake_engine::command("identity")).unwrap();
    let pid = engine.pid();
    assert_eq!(session(&pid.to_string()), pid);
    assert_ne!(session("self"), pid);
}

#[test]
fn forgotten_windows_are_not_delivered() {
    let mut engine = Engine::start(fake_engine::command("identity")).unwrap();
    engine.ask(1, window(1));
    engine.ask(2, window(2));
    engine.forget();
    engine.ask(3, window(3));
    let answer = engine.answer(PATIENCE).unwrap();
    assert!(matches!(answer, EngineReply::Vocals { tag: 3, .. }), "{answer:?}");
    assert_eq!(engine.room(), 3);
}

#[test]
fn a_stop_ends_every_wait() {
    let (stop, stopped) = crossbeam_channel::bounded::<()>(0);
    let mut engine = Engine::start_until(fake_engine::command("hang-after:0"), stopped).unwrap();
    engine.ask(1, window(1));
    let stopper = std::thread::spawn(move || drop(stop));
    assert!(matches!(engine.answer(PATIENCE), Err(EngineError::Stopped)));
    stopper.join().unwrap();
}

#[test]
fn no_process_is_left_behind() {
    for mode in ["identity", "hang-after:0"] {
        let mut engine = Engine::start(fake_engine::command(mode)).unwrap();
        let pid = engine.pid();
        engine.ask(1, window(1));
        drop(engine);
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "{mode}: {pid} is still there"
        );
    }
}
