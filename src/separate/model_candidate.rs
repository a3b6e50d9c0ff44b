//! A bundled model that `auto` may choose.

use std::path::PathBuf;

use super::models;

/// A bundled model whose files are there.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCandidate {
    pub name: String,
    pub manifest: PathBuf,
    pub fingerprint: String,
    /// Median SDR of the vocals in dB, where the manifest says it.
    pub vocals_sdr: Option<f64>,
}

/// The models that `auto` may choose, the best first: by their measured SDR, and those without a figure
/// after them. A model whose manifest or weights are missing is left out.
pub fn candidates(folders: &[PathBuf]) -> Vec<ModelCandidate> {
    let mut found: Vec<ModelCandidate> = models::CANDIDATES
        .iter()
        .filter_map(|name| candidate(name, folders))
        .collect();
    let quality = |candidate: &ModelCandidate| candidate.vocals_sdr.unwrap_or(f64::NEG_INFINITY);
    found.sort_by(|a, b| quality(b).total_cmp(&quality(a)));
    found
}

fn candidate(name: &str, folders: &[PathBuf]) -> Option<ModelCandidate> {
    let path = models::manifest(name, folders)?;
    let manifest = models::read_manifest(&path)?;
    let weights = manifest.get("weights")?.as_str()?;
    if !path.with_file_name(weights).is_file() {
        return None;
    }
    Some(ModelCandidate {
        name: name.to_owned(),
        fingerprint: models::fingerprint(&manifest)?,
        vocals_sdr: models::vocals_sdr(&manifest),
        manifest: path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn models(folder: &Path, models: &[(&str, Option<f64>)]) -> Vec<ModelCandidate> {
        for (name, sdr) in models {
            let measured = sdr.map_or(String::new(), |sdr| format!("[measured]\nvocals_sdr = {sdr}\n"));
            let text =
                format!("name = \"{name}\"\nweights = \"{name}.bin\"\nsha256 = \"{name}\"\n{measured}");
            fs::write(folder.join(format!("{name}.toml")), text).unwrap();
            fs::write(folder.join(format!("{name}.bin")), b"weights").unwrap();
        }
        candidates(&[folder.to_owned()])
    }

    fn names(candidates: &[ModelCandidate]) -> Vec<&str> {
        candidates
            .iter()
            .map(|candidate| candidate.name.as_str())
            .collect()
    }

    #[test]
    fn the_best_measured_model_comes_first_and_missing_files_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let all = [("light", Some(5.3)), ("spleeter", Some(7.8)), ("full", Some(6.1))];
        assert_eq!(names(&models(dir.path(), &all)), ["spleeter", "full", "light"]);
        fs::remove_file(dir.path().join("spleeter.bin")).unwrap();
        assert_eq!(names(&candidates(&[dir.path().to_owned()])), ["full", "light"]);
        let unmeasured = [("light", None), ("full", None)];
        assert_eq!(names(&models(dir.path(), &unmeasured)), ["full", "light"]);
        assert_eq!(candidates(&["/nowhere".into()]), []);
    }
}
