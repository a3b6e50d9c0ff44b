//! Files in, stereo `f32` out, at sample-exact positions.
//!
//! Position 0 is the first sample the musician meant: encoder priming (MP3, AAC, Vorbis) is cut,
//! and every packet is placed by its timestamp, so that damage costs the damaged moment only and
//! a seek gives the very samples that reading through gives.

mod block;
mod downmix;
mod mp4;
mod source;

use std::collections::TryReserveError;
use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::packet::Packet;

pub(super) use block::flac_frame;
use downmix::Downmix;
pub(super) use source::Source;

/// What a file holds, as far as its head tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Frames per second.
    pub rate: u32,
    /// Channels in the file; what is read is always stereo.
    pub channels: u16,
    /// The container's word for the length. For an MP3 without a length in its head it is an
    /// estimate, and a cut-off file holds less: only reading tells.
    pub frames: Option<u64>,
    pub codec: String,
}

impl StreamInfo {
    /// Length in seconds, where the container says one.
    pub fn duration(&self) -> Option<f64> {
        self.frames
            .map(|frames| frames as f64 / f64::from(self.rate.max(1)))
    }
}

/// Why a file gives no sound.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("{} cannot be opened: {source}. Check that it is still there and readable", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("the file is empty (0 bytes), so there is nothing to play. Copy it again from where it came")]
    Empty,
    #[error(
        "no audio format croon knows is inside ({reason}), whatever its name says. Convert it to FLAC, MP3, Ogg Vorbis, M4A or WAV, or exclude it"
    )]
    NotAudio { reason: String },
    #[error(
        "the file's head is damaged or cut off ({reason}), so nothing in it can be placed. Copy it again from where it came"
    )]
    Damaged { reason: String },
    #[error("the file has {found} audio tracks and number {wanted} was asked for (counting from 0)")]
    NoSuchTrack { wanted: usize, found: usize },
    #[error("{codec} is not supported{hint}. Convert the file to FLAC, MP3, Ogg Vorbis, AAC-LC or WAV")]
    UnsupportedCodec { codec: String, hint: &'static str },
    #[error("reading the file failed: {0}. Check the disk or the network share it lies on")]
    Read(std::io::Error),
    #[error("the song is too long to hold in memory: {0}")]
    TooLong(#[from] TryReserveError),
}

/// Silence put in for a hole in the timestamps; a longer jump is taken for a broken clock.
const LONGEST_HOLE_SECONDS: u64 = 30;
/// A demuxer that fails this often in a row has lost the stream.
const LAST_STRAW: u32 = 64;

/// One audio track of one file, read from anywhere.
pub struct Decoder {
    source: Source,
    decoder: Box<dyn AudioDecoder>,
    /// Where the next frame handed out lies in the song.
    position: u64,
    /// Frames decoded so far, for streams whose timestamps are too coarse to place samples.
    counted: i64,
    /// Added to timestamps after a jump of the stream's clock.
    shift: i64,
    /// The first packet since a seek has yet to come.
    landing: bool,
    /// Damage in frames below this was met on an earlier reading.
    counted_damage_to: i64,
    damaged: u64,
    decoded_any: bool,
    ended: bool,
    samples: Vec<f32>,
    downmix: Downmix,
}

impl Decoder {
    /// The file's main audio track.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        Self::with_source(Source::open(path, None)?)
    }

    /// The `nth_audio_track` of a file with several, counted from 0, as in stem files.
    pub fn open_track(path: &Path, nth_audio_track: usize) -> Result<Self, DecodeError> {
        Self::with_source(Source::open(path, Some(nth_audio_track))?)
    }

    fn with_source(mut source: Source) -> Result<Self, DecodeError> {
        let decoder = source.decoder()?;
        Ok(Self {
            source,
            decoder,
            position: 0,
            counted: 0,
            shift: 0,
            landing: false,
            counted_damage_to: 0,
            damaged: 0,
            decoded_any: false,
            ended: false,
            samples: Vec::new(),
            downmix: Downmix::default(),
        })
    }

    pub fn info(&self) -> &StreamInfo {
        &self.source.info
    }

    /// Packets that could not be decoded; silence stands in their place.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The frame the next [`read`](Self::read) starts with.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Appends the next frames, interleaved stereo, and tells how many; 0 is the end.
    pub fn read(&mut self, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        while !self.ended {
            let Some(packet) = self.next_packet()? else {
                self.ended = true;
                break;
            };
            let appended = self.decode(&packet, out)?;
            if appended > 0 {
                return Ok(appended);
            }
            if self.source.end.is_some_and(|end| self.position >= end) {
                self.ended = true;
            }
        }
        if !self.decoded_any && self.damaged > 0 {
            return Err(DecodeError::Damaged {
                reason: "not one packet could be decoded".into(),
            });
        }
        Ok(0)
    }

    /// The next [`read`](Self::read) starts at this frame; past the end it returns 0.
    pub fn seek(&mut self, frame: u64) -> Result<(), DecodeError> {
        if frame == self.position && !self.ended {
            return Ok(());
        }
        let target = i64::try_from(frame).unwrap_or(i64::MAX);
        let placed = self.source.exact && self.shift == 0 && self.source.seek_near(target);
        if placed {
            self.decoder.reset();
            self.landing = true;
        } else {
            self.restart()?;
        }
        self.ended = false;
        self.position = frame;
        Ok(())
    }

    /// From the first packet on; the frames before `position` are then decoded and dropped.
    fn restart(&mut self) -> Result<(), DecodeError> {
        self.source.reopen()?;
        self.decoder = self.source.decoder()?;
        self.counted = 0;
        self.shift = 0;
        self.landing = false;
        Ok(())
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, DecodeError> {
        for _ in 0..LAST_STRAW {
            match self.source.next_packet() {
                Ok(packet) => return Ok(packet),
                // A cut-off file: what came before has been played.
                Err(Symphonia::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(Symphonia::IoError(error)) => return Err(DecodeError::Read(error)),
                // A chained stream starts over with new headers; it goes on where the last ended.
                Err(Symphonia::ResetRequired) => {
                    if !self.source.adopt_new_track() {
                        return Ok(None);
                    }
                    self.decoder = self.source.decoder()?;
                }
                Err(_) => self.damaged += 1,
            }
        }
        Ok(None)
    }

    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        let stamped = self.source.place(packet);
        let length = i64::try_from(packet.block_dur().get()).unwrap_or(0);
        let rate = self.source.info.rate;
        let frames = match self.decoder.decode(packet) {
            Ok(buffer) if buffer.spec().rate() == rate => {
                buffer.copy_to_vec_interleaved(&mut self.samples);
                self.downmix.set(buffer.spec().channels());
                buffer.frames()
            }
            Ok(_) | Err(_) => {
                let start = if self.source.exact { stamped } else { self.counted };
                // Running up to a seek's target, the packets before have no past to lean on.
                if start >= self.counted_damage_to && start >= self.position as i64 {
                    self.damaged += 1;
                    self.counted_damage_to = start + length.max(1);
                }
                self.counted += length;
                return Ok(0);
            }
        };
        if frames == 0 {
            return Ok(0);
        }
        self.decoded_any = true;
        let mut start = self.counted;
        self.counted += frames as i64;
        if self.source.exact {
            start = stamped + self.shift;
            let hole = start - self.position as i64;
            if self.landing && hole > 0 {
                // The demuxer landed behind the target: only reading from the start is exact.
                self.restart()?;
                return Ok(0);
            }
            self.landing = false;
            if hole > (LONGEST_HOLE_SECONDS * u64::from(rate)) as i64 {
                self.shift -= hole;
                start -= hole;
            }
        }
        self.append(start, frames, out)
    }

    /// Puts decoded frames, whose first lies at `start`, where they belong.
    fn append(&mut self, start: i64, frames: usize, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        let position = self.position as i64;
        let end = self.source.end.map_or(i64::MAX, |end| end as i64);
        let stop = (start + frames as i64).min(end);
        if stop <= position {
            return Ok(0);
        }
        let silence = (start.min(end) - position).max(0) as usize;
        let first = (position - start).max(0) as usize;
        let last = (stop - start).max(0) as usize;
        let count = silence + last.saturating_sub(first);
        out.try_reserve(count * 2)?;
        out.resize(out.len() + silence * 2, 0.0);
        if last > first {
            self.downmix.append(&self.samples, first..last, out);
        }
        self.position += count as u64;
        Ok(count)
    }
}

/// A whole song in memory.
pub fn read_all(path: &Path) -> Result<(StreamInfo, Vec<f32>), DecodeError> {
    let mut decoder = Decoder::open(path)?;
    let mut pcm = Vec::new();
    while decoder.read(&mut pcm)? > 0 {}
    Ok((decoder.info().clone(), pcm))
}

#[cfg(test)]
mod tests;
