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
mod tests;
