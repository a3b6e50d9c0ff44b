//! What the engine, the output and the cache report of themselves.

pub use crate::engine_info::EngineInfo;
pub use crate::output_state::OutputState as Output;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    pub bytes: u64,
    pub cap_bytes: u64,
    pub songs: u64,
    pub pinned: u64,
}
