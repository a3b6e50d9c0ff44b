//! The library on real folders: scanning, and watching what happens to them.

mod listener;
mod scan;
mod tags;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime};

use listener::Listener;
use lofty::config::WriteOptions;
use lofty::ogg::tag::VorbisComments;
use lofty::tag::{Accessor, ItemKey, Tag, TagExt, TagType};
use tempfile::TempDir;

use crate::support::media;
use croon::audio::dsp::loudness::TagGain;
use croon::audio::write::{StemFormat, StemWriter};
use croon::library::{Library, LibraryEvent, LibrarySetup, WatchMode, WatchedBy, scan_once, tag_gain};
use croon::track::Track;

/// Patience, not speed: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(40);

/// A short tone as WAV.
fn song_bytes(frames: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..frames * 2 {
        writer
            .write_sample(((f64::from(n / 2) * 0.3).sin() * 9000.0) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn size(frames: u32) -> u64 {
    song_bytes(frames).len() as u64
}

/// A song that has lain there for a while.
fn old_song(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, song_bytes(4000)).unwrap();
    age(path);
}

fn age(path: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
}

fn folder() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("music");
    fs::create_dir(&root).unwrap();
    (dir, root)
}

fn setup(root: &Path) -> LibrarySetup {
    LibrarySetup {
        roots: vec![root.to_owned()],
        ..LibrarySetup::default()
    }
}
