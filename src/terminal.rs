//! The terminal: taken over with raw mode and the alternate screen, and given back whatever ends
//! us: quitting, a panic, a signal, a suspension. Also the threads that listen to it. It is drawn on as a
//! [`Screen`], or told lines as [`Lines`].

mod error;
mod input;
mod large;
mod lines;
mod probe;
pub mod restore;
mod screen;

pub use crate::terminal::input::Input;
pub use crate::terminal::large::Large;
pub use crate::terminal::lines::Lines;
pub use crate::terminal::screen::Screen;
pub use error::TerminalError;

use std::fs::File;
use std::io::{self, Write, stderr, stdout};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::process::{Signal, getpgrp, kill_process_group};
use signal_hook::consts::SIGSTOP;
use signal_hook::iterator::Handle;

use crate::terminal::restore::{OWN_STOP, give_back};

/// We are in the alternate screen. Global, because the panic hook has to know it too.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Lines are told instead: no alternate screen, no escape codes at all.
static PLAIN: AtomicBool = AtomicBool::new(false);
/// The mouse is wanted.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Presses, moves with a button held, and numbers for wide screens. Not every move, as crossterm asks
/// for: that floods a slow line for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
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

fn enter() -> io::Result<()> {
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

/// A panic of the thread that draws restores the terminal before it is printed. A panic of another
/// thread goes to the log like everything on stderr: the screen lives on.
fn install_panic_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let ui = thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == ui {
            give_back();
        }
        before(panic);
    }));
}

/// The terminal, ours until this is dropped.
struct Hold {
    signals: Option<Handle>,
    log: Option<std::path::PathBuf>,
}

impl Hold {
    /// Takes the terminal over. Stderr goes to `log` as long as it is ours.
    fn new(log: Option<&Path>) -> Result<Self, TerminalError> {
        install_panic_hook();
        if let Some(log) = log
            && let Err(error) = redirect_stderr(log)
        {
            tracing::warn!(
                "stderr stays on the screen, {} can't be opened: {error}",
                log.display()
            );
        }
        let hold = Self {
            signals: None,
            log: log.map(Path::to_owned),
        };
        enter()?;
        Ok(hold)
    }

    fn listen(&mut self, on: impl Fn(Input) + Send + Clone + 'static) -> Result<(), TerminalError> {
        self.signals = Some(input::listen(on)?);
        Ok(())
    }

    /// Gives the terminal back and stops this process with its group, as ^Z does everywhere; returns
    /// when it goes on.
    fn suspend(&self) -> io::Result<()> {
        give_back();
        // the others of the job, `make run` with it, stop as the terminal would stop them
        OWN_STOP.store(true, Ordering::SeqCst);
        let _ = kill_process_group(getpgrp(), Signal::TSTP);
        // to this very thread: a stop sent to the process may be taken by another thread, while
        // this one goes on and takes the terminal again before it stands still
        signal_hook::low_level::raise(SIGSTOP)?;
        Ok(())
    }

    /// Takes the terminal over again after a stop; harmless when it is ours already.
    fn resume(&self) -> io::Result<()> {
        if let Some(log) = &self.log {
            // without the log the messages smear the screen, no more
            let _ = redirect_stderr(log);
        }
        // stopped from outside we never left, but the shell may have: enter anew in any case
        leave();
        enter()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(signals) = &self.signals {
            signals.close();
        }
        give_back();
        let _ = stdout().flush();
    }
}
