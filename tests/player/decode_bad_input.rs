//! Every kind of file a music folder may hold, and what becomes of it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::support::skip::shared;
use croon::audio::decode::error::DecodeError;
use croon::audio::decode::{Decoder, read_all};
use croon::audio::identity::track_id;
use croon::audio::write::{StemFormat, StemWriter};

fn wave(frame: u32, channel: u16) -> f32 {
    (frame as f32 * 0.05 * (1.0 + f32::from(channel) * 0.3)).sin() * 0.5
}

fn wav(path: &Path, rate: u32, channels: u16, bits: u16, frames: u32) {
    let format = if bits == 32 {
        SampleFormat::Float
    } else {
        SampleFormat::Int
    };
    let mut writer = WavWriter::create(
        path,
        WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format: format,
        },
    )
    .unwrap();
    for frame in 0..frames {
        for channel in 0..channels {
            let value = wave(frame, channel);
            match format {
                SampleFormat::Float => writer.write_sample(value).unwrap(),
                SampleFormat::Int => writer
                    .write_sample((value * ((1i64 << (bits - 1)) - 1) as f32) as i32)
                    .unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
}

/// A message that says what happened and what to do has some length and no debug output.
fn speaks(error: &DecodeError) {
    let text = error.to_string();
    assert!(
        text.len() > 40 && !text.contains("Error(") && !text.contains("Kind("),
        "{text}"
    );
}

#[test]
fn an_empty_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.mp3");
    std::fs::write(&path, "").unwrap();
    let error = Decoder::open(&path).err().unwrap();
    assert!(matches!(error, DecodeError::Empty));
    speaks(&error);
}

#[test]
fn text_and_noise_named_like_music_are_no_music() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Dear diary, today I sang. ".repeat(5000);
    let mut state = 88172645463325252u64;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    for extension in ["mp3", "flac", "ogg", "m4a", "wav", "aiff"] {
        let path = folder.path().join("diary").with_extension(extension);
        std::fs::write(&path, &text).unwrap();
        let error = read_all(&path).expect_err("text was decoded");
        assert!(
            matches!(error, DecodeError::NotAudio { .. } | DecodeError::Damaged { .. }),
            "{extension}: {error}"
        );
        speaks(&error);
        // Noise may look like a frame or two of MP3; it only has to come to an end.
        std::fs::write(&path, &noise).unwrap();
        let _ = read_all(&path);
        let _ = track_id(&path);
    }
}

#[test]
fn what_is_missing_or_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("gone.flac"), folder.path().to_owned()] {
        let error = Decoder::open(&path).err().unwrap();
        assert!(matches!(error, DecodeError::Open { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn odd_but_whole_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels, bits, frames) in [
        (44_100, 1, 16, 1),
        (8_000, 1, 16, 8_000),
        (96_000, 2, 24, 9_600),
        (48_000, 6, 16, 4_800),
        (44_100, 2, 32, 441),
    ] {
        let path = folder.path().join(format!("{rate}-{channels}-{bits}.wav"));
        wav(&path, rate, channels, bits, frames);
        let (info, pcm) = read_all(&path).unwrap();
        assert_eq!(
            (info.rate, info.channels, info.frames),
            (rate, channels, Some(u64::from(frames)))
        );
        assert_eq!(pcm.len(), frames as usize * 2, "{rate} Hz, {channels} channels");
        if channels <= 2 {
            for (i, frame) in pcm.chunks(2).enumerate() {
                assert!(
                    (frame[0] - wave(i as u32, 0)).abs() < 1e-4
                        && (frame[1] - wave(i as u32, channels - 1)).abs() < 1e-4
                );
            }
        } else {
            assert!(pcm.iter().any(|s| s.abs() > 0.1) && pcm.iter().all(|s| s.abs() <= 1.0));
        }
        assert!(track_id(&path).is_ok());
    }
}

#[test]
fn numbers_that_are_none_become_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.wav");
    let mut writer = WavWriter::create(
        &path,
        WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        },
    )
    .unwrap();
    for sample in [f32::NAN, 0.25, f32::INFINITY, f32::NEG_INFINITY, -0.5, 0.75] {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    assert_eq!(read_all(&path).unwrap().1, [0.0, 0.25, 0.0, 0.0, -0.5, 0.75]);
}

#[test]
fn a_name_that_is_no_utf8_is_only_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"caf\xe9 \xff.wav"));
    wav(&path, 44_100, 2, 16, 4_410);
    assert_eq!(read_all(&path).unwrap().1.len(), 8_820);
    assert!(track_id(&path).is_ok());
}

