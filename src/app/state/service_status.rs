//! What the engine, the output and the cache report of themselves.

/// What computes the separation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EngineInfo {
    /// `cpu`, `cuda:0`.
    pub device: String,
    /// Why this device.
    pub why: String,
    pub model: String,
    /// Why this model; empty where nobody says.
    pub model_why: String,
    /// Measured, in times real time; 0 while unknown.
    pub speed: f32,
}

/// Where the sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Device {
        name: String,
        rate: u32,
        /// What was wanted and is not there; it is taken as soon as it comes.
        instead_of: Option<String>,
    },
    /// It went away while it was heard; the player has paused.
    Lost { name: String, reason: String },
    /// No device: a silent clock keeps everything moving while the player tries again.
    Silent { reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    pub bytes: u64,
    pub cap_bytes: u64,
    pub songs: u64,
    pub pinned: u64,
}
