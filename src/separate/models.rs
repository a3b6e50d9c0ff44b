//! The models that come with croon: their names, and where their files lie.

use std::env;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::text::printable;

/// Version of everything the engine computes around a network: transform, mask, gate, overlap-add. Raise it
/// whenever the engine gives other samples for an unchanged manifest; stored vocals of the version before
/// then count as those of another model.
pub const SAMPLES_VERSION: u32 = 1;
/// Keys of a manifest that do not change a sample. Every other key does, also one that is not known here: a
/// song separated once too often costs minutes, one taken for up to date stays wrong.
const NOT_IN_SAMPLES: [&str; 10] = [
    "name",
    "weights",
    "licence",
    "training",
    "origin",
    "measured",
    "notes",
    "description",
    "source",
    "url",
];

/// Lets the engine decide by how fast each model is on its machine, see [`super::auto`].
pub const AUTO: &str = "auto";
/// Fast enough for any processor.
pub const LIGHT: &str = "light";
/// Better and slower.
pub const FULL: &str = "full";
/// The published network of Spleeter.
pub const SPLEETER: &str = "spleeter";
/// The published design by itself: a soft mask and the mixture's phase, judged by its window alone.
pub const UNET_MASK: &str = "unet-mask";

/// In bytes.
const LONGEST_NAME: usize = 64;

/// The models that [`AUTO`] chooses among; which of them is the best is in their manifests, and where those
/// do not say so it is the first.
pub const CANDIDATES: [&str; 4] = [FULL, SPLEETER, LIGHT, UNET_MASK];

/// A name that a new model may have: it becomes the name of files, and must be possible to ask for.
///
/// # Errors
/// What is wrong with it, in words.
pub fn new_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.chars().all(plain) {
        return Err(
            "a model's name has 1 to 64 letters of a to z, digits, '-', '_' and '.', and begins with no '.'"
                .into(),
        );
    }
    if is_auto(name) {
        return Err(format!(
            "\"{AUTO}\" leaves the choice to the engine, so no model can be called that"
        ));
    }
    Ok(name.to_owned())
}

/// Whether `wanted` leaves the choice to the engine.
pub fn is_auto(wanted: &str) -> bool {
    matches!(wanted, "" | AUTO)
}

/// Folders where models may lie, in the order they are searched: `CROON_MODELS` alone where it is set,
/// else beside this program, where it was built or installed, and the user's own.
pub fn folders() -> Vec<PathBuf> {
    folders_of(env::current_exe().ok().as_deref())
}

/// The folders that `program` searches, see [`folders`].
pub fn folders_of(program: Option<&Path>) -> Vec<PathBuf> {
    if let Some(folder) = env::var_os("CROON_MODELS").filter(|folder| !folder.is_empty()) {
        return vec![folder.into()];
    }
    let mut folders = Vec::new();
    if let Some(here) = program.and_then(Path::parent) {
        let around = ["models", "../models", "../../models", "../share/croon/models"];
        folders.extend(around.map(|folder| here.join(folder)));
    }
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let data = data.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")));
    folders.extend(data.map(|data| data.join("croon/models")));
    folders
}

/// The manifest `name.toml` in the first folder that has one.
pub fn manifest(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    // A name leads nowhere else.
    if name.contains(['/', '\0']) || name.len() > LONGEST_NAME {
        return None;
    }
    folders
        .iter()
        .map(|folder| folder.join(format!("{name}.toml")))
        .find(|path| path.exists())
}

/// The names of the models in these folders, sorted, each once.
pub fn names(folders: &[PathBuf]) -> Vec<String> {
    let entries = folders.iter().filter_map(|folder| folder.read_dir().ok());
    let manifests = entries.flatten().flatten().filter_map(|entry| {
        let path = entry.path();
        let is_manifest = path.extension().is_some_and(|ending| ending == "toml")
            && read_manifest(&path).is_some_and(|manifest| manifest.contains_key("weights"));
        is_manifest.then(|| path.file_stem().map(|name| name.to_string_lossy().into_owned()))?
    });
    let mut names: Vec<String> = manifests.collect();
    names.sort();
    names.dedup();
    names
}

