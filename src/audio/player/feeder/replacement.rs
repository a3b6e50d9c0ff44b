//! Why the frames in the ring have to be replaced.

/// What changed for the frames that are in the ring.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Replacement {
    /// More of the vocals is available.
    pub(super) vocals: bool,
    /// The loop was set or ended.
    pub(super) loop_region: bool,
}
