//! Every format: as long as the original and aligned with it to the sample, and from anywhere the
//! same samples as by playing through.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::support::media::{self, MP3_FRAME, OPUS_RATE};
use croon::audio::decode::error::DecodeError;
use croon::audio::decode::{Decoder, read_all};
use croon::audio::identity::track_id;
use croon::audio::write::{StemFormat, StemWriter};
use croon::library::AUDIO_ENDINGS;

/// How far a second reading of Opus may be off: nothing is left of the decoder's past after a
/// second but a few roundings.
const OPUS_TOLERANCE: f32 = 1e-6;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn flac(path: &Path, pcm: &[f32]) {
    let mut writer = StemWriter::create(path, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(pcm).unwrap();
    writer.finish().unwrap();
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// How far `heard` lies behind `wanted`, by the best match of a piece from the middle.
fn lag(heard: &[f32], wanted: &[f32]) -> i64 {
    let piece = 30_000..33_000;
    let score = |shift: i64| -> f64 {
        piece
            .clone()
            .map(|i| f64::from(wanted[i * 2]) * f64::from(heard[((i as i64 + shift) * 2) as usize]))
            .sum()
    };
    (-2600..2600)
        .max_by(|&a, &b| score(a).total_cmp(&score(b)))
        .unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    /// To this share of the song.
    Seek(f64),
    Read(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0.0..1.02f64).prop_map(Step::Seek),
        (1usize..9000).prop_map(Step::Read),
    ];
    prop::collection::vec(step, 2..12)
}

/// Wherever the steps lead, what is read there is what reading through gave.
fn walk(path: &Path, whole: &[f32], steps: &[Step], tolerance: f32) -> Result<(), TestCaseError> {
    let frames = whole.len() as u64 / 2;
    let mut decoder = Decoder::open(path).unwrap();
    let mut at = 0;
    for step in steps.iter().chain([&Step::Read(3000)]) {
        match step {
            Step::Seek(share) => {
                at = (share * frames as f64) as u64;
                decoder.seek(at).unwrap();
            }
            Step::Read(count) => {
                let mut heard = Vec::new();
                while heard.len() < count * 2 && decoder.read(&mut heard).unwrap() > 0 {}
                let wanted = &whole[(at.min(frames) * 2) as usize..];
                prop_assert!(
                    heard.len() >= (count * 2).min(wanted.len()) && heard.len() <= wanted.len(),
                    "{path:?} at {at}: {} samples of {}",
                    heard.len(),
                    wanted.len()
                );
                let worst = worst(&heard, wanted);
                prop_assert!(worst <= tolerance, "{path:?} at {at}: off by {worst}");
                at += heard.len() as u64 / 2;
                prop_assert_eq!(decoder.position(), at.max(decoder.position()));
            }
        }
    }
    Ok(())
}

/// A dozen walks through a file.
fn seeks_exactly(path: &Path, whole: &[f32], tolerance: f32) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&steps(), |steps| walk(path, whole, &steps, tolerance))
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Decibels between two stretches of sound.
fn level(a: &[f32], b: &[f32]) -> f64 {
    let energy = |pcm: &[f32]| pcm.iter().map(|x| f64::from(x * x)).sum::<f64>().max(1e-20);
    10.0 * (energy(a) / energy(b)).log10()
}

#[test]
fn opus_in_ogg_and_webm_is_as_long_as_the_original_aligned_and_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let pcm = media::music(150_001, OPUS_RATE);
    let stream = media::opus(&pcm);
    let ogg = write(folder.path(), "song.opus", &stream.ogg(7));
    let webm = write(folder.path(), "song.webm", &stream.webm("On the web"));
    let (info, heard) = read_all(&ogg).unwrap();
    assert_eq!(
        (info.codec.as_str(), info.rate, info.channels),
        ("opus", 48_000, 2)
    );
    assert_eq!((info.frames, heard.len()), (Some(150_001), 300_002));
    assert_eq!(lag(&heard, &pcm), 0);
    assert!(level(&heard, &pcm).abs() < 0.3, "{} dB", level(&heard, &pcm));
    let (info, from_webm) = read_all(&webm).unwrap();
    assert_eq!(info.rate, 48_000);
    assert_eq!(from_webm.len(), heard.len());
    assert_eq!(worst(&from_webm, &heard), 0.0);
    seeks_exactly(&ogg, &heard, OPUS_TOLERANCE);
    seeks_exactly(&webm, &heard, OPUS_TOLERANCE);
    assert_ne!(
        track_id(&ogg).unwrap(),
        track_id(&write(folder.path(), "b.opus", &media::opus(&pcm[2..]).ogg(7))).unwrap()
    );
    // The serial number is the container's, not the music's.
    assert_eq!(
        track_id(&ogg).unwrap(),
        track_id(&write(folder.path(), "c.opus", &stream.ogg(99))).unwrap()
    );
    let tags = Decoder::open(&webm).unwrap().tags();
    assert_eq!(tags.title.as_deref(), Some("On the web"));
    assert_eq!(tags.artist.as_deref(), Some("Somebody"));
    for ending in ["opus", "webm", "mkv", "mp4", "mov", "m4v"] {
        assert!(AUDIO_ENDINGS.contains(&ending), "{ending}");
    }
}

