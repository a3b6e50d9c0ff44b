//! Turns the weights that others published into the pair of files that croon loads.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tch::{Kind, Tensor};

use crate::checkpoint::write_tensors;
use crate::export;
use crate::manifest::Origin;
use crate::network::Design;
use crate::spleeter::{MaskCombination, SpleeterShape};
use crate::tensor_bundle::{self, Bundle, BundleError};
use crate::weights;
use croon::separate::models;

/// Checksums of the published data and index.
const PUBLISHED: [&str; 2] = [
    "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788",
    "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
];
const SOURCE: &str = "Spleeter, 2 stems, by Deezer: https://github.com/deezer/spleeter";
/// The licence and the notice that has to stay with the weights.
const LICENCE: &str = "MIT License, Copyright (c) 2019-present, Deezer SA.";
/// TensorFlow divides by the root of variance plus this, where [`crate::layers`] adds less.
const BATCH_NORM_EPS: f64 = 1e-3;
/// Above this a number of half precision is infinite.
const LARGEST_HALF: f32 = 65_504.0;

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Spleeter's model of two stems, vocals and accompaniment, from the TensorFlow files that Deezer published
    Spleeter(SpleeterArgs),
}

#[derive(Debug, clap::Args)]
pub struct SpleeterArgs {
    /// Folder with model.index and model.data-00000-of-00001
    folder: PathBuf,
    /// Folder for the two files
    #[arg(long, default_value = "models")]
    into: PathBuf,
    /// Their name
    #[arg(long, default_value = "spleeter", value_parser = models::new_name)]
    name: String,
    /// How convolutions are stored; halves take half the space
    #[arg(long, value_enum, default_value = "half")]
    precision: Storage,
    /// Import weights that are not the published ones, too
    #[arg(long)]
    any: bool,
    /// Replace a model of this name
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Storage {
    Half,
    Single,
}

#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error(
        "these are not the published weights: the sha256 of {path} is {found}, expected {expected}. Download them again; --any imports them all the same"
    )]
    Unpublished {
        path: PathBuf,
        expected: &'static str,
        found: String,
    },
    #[error(
        "the tensor {name} holds a number that is none, or infinite: the model was never of use, or its training failed. Import other weights"
    )]
    NotFinite { name: String },
    #[error(
        "the tensor {name} holds the number {value}, too large for half precision. --precision single keeps it"
    )]
    TooLarge { name: String, value: f32 },
    #[error(
        "{path} is there already; --replace replaces that model, --name gives the new one another name, and --into another folder"
    )]
    Exists { path: PathBuf },
    #[error("{path} cannot be made ({detail}); name another folder with --into")]
    Folder { path: PathBuf, detail: String },
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Torch(#[from] tch::TchError),
}

pub fn import(args: &ImportArgs) -> Result<()> {
    match &args.what {
        What::Spleeter(args) => spleeter(args),
    }
}

