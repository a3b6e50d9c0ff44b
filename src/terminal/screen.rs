//! The terminal as a grid of cells.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write, stdout};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::{Frame, Terminal};

use crate::terminal::error::TerminalError;
use crate::terminal::input::Input;
use crate::terminal::large::{self, Large};
use crate::terminal::restore::{MOUSE, PLAIN};
use crate::terminal::{Hold, probe};

/// A terminal that says nothing for so long has no large text; over a slow line it may have it and the
/// blocks are drawn all the same.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a frame writes, kept together until it is whole.
#[derive(Debug, Clone, Default)]
struct Spool(Rc<RefCell<Vec<u8>>>);

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen, ours until it is dropped.
pub struct TerminalScreen {
    terminal: Terminal<CrosstermBackend<Spool>>,
    spool: Spool,
    /// What the last frame wrote.
    last: Vec<u8>,
    large: Option<Large>,
    hold: Hold,
}

impl TerminalScreen {
    /// Takes the terminal over, with its mouse if that is wanted. Stderr goes to `log` while the screen
    /// is on.
    pub fn open(log: Option<&Path>, mouse: bool) -> Result<Self, TerminalError> {
        if !stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        PLAIN.store(false, Ordering::SeqCst);
        MOUSE.store(mouse, Ordering::SeqCst);
        let hold = Hold::new(log)?;
        let spool = Spool::default();
        Ok(Self {
            terminal: Terminal::new(CrosstermBackend::new(spool.clone()))?,
            spool,
            last: Vec::new(),
            large: None,
            hold,
        })
    }

    /// Starts the threads that listen to keys and signals.
    pub fn listen(&mut self, on: impl Fn(Input) + Send + Clone + 'static) -> Result<(), TerminalError> {
        self.hold.listen(on)
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Whether the terminal can draw text larger than a cell; asked before [`TerminalScreen::listen`], and given
    /// up after a moment.
    pub fn has_sized_text(&self) -> bool {
        probe::sized_text(stdout(), PATIENCE).unwrap_or_else(|error| {
            tracing::info!("the terminal was not asked for large text: {error}");
            false
        })
    }

    /// Draws a frame; only what changed is sent, all at once where the terminal can, and nothing where
    /// nothing changed. Text larger than a cell comes last, over cells that the frame leaves blank.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame) -> Option<Large>) -> io::Result<()> {
        let mut large = None;
        self.terminal.draw(|frame| large = paint(frame))?;
        let frame = std::mem::take(&mut *self.spool.0.borrow_mut());
        let (before, after) = large::change(self.large.as_ref(), large.as_ref())?;
        // the same bytes as just before: the same cells, or no more than where the cursor hides
        if frame == self.last && before.is_empty() && after.is_empty() {
            return Ok(());
        }
        let mut out = Vec::with_capacity(frame.len() + before.len() + after.len() + 16);
        queue!(out, BeginSynchronizedUpdate)?;
        for part in [&before, &frame, &after] {
            out.extend_from_slice(part);
        }
        queue!(out, EndSynchronizedUpdate)?;
        (self.last, self.large) = (frame, large);
        let mut terminal = stdout().lock();
        terminal.write_all(&out)?;
        terminal.flush()
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn clear(&mut self) -> io::Result<()> {
        // not Terminal::clear: it asks the terminal where the cursor is, and the answer goes to our
        // input thread
        self.terminal.backend_mut().clear_region(ClearType::All)?;
        self.terminal.swap_buffers();
        self.last.clear();
        self.large = None;
        Ok(())
    }

    /// Gives the terminal back and stops this process with its group, as ^Z does everywhere; returns
    /// when it goes on, with the screen taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.hold.suspend()?;
        self.resume()
    }

    /// Takes the screen over again after a stop; harmless when it is ours already. The next frame
    /// draws every cell.
    pub fn resume(&mut self) -> io::Result<()> {
        self.hold.resume()?;
        self.clear()
    }
}
