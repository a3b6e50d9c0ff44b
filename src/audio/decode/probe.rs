//! What a file is, and which of its tracks is the song.

use std::fs::File;
use std::io::ErrorKind;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::audio::decode::codec::Codec;
use crate::audio::decode::error::DecodeError;
use crate::audio::decode::wav_repair::RepairedWav;

/// The demuxer that knows the file.
pub(super) fn probe(file: &File, extension: Option<&str>) -> Result<Box<dyn FormatReader>, DecodeError> {
    let file = file.try_clone().map_err(DecodeError::Read)?;
    let length = file.metadata().map_err(DecodeError::Read)?.len();
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    // Pictures are of no use here and may be large.
    let tags = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(0));
    let stream = MediaSourceStream::new(Box::new(RepairedWav::new(file, length)), Default::default());
    symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), tags)
        .map_err(|error| match error {
            Symphonia::IoError(error) if error.kind() != ErrorKind::UnexpectedEof => DecodeError::Read(error),
            // A demuxer names itself before its complaint; the probe, which found none, does not.
            Symphonia::Unsupported(reason) if !reason.starts_with("isomp4") => DecodeError::NotAudio {
                reason: reason.trim_start_matches("core (probe): ").into(),
            },
            Symphonia::IoError(_) => DecodeError::NotAudio {
                reason: "the file ends before a format shows".into(),
            },
            error => DecodeError::Damaged {
                reason: error.to_string(),
            },
        })
}

/// The `wanted` audio track, counted from 0; else the main one, or where that cannot be decoded the first that can.
pub(super) fn choose(
    format: &dyn FormatReader,
    wanted: Option<usize>,
) -> Result<(Track, AudioCodecParameters), DecodeError> {
    let audio = || {
        format
            .tracks()
            .iter()
            .filter_map(|track| match &track.codec_params {
                Some(CodecParameters::Audio(params)) => Some((track, params)),
                _ => None,
            })
    };
    let decodable = |params: &AudioCodecParameters| Codec::new(params, true).is_ok();
    let found = match wanted {
        Some(nth) => audio().nth(nth),
        None => {
            let default = format.default_track(TrackType::Audio).map(|track| track.id);
            let main = audio().find(|(track, _)| Some(track.id) == default);
            main.filter(|(_, params)| decodable(params))
                .or_else(|| audio().find(|(_, params)| decodable(params)))
                .or(main)
                .or_else(|| audio().next())
        }
    };
    match found {
        Some((track, params)) => Ok((track.clone(), params.clone())),
        None => match (wanted, audio().count(), format.tracks().len()) {
            (None, 0, 1..) => Err(DecodeError::NoAudio),
            (_, found, _) => Err(DecodeError::NoSuchTrack {
                wanted: wanted.unwrap_or(0),
                found,
            }),
        },
    }
}
