//! The store: the separated vocals of every song, and what croon remembers between two evenings.
//!
//! Two places. The catalogue (`<state>/catalogue`) is one small database that stays open: known
//! tracks, what is remembered of each song, which songs are complete. The vocals of each song are a database of
//! their own (`<cache>/stems/<model>/<track>/`), opened while it plays or is separated. One
//! process owns the store; within it every song has one handle, shared by all threads.

mod aside;
mod block;
mod catalogue;
pub mod clock;
mod database;
mod error;
mod housekeeping;
mod lock;
mod loudness;
mod malloc_trim;
mod open_songs;
mod paths;
mod queue;
mod replaced;
mod song;
mod song_key;
mod song_lease;
mod song_meta;
mod song_settings;
mod stem_store;
mod store_parts;

pub use crate::store::block::{BLOCK_FRAMES, BLOCK_SAMPLES};
pub use crate::store::error::StoreError;
pub use crate::store::housekeeping::{
    Cleared, DamageReport, ModelStats, Pruned, Stats, Verified, stats_of_folder,
};
pub use crate::store::lock::OwnerLock;
pub use crate::store::queue::{PathRecord, StoredQueue};
pub use crate::store::song::{BLOCKS_PER_SEGMENT, SEGMENT_SAMPLES, SongStems};
pub use crate::store::song_key::StoredSongKey;
pub use crate::store::song_meta::SongMeta;
pub use crate::store::stem_store::StemStore;
pub use paths::StorePaths;
