//! Which screen is shown, how large it is, and what the user is typing.

use crate::action::Screen;
use crate::keymap::Key;

/// Which screen is shown, how large it is, and what the user is typing.
#[derive(Debug)]
pub struct View {
    pub screen: Screen,
    /// The screen that `w` and Esc return to.
    pub(crate) previous_screen: Screen,
    /// The keys of a sequence that is not complete yet.
    pub pending_keys: Vec<Key>,
    /// What `n` and `N` search for.
    pub search_text: String,
    /// The first line of the help that is shown.
    pub help_scroll: usize,
    /// Width of the terminal in cells.
    pub(crate) columns: u16,
    /// Height of the terminal in cells.
    pub(crate) rows: u16,
    /// Something changed since the last frame.
    pub(crate) dirty: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            screen: Screen::Library,
            previous_screen: Screen::Library,
            pending_keys: Vec::new(),
            search_text: String::new(),
            help_scroll: 0,
            columns: 80,
            rows: 24,
            dirty: true,
        }
    }
}
