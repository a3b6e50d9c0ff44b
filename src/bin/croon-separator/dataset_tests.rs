use super::*;

fn touch(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }
}

#[test]
fn the_layouts_are_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    touch(
        root,
        &[
            "songs/a/vocals.wav",
            "songs/a/drums.wav",
            "songs/a/bass.wav",
            "songs/a/other.wav",
            "songs/a/mixture.wav",
        ],
    );
    touch(
        root,
        &[
            "pairs/b/vocals.ogg",
            "pairs/b/accompaniment.ogg",
            "x/c.stem.mp4",
            "x/d.mp3",
        ],
    );
    touch(
        root,
        &["mir/vocals/e.ogg", "accompaniment/rock/f.FLAC", "vocals/g.txt"],
    );
    let found = find(root).unwrap();
    let at = |name: &str| root.join(name);
    let songs = ["drums", "bass", "other"]
        .map(|part| at(&format!("songs/a/{part}.wav")))
        .to_vec();
    assert!(found.contains(&MaterialItem::Song(SongFiles::Parts {
        vocals: at("songs/a/vocals.wav"),
        rest: songs,
        mixture: Some(at("songs/a/mixture.wav")),
    })));
    assert!(found.contains(&MaterialItem::Song(SongFiles::Parts {
        vocals: at("pairs/b/vocals.ogg"),
        rest: vec![at("pairs/b/accompaniment.ogg")],
        mixture: None,
    })));
    assert!(found.contains(&MaterialItem::Song(SongFiles::Container(at("x/c.stem.mp4")))));
    assert!(found.contains(&MaterialItem::Voice(at("mir/vocals/e.ogg"))));
    assert!(found.contains(&MaterialItem::Accompaniment(at("accompaniment/rock/f.FLAC"))));
    assert!(found.contains(&MaterialItem::Stray(at("x/d.mp3"))));
    assert_eq!(found.len(), 6);
}

#[test]
fn songs_without_stems_are_found_below_folders_called_unlabelled() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    touch(
        root,
        &[
            "Unlabelled/one.opus",
            "Unlabelled/Vocals/two.mp3",
            "more/unlabeled/three.m4a",
            "unlabelled/four.stem.mp4",
            "unlabelled/cover.jpg",
            "elsewhere/unlabelled.mp3",
            "elsewhere/five.opus",
        ],
    );
    let found = find(root).unwrap();
    for name in [
        "Unlabelled/one.opus",
        "Unlabelled/Vocals/two.mp3",
        "more/unlabeled/three.m4a",
    ] {
        assert!(
            found.contains(&MaterialItem::Unlabelled(root.join(name))),
            "{found:?}"
        );
    }
    // Stems are worth more than a teacher.
    let stems = SongFiles::Container(root.join("unlabelled/four.stem.mp4"));
    assert!(found.contains(&MaterialItem::Song(stems)));
    assert!(found.contains(&MaterialItem::Stray(root.join("elsewhere/unlabelled.mp3"))));
    assert_eq!(found.len(), 5, "{found:?}");
    // The folder itself may be the material.
    assert_eq!(find(&root.join("Unlabelled")).unwrap().len(), 2);
    let data = Dataset::load(&root.join("Unlabelled"), |_, _| {}).unwrap();
    let remarks = data.remarks(1).join("; ");
    assert_eq!(
        remarks,
        "2 unlabelled songs left alone: --teacher MODEL separates them"
    );
}

/// A tone of `channels` channels as a WAV file.
fn tone(path: PathBuf, rate: u32, channels: u16, seconds: f32, peak: f32) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..(rate as f32 * seconds).round() as usize {
        for _ in 0..channels {
            wav.write_sample((32_767.0 * peak * (n as f32 * 0.05).sin()) as i16)
                .unwrap();
        }
    }
    wav.finalize().unwrap();
}

/// The stems of a song as MUSDB18-HQ lays them out.
fn song(root: &Path, name: &str) {
    for stem in ["mixture", "vocals", "drums", "bass", "other"] {
        tone(
            root.join(name).join(stem).with_extension("wav"),
            44_100,
            2,
            1.0,
            0.1,
        );
    }
}

