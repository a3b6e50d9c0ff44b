//! The audio output in use, the outputs that can be chosen, and their delays.

use crate::app::state::cursor::Cursor;
use crate::app::state::session::OutputSettings;
use crate::output_state::OutputState;

/// The audio output in use, and those that can be chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outputs {
    /// Where the sound goes; `None` until the player reports it.
    pub current: Option<OutputState>,
    /// As the player told them last.
    pub names: Vec<String>,
    pub saved: OutputSettings,
    /// The song was playing when this one went away, and waits for the next.
    pub lost: Option<String>,
    pub cursor: Cursor,
}

/// A line of the chooser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// `None`: whatever the configuration or the system says.
    pub name: Option<String>,
    /// It can be heard now.
    pub available: bool,
}

impl Outputs {
    pub fn new(saved: OutputSettings) -> Self {
        Self {
            saved,
            ..Self::default()
        }
    }

    /// The system's choice first; one chosen before and not there now stands last.
    pub fn lines(&self) -> Vec<OutputLine> {
        let line = |name: Option<&String>, there| OutputLine {
            name: name.cloned(),
            available: there,
        };
        let mut lines = vec![line(None, true)];
        lines.extend(self.names.iter().map(|name| line(Some(name), true)));
        let absent = self.saved.chosen.as_ref();
        lines.extend(
            absent
                .filter(|name| !self.names.contains(name))
                .map(|name| line(Some(name), false)),
        );
        lines
    }

    /// Milliseconds.
    pub fn delay(&self, name: &str) -> u32 {
        self.saved.delays_ms.get(name).copied().unwrap_or(0)
    }
}
