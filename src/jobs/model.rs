//! Which model's vocals are meant, also while no engine runs. The store keeps vocals under a key made of
//! the model's name and the fingerprint of all that changes its samples; the key of the moment is written down in the store: from
//! the bundled model's manifest at the start, from the engine's hello when it greets.

use std::path::PathBuf;

use crate::config::SeparationConfig;
use crate::separate::auto;
use crate::separate::models;
use crate::separate::protocol::Hello;
use crate::store::StemStore;

const STATE: &str = "model";

/// Name and first digits of the fingerprint: other weights or another gate are another model.
pub fn key(model: &str, fingerprint: &str) -> String {
    let digits: String = fingerprint
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(8)
        .collect();
    format!("{model}-{digits}")
}

/// The key of the engine that said this.
pub fn key_of(hello: &Hello) -> String {
    key(&hello.model, hello.samples())
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
    // With no model named the engine decides: what it greeted with last time is the best guess while it is
    // still one of those it may choose.
    let candidates: Vec<String> = if models::is_auto(&separation.model) {
        let candidates = auto::candidates(&folders).into_iter();
        candidates.map(|one| key(&one.name, &one.fingerprint)).collect()
    } else {
        bundled(&separation.model, &folders).into_iter().collect()
    };
    let last = current(store);
    if last.is_some_and(|last| candidates.contains(&last)) {
        return;
    }
    if let Some(key) = candidates.first() {
        remember(store, key);
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
    let manifest = models::read_manifest(&models::manifest(model, folders)?)?;
    let name = manifest
        .get("name")
        .and_then(toml::Value::as_str)
        .unwrap_or(model);
    Some(key(name, &models::fingerprint(&manifest)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_gate_is_another_key_and_changed_figures_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let folders = ["/nowhere".into(), dir.path().to_owned()];
        let key_with = |threshold: &str, sdr: &str| {
            let sha256 = "c0ffee12".repeat(8);
            let text = format!(
                "name = \"light\"\nsha256 = \"{sha256}\"\n[gate]\nthreshold_db = {threshold}\n[measured]\nvocals_sdr = {sdr}\n"
            );
            std::fs::write(dir.path().join("light.toml"), text).unwrap();
            bundled("light", &folders).unwrap()
        };
        let before = key_with("-14.0", "5.34");
        assert!(before.starts_with("light-") && before.len() == 14, "{before}");
        assert_eq!(key_with("-14.0", "6.0"), before);
        assert_ne!(key_with("-17.0", "5.34"), before);
        assert_eq!(bundled("other", &folders), None);
    }
}