#[test]
fn the_gain_of_an_opus_head_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let stream = media::opus(&media::music(20_000, OPUS_RATE));
    let (_, plain) = read_all(&write(folder.path(), "a.opus", &stream.ogg(1))).unwrap();
    let quiet = media::OpusStream {
        gain: -1536,
        ..stream
    };
    let (_, heard) = read_all(&write(folder.path(), "b.opus", &quiet.ogg(1))).unwrap();
    let wanted: Vec<f32> = plain.iter().map(|x| x * 0.501_187_2).collect();
    assert!(worst(&heard, &wanted) < 1e-6);
}

#[test]
fn tiny_opus_files_have_their_length_too() {
    let folder = tempfile::tempdir().unwrap();
    for frames in [1, 2, 647, 648, 649, 959, 960, 10_000] {
        let stream = media::opus(&media::music(frames, OPUS_RATE));
        for (name, bytes) in [("t.opus", stream.ogg(3)), ("t.webm", stream.webm(""))] {
            let (_, heard) = read_all(&write(folder.path(), name, &bytes)).unwrap();
            assert_eq!(heard.len(), frames * 2, "{name} of {frames}");
        }
    }
}

#[test]
fn chained_recordings_play_on_from_link_to_link() {
    let folder = tempfile::tempdir().unwrap();
    let one = media::opus(&media::music(60_000, OPUS_RATE));
    let two = media::opus(&media::music(45_678, OPUS_RATE)[600..]);
    let (_, first) = read_all(&write(folder.path(), "1.opus", &one.ogg(1))).unwrap();
    let (_, second) = read_all(&write(folder.path(), "2.opus", &two.ogg(2))).unwrap();
    let chain = write(folder.path(), "chain.opus", &[one.ogg(1), two.ogg(2)].concat());
    let (_, heard) = read_all(&chain).unwrap();
    assert_eq!(heard.len(), first.len() + second.len());
    assert_eq!(worst(&heard[..first.len()], &first), 0.0);
    assert_eq!(worst(&heard[first.len()..], &second), 0.0);
    seeks_exactly(&chain, &heard, OPUS_TOLERANCE);
    assert!(track_id(&chain).is_ok());
}

#[test]
fn a_damaged_page_is_silence_of_the_same_length_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let stream = media::opus(&media::music(200_000, OPUS_RATE));
    let bytes = stream.ogg(5);
    let (_, whole) = read_all(&write(folder.path(), "whole.opus", &bytes)).unwrap();
    let mut hurt = bytes.clone();
    let middle = bytes.len() / 2;
    hurt[middle] ^= 0x55;
    let mut decoder = Decoder::open(&write(folder.path(), "hurt.opus", &hurt)).unwrap();
    let mut heard = Vec::new();
    while decoder.read(&mut heard).unwrap() > 0 {}
    assert_eq!(heard.len(), whole.len());
    // A page is 0.2 s. Opus takes a moment to have its past together again.
    let seconds = decoder.damaged_seconds();
    assert!((0.15..0.25).contains(&seconds), "{seconds} s");
    let third = whole.len() / 3;
    assert_eq!(worst(&heard[..third], &whole[..third]), 0.0);
    let rest = whole.len() * 5 / 6;
    assert!(worst(&heard[rest..], &whole[rest..]) <= OPUS_TOLERANCE);
    // The same recording, but its vocals lie elsewhere.
    seeks_exactly(&folder.path().join("hurt.opus"), &heard, 2e-2);
}

