//! Songs whose vocals are stored under more than one model: those of another model serve until those of the
//! current one are whole, and go then.

use std::collections::HashMap;

use super::error::StoreError;
use super::song_key::{StoredSongKey, folder_name};
use super::stem_store::StemStore;
use crate::track::TrackId;

impl StemStore {
    /// The songs whose vocals are all there under other models than this one, and under which, without
    /// opening any.
    pub fn complete_elsewhere(&self, model_key: &str) -> HashMap<TrackId, Vec<String>> {
        let mut songs = HashMap::<TrackId, Vec<String>>::new();
        for model in self.other_models(model_key) {
            for id in self.complete(&model) {
                songs.entry(id).or_default().push(model.clone());
            }
        }
        songs
    }

    /// Models other than this one under which something of the song is stored.
    pub fn stored_elsewhere(&self, model_key: &str, id: TrackId) -> Vec<String> {
        let mut models = self.other_models(model_key);
        models.retain(|model| {
            let key = StoredSongKey {
                model: model.clone(),
                id,
            };
            self.parts.song_folder(&key).join("db").is_file()
        });
        models
    }

    /// The song's vocals under this model replace those under any other: these are removed, or where
    /// somebody still plays them as soon as they are closed.
    pub fn replace_others(&self, model_key: &str, id: TrackId) -> Result<(), StoreError> {
        for model in self.stored_elsewhere(model_key, id) {
            let key = StoredSongKey { model, id };
            self.parts.open.hold().mark_replaced(key.clone());
            self.parts.remove_if_replaced(&key)?;
        }
        Ok(())
    }

    fn other_models(&self, model_key: &str) -> Vec<String> {
        let own = folder_name(model_key);
        let folders = std::fs::read_dir(self.parts.paths.stems());
        let names = folders.into_iter().flatten().flatten();
        let mut models: Vec<String> = names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| *name != own)
            .collect();
        models.sort();
        models
    }
}
