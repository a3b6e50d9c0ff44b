//! What can lie over a screen: prompts, questions and pickers.

use std::path::PathBuf;

use tui_input::Input;

use crate::app::message::Effect;
use crate::app::state::cursor::Cursor;

/// What the user is asked before lyrics are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveLyricsRequest {
    /// The file in croon's own folder; `None` while the song has no id.
    pub own: Option<PathBuf>,
    /// The file beside the song.
    pub beside: PathBuf,
    /// Number of lines that are written.
    pub lines: usize,
    /// Number of lines without a time, which are not written.
    pub left_out: usize,
}

/// What lies over the screen; at most one at a time.
#[derive(Debug, Default)]
pub enum Overlay {
    #[default]
    None,
    Help,
    /// All of a sentence that is too long for its line.
    FullText {
        heading: String,
        text: String,
    },
    Prompt(Prompt),
    /// A question: `y` carries out the effect, any other key cancels.
    Confirm {
        question: String,
        yes: Box<Effect>,
    },
    /// Asks where to save the lyrics.
    SaveLyrics(SaveLyricsRequest),
    /// The output picker.
    Outputs,
    /// The lyrics picker.
    LyricsPicker(Cursor),
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// Text to go to in the list.
    Find,
    /// Text that the listed songs must match.
    Filter,
    /// The singer of the selected song of the queue.
    Singer,
    /// The file to write the queue to.
    SaveList,
    /// The song list to read.
    LoadList,
}

/// A line that is being typed.
#[derive(Debug)]
pub struct Prompt {
    pub kind: PromptKind,
    pub input: Input,
    /// What Esc restores.
    pub(crate) previous_cursor: Cursor,
    pub(crate) previous_text: String,
}

impl Prompt {
    /// A prompt that starts with `text`; Esc restores `text` and `cursor`.
    pub(crate) fn new(kind: PromptKind, text: String, cursor: Cursor) -> Self {
        Self {
            kind,
            input: Input::new(text.clone()),
            previous_cursor: cursor,
            previous_text: text,
        }
    }
}
