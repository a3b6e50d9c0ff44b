//! The measured loudness of each song: it belongs to the recording, whatever model separates it,
//! and outlives vocals that were evicted.

use crate::audio::dsp::loudness::Loudness;
use crate::store::error::StoreError;
use crate::store::stem_store::StemStore;
use crate::track::TrackId;

impl StemStore {
    /// Nothing where the song was not measured yet.
    pub fn loudness(&self, id: TrackId) -> Option<Loudness> {
        self.parts.catalogue.loudness(id)
    }

    pub fn save_loudness(&self, id: TrackId, loudness: &Loudness) -> Result<(), StoreError> {
        self.parts.catalogue.save_loudness(id, loudness)
    }
}
