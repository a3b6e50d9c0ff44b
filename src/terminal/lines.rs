//! The terminal as a place for lines: no alternate screen, no cursor that moves, no escape code. What is
//! told may go into a pipe; the keys come from a terminal.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::terminal::Hold;
use crate::terminal::error::TerminalError;
use crate::terminal::input::Input;
use crate::terminal::restore::{MOUSE, PLAIN};

/// Lines told one after the other.
pub struct Lines {
    hold: Hold,
}

impl Lines {
    /// Takes the keys over. Stderr goes to `log` meanwhile.
    pub fn open(log: Option<&Path>) -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        PLAIN.store(true, Ordering::SeqCst);
        MOUSE.store(false, Ordering::SeqCst);
        Ok(Self {
            hold: Hold::new(log)?,
        })
    }

    /// Starts the threads that listen to keys and signals.
    pub fn listen(&mut self, on: impl Fn(Input) + Send + Clone + 'static) -> Result<(), TerminalError> {
        self.hold.listen(on)
    }

    /// Writes lines, harmless already.
    pub fn tell(&self, lines: &[String]) -> io::Result<()> {
        let mut out = stdout().lock();
        // raw mode leaves the cursor in its column
        let end = if out.is_terminal() { "\r\n" } else { "\n" };
        for line in lines {
            write!(out, "{line}{end}")?;
        }
        out.flush()
    }

    /// As [`super::TerminalScreen::suspend`].
    pub fn suspend(&self) -> io::Result<()> {
        self.hold.suspend()?;
        self.resume()
    }

    pub fn resume(&self) -> io::Result<()> {
        self.hold.resume()
    }
}
