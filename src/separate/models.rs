//! The models that come with croon: their names, and where their files lie.

use std::env;
use std::path::{Path, PathBuf};

/// Lets the device decide.
pub const AUTO: &str = "auto";
/// Fast enough for any processor.
pub const LIGHT: &str = "light";
/// Better and slower: for a GPU, or for whoever has time.
pub const FULL: &str = "full";
/// The published design by itself: a soft mask and the mixture's phase, judged by its window alone.
pub const UNET_MASK: &str = "unet-mask";

/// The model meant by `wanted` on a machine with or without a usable GPU: where nothing or [`AUTO`] is
/// wanted, [`FULL`] on a GPU and [`LIGHT`] on a processor.
pub fn choose(wanted: &str, gpu: bool) -> &str {
    match (wanted, gpu) {
        ("" | AUTO, true) => FULL,
        ("" | AUTO, false) => LIGHT,
        (named, _) => named,
    }
}

/// Folders where models may lie, in the order they are searched: `CROON_MODELS` alone where it is set,
/// else beside the program, where it was built or installed, and the user's own.
pub fn folders() -> Vec<PathBuf> {
    if let Some(folder) = env::var_os("CROON_MODELS").filter(|folder| !folder.is_empty()) {
        return vec![folder.into()];
    }
    let mut folders = Vec::new();
    if let Some(here) = env::current_exe().ok().as_deref().and_then(Path::parent) {
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
    folders
        .iter()
        .map(|folder| folder.join(format!("{name}.toml")))
        .find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_at_its_word_and_none_goes_by_the_device() {
        assert_eq!(choose("", false), LIGHT);
        assert_eq!(choose(AUTO, false), LIGHT);
        assert_eq!(choose(AUTO, true), FULL);
        assert_eq!(choose(UNET_MASK, true), UNET_MASK);
        assert_eq!(choose("my-own", false), "my-own");
    }
}
