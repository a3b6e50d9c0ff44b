//! Which model's vocals are meant, also while no engine runs. The store keeps vocals under a key made of the model's
//! name and the fingerprint of all that changes its samples. It also keeps the key of the moment, which comes from the
//! bundled model's manifest at the start and from the engine's hello when it greets.

use std::num::NonZero;
use std::path::PathBuf;

use crate::config::SeparationConfig;
use crate::paths::Paths;
use crate::separate::model_candidate::{self, ModelCandidate};
use crate::separate::models;
use crate::separate::protocol::Hello;
use crate::separate::speeds::{self, Speeds};
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
    let guess = if models::is_auto(&separation.model) {
        let candidates = model_candidate::candidates(&folders);
        // An engine that had no time to measure begins with a light model, and may know better by now.
        let speeds = speeds();
        let threads = match separation.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads as usize,
        };
        guess(current(store).as_deref(), &candidates, |one| {
            speeds.is_fast_enough(&one.fingerprint, threads, env!("CARGO_PKG_VERSION"))
        })
    } else {
        bundled(&separation.model, &folders)
    };
    if let Some(key) = guess {
        remember(store, &key);
    }
}

/// What the engine of this machine measured so far; none where that cannot be read.
fn speeds() -> Speeds {
    let read = |paths: Paths| {
        let file = speeds::speeds_file(&paths.cache);
        Speeds::read(&file).map_err(|reason| tracing::warn!("{} is not used: {reason}", file.display()))
    };
    let paths = Paths::from_env().ok();
    paths.and_then(|paths| read(paths).ok()).unwrap_or_default()
}

/// The key that `auto` most likely means: that of the last greeting while it is still a candidate's, or of a better
/// model that is known to be fast enough here, else the best candidate's.
fn guess(
    last: Option<&str>,
    candidates: &[ModelCandidate],
    is_fast: impl Fn(&ModelCandidate) -> bool,
) -> Option<String> {
    let keys: Vec<String> = candidates
        .iter()
        .map(|one| key(&one.name, &one.fingerprint))
        .collect();
    let last = last.and_then(|last| keys.iter().position(|key| key == last));
    let better = candidates.iter().take(last.unwrap_or(0)).position(is_fast);
    keys.get(better.or(last).unwrap_or(0)).cloned()
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
mod tests {
    use super::*;

    #[test]
    fn a_better_model_that_turned_out_fast_enough_replaces_the_last_one() {
        let candidate = |name: &str| ModelCandidate {
            name: name.into(),
            manifest: PathBuf::new(),
            fingerprint: "c0ffee12".into(),
            vocals_sdr: None,
        };
        let all = [candidate("full"), candidate("spleeter"), candidate("light")];
        let of = |last: Option<&str>, fast: &[&str]| {
            let last = last.map(|name| key(name, "c0ffee12"));
            let key = guess(last.as_deref(), &all, |one| fast.contains(&one.name.as_str())).unwrap();
            key.split('-').next().unwrap().to_owned()
        };
        // Timed after the engine had begun with light.
        assert_eq!(of(Some("light"), &["full"]), "full");
        assert_eq!(of(Some("light"), &["spleeter", "light"]), "spleeter");
        // Nothing better is known: what greeted last.
        assert_eq!(of(Some("light"), &[]), "light");
        assert_eq!(of(Some("light"), &["light"]), "light");
        assert_eq!(of(Some("full"), &["light"]), "full");
        assert_eq!(of(Some("gone"), &[]), "full");
        assert_eq!(of(None, &[]), "full");
        assert_eq!(guess(None, &[], |_| true), None);
    }

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
