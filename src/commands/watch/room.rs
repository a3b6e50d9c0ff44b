//! Whether the cache has room for the next song, which nobody asked for.

use std::time::Duration;

use crate::store::StemStore;
use crate::track::{Track, stored_bytes};

/// How often a full cache is looked at again.
const FULL_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct CacheRoom {
    full: bool,
    pushed_out: bool,
}

impl CacheRoom {
    /// Found full when it was looked at last.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Looks whether the song fits without another one having to go.
    pub(super) fn fits(&mut self, store: &StemStore, next: &Track) -> bool {
        let room = store.room();
        self.full = self.pushed_out || room == 0 || room < stored_bytes(next.duration);
        !self.full
    }

    /// A song had to go for another one: none is separated any more, or a library larger than the cache
    /// would be separated for ever.
    pub(super) fn pushed_out(&mut self) {
        self.pushed_out = true;
    }

    pub(super) fn look_again(&mut self) {
        self.full = false;
    }

    /// How long to wait for something to happen before the next look.
    pub(super) fn wait(&self) -> Duration {
        if self.full { FULL_WAIT } else { Duration::MAX }
    }
}
