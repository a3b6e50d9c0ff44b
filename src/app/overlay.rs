//! What can lie over a screen: prompts, questions and pickers.

use std::path::PathBuf;

use tui_input::Input;

use crate::app::message::Effect;
use crate::app::state::cursor::Cursor;

/// What is asked before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveLyricsRequest {
    /// In croon's own folder; none where the song has no identity yet.
    pub own: Option<PathBuf>,
    /// Beside the song.
    pub beside: PathBuf,
    pub lines: usize,
    /// Lines that have no time, and so no place in the file.
    pub left_out: usize,
}

/// What lies over the screen; at most one thing does.
#[derive(Debug, Default)]
pub enum Overlay {
    #[default]
    None,
    Help,
    /// A sentence too long for its line, all of it: heading and words.
    FullText {
        heading: String,
        text: String,
    },
    Prompt(Prompt),
    /// A question: `y` does it, every other key leaves it.
    Confirm {
        question: String,
        yes: Box<Effect>,
    },
    /// Where lyrics made here are written.
    SaveLyrics(SaveLyricsRequest),
    /// The chooser of outputs.
    Outputs,
    /// The chooser of lyrics.
    LyricsPicker(Cursor),
}

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// Go to what matches.
    Find,
    /// Show only what matches.
    Filter,
    /// Who sings the selected song of the queue.
    Singer,
    /// The file to write the queue into.
    SaveList,
    /// The list to read.
    LoadList,
}

/// A line being typed.
#[derive(Debug)]
pub struct Prompt {
    pub kind: PromptKind,
    pub input: Input,
    /// What Esc brings back.
    pub(crate) previous_cursor: Cursor,
    pub(crate) previous_text: String,
}
