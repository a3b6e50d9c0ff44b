//! A file opened and demuxed: packets of one audio track, each with its place in the song.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::{Error as Symphonia, Result as SymphoniaResult};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{FORMAT_ID_ISOMP4, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::{DecodeError, StreamInfo, mp4};

/// One audio track of an opened file.
pub(in crate::audio) struct Source {
    path: PathBuf,
    wanted: Option<usize>,
    format: Box<dyn FormatReader>,
    track_id: u32,
    pub(super) params: AudioCodecParameters,
    pub(super) info: StreamInfo,
    /// Timestamps count single frames, so they place samples exactly.
    pub(super) exact: bool,
    /// The timestamp of the song's frame 0.
    base: i64,
    /// Where the music ends and the encoder's padding begins, where the file says so.
    pub(super) end: Option<u64>,
    /// The last packet has been read; the MP4 demuxer is of no use after that.
    drained: bool,
}

impl Source {
    pub(in crate::audio) fn open(path: &Path, wanted: Option<usize>) -> Result<Self, DecodeError> {
        let mut format = probe(path)?;
        let track = choose(format.as_ref(), wanted)?;
        let params = match &track.codec_params {
            Some(CodecParameters::Audio(params)) => params.clone(),
            _ => {
                return Err(DecodeError::NoSuchTrack {
                    wanted: wanted.unwrap_or(0),
                    found: 0,
                });
            }
        };
        let rate = params.sample_rate.unwrap_or(0);
        let is_mp4 = format.format_info().format == FORMAT_ID_ISOMP4;
        let (base, end) = if is_mp4 {
            mp4_bounds(path, &track, format.as_mut())
        } else if format.format_info().format == FORMAT_ID_MP3 {
            // Without the encoder's word on delay and padding the length is an estimate, and
            // cutting at it would lose music.
            (0, track.num_frames.filter(|_| track.delay.is_some()))
        } else {
            (track.start_ts.get().max(0), None)
        };
        let length = match track.num_frames {
            Some(frames) if is_mp4 => Some(frames.saturating_sub(base as u64)),
            Some(frames) => Some(frames),
            None => track.time_base.zip(track.duration).map(|(unit, length)| {
                (unit.calc_duration_saturating(length).as_secs_f64().max(0.0) * f64::from(rate)).round()
                    as u64
            }),
        };
        let info = StreamInfo {
            rate,
            channels: params.channels.as_ref().map_or(0, |c| c.count() as u16),
            frames: end.or(length),
            codec: codec_name(params.codec),
        };
        Ok(Self {
            path: path.to_owned(),
            wanted,
            format,
            track_id: track.id,
            exact: counts_frames(&track, rate),
            params,
            info,
            base,
            end,
            drained: false,
        })
    }

    /// The same track again from its first packet.
    pub(super) fn reopen(&mut self) -> Result<(), DecodeError> {
        let fresh = Self::open(&self.path, self.wanted)?;
        // What the decoder has taught us about the stream stays.
        let info = self.info.clone();
        let exact = self.exact;
        *self = Self { info, exact, ..fresh };
        Ok(())
    }

