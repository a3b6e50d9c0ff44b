use std::collections::BTreeMap;

use super::*;
use crate::tensor_bundle::tests::{StoredTensor, write};

const ENCODER: [i64; 6] = [3, 4, 5, 6, 7, 8];

fn shape() -> SpleeterShape {
    SpleeterShape {
        encoder: ENCODER.to_vec(),
        stems: vec!["vocals".into(), "accompaniment".into()],
        estimate: MaskCombination::Share,
    }
}

/// A bundle of the small network. Every number says where it lies in its tensor.
fn tensors() -> Vec<StoredTensor> {
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: &[i64]| {
        let len: i64 = shape.iter().product();
        let values: Vec<f32> = (0..len).map(|at| at as f32 / 1024.0).collect();
        tensors.push(StoredTensor::floats(&name, shape, &values));
    };
    for nth in 0..2 {
        let mut layer = |kind: &str, number: usize, kernel: [i64; 4], outputs: i64| {
            add(format!("{}/kernel", numbered(kind, number)), &kernel);
            add(format!("{}/bias", numbered(kind, number)), &[outputs]);
        };
        let inputs = [2, 3, 4, 5, 6, 7];
        for (level, (inputs, outputs)) in inputs.into_iter().zip(ENCODER).enumerate() {
            layer("conv2d", 7 * nth + level, [5, 5, inputs, outputs], outputs);
        }
        layer("conv2d", 7 * nth + 6, [4, 4, 1, 2], 2);
        let ups = [(8, 7), (14, 6), (12, 5), (10, 4), (8, 3), (6, 1)];
        for (step, (inputs, outputs)) in ups.into_iter().enumerate() {
            layer(
                "conv2d_transpose",
                6 * nth + step,
                [5, 5, outputs, inputs],
                outputs,
            );
        }
        let channels = ENCODER.into_iter().chain(ups.map(|(_, outputs)| outputs));
        for (number, channels) in channels.enumerate() {
            for part in ["gamma", "beta", "moving_mean", "moving_variance"] {
                let name = numbered("batch_normalization", 12 * nth + number);
                add(format!("{name}/{part}"), &[channels]);
            }
        }
    }
    tensors.push(StoredTensor {
        name: "global_step".into(),
        dtype: 9,
        shape: vec![],
        bytes: vec![0; 8],
    });
    tensors
}

fn converted(tensors: &[StoredTensor], storage: Storage) -> Result<BTreeMap<String, Tensor>, ImportError> {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("model"), tensors);
    let bundle = Bundle::open(&dir.path().join("model"))?;
    Ok(convert(&bundle, &shape(), storage)?.into_iter().collect())
}

#[test]
fn every_layer_finds_its_name_and_place() {
    let tensors = converted(&tensors(), Storage::Single).unwrap();
    // Per stem: 13 convolutions with kernel and bias, 5 normalisations before the bottleneck, 6 after it.
    assert_eq!(tensors.len(), 2 * (13 * 2 + 11 * 4));
    for stem in ["vocals", "accompaniment"] {
        let size = |name: &str| tensors[&format!("{stem}.{name}")].size();
        assert_eq!(size("down0.weight"), [3, 2, 5, 5]);
        assert_eq!(size("down5.weight"), [8, 7, 5, 5]);
        assert_eq!(size("up5.weight"), [8, 7, 5, 5]);
        assert_eq!(size("up4.weight"), [14, 6, 5, 5]);
        assert_eq!(size("up0.weight"), [6, 1, 5, 5]);
        assert_eq!(size("up5.norm.mean"), [7]);
        assert_eq!(size("up0.bias"), [1]);
        assert_eq!(size("head.weight"), [2, 1, 4, 4]);
        assert!(tensors.contains_key(&format!("{stem}.down4.norm.var")));
        assert!(!tensors.contains_key(&format!("{stem}.down5.norm.var")));
        // [2][3][1][2] of a kernel [5][5][2][3].
        let at = ((2 * 5 + 3) * 2 + 1) * 3 + 2;
        let weight = tensors[&format!("{stem}.down0.weight")].double_value(&[2, 1, 2, 3]);
        assert_eq!(weight, f64::from(at) / 1024.0);
        let var = tensors[&format!("{stem}.up3.norm.var")].double_value(&[4]);
        assert!((var + 1e-5 - (4.0 / 1024.0 + 1e-3)).abs() < 1e-9, "{var}");
    }
}

