//! The key of stored vocals: which model separated which recording.

use crate::track::TrackId;

/// A song under a model: the model's folder name and the recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoredSongKey {
    pub model: String,
    pub id: TrackId,
}

/// A model's key as the name of one folder: it comes from an engine, which may be anybody's.
pub(super) fn folder_name(model_key: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '_'
        }
    };
    let name: String = model_key.chars().take(100).map(plain).collect();
    if name.trim_matches('.').is_empty() {
        "model".to_owned()
    } else {
        name
    }
}
