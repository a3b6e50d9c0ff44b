//! Which model's vocals are meant, also while no engine runs. The store keeps vocals under a key
//! made of the model's name and weights; the key of the moment is written down in the store: from
//! the bundled model's manifest at the start, from the engine's hello when it greets.

use std::path::PathBuf;

use crate::config::SeparationConfig;
use crate::separate::models;
use crate::store::StemStore;

const STATE: &str = "model";

/// Name and first digits of the weights' checksum: other weights are another model.
pub fn key(model: &str, sha256: &str) -> String {
    let digits: String = sha256.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    format!("{model}-{digits}")
}

/// The key of the model in use, where any was met yet.
pub fn current(store: &StemStore) -> Option<String> {
    store.state(STATE)
}

/// Called at the start: the bundled engine's model is known from its manifest before the engine
/// runs; of any other engine the last hello counts until it greets again.
pub fn settle(store: &StemStore, separation: &SeparationConfig) {
    if !separation.command.is_empty() {
        return;
    }
    let folders = models::folders();
    // With no model named, whether there is a GPU decides: what the engine greeted with last time is the
    // better guess while one of the two is still the same weights.
    let candidates = [false, true].map(|gpu| bundled(models::choose(&separation.model, gpu), &folders));
    let last = current(store);
    if last.is_some() && candidates.contains(&last) {
        return;
    }
    if let Some(key) = candidates.into_iter().flatten().next() {
        remember(store, &key);
    }
}

pub(super) fn remember(store: &StemStore, key: &str) {
    if current(store).as_deref() == Some(key) {
        return;
    }
    if let Err(error) = store.save_state(STATE, &key) {
        // Found again at the next hello; until then songs show as not separated.
        tracing::warn!("the model's name could not be kept: {error}");
    }
}

fn bundled(model: &str, folders: &[PathBuf]) -> Option<String> {
    let text = std::fs::read_to_string(models::manifest(model, folders)?).ok()?;
    let manifest: toml::Table = text.parse().ok()?;
    let name = manifest
        .get("name")
        .and_then(toml::Value::as_str)
        .unwrap_or(model);
    Some(key(name, manifest.get("sha256")?.as_str()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_tells_the_key_an_engine_would_give() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("name = \"unet-mask\"\nsha256 = \"{}\"\n", "c0ffee12".repeat(8));
        std::fs::write(dir.path().join("unet-mask.toml"), text).unwrap();
        let folders = ["/nowhere".into(), dir.path().to_owned()];
        assert_eq!(
            bundled("unet-mask", &folders).unwrap(),
            key("unet-mask", &"c0ffee12".repeat(8))
        );
        assert_eq!(bundled("other", &folders), None);
    }
}