#[test]
fn each_stem_has_its_own_layers() {
    let mut stored = tensors();
    for (name, value) in [
        ("conv2d_6/bias", 1.0),
        ("conv2d_7/bias", 2.0),
        ("conv2d_13/bias", 3.0),
        ("conv2d_transpose_6/bias", 4.0),
        ("batch_normalization_6/beta", 5.0),
        ("batch_normalization_12/beta", 6.0),
        ("batch_normalization_23/beta", 7.0),
    ] {
        let tensor = stored.iter_mut().find(|tensor| tensor.name == name).unwrap();
        let len = tensor.bytes.len() / 4;
        *tensor = StoredTensor::floats(name, &tensor.shape.clone(), &vec![value; len]);
    }
    let tensors = converted(&stored, Storage::Half).unwrap();
    let value = |name: &str| tensors[name].double_value(&[0]);
    assert_eq!(value("vocals.head.bias"), 1.0);
    assert_eq!(value("accompaniment.down0.bias"), 2.0);
    assert_eq!(value("accompaniment.head.bias"), 3.0);
    assert_eq!(value("accompaniment.up5.bias"), 4.0);
    assert_eq!(value("vocals.up5.norm.bias"), 5.0);
    assert_eq!(value("accompaniment.down0.norm.bias"), 6.0);
    assert_eq!(value("accompaniment.up0.norm.bias"), 7.0);
    for (name, tensor) in &tensors {
        let kind = if tensor.dim() == 4 {
            Kind::Half
        } else {
            Kind::Float
        };
        assert_eq!(tensor.kind(), kind, "{name}");
    }
}

#[test]
fn numbers_that_no_network_can_use_are_named() {
    let with = |value: f32| {
        let mut stored = tensors();
        let kernel = stored
            .iter_mut()
            .find(|tensor| tensor.name == "conv2d_3/kernel")
            .unwrap();
        kernel.bytes[..4].copy_from_slice(&value.to_le_bytes());
        stored
    };
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let err = converted(&with(value), Storage::Single).unwrap_err();
        assert!(matches!(err, ImportError::NotFinite { name } if name == "conv2d_3/kernel"));
    }
    let large = with(-70_000.0);
    assert!(matches!(
        converted(&large, Storage::Half),
        Err(ImportError::TooLarge { .. })
    ));
    assert!(converted(&large, Storage::Single).is_ok());
}

#[test]
fn only_the_published_weights_are_taken_unasked() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("model"), &tensors());
    let mut args = SpleeterArgs {
        folder: dir.path().into(),
        into: dir.path().join("out"),
        name: "spleeter".into(),
        precision: Storage::Half,
        any: false,
        replace: false,
    };
    let err = spleeter(&args).unwrap_err().to_string();
    assert!(
        err.contains("not the published weights") && err.contains(PUBLISHED[0]),
        "{err}"
    );
    // Of the right names, but of another size.
    args.any = true;
    let err = spleeter(&args).unwrap_err().to_string();
    assert!(err.contains("of another model"), "{err}");
    assert!(!args.into.exists());
    let mut missing = tensors();
    missing.retain(|tensor| tensor.name != "conv2d_transpose_11/kernel");
    assert!(matches!(
        converted(&missing, Storage::Half),
        Err(ImportError::Bundle(BundleError::Missing { .. }))
    ));
}

#[test]
fn an_imported_manifest_says_where_its_weights_are_from() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.toml");
    let mut manifest = export::manifest("m", Design::Spleeter(shape()), None);
    manifest.origin = Some(Origin {
        source: SOURCE.into(),
        file: "model.data-00000-of-00001".into(),
        sha256: PUBLISHED[0].into(),
        licence: LICENCE.into(),
    });
    weights::write_manifest(&manifest, &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("architecture = \"spleeter\"") && text.contains("[origin]"));
    assert!(!text.contains("[training]"));
    assert_eq!(
        toml::from_str::<crate::manifest::Manifest>(&text).unwrap(),
        manifest
    );
}

#[test]
fn a_model_that_is_there_is_replaced_only_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = dir.path().join("mine.toml");
    std::fs::write(&manifest, "[measured]\n").unwrap();
    let args = |replace| SpleeterArgs {
        folder: dir.path().join("nothing"),
        into: dir.path().to_owned(),
        name: "mine".into(),
        precision: Storage::Half,
        any: true,
        replace,
    };
    let text = |replace| spleeter(&args(replace)).unwrap_err().to_string();
    assert!(text(false).contains("--replace"), "{}", text(false));
    assert!(!text(true).contains("--replace"), "{}", text(true));
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), "[measured]\n");
}
