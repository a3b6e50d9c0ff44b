//! A song of the training material.

use crate::recording::Recording;

/// Stems of one performance, aligned.
#[derive(Debug, Clone)]
pub struct DatasetSong {
    pub name: String,
    pub vocals: Recording,
    /// Everything else: one accompaniment, or drums, bass and other.
    pub parts: Vec<Recording>,
}
