use super::*;
use crate::skip::shared;
use std::path::PathBuf;

/// A wave that never repeats, so that a shifted copy cannot pass for the right one.
fn chirp(frame: u64) -> [f32; 2] {
    let t = frame as f64;
    [
        (t * t * 1e-6).sin() as f32 * 0.5,
        (t * t * 7e-7 + 1.0).sin() as f32 * 0.5,
    ]
}

fn wav(folder: &Path, frames: u64, spec: hound::WavSpec) -> PathBuf {
    let path = folder.join("made.wav");
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..frames {
        for channel in 0..spec.channels {
            let value = chirp(frame)[usize::from(channel % 2)];
            match spec.sample_format {
                hound::SampleFormat::Float => writer.write_sample(value).unwrap(),
                hound::SampleFormat::Int => {
                    let full = (1i64 << (spec.bits_per_sample - 1)) as f32;
                    writer.write_sample((value * (full - 1.0)) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
    path
}

/// Reads from a dozen places and compares with reading through.
fn seeks_exactly(path: &Path, tolerance: f32) {
    let (info, whole) = read_all(path).unwrap();
    let frames = whole.len() as u64 / 2;
    let mut decoder = Decoder::open(path).unwrap();
    let places = [
        0,
        1,
        1151,
        44_100,
        frames / 2,
        frames / 3,
        frames / 2 + 777,
        frames.saturating_sub(5000),
        frames - 1,
        17,
    ];
    for place in places.into_iter().filter(|&place| place < frames) {
        decoder.seek(place).unwrap();
        let mut heard = Vec::new();
        while heard.len() < 40_000 && decoder.read(&mut heard).unwrap() > 0 {}
        let expected = &whole[place as usize * 2..];
        let length = heard.len().min(expected.len());
        assert!(
            length > 0 && (heard.len() >= 40_000 || heard.len() == expected.len()),
            "{path:?} at {place}: {} of {}",
            heard.len(),
            expected.len()
        );
        let worst = heard
            .iter()
            .zip(expected)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(
            worst <= tolerance,
            "{path:?} ({}) seek to {place}: off by {worst}",
            info.codec
        );
    }
    decoder.seek(frames + 1_000_000).unwrap();
    assert_eq!(
        decoder.read(&mut Vec::new()).unwrap(),
        0,
        "{path:?}: sound past the end"
    );
    decoder.seek(3).unwrap();
    let mut heard = Vec::new();
    decoder.read(&mut heard).unwrap();
    assert!(
        (heard[0] - whole[6]).abs() <= tolerance,
        "{path:?}: no way back from past the end"
    );
}

#[test]
fn float_wav_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let path = wav(folder.path(), 30_000, spec);
    let (info, pcm) = read_all(&path).unwrap();
    assert_eq!((info.rate, info.channels, info.frames), (44_100, 2, Some(30_000)));
    assert_eq!(pcm.len(), 60_000);
    assert!(
        pcm.chunks(2)
            .enumerate()
            .all(|(i, frame)| frame == chirp(i as u64))
    );
    seeks_exactly(&path, 0.0);
}

#[test]
fn ogg_seeks_exactly() {
    if let Some(path) = shared("data/songs/Dead Smiling Pirates - I/audio.ogg") {
        seeks_exactly(&path, 0.0);
    }
}

#[test]
fn mp3_seeks_exactly() {
    for name in [
        "songs/clips/audio_example.mp3",
        "songs/clips/demucs_test.mp3",
        "songs/clips/audio_example_mono.mp3",
    ] {
        if let Some(path) = shared(&format!("data/{name}")) {
            seeks_exactly(&path, 0.0);
        }
    }
}

#[test]
fn m4a_seeks_exactly_in_each_of_its_tracks() {
    let Some(path) = shared("data/eval/musdb7/Al James - Schoolboy Facination.stem.mp4") else {
        return;
    };
    // Noise substitution draws random numbers, so two readings differ by as little as that noise.
    seeks_exactly(&path, 1e-6);
    let whole = |track| {
        let mut decoder = Decoder::open_track(&path, track).unwrap();
        let mut pcm = Vec::new();
        while decoder.read(&mut pcm).unwrap() > 0 {}
        pcm
    };
    let mixture = whole(0);
    let mut sum = vec![0.0f32; mixture.len()];
    for track in 1..5 {
        let stem = whole(track);
        assert_eq!(stem.len(), mixture.len());
        sum.iter_mut().zip(&stem).for_each(|(s, x)| *s += x);
    }
    let energy = |pcm: &[f32]| pcm.iter().map(|x| f64::from(x * x)).sum::<f64>();
    let rest: Vec<f32> = sum.iter().zip(&mixture).map(|(a, b)| a - b).collect();
    let db = 10.0 * (energy(&rest) / energy(&mixture)).log10();
    assert!(db < -15.0, "stems and mixture are not aligned: {db} dB");
    assert!(matches!(
        Decoder::open_track(&path, 5),
        Err(DecodeError::NoSuchTrack { wanted: 5, found: 5 })
    ));
}

#[test]
fn flac_seeks_exactly_and_comes_back_as_written() {
    use crate::audio::write::{StemFormat, StemWriter};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.flac");
    let pcm: Vec<f32> = (0..120_001).flat_map(chirp).collect();
    let mut writer = StemWriter::create(&path, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    let (_, back) = read_all(&path).unwrap();
    assert_eq!(back.len(), pcm.len());
    assert!(back.iter().zip(&pcm).all(|(a, b)| (a - b).abs() < 1.3e-7));
    seeks_exactly(&path, 0.0);
}
