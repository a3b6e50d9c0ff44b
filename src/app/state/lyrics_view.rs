//! How the Sing screen shows the lyrics.

use crate::app::state::lyrics_moment::LyricsFrame;

/// How the Sing screen shows the lyrics.
#[derive(Debug, Default)]
pub struct LyricsView {
    /// Lines in other scripts have their romanization under them.
    pub shows_romanization: bool,
    /// What the last frame shows of the lyrics.
    pub(crate) shown_frame: Option<LyricsFrame>,
    /// The line that the user looks at instead of the current one.
    pub(crate) browsing: Option<LyricsBrowsing>,
}

/// A line that the user looks at instead of the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LyricsBrowsing {
    pub(crate) line: usize,
    /// The play that the line belongs to.
    pub(crate) play_id: u64,
    /// When the screen returns to the current line.
    pub(crate) until_ms: u64,
}