    /// A decoder for this track. It may know the rate and the channels better than the container
    /// does, so [`StreamInfo`] follows it.
    pub(super) fn decoder(&mut self) -> Result<Box<dyn AudioDecoder>, DecodeError> {
        // MP3 is trimmed here, by the encoder's word alone; see `open`.
        let options = AudioDecoderOptions::default().gapless(self.params.codec != CODEC_ID_MP3);
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&self.params, &options)
            .map_err(|error| unsupported(self.params.codec, &error))?;
        let known = decoder.codec_params();
        let rate = known.sample_rate.or(self.params.sample_rate).unwrap_or(0);
        if rate == 0 {
            return Err(DecodeError::Damaged {
                reason: "it names no sample rate".into(),
            });
        }
        if rate != self.info.rate {
            self.exact = false;
            self.info.rate = rate;
        }
        if let Some(channels) = known.channels.as_ref().or(self.params.channels.as_ref()) {
            self.info.channels = channels.count() as u16;
        }
        Ok(decoder)
    }

    /// The next packet of this track.
    pub(in crate::audio) fn next_packet(&mut self) -> SymphoniaResult<Option<Packet>> {
        loop {
            match self.format.next_packet()? {
                Some(packet) if packet.track_id != self.track_id => continue,
                packet => {
                    self.drained = packet.is_none();
                    return Ok(packet);
                }
            }
        }
    }

    /// Everything about the codec that makes packets sound as they do.
    pub(in crate::audio) fn describe_codec(&self, mut sink: impl FnMut(&[u8])) {
        sink(codec_name(self.params.codec).as_bytes());
        sink(&self.params.sample_rate.unwrap_or(0).to_le_bytes());
        sink(&(self.params.channels.as_ref().map_or(0, |c| c.count() as u32)).to_le_bytes());
        sink(&self.params.bits_per_sample.unwrap_or(0).to_le_bytes());
        sink(self.params.extra_data.as_deref().unwrap_or_default());
    }

    /// The next packet's bytes, stepping over damage as [`super::Decoder`] does; `None` is the end.
    pub(in crate::audio) fn next_whole_packet(&mut self) -> Result<Option<Box<[u8]>>, DecodeError> {
        for _ in 0..super::LAST_STRAW {
            match self.next_packet() {
                Ok(packet) => return Ok(packet.map(|packet| packet.data)),
                Err(Symphonia::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(Symphonia::IoError(error)) => return Err(DecodeError::Read(error)),
                Err(Symphonia::ResetRequired) if !self.adopt_new_track() => return Ok(None),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Where the packet's first decoded frame lies in the song; negative is encoder delay.
    pub(super) fn place(&self, packet: &Packet) -> i64 {
        let trimmed = if self.params.codec == CODEC_ID_MP3 {
            0
        } else {
            packet.trim_start.get() as i64
        };
        packet.pts.get().saturating_add(trimmed).saturating_sub(self.base)
    }

    /// Goes to a packet far enough before `frame` that the codec has its past together when it
    /// gets there. False where the demuxer could not, or the way from the start is as short.
    pub(super) fn seek_near(&mut self, frame: i64) -> bool {
        let from = frame
            .saturating_add(self.base)
            .saturating_sub(run_up(self.params.codec));
        if from <= 0 || (self.drained && self.reopen().is_err()) {
            return false;
        }
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(from),
            track_id: self.track_id,
        };
        self.format.seek(SeekMode::Accurate, to).is_ok()
    }

    /// After the stream started over: takes the new chain's track if it has our rate. From here
    /// on frames are counted, because the new timestamps start over too.
    pub(super) fn adopt_new_track(&mut self) -> bool {
        let Ok(track) = choose(self.format.as_ref(), None) else {
            return false;
        };
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return false;
        };
        if params.sample_rate != Some(self.info.rate) {
            return false;
        }
        self.params = params.clone();
        self.track_id = track.id;
        self.exact = false;
        self.end = None;
        true
    }
}

fn probe(path: &Path) -> Result<Box<dyn FormatReader>, DecodeError> {
    let cannot_open = |source| DecodeError::Open {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(cannot_open)?;
    let about = file.metadata().map_err(cannot_open)?;
    if about.is_dir() {
        return Err(cannot_open(std::io::Error::new(
            ErrorKind::IsADirectory,
            "it is a folder",
        )));
    }
    if about.len() == 0 {
        return Err(DecodeError::Empty);
    }
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    // Pictures are of no use here and may be large.
    let tags = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(0));
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
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

fn choose(format: &dyn FormatReader, wanted: Option<usize>) -> Result<Track, DecodeError> {
    let audio = || {
        format
            .tracks()
            .iter()
            .filter(|track| matches!(track.codec_params, Some(CodecParameters::Audio(_))))
    };
    let track = match wanted {
        Some(nth) => audio().nth(nth),
        None => format.default_track(TrackType::Audio).or_else(|| audio().next()),
    };
    track.cloned().ok_or_else(|| DecodeError::NoSuchTrack {
        wanted: wanted.unwrap_or(0),
        found: audio().count(),
    })
}

fn counts_frames(track: &Track, rate: u32) -> bool {
    track
        .time_base
        .is_some_and(|unit| unit.denom.get() == rate.saturating_mul(unit.numer.get()))
}

/// Where the music begins and ends within an MP4 track's samples: the demuxer reads no edit lists.
fn mp4_bounds(path: &Path, track: &Track, format: &mut dyn FormatReader) -> (i64, Option<u64>) {
    let total = track.num_frames;
    if let Some(first) = mp4::first_media_time(path, track.id) {
        return (first as i64, total.map(|total| total.saturating_sub(first)));
    }
    let mut log = format.metadata();
    let Some(revision) = log.skip_to_latest() else {
        return (0, total);
    };
    let gapless = revision
        .media
        .tags
        .iter()
        .find(|tag| tag.raw.key.contains("iTunSMPB"));
    match gapless.and_then(|tag| mp4::itunes_gapless(&tag.raw.value.to_string())) {
        Some((delay, frames)) => (delay as i64, Some(frames)),
        None => (0, total),
    }
}

/// Frames a codec must decode before what it gives is what reading through gives: the overlap of
/// transforms, and for MP3 the bits it borrows from earlier packets.
fn run_up(codec: AudioCodecId) -> i64 {
    match codec {
        CODEC_ID_FLAC | CODEC_ID_ALAC => 0,
        CODEC_ID_MP3 => 32 * 1152,
        CODEC_ID_AAC => 4 * 1024,
        CODEC_ID_VORBIS => 2 * 8192,
        _ => 0,
    }
}

fn codec_name(codec: AudioCodecId) -> String {
    symphonia::default::get_codecs()
        .get_audio_decoder(codec)
        .map_or_else(
            || {
                if codec == CODEC_ID_OPUS {
                    "opus".into()
                } else {
                    codec.to_string()
                }
            },
            |known| known.codec.info.short_name.into(),
        )
}

fn unsupported(codec: AudioCodecId, error: &Symphonia) -> DecodeError {
    match (codec, error) {
        (CODEC_ID_AAC, Symphonia::Unsupported(_)) => DecodeError::UnsupportedCodec {
            codec: "this AAC".into(),
            hint: " (HE-AAC and AAC beyond LC are not)",
        },
        (CODEC_ID_OPUS, _) => DecodeError::UnsupportedCodec {
            codec: "Opus".into(),
            hint: "",
        },
        (_, Symphonia::Unsupported(_)) => DecodeError::UnsupportedCodec {
            codec: format!("the codec {}", codec_name(codec)),
            hint: "",
        },
        (_, error) => DecodeError::Damaged {
            reason: error.to_string(),
        },
    }
}
