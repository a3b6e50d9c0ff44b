//! TODO

/// What changed about the song that is on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Renewal {
    pub(super) vocals: bool,
    pub(super) looped: bool,
}
