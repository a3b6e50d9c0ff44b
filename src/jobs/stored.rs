//! Which of a song's stored vocals count: those of the model in use where they are whole, else whole ones of
//! another model, which play until the song is separated again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::model;
use crate::separate::models;
use crate::store::{SongStems, StemStore, StoreError};
use crate::track::TrackId;

/// The vocals of a song that are played.
#[derive(Debug, Clone)]
pub struct Stored {
    pub stems: Arc<SongStems>,
    /// The model they are of, where the song should be separated again with a better one.
    pub older: Option<String>,
}

/// Whose vocals are whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Under whatever model.
    pub ready: HashSet<TrackId>,
    /// Those of `ready` that should be separated again, with the model they were separated with.
    pub older: HashMap<TrackId, String>,
}

/// The vocals of a song that count, if any are stored; whole unless nothing is whole.
pub fn stems(store: &StemStore, id: TrackId) -> Result<Option<Stored>, StoreError> {
    let Some(current) = model::current(store) else {
        return Ok(None);
    };
    let own = store.song_if_stored(&current, id)?;
    if own.as_ref().is_none_or(|stems| !stems.is_complete()) {
        let keys = best_first(store.stored_elsewhere(&current, id));
        for key in keys {
            // What cannot be read of another model is as good as not there.
            let stems = store.song_if_stored(&key, id).ok().flatten();
            if let Some(stems) = stems.filter(|stems| stems.is_complete()) {
                let older = is_older(&key, &current).then(|| name(&key).to_owned());
                return Ok(Some(Stored { stems, older }));
            }
        }
    }
    Ok(own.map(|stems| Stored { stems, older: None }))
}

/// There is nothing to separate: the song is whole, of the model in use or of one known to be as good.
pub(super) fn is_done(store: &StemStore, id: TrackId) -> Result<bool, StoreError> {
    let found = stems(store, id)?;
    Ok(found.is_some_and(|found| found.older.is_none() && found.stems.is_complete()))
}

/// Whose vocals are whole, without opening any.
pub fn listing(store: &StemStore) -> Listing {
    let Some(current) = model::current(store) else {
        return Listing::default();
    };
    let mut ready = store.complete(&current);
    let elsewhere = store.complete_elsewhere(&current);
    let mut known = HashMap::<String, bool>::new();
    let mut older = HashMap::new();
    for (id, keys) in elsewhere {
        if !ready.insert(id) {
            continue;
        }
        let Some(key) = best_first(keys).into_iter().next() else {
            continue;
        };
        let is_older = *known
            .entry(key.clone())
            .or_insert_with(|| is_older(&key, &current));
        if is_older {
            older.insert(id, name(&key).to_owned());
        }
    }
    Listing { ready, older }
}

/// The song is whole under the model in use: what other models made of it goes, between two plays of it.
pub(super) fn replace_others(store: &StemStore, id: TrackId) {
    let Some(current) = model::current(store) else {
        return;
    };
    let whole = store.song_if_stored(&current, id);
    if !whole.is_ok_and(|stems| stems.is_some_and(|stems| stems.is_complete())) {
        return;
    }
    if let Err(error) = store.replace_others(&current, id) {
        // They cost space until the cache is full, and are the first that nobody asks for.
        tracing::warn!("the vocals of an older model could not be removed: {error}");
    }
}

/// The model's name in a key.
fn name(key: &str) -> &str {
    key.rsplit_once('-').map_or(key, |(name, _)| name)
}

/// What a model's manifest says of its quality.
fn quality(name: &str) -> Option<f64> {
    let manifest = models::read_manifest(&models::manifest(name, &models::folders())?)?;
    models::vocals_sdr(&manifest)
}

fn best_first(mut keys: Vec<String>) -> Vec<String> {
    if keys.len() > 1 {
        let quality = |key: &String| quality(name(key)).unwrap_or(f64::NEG_INFINITY);
        keys.sort_by(|a, b| quality(b).total_cmp(&quality(a)));
    }
    keys
}

/// Whether vocals under `stored` should give way to those of the model in use: of another version of it, and
/// of any model that is not known to be as good.
fn is_older(stored: &str, current: &str) -> bool {
    let (stored, current) = (name(stored), name(current));
    stored == current || worse(quality(stored), quality(current))
}

fn worse(stored: Option<f64>, current: Option<f64>) -> bool {
    match (stored, current) {
        (Some(stored), Some(current)) => stored < current,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_model_known_to_be_as_good_keeps_its_vocals() {
        assert!(is_older("no-such-model-00000000", "no-such-model-11111111"));
        assert!(worse(Some(5.3), Some(5.4)) && worse(None, Some(5.4)) && worse(Some(5.3), None));
        assert!(!worse(Some(7.8), Some(5.4)) && !worse(Some(5.4), Some(5.4)));
        assert_eq!(name("unet-mask-1c1d2c58"), "unet-mask");
        assert_eq!(name("ready"), "ready");
    }
}
