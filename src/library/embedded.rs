//! The lyrics in a file's own tags, by lofty: taken out, not understood. Broken tags cost the lyrics,
//! never the song.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::ape::ApeTag;
use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType};
use lofty::flac::FlacFile;
use lofty::id3::v2::{
    Frame, FrameFlags, Id3v2Tag, SyncTextContentType, SynchronizedTextFrame, TimestampFormat,
};
use lofty::iff::{aiff::AiffFile, wav::WavFile};
use lofty::mp4::{AtomData, AtomIdent, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::ogg::tag::VorbisComments;
use lofty::ogg::{OpusFile, VorbisFile};
use lofty::probe::Probe;

use crate::lyrics::tags::{Embedded, Synced};

/// Keys that hold lyrics, those that tell most first.
const KEYS: [&str; 5] = [
    "SYNCEDLYRICS",
    "SYNCLYRICS",
    "LYRICS",
    "UNSYNCEDLYRICS",
    "UNSYNCED LYRICS",
];
/// Texts longer than this are no song's.
const LONGEST: usize = crate::lyrics::MOST_BYTES;

/// What the tags of this file hold; nothing where they can't be read.
pub fn embedded_lyrics(path: &Path) -> Embedded {
    // a parser of outside data that panics costs the lyrics, not the thread
    match catch_unwind(AssertUnwindSafe(|| read(path))) {
        Ok(Ok(embedded)) => embedded,
        Ok(Err(error)) => {
            tracing::debug!(path = %path.display(), "no lyrics from the tags: {error}");
            Embedded::default()
        }
        Err(_) => {
            tracing::warn!(path = %path.display(), "the tag reader failed on this file; its lyrics are left out");
            Embedded::default()
        }
    }
}

fn read(path: &Path) -> Result<Embedded, Box<dyn std::error::Error>> {
    super::tags::limit_allocations();
    let probe = Probe::open(path)?.guess_file_type()?;
    let kind = probe.file_type();
    let mut file = BufReader::new(File::open(path)?);
    file.rewind()?;
    let options = ParseOptions::new()
        .read_cover_art(false)
        .read_properties(kind == Some(FileType::Mpeg));
    let mut embedded = Embedded::default();
    match kind {
        Some(FileType::Mpeg) => {
            let file = MpegFile::read_from(&mut file, options)?;
            // MPEG frames of layer III: 1152 samples each, 576 at the low rates
            let rate = file.properties().sample_rate();
            let frame = if rate >= 32_000 { 1152.0 } else { 576.0 };
            if let Some(tag) = file.id3v2() {
                id3(tag, frame * 1000.0 / f64::from(rate.max(1)), &mut embedded);
            }
            if let Some(tag) = file.ape() {
                ape(tag, &mut embedded);
            }
        }
        Some(FileType::Flac) => {
            let file = FlacFile::read_from(&mut file, options)?;
            if let Some(tag) = file.vorbis_comments() {
                vorbis(tag, &mut embedded);
            }
            if let Some(tag) = file.id3v2() {
                id3(tag, 0.0, &mut embedded);
            }
        }
        Some(FileType::Vorbis) => vorbis(
            VorbisFile::read_from(&mut file, options)?.vorbis_comments(),
            &mut embedded,
        ),
        Some(FileType::Opus) => vorbis(
            OpusFile::read_from(&mut file, options)?.vorbis_comments(),
            &mut embedded,
        ),
        Some(FileType::Mp4) => {
            let file = Mp4File::read_from(&mut file, options)?;
            if let Some(tag) = file.ilst()
                && let Some(atom) = tag.get(&AtomIdent::Fourcc(*b"\xa9lyr"))
            {
                for data in atom.data() {
                    if let AtomData::UTF8(text) | AtomData::UTF16(text) = data {
                        keep(text, &mut embedded);
                    }
                }
            }
        }
        Some(FileType::Wav) => {
            if let Some(tag) = WavFile::read_from(&mut file, options)?.id3v2() {
                id3(tag, 0.0, &mut embedded);
            }
        }
        Some(FileType::Aiff) => {
            if let Some(tag) = AiffFile::read_from(&mut file, options)?.id3v2() {
                id3(tag, 0.0, &mut embedded);
            }
        }
        _ => {}
    }
    Ok(embedded)
}

fn keep(text: &str, embedded: &mut Embedded) {
    if text.len() <= LONGEST && !text.trim().is_empty() {
        embedded.texts.push(text.to_owned());
    }
}

fn vorbis(tag: &VorbisComments, embedded: &mut Embedded) {
    for key in KEYS {
        tag.get_all(key).for_each(|text| keep(text, embedded));
    }
}

fn ape(tag: &ApeTag, embedded: &mut Embedded) {
    for key in KEYS {
        if let Some(lofty::tag::ItemValue::Text(text)) = tag.get(key).map(|item| item.value()) {
            keep(text, embedded);
        }
    }
}

/// `frame_ms`: milliseconds of an MPEG frame, which some times are counted in; 0 where there are none.
fn id3(tag: &Id3v2Tag, frame_ms: f64, embedded: &mut Embedded) {
    for frame in tag {
        match frame {
            Frame::UnsynchronizedText(text) => keep(&text.content, embedded),
            Frame::UserText(text) if KEYS.iter().any(|key| key.eq_ignore_ascii_case(&text.description)) => {
                keep(&text.content, embedded);
            }
            Frame::Binary(binary) if binary.id().as_str() == "SYLT" => {
                embedded.synced.extend(sylt(&binary.data, frame_ms));
            }
            _ => {}
        }
    }
}

fn sylt(data: &[u8], frame_ms: f64) -> Option<Synced> {
    let mut data = data.to_vec();
    // many writers leave the language empty, which the format forbids
    let language = data.get_mut(1..4)?;
    if !language.iter().all(u8::is_ascii_alphabetic) {
        language.copy_from_slice(b"und");
    }
    let frame = SynchronizedTextFrame::parse(&data, FrameFlags::default()).ok()?;
    if !matches!(
        frame.content_type,
        SyncTextContentType::Lyrics | SyncTextContentType::Other
    ) {
        return None;
    }
    let unit = match frame.timestamp_format {
        TimestampFormat::MS => 1.0,
        TimestampFormat::MPEG if frame_ms > 0.0 => frame_ms,
        TimestampFormat::MPEG => return None,
    };
    let language = String::from_utf8_lossy(&frame.language).to_lowercase();
    let times = frame.content.into_iter();
    Some(Synced {
        language: Some(language).filter(|language| language != "und" && language != "xxx"),
        texts: times
            .map(|(at, text)| ((f64::from(at) * unit).round() as i64, text))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use lofty::TextEncoding;
    use lofty::config::WriteOptions;
    use lofty::id3::v2::{BinaryFrame, FrameId, UnsynchronizedTextFrame};
    use lofty::tag::TagExt;
    use proptest::prelude::*;

    use super::*;
    use crate::audio::write::{StemFormat, StemWriter};

    /// A frame's content: encoding, language, unit, kind, an empty descriptor, texts with times.
    fn frame(language: &[u8; 3], unit: u8, texts: &[(&str, u32)]) -> Vec<u8> {
        let mut data = vec![3];
        data.extend_from_slice(language);
        data.extend([unit, 1, 0]);
        for (text, at) in texts {
            data.extend_from_slice(text.as_bytes());
            data.push(0);
            data.extend(at.to_be_bytes());
        }
        data
    }

    #[test]
    fn a_frame_is_taken_apart_in_either_unit() {
        let synced = sylt(&frame(b"eng", 2, &[("Pa", 1000), ("per", 1250)]), 0.0).unwrap();
        assert_eq!(synced.language.as_deref(), Some("eng"));
        assert_eq!(synced.texts, [(1000, "Pa".to_owned()), (1250, "per".to_owned())]);
        let nameless = sylt(&frame(b"\0\0\0", 1, &[("x", 100)]), 1152.0 * 1000.0 / 44_100.0).unwrap();
        assert_eq!((nameless.language, nameless.texts[0].0), (None, 2612));
        assert_eq!(sylt(&frame(b"eng", 1, &[("x", 100)]), 0.0), None);
    }

    fn sound(path: &Path, format: StemFormat) {
        let mut writer = StemWriter::create(path, format, 44_100, 2).unwrap();
        writer.write(&[0.1; 8820]).unwrap();
        writer.finish().unwrap();
    }

    #[test]
    fn frames_of_id3_and_vorbis_comments_are_found_in_files() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("a.wav");
        sound(&wav, StemFormat::Wav);
        let mut tag = Id3v2Tag::new();
        let words = frame(b"eng", 2, &[("Pa", 1000), ("per\n", 1250)]);
        let id = FrameId::Valid("SYLT".into());
        tag.insert(Frame::Binary(BinaryFrame::new(id, words)));
        let text = UnsynchronizedTextFrame::new(TextEncoding::UTF8, *b"eng", "", "[00:01.00]from USLT");
        tag.insert(Frame::UnsynchronizedText(text));
        tag.save_to_path(&wav, WriteOptions::default()).unwrap();
        let found = embedded_lyrics(&wav);
        assert_eq!(found.texts, ["[00:01.00]from USLT"]);
        assert_eq!(crate::lyrics::tags::all(&found)[0].1.text(), "Paper");

        let flac = folder.path().join("a.flac");
        sound(&flac, StemFormat::Flac);
        let mut tag = VorbisComments::default();
        tag.push("LYRICS".into(), "plain".into());
        tag.push("SYNCEDLYRICS".into(), "[00:01.00]timed".into());
        tag.save_to_path(&flac, WriteOptions::default()).unwrap();
        assert_eq!(embedded_lyrics(&flac).texts, ["[00:01.00]timed", "plain"]);
        assert_eq!(
            embedded_lyrics(&folder.path().join("none.flac")),
            Embedded::default()
        );
    }

    proptest! {
        #[test]
        fn any_frame_is_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(synced) = sylt(&data, 26.0) {
                let _ = crate::lyrics::tags::read_synced(&synced);
            }
        }
    }
}