#[test]
fn lost_mp3_frames_keep_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let whole = write(folder.path(), "whole.mp3", &media::mp3(300));
    assert_eq!(read_all(&whole).unwrap().1.len(), 300 * 1152 * 2);
    let mut hurt = media::mp3(300);
    // Three frames whose heads are gone.
    hurt[100 * MP3_FRAME..103 * MP3_FRAME].fill(0x11);
    let path = write(folder.path(), "hurt.mp3", &hurt);
    let mut decoder = Decoder::open(&path).unwrap();
    let mut heard = Vec::new();
    while decoder.read(&mut heard).unwrap() > 0 {}
    assert_eq!(heard.len(), 300 * 1152 * 2);
    assert!((decoder.damaged_seconds() - 3.0 * 1152.0 / 44_100.0).abs() < 1e-9);
    assert_ne!(track_id(&path).unwrap(), track_id(&whole).unwrap());
    // Half a frame stepped over at the join of two files is none; nor is a tag between them.
    let tag = [b"TAG".as_slice(), &[b' '; 125]].concat();
    let joined = [media::mp3(50), tag, media::mp3(50)].concat();
    let joined = write(folder.path(), "joined.mp3", &joined);
    assert_eq!(read_all(&joined).unwrap().1.len(), 100 * 1152 * 2);
}

#[test]
fn the_head_of_an_mp3_is_believed_on_padding_and_not_on_lies() {
    let folder = tempfile::tempdir().unwrap();
    let honest = [media::lame_head(100, 576, 1000), media::mp3(100)].concat();
    let (info, heard) = read_all(&write(folder.path(), "honest.mp3", &honest)).unwrap();
    let wanted = 100 * 1152 - 576 - 1000;
    assert_eq!((info.frames, heard.len() / 2), (Some(wanted as u64), wanted));
    // Joined files, or a head of another recording: there is more than it says.
    let lying = [media::lame_head(10, 576, 1000), media::mp3(100)].concat();
    let (info, heard) = read_all(&write(folder.path(), "lying.mp3", &lying)).unwrap();
    assert_eq!((info.frames, heard.len() / 2), (None, 100 * 1152 - 576 - 529));
    // And less than it says.
    let cut = [media::lame_head(1000, 576, 1000), media::mp3(100)].concat();
    let (_, heard) = read_all(&write(folder.path(), "cut.mp3", &cut)).unwrap();
    assert_eq!(heard.len() / 2, 100 * 1152 - 576 - 529);
}

#[test]
fn lossless_files_are_bit_for_bit_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let pcm = media::music(90_001, 44_100);
    let float = folder.path().join("f.wav");
    media::wav(&float, &pcm, 44_100, 32);
    let (_, heard) = read_all(&float).unwrap();
    assert_eq!(heard, pcm);
    seeks_exactly(&float, &pcm, 0.0);
    let packed = folder.path().join("p.flac");
    flac(&packed, &pcm);
    let (_, heard) = read_all(&packed).unwrap();
    assert_eq!(heard.len(), pcm.len());
    seeks_exactly(&packed, &heard, 0.0);
}

#[test]
fn empty_and_one_frame_long_files_are_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for frames in [0, 1] {
        let pcm = media::music(frames + 1, 44_100)[2..].to_vec();
        let path = folder.path().join("short.wav");
        media::wav(&path, &pcm, 44_100, 16);
        match read_all(&path) {
            Ok((_, heard)) => assert_eq!(heard.len(), frames * 2),
            Err(error) => assert!(frames == 0, "{error}"),
        }
    }
    let path = folder.path().join("one.flac");
    flac(&path, &[0.25, -0.5]);
    assert_eq!(read_all(&path).unwrap().1, [0.25, -0.5]);
}