#[test]
fn a_song_of_musdb18_hq_is_its_stems_and_not_its_mixture() {
    let dir = tempfile::tempdir().unwrap();
    song(dir.path(), "train/a song");
    // A stem that is silent throughout is nothing unusual there.
    tone(dir.path().join("train/a song/bass.wav"), 44_100, 2, 1.05, 0.0);
    let data = Dataset::load(dir.path(), |_, _| {}).unwrap();
    assert_eq!(
        (data.songs.len(), data.skipped.len()),
        (1, 0),
        "{:?}",
        data.skipped
    );
    assert_eq!(
        (data.songs[0].name.as_str(), data.songs[0].parts.len()),
        ("a song", 3)
    );
    assert!(data.accompaniments.is_empty() && data.voices.is_empty() && data.strays.is_empty());
}

#[test]
fn material_that_is_no_good_is_named_and_counted_and_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    for name in ["good", "rates", "lengths", "no singer", "no band"] {
        song(root, name);
    }
    tone(root.join("rates/bass.wav"), 48_000, 2, 1.0, 0.1);
    tone(root.join("lengths/drums.wav"), 44_100, 2, 1.15, 0.1);
    tone(root.join("no singer/vocals.wav"), 44_100, 2, 1.0, 0.0);
    for stem in ["drums", "bass", "other"] {
        tone(
            root.join("no band").join(stem).with_extension("wav"),
            44_100,
            2,
            1.0,
            0.0009,
        );
    }
    tone(root.join("vocals/mono.wav"), 22_050, 1, 2.0, 0.1);
    tone(root.join("vocals/silent.wav"), 44_100, 2, 2.0, 0.0);
    tone(root.join("vocals/short.wav"), 44_100, 2, 0.49, 0.1);
    touch(root, &["accompaniment/unreadable.flac", "elsewhere/stray.ogg"]);

    let data = Dataset::load(root, |_, _| {}).unwrap();
    assert_eq!((data.songs.len(), data.voices.len()), (1, 1));
    assert!(data.accompaniments.is_empty());
    for (name, reason) in [
        ("rates/bass.wav", "48000 Hz"),
        ("lengths/drums.wav", "it is 1.1 s long and vocals.wav 1.0 s"),
        ("no singer/vocals.wav", "silent"),
        ("no band/drums.wav", "silent"),
        ("vocals/silent.wav", "silent"),
        ("vocals/short.wav", "0.49 s"),
        ("accompaniment/unreadable.flac", ""),
    ] {
        let named = data.skipped.iter().find(|skipped| skipped.path.ends_with(name));
        let named = named.unwrap_or_else(|| panic!("{name} is not named: {:?}", data.skipped));
        assert!(
            !named.reason.is_empty() && named.reason.contains(reason),
            "{named:?}"
        );
    }
    assert_eq!(data.skipped.len(), 7);
    let mono = &data.voices[0];
    assert_eq!((mono.channels, mono.band), (1, 11_025.0));
    assert!(mono.frames().abs_diff(88_200) < 10, "{}", mono.frames());
    let remarks = data.remarks(RATE as usize * 3 / 2).join("; ");
    assert!(
        remarks.starts_with(
            "7 skipped; 1 mono, put on both sides; 4 shorter than an example, silence follows them; 1 left alone"
        ) && remarks.ends_with("elsewhere/stray.ogg"),
        "{remarks}"
    );
}

#[test]
fn files_that_do_not_decode_are_named_and_skipped() {
    let dir = tempfile::tempdir().unwrap();
    touch(dir.path(), &["vocals/empty.wav"]);
    let data = Dataset::load(dir.path(), |_, _| {}).unwrap();
    assert!(data.voices.is_empty());
    assert_eq!(data.skipped.len(), 1);
    assert!(data.skipped[0].path.ends_with("vocals/empty.wav"));
}

#[test]
fn an_empty_folder_says_what_was_expected() {
    let dir = tempfile::tempdir().unwrap();
    let err = Dataset::load(dir.path(), |_, _| {}).unwrap_err();
    assert!(err.contains("accompaniment"), "{err}");
}