fn spleeter(args: &SpleeterArgs) -> Result<()> {
    let manifest_path = args.into.join(format!("{}.toml", args.name));
    if !args.replace
        && let Some(path) = [
            &manifest_path,
            &args.into.join(format!("{}.safetensors", args.name)),
        ]
        .into_iter()
        .find(|path| path.symlink_metadata().is_ok())
    {
        return Err(ImportError::Exists { path: path.clone() }.into());
    }
    let prefix = args.folder.join("model");
    let bundle = Bundle::open(&prefix)?;
    let (sha256, published) = published(&prefix, args.any)?;
    // Damage is told from what the file holds, also in tensors that are not used.
    bundle.names().try_for_each(|name| bundle.verify(name))?;
    let shape = two_stems();
    let tensors = convert(&bundle, &shape, args.precision)?;
    let numbers: usize = tensors.iter().map(|(_, tensor)| tensor.numel()).sum();

    let (source, licence) = if published {
        (SOURCE, LICENCE)
    } else {
        (
            "a TensorFlow bundle of Spleeter's network that is not the published one",
            "not known: not the published weights",
        )
    };
    let mut manifest = export::manifest(&args.name, Design::Spleeter(shape), None);
    manifest.licence = licence.into();
    let data = tensor_bundle::data_file(&prefix);
    manifest.origin = Some(Origin {
        source: source.into(),
        file: data
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        sha256,
        licence: licence.into(),
    });
    std::fs::create_dir_all(&args.into).map_err(|err| ImportError::Folder {
        path: args.into.clone(),
        detail: err.to_string(),
    })?;
    let path = args.into.join(&manifest.weights);
    write_tensors(&tensors, &path)?;
    manifest.sha256 = weights::sha256_of(&path).with_context(|| path.display().to_string())?;
    weights::write_manifest(&manifest, &manifest_path)?;
    println!(
        "{}, {numbers} numbers, sha256 {}",
        path.display(),
        manifest.sha256
    );
    println!("{source}");
    println!("{licence}");
    if !models::folders()
        .iter()
        .any(|folder| same_folder(folder, &args.into))
    {
        println!(
            "croon does not look for models in {}; set CROON_MODELS to it, or move the files to where it does",
            args.into.display()
        );
    }
    Ok(())
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The published model of two stems.
fn two_stems() -> SpleeterShape {
    SpleeterShape {
        encoder: vec![16, 32, 64, 128, 256, 512],
        stems: vec!["vocals".into(), "accompaniment".into()],
        estimate: MaskCombination::Share,
    }
}

/// The checksum of the data file, and whether both files are the published ones.
fn published(prefix: &Path, any: bool) -> Result<(String, bool), ImportError> {
    let paths = [
        tensor_bundle::data_file(prefix),
        tensor_bundle::index_file(prefix),
    ];
    let mut sums = Vec::new();
    let mut same = true;
    for (path, expected) in paths.into_iter().zip(PUBLISHED) {
        let found = weights::sha256_of(&path).map_err(|err| BundleError::Io {
            path: path.clone(),
            detail: err.to_string(),
        })?;
        if found != expected {
            if !any {
                return Err(ImportError::Unpublished {
                    path,
                    expected,
                    found,
                });
            }
            same = false;
        }
        sums.push(found);
    }
    Ok((sums.swap_remove(0), same))
}

/// The tensors of all stems as `spleeter.rs` names them.
///
/// TensorFlow numbers the layers of both networks on: the accompaniment's first convolution is `conv2d_7`.
fn convert(
    bundle: &Bundle,
    shape: &SpleeterShape,
    storage: Storage,
) -> Result<Vec<(String, Tensor)>, ImportError> {
    let mut import = Import {
        bundle,
        storage,
        tensors: Vec::new(),
    };
    let encoder = &shape.encoder;
    let depth = encoder.len();
    for (nth, stem) in shape.stems.iter().enumerate() {
        let (convs, ups, norms) = (nth * (depth + 1), nth * depth, nth * 2 * depth);
        let mut inputs = 2;
        for (level, &outputs) in encoder.iter().enumerate() {
            let (name, source) = (format!("{stem}.down{level}"), numbered("conv2d", convs + level));
            import.conv(&name, &source, [5, 5, inputs, outputs], outputs)?;
            // The bottleneck's normalisation is in the bundle, but the network leaves it out.
            if level + 1 < depth {
                import.norm(&name, norms + level, outputs)?;
            }
            inputs = outputs;
        }
        for (step, level) in (0..depth).rev().enumerate() {
            // Each step but the first takes what its level of the encoder gave beside the step before it.
            let inputs = if step == 0 {
                encoder[level]
            } else {
                2 * encoder[level]
            };
            let outputs = level.checked_sub(1).map_or(1, |above| encoder[above]);
            let name = format!("{stem}.up{level}");
            let source = numbered("conv2d_transpose", ups + step);
            import.conv(&name, &source, [5, 5, outputs, inputs], outputs)?;
            import.norm(&name, norms + depth + step, outputs)?;
        }
        import.conv(
            &format!("{stem}.head"),
            &numbered("conv2d", convs + depth),
            [4, 4, 1, 2],
            2,
        )?;
    }
    Ok(import.tensors)
}

/// A layer's name as TensorFlow numbers it.
fn numbered(kind: &str, number: usize) -> String {
    match number {
        0 => kind.into(),
        _ => format!("{kind}_{number}"),
    }
}

struct Import<'a> {
    bundle: &'a Bundle,
    storage: Storage,
    tensors: Vec<(String, Tensor)>,
}

impl Import<'_> {
    /// Kernel and bias of a convolution. Kernels `[height, width, a, b]` become `[b, a, height, width]`, for
    /// convolutions (`a` inputs, `b` outputs) and transposed ones (`a` outputs, `b` inputs) alike.
    fn conv(&mut self, name: &str, source: &str, kernel: [i64; 4], outputs: i64) -> Result<(), ImportError> {
        let key = format!("{source}/kernel");
        let values = self.floats(&key, &kernel)?;
        let mut weight = Tensor::f_from_slice(&values)?
            .f_reshape(kernel)?
            .f_permute([3, 2, 0, 1])?;
        if self.storage == Storage::Half {
            if let Some(&value) = values.iter().find(|value| value.abs() > LARGEST_HALF) {
                return Err(ImportError::TooLarge { name: key, value });
            }
            weight = weight.f_to_kind(Kind::Half)?;
        }
        self.tensors
            .push((format!("{name}.weight"), weight.f_contiguous()?));
        let bias = self.floats(&format!("{source}/bias"), &[outputs])?;
        self.tensors
            .push((format!("{name}.bias"), Tensor::f_from_slice(&bias)?));
        Ok(())
    }

    /// A batch normalisation, whose variance takes on the difference between TensorFlow's epsilon and ours.
    fn norm(&mut self, name: &str, number: usize, channels: i64) -> Result<(), ImportError> {
        let source = numbered("batch_normalization", number);
        let keys = [
            ("weight", "gamma"),
            ("bias", "beta"),
            ("mean", "moving_mean"),
            ("var", "moving_variance"),
        ];
        for (ours, theirs) in keys {
            let mut values = self.floats(&format!("{source}/{theirs}"), &[channels])?;
            if ours == "var" {
                let shift = BATCH_NORM_EPS - crate::layers::BATCH_NORM_EPS;
                values
                    .iter_mut()
                    .for_each(|x| *x = (f64::from(*x) + shift) as f32);
            }
            self.tensors
                .push((format!("{name}.norm.{ours}"), Tensor::f_from_slice(&values)?));
        }
        Ok(())
    }

    fn floats(&self, name: &str, shape: &[i64]) -> Result<Vec<f32>, ImportError> {
        let values = self.bundle.floats(name, shape)?;
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(ImportError::NotFinite { name: name.into() })
        }
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
