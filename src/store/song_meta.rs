//! What is known of a song whose vocals are complete.

use serde::{Deserialize, Serialize};

/// What is known once a song is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SongMeta {
    /// Length of the vocals at `rate`.
    pub frames: u64,
    pub rate: u32,
    pub segments: u32,
}
