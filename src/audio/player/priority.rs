//! Real-time priority for the thread that asks for sound. With buffers of some hundredths of a second
//! an ordinary thread comes too late as soon as other programs want the processor; a real-time one
//! comes first. It is asked of the system itself, which grants it to users with an `rtprio` limit, else
//! of RealtimeKit, the service that desktops run for this (<https://github.com/heftig/rtkit>). Where both
//! refuse, the sound goes on as it is.

use rustix::process::Pid;

/// Above ordinary threads, and no higher than sound servers take for themselves.
const PRIORITY: u32 = 5;

/// Asks for it. May take as long as an answer over D-Bus does.
pub(super) fn raise(thread: Pid) {
    let granted = match directly(thread) {
        Ok(()) => Ok("the system"),
        Err(system) => on_the_system_bus(thread)
            .map(|()| "RealtimeKit")
            .map_err(|rtkit| format!("the system: {system}; RealtimeKit: {rtkit}")),
    };
    match granted {
        Ok(by) => tracing::debug!("sound has real-time priority, granted by {by}"),
        Err(why) => tracing::debug!("sound has no real-time priority ({why})"),
    }
}

#[cfg(target_os = "linux")]
fn directly(thread: Pid) -> std::io::Result<()> {
    // SAFETY: a plain structure of numbers, all of which may be zero.
    let mut wanted: libc::sched_param = unsafe { std::mem::zeroed() };
    wanted.sched_priority = PRIORITY as i32;
    // What a library starts from this thread is no sound.
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: the kernel reads the structure, which outlives the call, and nothing else.
    match unsafe { libc::sched_setscheduler(thread.as_raw_nonzero().get(), policy, &raw const wanted) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn directly(_: Pid) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(feature = "dbus", target_os = "linux"))]
fn on_the_system_bus(thread: Pid) -> Result<(), String> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
    zbus::blocking::connection::Builder::system()
        .and_then(|bus| bus.method_timeout(PATIENCE).build())
        .map_err(|error| error.to_string())
        .and_then(|bus| by_rtkit(&bus, thread))
}

#[cfg(all(feature = "dbus", target_os = "linux"))]
fn by_rtkit(bus: &zbus::blocking::Connection, thread: Pid) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    const NAME: &str = "org.freedesktop.RealtimeKit1";
    let words = |error: zbus::Error| error.to_string();
    let rtkit =
        zbus::blocking::Proxy::new(bus, NAME, "/org/freedesktop/RealtimeKit1", NAME).map_err(words)?;
    let highest: i32 = rtkit.get_property("MaxRealtimePriority").map_err(words)?;
    let longest: i64 = rtkit.get_property("RTTimeUSecMax").map_err(words)?;
    // RealtimeKit grants nothing to a process that could hold the processor for longer than this
    // in one go. A callback takes less than a thousandth of it, but the system kills what takes more.
    let longest = u64::try_from(longest).unwrap_or_default();
    let now = getrlimit(Resource::Rttime);
    let least = |limit: Option<u64>, most: u64| Some(limit.map_or(most, |limit| limit.min(most)));
    let limit = Rlimit {
        current: least(now.current, longest / 2),
        maximum: least(now.maximum, longest),
    };
    step_down_when_stuck(thread)?;
    setrlimit(Resource::Rttime, limit).map_err(|error| error.to_string())?;
    let thread = thread.as_raw_nonzero().get() as u64;
    let priority = PRIORITY.min(highest.max(0) as u32);
    rtkit
        .call("MakeThreadRealtime", &(thread, priority))
        .map_err(words)
}

/// The thread that is told to step down.
#[cfg(all(feature = "dbus", target_os = "linux"))]
static STUCK: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);

/// Before the limit, where the system would kill croon, it sends a signal: a thread that a library
/// keeps going round in then becomes an ordinary one.
#[cfg(all(feature = "dbus", target_os = "linux"))]
fn step_down_when_stuck(thread: Pid) -> Result<(), String> {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    static LISTENS: AtomicBool = AtomicBool::new(false);
    STUCK.store(thread.as_raw_nonzero().get(), Relaxed);
    if LISTENS.swap(true, Relaxed) {
        return Ok(());
    }
    let step_down = || {
        // SAFETY: a plain structure of numbers, all of which may be zero, as they must be here.
        let ordinary: libc::sched_param = unsafe { std::mem::zeroed() };
        // SAFETY: one system call, which may be made in a signal handler and only reads the structure.
        unsafe { libc::sched_setscheduler(STUCK.load(Relaxed), libc::SCHED_OTHER, &raw const ordinary) };
    };
    // SAFETY: the handler neither locks nor allocates, and cannot panic.
    unsafe { signal_hook::low_level::register(libc::SIGXCPU, step_down) }
        .map(drop)
        .map_err(|error| error.to_string())
}

#[cfg(not(all(feature = "dbus", target_os = "linux")))]
fn on_the_system_bus(_: Pid) -> Result<(), String> {
    Err("built without D-Bus".into())
}

#[cfg(all(test, feature = "dbus", target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
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
}
