//! Who a recording is: a hash over its codec's parameters and encoded packets. Tags, names and
//! folders stay outside, so retagging, renaming or moving a file keeps its stems.

use std::path::Path;

use crate::audio::decode::demux::Demuxer;
use crate::audio::decode::error::{DecodeError, guarded};
use crate::track::TrackId;

/// Changes whenever the same file would get another id, so that old ids are never mistaken.
const SCHEME: &str = "croon 2026 track identity 1";

/// Joins the hash of a recording whose packets lie elsewhere in the song than they did under the
/// first placing rules: vocals kept since then would not fit it.
const PLACED_ANEW: &[u8] = b"placed by rules 2";

/// The identity of the file's main audio track. Reads the whole file, decodes nothing.
pub fn track_id(path: &Path) -> Result<TrackId, DecodeError> {
    guarded(|| hash(path))
}

fn hash(path: &Path) -> Result<TrackId, DecodeError> {
    let mut demuxer = Demuxer::open(path, None)?;
    let mut hasher = blake3::Hasher::new_derive_key(SCHEME);
    demuxer.describe_codec(|bytes| {
        hasher.update(bytes);
    });
    let mut packets = 0u64;
    while let Some(packet) = demuxer.next_whole_packet()? {
        hasher.update(&packet);
        packets += 1;
    }
    if packets == 0 {
        return Err(DecodeError::Damaged {
            reason: "it holds no audio packets".into(),
        });
    }
    if demuxer.lies_elsewhere() {
        hasher.update(PLACED_ANEW);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    Ok(TrackId(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lofty::config::WriteOptions;
    use lofty::prelude::*;
    use lofty::tag::{Tag, TagType};

    fn tone(path: &Path, pitch: f32) {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for i in 0..20_000 {
            let sample = ((i as f32 * pitch).sin() * 9000.0) as i16;
            writer.write_sample(sample).unwrap();
            writer.write_sample(sample / 2).unwrap();
        }
        writer.finalize().unwrap();
    }

    fn retag(path: &Path, kind: TagType) {
        let mut tag = Tag::new(kind);
        tag.set_title("Another title, quite a bit longer than before".repeat(40));
        tag.set_artist("Somebody".into());
        tag.save_to_path(path, WriteOptions::default()).unwrap();
    }

    #[test]
    fn a_wav_keeps_its_identity_through_tags_and_names_and_differs_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.wav"), folder.path().join("two.wav"));
        tone(&one, 0.05);
        tone(&two, 0.06);
        let id = track_id(&one).unwrap();
        assert_ne!(id, track_id(&two).unwrap());
        retag(&one, TagType::RiffInfo);
        assert_eq!(track_id(&one).unwrap(), id);
        let moved = folder.path().join("moved");
        std::fs::rename(&one, &moved).unwrap();
        assert_eq!(track_id(&moved).unwrap(), id);
    }

    #[test]
    fn real_files_keep_their_identity_when_retagged() {
        for (name, kind) in [
            ("songs/clips/audio_example.mp3", TagType::Id3v2),
            (
                "songs/Steven Dunston - Northern Star/audio.ogg",
                TagType::VorbisComments,
            ),
            (
                "eval/musdb7/Al James - Schoolboy Facination.stem.mp4",
                TagType::Mp4Ilst,
            ),
        ] {
            let Some(original) = crate::skip::shared(&format!("data/{name}")) else {
                continue;
            };
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join(original.file_name().unwrap());
            std::fs::write(&copy, std::fs::read(&original).unwrap()).unwrap();
            let id = track_id(&original).unwrap();
            assert_eq!(track_id(&copy).unwrap(), id);
            retag(&copy, kind);
            assert_ne!(
                std::fs::read(&copy).unwrap(),
                std::fs::read(&original).unwrap(),
                "{name}: nothing was retagged"
            );
            assert_eq!(track_id(&copy).unwrap(), id, "{name}");
        }
    }

    #[test]
    fn what_holds_no_audio_has_no_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.mp3");
        std::fs::write(&path, b"").unwrap();
        assert!(matches!(track_id(&path), Err(DecodeError::Empty)));
    }
}
