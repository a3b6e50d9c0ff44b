//! What the terminal and the signals tell, on threads that listen to them.

use std::sync::atomic::Ordering;
use std::thread;

use crossterm::event::{
    self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};

use crate::action::Gesture;
use crate::keymap::{Code, Key};
use crate::terminal::error::TerminalError;
use crate::terminal::restore::{OWN_STOP, give_back};

/// What the terminal and the signals tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Paste(String),
    /// The mouse, at a cell counted from the upper left.
    Pointer {
        column: u16,
        row: u16,
        gesture: Gesture,
    },
    Resize {
        columns: u16,
        rows: u16,
    },
    /// SIGTERM, SIGHUP or SIGINT: end cleanly.
    Quit,
    /// SIGTSTP: call [`TerminalScreen::suspend`](super::TerminalScreen::suspend).
    Suspend,
    /// SIGCONT: call [`TerminalScreen::resume`](super::TerminalScreen::resume); we were stopped and run again.
    Continued,
}

/// Starts the threads that listen to keys and signals; the handle ends the one for signals.
pub(super) fn listen(on: impl Fn(Input) + Send + Clone + 'static) -> Result<Handle, TerminalError> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let handle = signals.handle();
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
    Ok(handle)
}

fn translate(event: event::Event) -> Option<Input> {
    match event {
        event::Event::Key(key) => translate_key(key).map(Input::Key),
        event::Event::Paste(text) => Some(Input::Paste(text)),
        event::Event::Resize(columns, rows) => Some(Input::Resize { columns, rows }),
        event::Event::Mouse(mouse) => translate_mouse(mouse),
        event::Event::FocusGained | event::Event::FocusLost => None,
    }
}

fn translate_mouse(mouse: MouseEvent) -> Option<Input> {
    let gesture = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::ScrollUp => Gesture::WheelUp,
        MouseEventKind::ScrollDown => Gesture::WheelDown,
        _ => return None,
    };
    Some(Input::Pointer {
        column: mouse.column,
        row: mouse.row,
        gesture,
    })
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
