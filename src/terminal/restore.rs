//! Entering the terminal's alternate screen and leaving it again, with stderr in a file meanwhile. The state is
//! global, because a panic and a signal have to know it too.

use std::fs::File;
use std::io::{self, stderr, stdout};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// We are in the alternate screen. Global, because the panic hook has to know it too.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Lines are told instead: no alternate screen, no escape codes at all.
pub(super) static PLAIN: AtomicBool = AtomicBool::new(false);
/// The mouse is wanted.
pub(super) static MOUSE: AtomicBool = AtomicBool::new(false);
/// Presses, moves with a button held, and numbers for wide screens. Not every move, as crossterm asks
/// for: that floods a slow line for nothing.
pub(super) const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Where stderr went before [`redirect_stderr`].
static STDERR: OnceLock<OwnedFd> = OnceLock::new();

/// Points stderr at a file, until the terminal is left: ALSA, JACK and others print there whenever
/// they like and would smear the screen. Call it before anything touches the sound.
pub fn redirect_stderr(log: &Path) -> io::Result<()> {
    if STDERR.get().is_none() {
        // a second caller loses the race and keeps the first one's copy: the same file
        let _ = STDERR.set(rustix::io::dup(stderr())?);
    }
    let log = File::options().create(true).append(true).open(log)?;
    rustix::stdio::dup2_stderr(&log)?;
    Ok(())
}

fn restore_stderr() {
    if let Some(fd) = STDERR.get() {
        // nowhere to report it to
        let _ = rustix::stdio::dup2_stderr(fd);
    }
}

pub(super) fn enter() -> io::Result<()> {
    if !ENTERED.swap(true, Ordering::SeqCst) {
        enable_raw_mode()?;
        if PLAIN.load(Ordering::SeqCst) {
            return Ok(());
        }
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if MOUSE.load(Ordering::SeqCst) {
            execute!(stdout(), Print(MOUSE_ON))?;
        }
    }
    Ok(())
}

/// Gives the terminal back as it was. May be called at any time and any number of times; errors are
/// passed over, for there is nobody left to tell.
pub fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        if PLAIN.load(Ordering::SeqCst) {
            let _ = disable_raw_mode();
            return;
        }
        if MOUSE.load(Ordering::SeqCst) {
            let _ = execute!(stdout(), Print(MOUSE_OFF));
        }
        let _ = execute!(
            stdout(),
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// The next SIGTSTP is the one we sent to our own job.
pub(crate) static OWN_STOP: AtomicBool = AtomicBool::new(false);

/// Leaves, and lets messages be seen again.
pub(crate) fn give_back() {
    leave();
    restore_stderr();
}
