//! Which model's vocals are meant, also while no engine runs. The store keeps vocals under a key
//! made of the model's name and weights; the key of the moment is written down in the store: from
//! the bundled model's manifest at the start, from the engine's hello when it greets.

use std::env;
use std::path::{Path, PathBuf};

use crate::config::SeparationConfig;
use crate::store::StemStore;

const STATE: &str = "model";
/// The model that comes with croon.
const BUNDLED: &str = "unet-mask";

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
    if separation.command.is_empty()
        && let Some(key) = bundled(&separation.model, &folders())
    {
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

/// Where the bundled engine looks for models.
fn folders() -> Vec<PathBuf> {
    if let Some(folder) = env::var_os("CROON_MODELS").filter(|folder| !folder.is_empty()) {
        return vec![folder.into()];
    }
    let mut folders = Vec::new();
    if let Some(dir) = env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.extend(["models", "../models", "../../models"].map(|up| dir.join(up)));
    }
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    if let Some(data) = env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home) {
        folders.push(data.join("croon/models"));
    }
    folders
}

fn bundled(model: &str, folders: &[PathBuf]) -> Option<String> {
    let model = if model.is_empty() { BUNDLED } else { model };
    let text = folders
        .iter()
        .find_map(|dir| std::fs::read_to_string(dir.join(format!("{model}.toml"))).ok())?;
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
            bundled("", &folders).unwrap(),
            key("unet-mask", &"c0ffee12".repeat(8))
        );
        assert_eq!(bundled("other", &folders), None);
    }
}