/// Checks that there is a model of this name. [`AUTO`] and an empty name always pass, and so does every name
/// where no model is found at all: then the engine knows better where it looks.
///
/// # Errors
/// [`UnknownModel`] with the names there are.
pub fn check(wanted: &str, folders: &[PathBuf]) -> Result<(), UnknownModel> {
    if is_auto(wanted) || manifest(wanted, folders).is_some() {
        return Ok(());
    }
    let there = names(folders);
    if there.is_empty() {
        return Ok(());
    }
    Err(UnknownModel {
        wanted: shown(wanted),
        there,
    })
}

/// A name from outside, as short as any that could be right.
fn shown(name: &str) -> String {
    let name = printable(name);
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name,
    }
}

/// A model was named that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no model \"{wanted}\".{} The models here are {} and auto, which chooses among them", self.meant(), self.there.join(", "))]
pub struct UnknownModel {
    wanted: String,
    there: Vec<String>,
}

impl UnknownModel {
    /// ` Did you mean "full"?`, where one is close.
    fn meant(&self) -> String {
        let wanted = self.wanted.to_lowercase();
        let names = self.there.iter().map(String::as_str).chain([AUTO]);
        let close = names
            .map(|name| (strsim::damerau_levenshtein(&wanted, name), name))
            .filter(|(distance, name)| *distance <= (name.len().max(wanted.len()) / 3).max(1));
        close
            .min()
            .map_or_else(String::new, |(_, name)| format!(" Did you mean \"{name}\"?"))
    }
}

/// The manifest as a table; `None` where it cannot be read or is not TOML.
pub fn read_manifest(path: &Path) -> Option<Table> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}

/// Median SDR of the vocals in dB, where the manifest says what was measured.
pub fn vocals_sdr(manifest: &Table) -> Option<f64> {
    let sdr = manifest.get("measured")?.get("vocals_sdr")?;
    sdr.as_float()
        .or_else(|| sdr.as_integer().map(|whole| whole as f64))
        .filter(|sdr| sdr.is_finite())
}