#[test]
fn cut_off_files_give_what_they_still_hold() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.wav");
    wav(&made, 44_100, 2, 16, 44_100);
    let flac = folder.path().join("made.flac");
    let pcm = read_all(&made).unwrap().1;
    let mut writer = StemWriter::create(&flac, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    let mut whole = vec![made, flac];
    whole.extend(
        [
            "songs/clips/audio_example.mp3",
            "songs/Steven Dunston - Northern Star/audio.ogg",
        ]
        .iter()
        .filter_map(|name| shared(&format!("data/{name}"))),
    );
    for path in whole {
        let bytes = std::fs::read(&path).unwrap();
        let cut = folder
            .path()
            .join("cut")
            .with_extension(path.extension().unwrap());
        let expected = read_all(&path).unwrap().1;
        for share in [0.9, 0.5] {
            std::fs::write(&cut, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
            let (_, heard) = read_all(&cut).unwrap();
            let kept = heard.len() as f64 / expected.len() as f64;
            assert!(
                (share - 0.2..=share + 0.2).contains(&kept),
                "{}: {kept} of it left after cutting to {share}",
                path.display()
            );
            // Up to the cut it is the same music.
            let same = (heard.len() / 2).min(expected.len());
            let worst = heard[..same]
                .iter()
                .zip(&expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-6, "{}: {worst}", path.display());
        }
        for length in [1, 4, 12, 40, 100] {
            std::fs::write(&cut, &bytes[..length]).unwrap();
            if let Err(error) = read_all(&cut) {
                speaks(&error);
            }
        }
    }
}

#[test]
fn a_cut_off_m4a_is_an_error_or_a_shorter_song() {
    let Some(path) = shared("data/eval/musdb7/Al James - Schoolboy Facination.stem.mp4") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.m4a");
    let bytes = std::fs::read(&path).unwrap();
    let whole = read_all(&path).unwrap().1.len();
    for share in [0.95, 0.5, 0.01] {
        std::fs::write(&cut, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
        match read_all(&cut) {
            Ok((_, pcm)) => assert!(pcm.len() <= whole),
            Err(error) => speaks(&error),
        }
    }
}

#[test]
fn damage_in_the_middle_costs_a_moment_and_keeps_time() {
    for name in [
        "songs/clips/demucs_test.mp3",
        "songs/Steven Dunston - Northern Star/audio.ogg",
    ] {
        let Some(path) = shared(&format!("data/{name}")) else {
            continue;
        };
        let mut bytes = std::fs::read(&path).unwrap();
        let expected = read_all(&path).unwrap().1;
        let middle = bytes.len() / 2;
        bytes[middle..middle + 3000]
            .iter_mut()
            .for_each(|byte| *byte ^= 0x5A);
        let folder = tempfile::tempdir().unwrap();
        let hurt = folder
            .path()
            .join("hurt")
            .with_extension(path.extension().unwrap());
        std::fs::write(&hurt, bytes).unwrap();
        let mut decoder = Decoder::open(&hurt).unwrap();
        let mut heard = Vec::new();
        while decoder.read(&mut heard).unwrap() > 0 {}
        let quarter = expected.len() / 4;
        assert_eq!(
            heard[..quarter],
            expected[..quarter],
            "{name}: damage reached back to the start"
        );
        let lost = expected.len() as i64 - heard.len() as i64;
        assert!(lost.abs() < 44_100, "{name}: {lost} samples came or went");
    }
}
