use tch::Device;

use super::*;
use crate::gpu::Gpu;
use crate::model::Model;
use crate::network::{Design, Network};
use crate::output_region::OutputRegion;
use crate::separator::Separator;
use crate::separator::tests::{window, worst};

/// A small network with normalisations that do something.
fn model(stems: &[&str], estimate: MaskCombination) -> Model {
    tch::set_num_threads(1);
    tch::manual_seed(3);
    let shape = SpleeterShape {
        encoder: vec![4, 6, 8, 8, 8, 8],
        estimate,
        ..SpleeterShape::published(stems)
    };
    let mut network = Network::new(Design::Spleeter(shape), 5);
    for (key, tensor) in &mut network.layers.statistics {
        let drawn = tensor.rand_like() * 0.5;
        *tensor = if key.ends_with("var") { drawn + 0.5 } else { drawn };
    }
    Model {
        network,
        whitening: Tensor::rand([BINS], (Kind::Float, Device::Cpu)) + 0.1,
        gate: None,
        device: Device::Cpu,
    }
}

fn folded(model: &Model) -> Model {
    Model {
        network: tch::no_grad(|| model.network.folded()).unwrap(),
        ..model.share()
    }
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

#[test]
fn a_part_of_the_frames_is_what_it_is_in_the_whole() {
    let model = model(&["vocals", "accompaniment"], MaskCombination::Wiener);
    let spectrum = || Tensor::randn([1, 2, 192, BINS], (Kind::Float, Device::Cpu));
    let (re, im) = (spectrum(), spectrum());
    let masks =
        |wanted| tch::no_grad(|| model.masks_within(&re, &im, Mode::Evaluate, Kind::Float, wanted)).unwrap();
    let whole = masks(0..192);
    for part in [0..192, 0..1, 191..192, 17..42, 60..131, 128..192] {
        let off = apart(
            &masks(part.clone()),
            &whole.narrow(2, part.start, part.end - part.start),
        );
        assert!(off < 1e-6, "{part:?}: {off}");
    }
}

#[test]
fn the_processor_and_a_card_compute_the_same() {
    for (stems, estimate) in [
        (&["vocals"][..], MaskCombination::Share),
        (&["vocals", "accompaniment"], MaskCombination::Share),
        (&["vocals", "accompaniment"], MaskCombination::Wiener),
    ] {
        let (model, song) = (model(stems, estimate), window(2));
        let card = |model: &Model, mode| {
            let mut card = Gpu::new(model, Device::Cpu, Kind::Float, mode, OutputRegion::taken(0)).unwrap();
            card.separate(&[&song]).unwrap().remove(0)
        };
        let plain = card(&model, Mode::Evaluate);
        let model = folded(&model);
        let processor = Separator::on_processor(model.share())
            .unwrap()
            .separate(&[&song])
            .unwrap()
            .remove(0);
        assert!(worst(&card(&model, Mode::Folded), &plain, 1.0) < 1e-4);
        let off = worst(&processor, &plain, 1.0);
        assert!(off < 1e-4, "{stems:?}, {estimate:?}: {off}");
        assert!(plain.iter().any(|x| x.abs() > 1e-3));
    }
}

#[test]
fn silence_at_the_ends_shows_the_music_mirrored() {
    let levels = [0.0, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 4.0];
    assert_eq!(mirrored(&levels).unwrap(), [6, 7, 6, 5, 4, 5, 6, 7]);
    let levels = [1.0, 2.0, 3.0, 0.1, 0.1, 0.0, 0.0, 0.0];
    assert_eq!(mirrored(&levels).unwrap(), [0, 1, 2, 1, 0, 1, 2, 1]);
    for levels in [&[1.0, 0.0, 2.0][..], &[0.0; 4], &[0.0, 1.0, 0.0], &[]] {
        assert_eq!(mirrored(levels), None, "{levels:?}");
    }
}

#[test]
fn the_processor_and_a_card_mirror_the_same_music_at_the_ends_of_a_song() {
    let model = folded(&model(&["vocals", "accompaniment"], MaskCombination::Wiener));
    let music = window(7);
    let mut windows = [music.clone(), music.clone(), music];
    windows[0][..150_000].fill(0.0);
    windows[1][500_000..].fill(0.0);
    let windows: Vec<&[f32]> = windows.iter().map(Vec::as_slice).collect();
    let mut card = Gpu::new(
        &model,
        Device::Cpu,
        Kind::Float,
        Mode::Folded,
        OutputRegion::taken(0),
    )
    .unwrap();
    let mut processor = Separator::on_processor(model).unwrap();
    let wanted = processor.separate(&windows).unwrap();
    for (found, wanted) in card.separate(&windows).unwrap().iter().zip(&wanted) {
        let off = worst(found, wanted, 1.0);
        assert!(off < 1e-4, "{off}");
    }
}

#[test]
fn the_level_of_a_song_scales_its_vocals_and_nothing_else() {
    let model = folded(&model(&["vocals", "accompaniment"], MaskCombination::Wiener));
    let mut separator = Separator::on_processor(model).unwrap();
    let song = window(6);
    let vocals = separator.separate(&[&song]).unwrap().remove(0);
    for gain in [1e-3, 0.1, 8.0] {
        let scaled: Vec<f32> = song.iter().map(|x| x * gain).collect();
        let found = separator.separate(&[&scaled]).unwrap().remove(0);
        let off = worst(&found, &vocals, gain);
        assert!(off < 1e-4, "gain {gain}: {off}");
    }
}
