//! One file's tags and properties by lofty. Broken tags cost the tags, never the file.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::config::{GlobalOptions, ParseOptions, apply_global_options};
use lofty::file::{AudioFile, FileType, TaggedFile, TaggedFileExt};
use lofty::ogg::OpusFile;
use lofty::probe::Probe;
use lofty::tag::{Accessor, ItemKey, Tag};

use crate::audio::decode::Decoder;
use crate::audio::dsp::loudness::TagGain;
use crate::library::ultrastar;
use crate::text::clean;
use crate::track::{FileStamp, Tags, Track};

/// What one tag item may make lofty allocate. Covers are not read; lyrics are a few kilobytes.
const ALLOCATION_LIMIT: usize = 8 * 1024 * 1024;

/// Size and modification time of the file `path` leads to.
pub fn stamp_of(path: &Path) -> io::Result<FileStamp> {
    Ok(stamp(&std::fs::metadata(path)?))
}

pub fn stamp(meta: &std::fs::Metadata) -> FileStamp {
    let modified_ns = meta
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(meta.mtime_nsec());
    FileStamp {
        size: meta.size(),
        modified_ns,
    }
}

/// The track as its file tells it; whatever can't be read is left unknown.
pub fn read_track(path: &Path, stamp: FileStamp) -> Track {
    let mut track = Track {
        path: path.to_owned(),
        stamp,
        id: None,
        tags: Tags::default(),
        duration: None,
        rate: 0,
        channels: 0,
    };
    // a parser of outside data that panics costs this file's tags, not the thread that watches
    match catch_unwind(AssertUnwindSafe(|| read_tagged(path))) {
        Ok(Ok(file)) => fill(&mut track, &file),
        Ok(Err(error)) => {
            tracing::debug!(path = %path.display(), "no tags: {error}");
            measure(&mut track);
        }
        Err(_) => {
            tracing::warn!(path = %path.display(), "the tag reader failed on this file; its tags are left out")
        }
    }
    ultrastar::name(path, &mut track.tags);
    track
}

/// What the decoder knows of a file whose container the tag reader does not (Matroska).
fn measure(track: &mut Track) {
    if let Ok(mut decoder) = Decoder::open(&track.path) {
        let tags = decoder.tags();
        let text = |text: Option<String>| text.as_deref().map(clean).filter(|text| !text.is_empty());
        track.tags.title = text(tags.title);
        track.tags.artist = text(tags.artist);
        track.tags.album = text(tags.album);
        track.tags.track_no = tags.track_no.filter(|&number| number > 0);
        let info = decoder.info();
        (track.rate, track.channels) = (info.rate, info.channels);
        let seconds = info
            .frames
            .map(|frames| frames as f64 / f64::from(info.rate.max(1)));
        track.duration = seconds.filter(|&seconds| seconds > 0.0);
    }
}

pub(super) fn limit_allocations() {
    apply_global_options(GlobalOptions::new().allocation_limit(ALLOCATION_LIMIT));
}

fn read_tagged(path: &Path) -> Result<TaggedFile, Box<dyn std::error::Error>> {
    Ok(Probe::open(path)?.options(careful()).guess_file_type()?.read()?)
}

fn careful() -> ParseOptions {
    limit_allocations();
    ParseOptions::new().read_cover_art(false)
}

/// The gain that the tags of this file ask for: `R128_TRACK_GAIN` of Opus, else ReplayGain's.
/// Nothing where there is none that makes sense.
pub fn tag_gain(path: &Path) -> Option<TagGain> {
    match catch_unwind(AssertUnwindSafe(|| read_gain(path))) {
        Ok(read) => read.unwrap_or_else(|error| {
            tracing::debug!(path = %path.display(), "no gain in tags: {error}");
            None
        }),
        Err(_) => {
            tracing::warn!(path = %path.display(), "the tag reader failed on this file; its gain is left out");
            None
        }
    }
}

fn read_gain(path: &Path) -> Result<Option<TagGain>, Box<dyn std::error::Error>> {
    let probe = Probe::open(path)?.options(careful()).guess_file_type()?;
    if probe.file_type() == Some(FileType::Opus) {
        // A key of its own that only the tags as they lie in the file have.
        let mut file = BufReader::new(File::open(path)?);
        let opus = OpusFile::read_from(&mut file, careful())?;
        let tags = opus.vorbis_comments();
        let replay_gain = || {
            let peak = tags.get("REPLAYGAIN_TRACK_PEAK");
            TagGain::replay_gain(tags.get("REPLAYGAIN_TRACK_GAIN")?, peak)
        };
        return Ok(tags
            .get("R128_TRACK_GAIN")
            .and_then(TagGain::opus)
            .or_else(replay_gain));
    }
    let file = probe.read()?;
    let tags = file.primary_tag().into_iter().chain(file.tags());
    let mut gains = tags.filter_map(|tag| {
        let peak = tag.get_string(ItemKey::ReplayGainTrackPeak);
        TagGain::replay_gain(tag.get_string(ItemKey::ReplayGainTrackGain)?, peak)
    });
    Ok(gains.next())
}

fn fill(track: &mut Track, file: &TaggedFile) {
    let properties = file.properties();
    let seconds = properties.duration().as_secs_f64();
    track.duration = (seconds > 0.0).then_some(seconds);
    track.rate = properties.sample_rate().unwrap_or(0);
    track.channels = properties.channels().unwrap_or(0).into();
    // the format's own tag first: an ID3v1 beside it has its texts cut at 30 characters
    for tag in file.primary_tag().into_iter().chain(file.tags()) {
        add(&mut track.tags, tag);
    }
}

fn add(tags: &mut Tags, tag: &Tag) {
    let text = |text: Option<&str>| text.map(clean).filter(|text| !text.is_empty());
    let first = |old: &mut Option<String>, new: Option<String>| {
        if old.is_none() {
            *old = new;
        }
    };
    first(&mut tags.title, text(tag.title().as_deref()));
    first(&mut tags.artist, text(tag.artist().as_deref()));
    first(&mut tags.artist, text(tag.get_string(ItemKey::AlbumArtist)));
    first(&mut tags.album, text(tag.album().as_deref()));
    tags.track_no = tags.track_no.or(tag.track().filter(|&number| number > 0));
}