/// Identifies the samples a model gives, as 64 hexadecimal digits: SHA-256 of [`SAMPLES_VERSION`] and of the
/// manifest in canonical form, less the keys in [`NOT_IN_SAMPLES`]. The checksum of the weights is among the
/// rest; `None` where the manifest has none.
pub fn fingerprint(manifest: &Table) -> Option<String> {
    manifest.get("sha256")?.as_str()?;
    let kept = manifest
        .iter()
        .filter(|(key, _)| !NOT_IN_SAMPLES.contains(&key.as_str()));
    let mut text = format!("samples {SAMPLES_VERSION}\n");
    write_entries(&mut text, kept);
    let digest = Sha256::digest(text.as_bytes());
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Entries in the order of their keys, so that the order in the file does not matter.
fn write_entries<'a>(text: &mut String, entries: impl Iterator<Item = (&'a String, &'a Value)>) {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(key, _)| *key);
    for (key, value) in entries {
        text.push_str(&format!("{key:?}="));
        write_value(text, value);
        text.push('\n');
    }
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => text.push_str(&format!("{string:?}")),
        // `-14` and `-14.0` are the same setting.
        Value::Integer(number) => text.push_str(&format!("{:?}", *number as f64)),
        Value::Float(number) => text.push_str(&format!("{number:?}")),
        Value::Boolean(flag) => text.push_str(&flag.to_string()),
        Value::Datetime(time) => text.push_str(&time.to_string()),
        Value::Array(values) => {
            text.push('[');
            for value in values {
                write_value(text, value);
                text.push(',');
            }
            text.push(']');
        }
        Value::Table(table) => {
            text.push_str("{\n");
            write_entries(text, table.iter());
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_answered_with_the_names_there_are() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["light", "full", "my-own"] {
            let text = format!("weights = \"{name}.safetensors\"\n");
            std::fs::write(dir.path().join(format!("{name}.toml")), text).unwrap();
        }
        std::fs::write(dir.path().join("notes.toml"), "a = 1\n").unwrap();
        std::fs::write(dir.path().join("broken.toml"), "a = ").unwrap();
        let folders = ["/nowhere".into(), dir.path().to_owned(), dir.path().to_owned()];
        for name in ["", AUTO, "my-own"] {
            assert_eq!(check(name, &folders), Ok(()));
        }
        let text = |wanted: &str| check(wanted, &folders).unwrap_err().to_string();
        assert_eq!(
            text("fulll"),
            "there is no model \"fulll\". Did you mean \"full\"? The models here are full, light, my-own and auto, which chooses among them"
        );
        assert!(!text("htdemucs\u{1b}[2J").contains(['\u{1b}', '?']));
        let elsewhere = format!("{}/full", dir.path().display());
        assert!(text(&elsewhere).contains("there is no model"));
        assert!(text("../full").contains("there is no model"));
        assert!(text(&"f".repeat(9999)).len() < 300);
        assert_eq!(check("fulll", &["/nowhere".into()]), Ok(()));
    }

    const MANIFEST: &str = r#"
        name = "light"
        weights = "light.safetensors"
        sha256 = "7112d552"
        licence = "MIT"
        window = 393216
        core = 262144
        architecture = "unet-mask"
        [shape]
        encoder = [32, 64]
        [gate]
        threshold_db = -14.0
        slope = 3.0
        [training]
        steps = 2700
        [measured]
        vocals_sdr = 5.34
    "#;

    fn fingerprint_of(text: &str) -> String {
        fingerprint(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn whatever_changes_the_samples_changes_the_fingerprint() {
        let before = fingerprint_of(MANIFEST);
        assert_eq!(before.len(), 64);
        for (from, to) in [
            ("7112d552", "7112d553"),
            ("-14.0", "-17.0"),
            ("slope = 3.0", "slope = 2.0"),
            ("[32, 64]", "[64, 32]"),
            ("unet-mask", "spleeter"),
            ("core = 262144", "core = 262145"),
            ("window = 393216", "window = 393216\nexponent = 2"),
            ("[gate]", "[other]"),
        ] {
            let changed = MANIFEST.replace(from, to);
            assert_ne!(changed, MANIFEST, "{from}");
            assert_ne!(fingerprint_of(&changed), before, "{from} -> {to}");
        }
    }

    #[test]
    fn what_is_only_said_about_a_model_leaves_its_fingerprint() {
        let before = fingerprint_of(MANIFEST);
        for (from, to) in [
            ("vocals_sdr = 5.34", "vocals_sdr = 5.9"),
            ("steps = 2700", "steps = 1"),
            ("\"MIT\"", "\"Apache-2.0\""),
            ("\"light\"", "\"renamed\""),
            ("light.safetensors", "l.safetensors"),
            ("-14.0", "-14"),
        ] {
            assert_eq!(
                fingerprint_of(&MANIFEST.replace(from, to)),
                before,
                "{from} -> {to}"
            );
        }
        let with_origin = format!("{MANIFEST}\n[origin]\nsource = \"elsewhere\"\n");
        assert_eq!(fingerprint_of(&with_origin), before);
        let reordered = MANIFEST
            .replace("core = 262144", "")
            .replace("name =", "core = 262144\nname =");
        assert_eq!(fingerprint_of(&reordered), before);
        assert_eq!(fingerprint(&"name = \"light\"".parse().unwrap()), None);
    }

    #[test]
    fn a_new_model_has_a_name_that_stays_in_its_folder_and_can_be_asked_for() {
        for name in ["full", "my-own_2.1", "a"] {
            assert_eq!(new_name(name).as_deref(), Ok(name));
        }
        let long = "a".repeat(65);
        for name in [
            "",
            "auto",
            "../evil",
            "a/b",
            "/a",
            ".hidden",
            "a\nb",
            "\u{1b}[2J",
            "a b",
            &long,
        ] {
            assert!(new_name(name).is_err(), "{name:?}");
        }
    }
}