#[test]
fn a_wav_whose_head_lies_plays_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie.wav");
    let pcm = media::music(20_000, 44_100);
    media::wav(&path, &pcm, 44_100, 16);
    let honest = std::fs::read(&path).unwrap();
    let at = honest.windows(4).position(|w| w == b"data").unwrap() + 4;
    let whole = read_all(&path).unwrap().1;
    for (riff, size) in [
        (None, u32::MAX),
        (None, 0x7FFF_0000),
        (Some(u32::MAX), u32::MAX),
        (Some(0), 0),
        (Some(36), 0),
    ] {
        let mut lie = honest.clone();
        if let Some(riff) = riff {
            lie[4..8].copy_from_slice(&riff.to_le_bytes());
        }
        lie[at..at + 4].copy_from_slice(&size.to_le_bytes());
        std::fs::write(&path, &lie).unwrap();
        let (_, heard) = read_all(&path).unwrap();
        // what is short of a block of the reader may be left out
        assert!(
            heard.len() + 4096 >= whole.len() && heard.len() <= whole.len(),
            "{}",
            heard.len()
        );
        assert_eq!(heard, whole[..heard.len()]);
        let mut decoder = Decoder::open(&path).unwrap();
        decoder.seek(15_000).unwrap();
        let mut rest = Vec::new();
        while decoder.read(&mut rest).unwrap() > 0 {}
        assert_eq!(rest, heard[30_000..]);
    }
}

#[test]
fn a_file_that_goes_while_it_plays_plays_on_and_one_that_shrinks_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let pcm = media::music(400_000, 44_100);
    media::wav(&path, &pcm, 44_100, 32);
    let mut decoder = Decoder::open(&path).unwrap();
    let mut heard = Vec::new();
    decoder.read(&mut heard).unwrap();
    std::fs::rename(&path, folder.path().join("moved.wav")).unwrap();
    decoder.seek(300_000).unwrap();
    heard.clear();
    while decoder.read(&mut heard).unwrap() > 0 {}
    assert_eq!(heard, pcm[600_000..]);
    std::fs::remove_file(folder.path().join("moved.wav")).unwrap();
    decoder.seek(17).unwrap();
    heard.clear();
    decoder.read(&mut heard).unwrap();
    assert_eq!(heard, pcm[34..34 + heard.len()]);

    media::wav(&path, &pcm, 44_100, 32);
    let mut decoder = Decoder::open(&path).unwrap();
    decoder.read(&mut heard).unwrap();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1_000_000)
        .unwrap();
    let error = loop {
        match decoder.read(&mut heard) {
            Ok(0) => panic!("the file has shrunk and nothing was said"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error, DecodeError::Shrunk { now: 1_000_000, .. }),
        "{error}"
    );
}

/// What other encoders and muxers make.
struct Kind {
    options: &'static [&'static str],
    ending: &'static str,
    rate: u32,
    /// What a second reading may differ by.
    tolerance: f32,
    /// Frames it may be longer than the original, where the file does not say how long that was.
    longer: i64,
    /// Frames the file keeps of the encoder's delay, because nothing in it tells of them.
    late: std::ops::RangeInclusive<i64>,
}

const fn kind(options: &'static [&'static str], ending: &'static str, tolerance: f32) -> Kind {
    Kind {
        options,
        ending,
        rate: 44_100,
        tolerance,
        longer: 0,
        late: 0..=0,
    }
}

const fn opus_kind(options: &'static [&'static str], ending: &'static str) -> Kind {
    Kind {
        rate: 48_000,
        ..kind(options, ending, OPUS_TOLERANCE)
    }
}

/// Noise substitution would draw other numbers at the second reading.
const AAC: [&str; 6] = ["-c:a", "aac", "-aac_pns", "0", "-b:a", "160k"];
const PICTURE: [&str; 6] = [
    "-f",
    "lavfi",
    "-i",
    "color=size=64x64:rate=10:duration=2",
    "-c:v",
    "mpeg4",
];

