//! How full the cache is.

/// Size and limit of the cache in bytes, and the number of songs in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    pub bytes: u64,
    pub cap_bytes: u64,
    pub songs: u64,
    pub pinned: u64,
}
