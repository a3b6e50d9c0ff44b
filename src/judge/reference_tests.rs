use super::*;

fn touch(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"").unwrap();
    }
}

#[test]
fn songs_are_found_and_what_they_lack_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    touch(
        root,
        &[
            "a/vocals.wav",
            "a/mixture.wav",
            "b/Vocals.flac",
            "b/drums.ogg",
            "b/bass.ogg",
            "c/mixture.wav",
            "c/accompaniment.wav",
            "d/vocals.wav",
            "e/A Song.stem.mp4",
            "f/holiday.mp3",
        ],
    );
    let found = find(root).unwrap();
    let at = |name: &str| root.join(name);
    let song = |vocals: &str, rest: &[&str], mixture: Option<&str>| {
        FoundReferences::Song(SongFiles::Parts {
            vocals: at(vocals),
            rest: rest.iter().map(|name| at(name)).collect(),
            mixture: mixture.map(at),
        })
    };
    assert!(found.contains(&song("a/vocals.wav", &[], Some("a/mixture.wav"))));
    assert!(found.contains(&song("b/Vocals.flac", &["b/drums.ogg", "b/bass.ogg"], None)));
    let container = SongFiles::Container(at("e/A Song.stem.mp4"));
    assert_eq!(container.name(), "A Song");
    assert!(found.contains(&FoundReferences::Song(container)));
    let lacks: Vec<_> = found
        .iter()
        .filter_map(|found| match found {
            FoundReferences::Incomplete { song, lacks } => Some((&song[..], &lacks[..])),
            FoundReferences::Song(_) => None,
        })
        .collect();
    assert_eq!(lacks.len(), 2);
    assert!(lacks[0].0 == "c" && lacks[0].1.contains("mixture, accompaniment but no vocals"));
    assert!(lacks[1].0 == "d" && lacks[1].1.contains("neither a mixture"));
    assert_eq!(found.len(), 5);
}

fn write(path: &Path, rate: u32, pcm: &[f32]) {
    let mut writer =
        crate::audio::write::StemWriter::create(path, crate::audio::write::StemFormat::Wav, rate, 2).unwrap();
    writer.write(pcm).unwrap();
    writer.finish().unwrap();
}

#[test]
fn the_accompaniment_is_what_the_vocals_leave_of_the_mixture() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(&at("mixture.wav"), RATE, &[0.75; 8]);
    write(&at("vocals.wav"), RATE, &[0.5; 6]);
    let files = [at("mixture.wav"), at("vocals.wav")];
    let stems = SongFiles::in_folder(&files).unwrap().read().unwrap();
    assert_eq!(stems.accompaniment, [0.25; 6]);
    assert_eq!((stems.vocals.len(), &stems.mixture[..]), (6, &[0.75; 6][..]));
    // The mixture's own file counts, even where it is not the sum.
    write(&at("accompaniment.wav"), RATE, &[0.125; 6]);
    let files = [at("mixture.wav"), at("vocals.wav"), at("accompaniment.wav")];
    let stems = SongFiles::in_folder(&files).unwrap().read().unwrap();
    assert_eq!((stems.mixture[0], stems.accompaniment[0]), (0.75, 0.125));
}

#[test]
fn stems_that_cannot_be_of_one_song_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let files = [at("vocals.wav"), at("accompaniment.wav")];
    write(&files[0], 8_000, &[0.1; 2 * 8_000]);
    write(&files[1], 8_000, &[0.1; 2 * 3 * 8_000]);
    let song = SongFiles::in_folder(&files).unwrap();
    let error = song.read().unwrap_err().to_string();
    assert!(
        error.contains("accompaniment.wav is 3.0 s") && error.contains("1.0 s"),
        "{error}"
    );
    write(&files[1], 8_000, &[]);
    assert!(song.read().is_err());
}
