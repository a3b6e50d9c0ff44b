//! Real-time priority for the thread that asks for sound. With a buffer of 21 ms an ordinary thread
//! comes too late as soon as other programs want the processor; a real-time one comes first. It is
//! asked of the system itself, which grants it to users with an `rtprio` limit, else of RealtimeKit,
//! the service that desktops run for this (<https://github.com/heftig/rtkit>). Where both refuse,
//! the sound goes on as it is.

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
    // in one go; a callback takes less than a thousandth of it.
    let longest = u64::try_from(longest).unwrap_or_default();
    let now = getrlimit(Resource::Rttime);
    let least = |limit: Option<u64>| Some(limit.map_or(longest, |limit| limit.min(longest)));
    let limit = Rlimit {
        current: least(now.current),
        maximum: least(now.maximum),
    };
    setrlimit(Resource::Rttime, limit).map_err(|error| error.to_string())?;
    let thread = thread.as_raw_nonzero().get() as u64;
    let priority = PRIORITY.min(highest.max(0) as u32);
    rtkit
        .call("MakeThreadRealtime", &(thread, priority))
        .map_err(words)
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

    use crossbeam_channel::{Sender, unbounded};
    use rustix::process::{Resource, getrlimit};
    use zbus::blocking::connection::Builder;

    use super::*;

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

    #[test]
    fn rtkit_is_asked_within_its_limits() {
        let daemon = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", "echo \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut daemon) = daemon else {
            println!("no dbus-run-session here (Debian: dbus-daemon): skipped");
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
        assert_eq!(asked.recv(), Ok((thread, 3, Some(200_000))));
        drop((kit, alone));
        drop(daemon.stdin.take());
        daemon.wait().unwrap();
    }
}
