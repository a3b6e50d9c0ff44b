//! Which changes wait to be written.

/// When settings changed that are not written yet, on the clock of `Event::Tick`.
#[derive(Debug, Default)]
pub(crate) struct Autosave {
    /// Settings of the song on the deck.
    pub song_changed_ms: Option<u64>,
    /// Settings of the session.
    pub settings_changed_ms: Option<u64>,
}
