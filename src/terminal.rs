//! The terminal: taken over with raw mode and the alternate screen, and given back whatever ends
//! us: quitting, a panic, a signal, a suspension. Also the threads that listen to it.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write, stderr, stdout};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    self, DisableBracketedPaste, EnableBracketedPaste, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpgrp, kill_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};

use crate::keymap::{Code, Key};

/// What the terminal and the signals tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// SIGTERM, SIGHUP or SIGINT: end cleanly.
    Quit,
    /// SIGTSTP: call [`Screen::suspend`].
    Suspend,
    /// SIGCONT: call [`Screen::resume`]; we were stopped and run again.
    Continued,
}

/// The terminal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error(
        "croon's screen needs a terminal, and this is none; `croon separate` and `croon watch` work without one"
    )]
    NotATerminal,
    #[error(
        "the terminal can't be taken over: {0}; another terminal program may help, `croon doctor` says more"
    )]
    Io(#[from] io::Error),
}

/// We are in the alternate screen. Global, because the panic hook has to know it too.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// The next SIGTSTP is the one we sent to our own job.
static OWN_STOP: AtomicBool = AtomicBool::new(false);
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
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    }
    Ok(())
}

/// Gives the terminal back as it was. May be called at any time and any number of times; errors are
/// passed over, for there is nobody left to tell.
pub fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
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

/// Leaves, and lets messages be seen again.
fn give_back() {
    leave();
    restore_stderr();
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

/// The screen, ours until it is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    signals: Option<Handle>,
    log: Option<std::path::PathBuf>,
}

impl Screen {
    /// Takes the terminal over. Stderr goes to `log` while the screen is on.
    pub fn open(log: Option<&Path>) -> Result<Self, TerminalError> {
        if !stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        install_panic_hook();
        if let Some(log) = log
            && let Err(error) = redirect_stderr(log)
        {
            tracing::warn!(
                "stderr stays on the screen, {} can't be opened: {error}",
                log.display()
            );
        }
        let out = BufWriter::with_capacity(1 << 16, stdout());
        let opened = enter().and_then(|()| Terminal::new(CrosstermBackend::new(out)));
        match opened {
            Ok(terminal) => Ok(Self {
                terminal,
                signals: None,
                log: log.map(Path::to_owned),
            }),
            Err(error) => {
                give_back();
                Err(error.into())
            }
        }
    }

    /// Starts the threads that listen to keys and signals.
    pub fn listen(&mut self, on: impl Fn(Input) + Send + Clone + 'static) -> Result<(), TerminalError> {
        let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
        self.signals = Some(signals.handle());
        let tell = on.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            let mut asked = 0;
            for signal in &mut signals {
                match signal {
                    SIGTSTP if OWN_STOP.swap(false, Ordering::SeqCst) => {}
                    SIGTSTP => tell(Input::Suspend),
                    SIGCONT => tell(Input::Continued),
                    // asked again: the main thread hangs, so end as others do
                    _ if asked > 0 => {
                        give_back();
                        let _ = signal_hook::low_level::emulate_default_handler(signal);
                    }
                    _ => {
                        asked += 1;
                        tell(Input::Quit);
                    }
                }
            }
        })?;
        // never joined: it waits in a read that nothing but a key ends
        thread::Builder::new().name("input".into()).spawn(move || {
            loop {
                match event::read() {
                    Ok(event) => {
                        if let Some(input) = translate(event) {
                            on(input);
                        }
                    }
                    // the terminal is gone
                    Err(_) => return on(Input::Quit),
                }
            }
        })?;
        Ok(())
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws a frame; only what changed is sent, all at once where the terminal can.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(paint)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        io::Write::flush(self.terminal.backend_mut())
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn clear(&mut self) -> io::Result<()> {
        // not Terminal::clear: it asks the terminal where the cursor is, and the answer goes to our
        // input thread
        self.terminal.backend_mut().clear_region(ClearType::All)?;
        self.terminal.swap_buffers();
        Ok(())
    }

    /// Gives the terminal back and stops this process with its group, as ^Z does everywhere; returns
    /// when it goes on, with the screen taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // the others of the job, `make run` with it, stop as the terminal would stop them
        OWN_STOP.store(true, Ordering::SeqCst);
        let _ = kill_process_group(getpgrp(), Signal::TSTP);
        // to this very thread: a stop sent to the process may be taken by another thread, while
        // this one goes on and takes the terminal again before it stands still
        signal_hook::low_level::raise(SIGSTOP)?;
        self.resume()
    }

    /// Takes the screen over again after a stop; harmless when it is ours already. The next frame
    /// draws every cell.
    pub fn resume(&mut self) -> io::Result<()> {
        if let Some(log) = &self.log {
            // without the log the messages smear the screen, no more
            let _ = redirect_stderr(log);
        }
        // stopped from outside we never left, but the shell may have: enter anew in any case
        leave();
        enter()?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(signals) = &self.signals {
            signals.close();
        }
        give_back();
        let _ = stdout().flush();
    }
}

fn translate(event: event::Event) -> Option<Input> {
    match event {
        event::Event::Key(key) => translate_key(key).map(Input::Key),
        event::Event::Paste(text) => Some(Input::Paste(text)),
        event::Event::Resize(columns, rows) => Some(Input::Resize { columns, rows }),
        event::Event::FocusGained | event::Event::FocusLost | event::Event::Mouse(_) => None,
    }
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let (ctrl, alt) = (
        key.modifiers.contains(KeyModifiers::CONTROL),
        key.modifiers.contains(KeyModifiers::ALT),
    );
    Some(
        Key {
            code,
            ctrl,
            alt,
            shift,
        }
        .normal(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_arrive_as_the_keymap_names_them() {
        let key = |code, modifiers| translate_key(KeyEvent::new(code, modifiers)).map(|key| key.to_string());
        assert_eq!(key(KeyCode::Char('K'), KeyModifiers::SHIFT).unwrap(), "K");
        assert_eq!(key(KeyCode::Char('z'), KeyModifiers::CONTROL).unwrap(), "Ctrl-z");
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::SHIFT).unwrap(), "Shift-Tab");
        assert_eq!(key(KeyCode::Up, KeyModifiers::SHIFT).unwrap(), "Shift-Up");
        assert_eq!(key(KeyCode::Char('('), KeyModifiers::SHIFT).unwrap(), "(");
        assert_eq!(key(KeyCode::Null, KeyModifiers::NONE), None);
        let mut release = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(translate_key(release), None);
    }
}
