//! The number by which the app knows a song.

/// A song for as long as croon runs; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SongKey(pub(crate) u32);

#[cfg(test)]
impl SongKey {
    pub(super) fn for_tests(n: u32) -> Self {
        Self(n)
    }
}