#[test]
fn encoded_by_others_it_is_aligned_as_long_as_the_original_and_seeks_exactly() {
    let film: &'static [&'static str] = Box::leak([&PICTURE[..], &AAC[..]].concat().into_boxed_slice());
    let film_opus: &'static [&'static str] =
        Box::leak([&PICTURE[..], &["-c:a", "libopus"]].concat().into_boxed_slice());
    let pieces: &'static [&'static str] = Box::leak(
        [
            &AAC[..],
            &[
                "-movflags",
                "empty_moov+default_base_moof",
                "-frag_duration",
                "400000",
            ],
        ]
        .concat()
        .into_boxed_slice(),
    );
    let two_tracks: &'static [&'static str] =
        &["-map", "0:a", "-map", "0:a", "-c:a:0", "ac3", "-c:a:1", "flac"];
    let kinds = [
        kind(&["-c:a", "libmp3lame", "-b:a", "128k"], "mp3", 0.0),
        Kind {
            longer: 4000,
            late: 0..=2400,
            ..kind(
                &["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"],
                "mp3",
                0.0,
            )
        },
        Kind {
            longer: 2400,
            late: 0..=1200,
            ..kind(&["-c:a", "mp2", "-b:a", "192k"], "mp2", 0.0)
        },
        kind(&AAC, "m4a", 1e-6),
        Kind {
            longer: 2400,
            late: 0..=1024,
            ..kind(pieces, "m4a", 1e-6)
        },
        Kind {
            longer: 2400,
            late: 0..=1024,
            ..kind(&AAC, "aac", 1e-6)
        },
        Kind {
            longer: 2400,
            late: 0..=1024,
            ..kind(&AAC, "mka", 1e-6)
        },
        kind(film, "mp4", 1e-6),
        kind(film, "mov", 1e-6),
        kind(&["-c:a", "alac"], "m4a", 0.0),
        kind(&["-c:a", "libvorbis", "-q:a", "4"], "ogg", 0.0),
        Kind {
            longer: 2048,
            ..kind(&["-c:a", "libvorbis", "-q:a", "4"], "mka", 0.0)
        },
        Kind {
            longer: 2400,
            late: 0..=1105,
            ..kind(&["-c:a", "libmp3lame", "-b:a", "128k"], "mka", 0.0)
        },
        kind(&["-c:a", "flac"], "flac", 0.0),
        kind(&["-c:a", "flac"], "oga", 0.0),
        kind(&["-c:a", "flac"], "mka", 0.0),
        kind(&["-c:a", "pcm_s24be"], "aiff", 0.0),
        kind(&["-c:a", "pcm_f32le"], "wav", 0.0),
        kind(&["-c:a", "pcm_s16le"], "caf", 0.0),
        kind(&["-c:a", "pcm_s16le"], "mov", 0.0),
        kind(two_tracks, "mkv", 0.0),
        kind(
            &["-map", "0:a", "-map", "0:a", "-c:a:0", "ac3", "-c:a:1", "alac"],
            "mp4",
            0.0,
        ),
        opus_kind(&["-c:a", "libopus", "-b:a", "128k"], "opus"),
        opus_kind(&["-c:a", "libopus", "-b:a", "24k"], "webm"),
        opus_kind(&["-c:a", "libopus", "-frame_duration", "60"], "mka"),
        opus_kind(&["-c:a", "libopus", "-strict", "-2"], "mp4"),
        opus_kind(film_opus, "mkv"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for rate in [44_100, 48_000] {
        let original = folder.path().join("original.wav");
        media::wav(&original, &media::music(100_000, rate), rate, 16);
        let (_, wanted) = read_all(&original).unwrap();
        for kind in kinds.iter().filter(|kind| kind.rate == rate) {
            let path = folder.path().join("encoded").with_extension(kind.ending);
            if !media::ffmpeg(&original, kind.options, &path) {
                continue;
            }
            let name = format!("{} {:?}", kind.ending, kind.options);
            let (info, heard) = match read_all(&path) {
                Ok(read) => read,
                Err(error) => {
                    wrong.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let extra = heard.len() as i64 / 2 - 100_000;
            let late = lag(&heard, &wanted);
            println!("{name}: {extra} frames longer, {late} late, {info:?}");
            if !(0..=kind.longer).contains(&extra) || !kind.late.contains(&late) {
                wrong.push(format!("{name}: {extra} frames longer, {late} late, {info:?}"));
            }
            let known = info.frames.is_none_or(|frames| frames.abs_diff(100_000) < 5000);
            if !known {
                wrong.push(format!("{name}: it says {:?}", info.frames));
            }
            let seeks = std::panic::catch_unwind(|| seeks_exactly(&path, &heard, kind.tolerance));
            if seeks.is_err() {
                wrong.push(format!("{name}: seeks are not exact"));
            }
            if let Err(error) = track_id(&path) {
                wrong.push(format!("{name}: no identity: {error}"));
            }
            std::fs::remove_file(&path).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
