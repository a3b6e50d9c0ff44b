//! TODO

/// What changed about the song that is on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Replacement {
    pub(super) vocals: bool,
    pub(super) loop_region: bool,
}
