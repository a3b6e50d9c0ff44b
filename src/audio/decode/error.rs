//! Why a file cannot be decoded, and the guard against decoders that panic.

use std::collections::TryReserveError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use crate::audio::mp3g_zip::ZipError;

/// Why a file cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{} cannot be opened: {source}. Check that it is still there and readable", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("the file is empty (0 bytes), so there is nothing to play. Copy it again from where it came")]
    Empty,
    #[error(
        "the file holds no audio format that croon knows ({reason}), whatever its name says. Convert it to FLAC, MP3, Ogg Vorbis, Opus, M4A or WAV, or exclude it"
    )]
    NotAudio { reason: String },
    #[error(
        "the file's header is damaged or truncated ({reason}), so croon cannot find the audio in it. Copy it again from where it came"
    )]
    Damaged { reason: String },
    #[error(
        "there is no sound in it that croon can read, only pictures or data. Exclude it, or replace it by a file with an audio track"
    )]
    NoAudio,
    #[error("the file has {found} audio tracks and number {wanted} was asked for (counting from 0)")]
    NoSuchTrack { wanted: usize, found: usize },
    #[error("{codec} is not supported{hint}. Convert the file to FLAC, MP3, Ogg Vorbis, Opus, AAC-LC or WAV")]
    UnsupportedCodec { codec: String, hint: &'static str },
    #[error("reading the file failed: {0}. Check the disk or the network share it lies on")]
    Read(std::io::Error),
    #[error(
        "the file has shrunk from {was} to {now} bytes while it was being read, so its end is missing. Wait until whatever writes it is done, and play it again"
    )]
    Shrunk { was: u64, now: u64 },
    #[error(
        "the recording changes from {from} to {to} Hz in the middle, as joined radio recordings may, and croon plays one rate. Cut it where it changes, or convert it to one rate"
    )]
    RateChanges { from: u32, to: u32 },
    #[error(transparent)]
    Zip(#[from] ZipError),
    #[error("the song is too long to hold in memory: {0}")]
    TooLong(#[from] TryReserveError),
}

/// Runs a decoder and turns its panic into an error, so that a damaged file cannot end the thread that plays.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(DecodeError::Damaged {
            reason: "it made the decoder fail".into(),
        })
    })
}

/// A packet that cannot be decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Undecodable;
