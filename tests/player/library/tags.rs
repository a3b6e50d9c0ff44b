//! What is read of a file.

use super::*;

#[test]
fn tags_are_read_and_harmless() {
    let (_dir, root) = folder();
    let path = root.join("tagged.wav");
    old_song(&path);
    let mut tag = Tag::new(TagType::Id3v2);
    tag.set_title("\x1b]0;owned\x07Red\x1b[2J \u{202e}Bird".into());
    tag.set_artist("Ünïcode 歌手".into());
    tag.set_album("x".repeat(100_000));
    tag.set_track(7);
    tag.save_to_path(&path, WriteOptions::default()).unwrap();
    age(&path);
    let listener = Listener::watching(&root);
    let track = &listener.songs[&path];
    assert_eq!(track.tags.title.as_deref(), Some("]0;ownedRed[2J Bird"));
    assert_eq!(track.artist(), "Ünïcode 歌手");
    assert!(track.tags.album.as_ref().unwrap().len() < 1000);
    assert_eq!((track.tags.track_no, track.duration), (Some(7), Some(0.5)));
}

#[test]
fn broken_files_are_listed_all_the_same() {
    let (_dir, root) = folder();
    let whole = song_bytes(4000);
    let noise: Vec<u8> = (0u32..5000)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let with_noise = |start: &[u8]| [start, &noise].concat();
    let files = [
        ("empty.mp3", vec![]),
        ("text.mp3", b"this is no song\n".repeat(50)),
        ("cut.wav", whole[..30].to_vec()),
        ("noise.flac", with_noise(b"fLaC")),
        ("noise.m4a", with_noise(b"\0\0\0\x20ftypM4A ")),
        ("noise.ogg", with_noise(b"OggS\0\x02")),
        ("id3.mp3", with_noise(b"ID3\x04\0\0\x7f\x7f\x7f\x7f")),
        (
            "huge.wav",
            with_noise(b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"),
        ),
        ("form.aiff", with_noise(b"FORM\xff\xff\xff\xffAIFFCOMM")),
        ("webm.mka", with_noise(b"\x1a\x45\xdf\xa3")),
        ("whole.wav", whole),
    ];
    for (name, bytes) in &files {
        fs::write(root.join(name), bytes).unwrap();
        age(&root.join(name));
    }
    let listener = Listener::watching(&root);
    assert_eq!(listener.songs.len(), files.len());
    assert_eq!(listener.songs[&root.join("whole.wav")].rate, 8000);
    assert_eq!(listener.songs[&root.join("text.mp3")].title(), "text");
}

/// Gains in real files, in the tags that each format has for them.
#[test]
fn the_gain_is_read_from_the_tags_of_real_files() {
    let (_dir, root) = folder();
    let pcm = media::music(20_000, 44_100);
    let flac = root.join("a.flac");
    let mut writer = StemWriter::create(&flac, StemFormat::Flac, 44_100, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    let wav = root.join("b.wav");
    media::wav(&wav, &pcm, 44_100, 16);
    let mp3 = root.join("c.mp3");
    fs::write(&mp3, [media::lame_head(40, 576, 1000), media::mp3(40)].concat()).unwrap();
    let m4a = root.join("d.m4a");
    let mut files = vec![
        (flac, TagType::VorbisComments),
        (wav, TagType::Id3v2),
        (mp3.clone(), TagType::Id3v2),
    ];
    if media::ffmpeg(&files[1].0, &["-c:a", "aac"], &m4a) {
        files.push((m4a, TagType::Mp4Ilst));
    }
    for (file, kind) in &files {
        assert_eq!(tag_gain(file), None, "{}", file.display());
        let mut tag = Tag::new(*kind);
        tag.set_title("Loud".into());
        tag.insert_text(ItemKey::ReplayGainTrackGain, "-7.30 dB".into());
        tag.insert_text(ItemKey::ReplayGainTrackPeak, "0.5".into());
        tag.save_to_path(file, WriteOptions::default()).unwrap();
        let gain = tag_gain(file).unwrap_or_else(|| panic!("no gain in {}", file.display()));
        assert_eq!(gain.db, -7.3, "{}", file.display());
        assert!((gain.peak.unwrap() + 6.02).abs() < 0.01, "{gain:?}");
        tag.insert_text(ItemKey::ReplayGainTrackGain, "louder!".into());
        tag.save_to_path(file, WriteOptions::default()).unwrap();
        assert_eq!(
            tag_gain(file),
            None,
            "nonsense counts as none: {}",
            file.display()
        );
    }
    // Opus has a key of its own, in 256ths of a dB to -23 LUFS, and it goes before the other.
    let opus = root.join("e.opus");
    fs::write(&opus, media::opus(&media::music(20_000, media::OPUS_RATE)).ogg(1)).unwrap();
    assert_eq!(tag_gain(&opus), None);
    let mut tags = VorbisComments::new();
    tags.push("REPLAYGAIN_TRACK_GAIN".into(), "+3.00 dB".into());
    tags.save_to_path(&opus, WriteOptions::default()).unwrap();
    assert_eq!(tag_gain(&opus), TagGain::replay_gain("3", None));
    tags.push("R128_TRACK_GAIN".into(), "-1792".into());
    tags.save_to_path(&opus, WriteOptions::default()).unwrap();
    assert_eq!(tag_gain(&opus).unwrap().db, -2.0);
    // A file cut off within its tags has none, and nobody falls over it.
    let bytes = fs::read(&mp3).unwrap();
    for length in [0, 5, 20, 60] {
        fs::write(&mp3, &bytes[..length]).unwrap();
        assert_eq!(tag_gain(&mp3), None);
    }
}
