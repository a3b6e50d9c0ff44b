//! Published weights: a safetensors file and the TOML manifest that says what they are. Nothing that
//! could execute is read, and the checksum is compared at every load: a half-copied file must not
//! come out as a copy of the song.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tch::{Device, Kind, TchError, Tensor};

use crate::checkpoint::{CheckpointError, write_tensors};
use crate::manifest::Manifest;
use crate::model::{GRID, Model, WINDOW_FRAMES};
use crate::network::Network;
use crate::recording::{HOP, N_FFT};
use croon::files;
use croon::separate::models::{self, UnknownModel};

#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    #[error(
        "no model {name}: there is no {name}.toml in {searched}. Name the folder that holds it with --models or \
         CROON_MODELS, or install croon again"
    )]
    NotFound { name: String, searched: String },
    #[error("the manifest {path} does not read: {detail}. Install the model again")]
    Manifest { path: PathBuf, detail: String },
    #[error("the weights {path} are missing or unreadable ({detail}). Install the model again")]
    Missing { path: PathBuf, detail: String },
    #[error(
        "the weights {path} are damaged: their sha256 begins with {:.12}, the manifest says {:.12}. Install the model again",
        .found, .expected
    )]
    Damaged {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error(
        "the model {name} is of a kind this engine does not know: {detail}. Install model and engine from one build"
    )]
    Mismatch { name: String, detail: String },
    #[error("the model {name} is of no use: {detail}. Install the model again")]
    NotFinite { name: String, detail: String },
    #[error("{0}; name one of them with --model")]
    Unknown(#[from] UnknownModel),
    #[error(transparent)]
    Torch(#[from] TchError),
}

/// A model ready to run, with what is known about it.
#[derive(Debug)]
pub struct Loaded {
    pub model: Model,
    pub manifest: Manifest,
    /// How many numbers were learned.
    pub parameters: usize,
}

/// The manifest `name.toml` in the wanted folder, or where none is named in the first that has one.
pub fn find(wanted: Option<&Path>, name: &str) -> Result<PathBuf, WeightsError> {
    let folders = wanted.map_or_else(models::folders, |folder| vec![folder.to_path_buf()]);
    models::check(name, &folders)?;
    models::manifest(name, &folders).ok_or_else(|| WeightsError::NotFound {
        name: name.into(),
        searched: folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// Reads manifest and weights, checks both, and folds the batch norms away. The model lies in the
/// processor's memory.
pub fn load(manifest: &Path) -> Result<Loaded, WeightsError> {
    let mut loaded = read(manifest)?;
    loaded.model.network = tch::no_grad(|| loaded.model.network.folded()?.on(Device::Cpu, Kind::Float))?;
    Ok(loaded)
}

/// Reads manifest and weights and checks both; the model can be trained further.
pub fn read(manifest: &Path) -> Result<Loaded, WeightsError> {
    let broken = |detail: String| WeightsError::Manifest {
        path: manifest.to_path_buf(),
        detail,
    };
    let text = std::fs::read_to_string(manifest).map_err(|err| broken(err.to_string()))?;
    let known: Manifest = toml::from_str(&text).map_err(|err| broken(err.to_string()))?;
    check(&known)?;
    let tensors = read_checked(&manifest.with_file_name(&known.weights), &known.sha256)?;
    let model = assemble(&known, tensors)?;
    let parameters = model.network.layers.parameters.values().map(Tensor::numel).sum();
    Ok(Loaded {
        model,
        manifest: known,
        parameters,
    })
}

/// The tensors of a file with this checksum.
fn read_checked(path: &Path, sha256: &str) -> Result<Vec<(String, Tensor)>, WeightsError> {
    let missing = |detail: String| WeightsError::Missing {
        path: path.to_path_buf(),
        detail,
    };
    let found = sha256_of(path).map_err(|err| missing(err.to_string()))?;
    if found != sha256 {
        return Err(WeightsError::Damaged {
            path: path.to_path_buf(),
            expected: sha256.to_owned(),
            found,
        });
    }
    Tensor::read_safetensors(path).map_err(|err| missing(err.to_string()))
}

/// Refuses what the code below would misread.
fn check(manifest: &Manifest) -> Result<(), WeightsError> {
    let wrong = |detail: String| {
        Err(WeightsError::Mismatch {
            name: manifest.name.clone(),
            detail,
        })
    };
    let theirs = (manifest.rate, manifest.n_fft, manifest.hop, manifest.frames);
    if theirs != (GRID.rate, N_FFT, HOP, WINDOW_FRAMES) {
        return wrong("its spectrum has another rate, n_fft, hop or number of frames".into());
    }
    if (manifest.window, manifest.core, manifest.fade) != (GRID.window, GRID.core, GRID.fade) {
        return wrong("it cuts songs on another grid".into());
    }
    if !manifest.design.is_sane() || manifest.gate.is_some_and(|gate| !gate.is_sane()) {
        return wrong("its shape is out of range".into());
    }
    if manifest.weights.contains('/') || manifest.weights.contains("..") {
        return wrong("its weights lie outside its folder".into());
    }
    Ok(())
}

fn assemble(manifest: &Manifest, tensors: Vec<(String, Tensor)>) -> Result<Model, WeightsError> {
    let mismatch = |detail: String| WeightsError::Mismatch {
        name: manifest.name.clone(),
        detail,
    };
    let mut network = Network::new(manifest.design.clone(), 0);
    let layers = &mut network.layers;
    let mut whitening = None;
    let mut left = layers.sizes();
    for (key, tensor) in tensors {
        let tensor = tensor.f_to_kind(Kind::Float)?;
        if key == "whitening" && manifest.design.whitens() && tensor.size() == [crate::mask::BINS] {
            whitening = Some(tensor);
            continue;
        }
        if manifest.design.leaves_out(&key) {
            continue;
        }
        if left.remove(&key) != Some(tensor.size()) {
            return Err(mismatch(format!(
                "the tensor {key} of size {:?} has no place in it",
                tensor.size()
            )));
        }
        let place = if layers.statistics.contains_key(&key) {
            &mut layers.statistics
        } else {
            &mut layers.parameters
        };
        place.insert(key, tensor);
    }
    // One such weight would make silence or noise of every song.
    for (key, tensor) in layers.parameters.iter().chain(&layers.statistics) {
        if tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? == 0 {
            return Err(WeightsError::NotFinite {
                name: manifest.name.clone(),
                detail: format!("the tensor {key} holds NaN or infinite numbers"),
            });
        }
    }
    if let Some(key) = left.keys().next() {
        return Err(mismatch(format!("the tensor {key} is not there")));
    }
    let whitening = match whitening {
        Some(whitening) => whitening,
        None if manifest.design.whitens() => {
            return Err(mismatch("the whitening curve is not there".into()));
        }
        None => Tensor::f_ones([crate::mask::BINS], (Kind::Float, Device::Cpu))?,
    };
    Ok(Model {
        network,
        whitening,
        gate: manifest.gate,
        device: Device::Cpu,
    })
}

/// Writes `name.safetensors` (convolutions as halves, the rest as floats) and `name.toml`.
pub fn save(model: &Model, mut manifest: Manifest, folder: &Path) -> Result<Manifest, CheckpointError> {
    let io = |path: &Path, err: std::io::Error| CheckpointError::Io {
        path: path.to_path_buf(),
        detail: err.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(|err| io(folder, err))?;
    let mut tensors = Vec::new();
    if model.network.design.whitens() {
        let whitening = model.whitening.f_to_device(Device::Cpu)?.f_contiguous()?;
        tensors.push(("whitening".to_owned(), whitening));
    }
    for (key, tensor) in model
        .network
        .layers
        .parameters
        .iter()
        .chain(&model.network.layers.statistics)
    {
        let kind = if tensor.dim() == 4 {
            Kind::Half
        } else {
            Kind::Float
        };
        tensors.push((
            key.clone(),
            tensor
                .f_detach()?
                .f_to_device(Device::Cpu)?
                .f_to_kind(kind)?
                .f_contiguous()?,
        ));
    }
    let path = folder.join(&manifest.weights);
    write_tensors(&tensors, &path)?;
    manifest.sha256 = sha256(&std::fs::read(&path).map_err(|err| io(&path, err))?);
    write_manifest(&manifest, &folder.join(format!("{}.toml", manifest.name)))?;
    Ok(manifest)
}

pub fn write_manifest(manifest: &Manifest, path: &Path) -> Result<(), CheckpointError> {
    let io = |detail: String| CheckpointError::Io {
        path: path.to_path_buf(),
        detail,
    };
    let text = toml::to_string_pretty(manifest).map_err(|err| io(err.to_string()))?;
    files::write(path, text).map_err(|err| io(err.to_string()))
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The checksum of a file, which is read piece by piece.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut sum = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut sum)?;
    Ok(hex(&sum.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Mode;
    use crate::manifest::Training;
    use crate::network::Design;
    use crate::unet::UnetShape;

    fn small() -> (Model, Manifest) {
        let design = Design::UnetMask(UnetShape {
            encoder: vec![4, 4, 4, 4, 4, 4],
            top: 4,
            ..UnetShape::classic()
        });
        let network = Network::new(design.clone(), 3);
        let whitening = Tensor::ones([crate::mask::BINS], (Kind::Float, Device::Cpu));
        let manifest = crate::export::manifest(
            "small",
            design,
            Some(Training {
                steps: 1,
                minutes: 0.0,
                data_minutes: 0.0,
                validation_sdr: 0.0,
            }),
        );
        (
            Model {
                network,
                whitening,
                gate: None,
                device: Device::Cpu,
            },
            manifest,
        )
    }

    #[test]
    fn what_is_saved_loads_and_computes_nearly_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let (model, manifest) = small();
        save(&model, manifest, dir.path()).unwrap();
        let loaded = load(&find(Some(dir.path()), "small").unwrap()).unwrap();
        let input = Tensor::rand([1, 9, 64, 512], (Kind::Float, Device::Cpu));
        let planes = |model: &Model, mode| {
            let Design::UnetMask(shape) = &model.network.design else {
                unreachable!()
            };
            let layers = &model.network.layers;
            shape.planes(layers, &input, mode, Kind::Float, 0..64).unwrap()
        };
        let (before, after) = (
            planes(&model, Mode::Evaluate),
            planes(&loaded.model, Mode::Folded),
        );
        let worst = (before - after).abs().max().double_value(&[]);
        assert!(worst < 2e-3, "{worst}");
    }

    #[test]
    fn damaged_missing_and_foreign_weights_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (model, manifest) = small();
        let manifest = save(&model, manifest, dir.path()).unwrap();
        let toml = dir.path().join("small.toml");
        let weights = dir.path().join(&manifest.weights);
        let mut bytes = std::fs::read(&weights).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&weights, &bytes).unwrap();
        assert!(matches!(load(&toml), Err(WeightsError::Damaged { .. })));
        std::fs::remove_file(&weights).unwrap();
        assert!(matches!(load(&toml), Err(WeightsError::Missing { .. })));
        assert!(matches!(
            find(Some(dir.path()), "other"),
            Err(WeightsError::Unknown(_))
        ));
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(
            find(Some(empty.path()), "other"),
            Err(WeightsError::NotFound { .. })
        ));

        let other = Manifest {
            design: Design::UnetMask(UnetShape {
                encoder: vec![4, 4, 4, 4, 4, 8],
                top: 4,
                ..UnetShape::classic()
            }),
            ..manifest.clone()
        };
        save(&model, other, dir.path()).unwrap();
        assert!(matches!(load(&toml), Err(WeightsError::Mismatch { .. })));
        write_manifest(&Manifest { hop: 512, ..manifest }, &toml).unwrap();
        assert!(matches!(load(&toml), Err(WeightsError::Mismatch { .. })));
        std::fs::write(&toml, "name = 3").unwrap();
        assert!(matches!(load(&toml), Err(WeightsError::Manifest { .. })));
    }

    #[test]
    fn weights_that_are_no_numbers_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let (mut model, manifest) = small();
        let place = model.network.layers.parameters.get_mut("up2.weight").unwrap();
        *place = place.full_like(f64::NAN);
        save(&model, manifest, dir.path()).unwrap();
        let refused = load(&dir.path().join("small.toml")).unwrap_err();
        assert!(matches!(refused, WeightsError::NotFinite { .. }), "{refused}");
        assert!(refused.to_string().contains("up2.weight"), "{refused}");
    }
}
