use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, unbounded};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zbus::blocking::connection::Builder;

use super::*;
use crate::skip::{Missing, skipped};

/// Grants what it is asked for, by its word alone.
struct Kit(Sender<(u64, u32, Option<u64>)>);

#[zbus::interface(name = "org.freedesktop.RealtimeKit1")]
impl Kit {
    fn make_thread_realtime(&self, thread: u64, priority: u32) {
        let limit = getrlimit(Resource::Rttime).current;
        self.0.send((thread, priority, limit)).unwrap();
    }

    #[zbus(property)]
    fn max_realtime_priority(&self) -> i32 {
        3
    }

    #[zbus(property, name = "RTTimeUSecMax")]
    fn longest(&self) -> i64 {
        200_000
    }
}

/// Where nobody grants real-time priority there is nothing to step down from.
#[test]
fn a_thread_that_is_stuck_steps_down_before_the_system_kills_it() {
    let stuck = std::thread::spawn(|| {
        let thread = rustix::thread::gettid();
        if let Err(why) = directly(thread) {
            return Some(why);
        }
        let policy = || {
            let thread = thread.as_raw_nonzero();
            // SAFETY: reads a number of a thread that runs.
            unsafe { libc::sched_getscheduler(thread.get()) & !libc::SCHED_RESET_ON_FORK }
        };
        assert_eq!(policy(), libc::SCHED_RR);
        step_down_when_stuck(thread).unwrap();
        let before = getrlimit(Resource::Rttime);
        let soon = Rlimit {
            current: Some(20_000),
            maximum: before.maximum,
        };
        setrlimit(Resource::Rttime, soon).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while policy() == libc::SCHED_RR && Instant::now() < until {
            std::hint::spin_loop();
        }
        assert_eq!(policy(), libc::SCHED_OTHER);
        None
    });
    if let Some(why) = stuck.join().unwrap() {
        skipped(Missing::RealTimeRights, why);
    }
}

#[test]
fn rtkit_is_asked_within_its_limits() {
    let daemon = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", "echo \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut daemon) = daemon else {
        skipped(
            Missing::DBus,
            "dbus-run-session is not installed (Debian: dbus-daemon)",
        );
        return;
    };
    let mut address = String::new();
    BufReader::new(daemon.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    let bus = || Builder::address(address.trim()).unwrap();
    let thread = rustix::thread::gettid();
    let alone = bus().build().unwrap();
    assert!(by_rtkit(&alone, thread).is_err(), "nobody is there to grant it");
    let (tell, asked) = unbounded();
    let kit = bus()
        .name("org.freedesktop.RealtimeKit1")
        .and_then(|bus| bus.serve_at("/org/freedesktop/RealtimeKit1", Kit(tell)))
        .and_then(Builder::build)
        .unwrap();
    by_rtkit(&alone, thread).unwrap();
    let thread = thread.as_raw_nonzero().get() as u64;
    let (whom, priority, limit) = asked.recv().unwrap();
    assert_eq!((whom, priority), (thread, 3));
    assert!(limit.is_some_and(|limit| limit <= 100_000), "{limit:?}");
    drop((kit, alone));
    drop(daemon.stdin.take());
    daemon.wait().unwrap();
}
