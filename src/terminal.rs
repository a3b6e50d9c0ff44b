//! The terminal: taken over with raw mode and the alternate screen, and given back whatever ends
//! us: quitting, a panic, a signal, a suspension. Also the threads that listen to it. It is drawn on as a
//! [`TerminalScreen`], or told lines as [`Lines`].

mod error;
mod input;
mod large;
mod lines;
mod probe;
mod restore;
mod screen;

pub use crate::terminal::input::Input;
pub use crate::terminal::large::Large;
pub use crate::terminal::lines::Lines;
pub use crate::terminal::screen::TerminalScreen;
pub use error::TerminalError;

use std::io::{self, Write, stdout};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Signal, getpgrp, kill_process_group};
use signal_hook::consts::SIGSTOP;
use signal_hook::iterator::Handle;

use crate::terminal::restore::{OWN_STOP, enter, give_back, leave, redirect_stderr};

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
