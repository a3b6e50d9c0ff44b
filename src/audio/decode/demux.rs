//! A file opened and demuxed: packets of one audio track, and what places them in the song.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::errors::{Error as Symphonia, Result as SymphoniaResult};
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::audio::decode::codec::{self, Codec};
use crate::audio::decode::error::DecodeError;
use crate::audio::decode::gapless::{Container, GaplessTrim};
use crate::audio::decode::mkv_padding;
use crate::audio::decode::probe::{choose, probe};
use crate::audio::decode::resync::Resync;
use crate::audio::decode::stream_info::StreamInfo;
use crate::audio::decode::tags::ContainerTags;
use crate::audio::decode::timeline::{self, Clock, Timeline};
use crate::audio::mp3g_zip;

/// A demuxer that fails this often in a row has lost the stream.
pub(super) const LAST_STRAW: u32 = 64;

/// One audio track of an opened file.
pub(in crate::audio) struct Demuxer {
    /// Kept, so that a file that is renamed or deleted while it plays plays on.
    file: File,
    /// Bytes when it was opened.
    length: u64,
    extension: Option<String>,
    wanted: Option<usize>,
    format: Box<dyn FormatReader>,
    track_id: u32,
    params: AudioCodecParameters,
    trim: GaplessTrim,
    pub(super) info: StreamInfo,
    /// Packets read ahead, where the last one has to be known.
    ahead: VecDeque<Packet>,
    resync: Option<Resync>,
    /// Packets that went missing somewhere before the one read last.
    missing: u64,
    /// Some part lies elsewhere than the first versions of croon put it.
    moved: bool,
    /// The last packet has been read; the MP4 demuxer is of no use after that.
    drained: bool,
}

impl Demuxer {
    pub(in crate::audio) fn open(path: &Path, wanted: Option<usize>) -> Result<Self, DecodeError> {
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
        if mp3g_zip::is_zip(path) {
            let (sound, ending) = mp3g_zip::sound(path)?;
            return Self::of(sound, Some(ending), wanted);
        }
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_owned);
        Self::of(file, extension, wanted)
    }

    fn of(file: File, extension: Option<String>, wanted: Option<usize>) -> Result<Self, DecodeError> {
        let length = file.metadata().map_err(DecodeError::Read)?.len();
        let mut format = probe(&file, extension.as_deref())?;
        let (track, params) = choose(format.as_ref(), wanted)?;
        let rate = params.sample_rate.unwrap_or(0);
        let trim = GaplessTrim::of(&file, format.as_mut(), &track, &params);
        let info = StreamInfo {
            rate,
            channels: params.channels.as_ref().map_or(0, |c| c.count() as u16),
            frames: trim.frames,
            codec: codec::name(params.codec),
        };
        let resync = match trim.container {
            Container::Mpeg => Some(Resync::new(0)),
            // an ADTS header of seven bytes, which the demuxer keeps to itself
            Container::Adts => Some(Resync::new(7)),
            _ => None,
        };
        Ok(Self {
            moved: trim.moved,
            file,
            length,
            extension,
            wanted,
            format,
            track_id: track.id,
            params,
            trim,
            info,
            ahead: VecDeque::new(),
            resync,
            missing: 0,
            drained: false,
        })
    }

    /// The same track again from its first packet.
    pub(super) fn reopen(&mut self) -> Result<(), DecodeError> {
        let file = self.file.try_clone().map_err(DecodeError::Read)?;
        let fresh = Self::of(file, self.extension.take(), self.wanted)?;
        // What reading has taught us about the stream stays.
        let info = self.info.clone();
        let end = self.trim.end;
        *self = Self { info, ..fresh };
        self.trim.end = end;
        Ok(())
    }

    /// A decoder for this track. It may know the rate and the channels better than the container
    /// does, so [`StreamInfo`] follows it.
    pub(super) fn decoder(&mut self) -> Result<Codec, DecodeError> {
        // A bare MP3 is trimmed by where its packets lie, and only by the encoder's own word.
        let codec = Codec::new(&self.params, self.trim.container != Container::Mpeg)?;
        let (rate, channels) = codec.shape();
        let rate = rate.or(self.params.sample_rate).unwrap_or(0);
        if rate == 0 {
            return Err(DecodeError::Damaged {
                reason: "it names no sample rate".into(),
            });
        }
        if rate != self.info.rate {
            self.trim.distrust_stamps();
            self.info.rate = rate;
        }
        if let Some(channels) = channels.or(self.params.channels.as_ref().map(|c| c.count() as u16)) {
            self.info.channels = channels;
        }
        Ok(codec)
    }

    /// Where this track's packets lie.
    pub(super) fn timeline(&self) -> Timeline {
        Timeline::new(self.trim.clock, self.info.rate)
    }

    /// Where the music ends and the encoder's padding begins, where the file says so.
    pub(super) fn end(&self) -> Option<u64> {
        self.trim.end
    }

    /// The same, where packets behind it are no reason to doubt it.
    pub(super) fn certain_end(&self) -> Option<u64> {
        self.trim.end.filter(|_| self.trim.container != Container::Mpeg)
    }

    /// The length told is an estimate: bare MPEG frames whose encoder did not count them.
    pub(super) fn guesses_length(&self) -> bool {
        let bare = matches!(self.trim.container, Container::Mpeg | Container::Adts);
        bare && self.trim.end.is_none()
    }

    /// The file goes on where its head says it ends; `true` if such a head is not to be trusted.
    pub(super) fn distrust_end(&mut self) -> bool {
        let lied = self.trim.container == Container::Mpeg;
        if lied {
            self.trim.end = None;
            self.info.frames = None;
        }
        lied
    }

    /// Frames to decode before a place for what is decoded there to be right.
    pub(super) fn run_up(&self) -> i64 {
        codec::run_up(self.params.codec)
    }

    /// Frames the packet gives, if that is known without decoding it.
    pub(super) fn frames_of(&self, packet: &Packet) -> Option<i64> {
        let frames = match self.trim.clock {
            Clock::Stamps { .. } => i64::try_from(packet.dur.get()).ok(),
            Clock::Count { .. } => codec::packet_frames(self.params.codec, &packet.data),
        };
        // A packet that claims more than a hole may last is of a broken clock.
        frames.filter(|frames| *frames <= timeline::longest_hole(self.info.rate))
    }

    /// Frames that went missing right before the packet read last.
    pub(super) fn lost_frames(&self, packet: &Packet) -> i64 {
        let frames = self.frames_of(packet).unwrap_or(0);
        let lost = i64::try_from(self.missing).unwrap_or(0).saturating_mul(frames);
        lost.min(timeline::longest_hole(self.info.rate))
    }

    /// Frames of the packet that are padding behind the music.
    pub(super) fn padding_of(&self, packet: &Packet) -> usize {
        match self.params.codec {
            // These decoders cut them themselves.
            CODEC_ID_VORBIS | CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3 => 0,
            _ => packet.trim_end.get() as usize,
        }
    }

    /// The next packet of this track.
    pub(in crate::audio) fn next_packet(&mut self) -> SymphoniaResult<Option<Packet>> {
        if self.trim.tail == 0 {
            return self.demux();
        }
        while self.ahead.len() < 2 && !self.drained {
            if let Some(packet) = self.demux()? {
                self.ahead.push_back(packet);
            }
        }
        let mut packet = self.ahead.pop_front();
        if let (Some(packet), true) = (&mut packet, self.ahead.is_empty()) {
            packet.trim_end = Duration::new(self.trim.tail);
        }
        Ok(packet)
    }

    fn demux(&mut self) -> SymphoniaResult<Option<Packet>> {
        loop {
            let packet = match self.format.next_packet()? {
                Some(packet) if packet.track_id != self.track_id => continue,
                Some(packet) => packet,
                None => {
                    self.drained = true;
                    return Ok(None);
                }
            };
            if let Some(resync) = &mut self.resync {
                self.missing = resync.missing(&self.file, &packet.data);
                self.moved |= self.missing > 0;
            }
            return Ok(Some(packet));
        }
    }

    /// After the end of the packets: an error if the file has become shorter than it was.
    pub(super) fn check_whole(&self) -> Result<(), DecodeError> {
        let now = self.file.metadata().map_err(DecodeError::Read)?.len();
        if now < self.length {
            return Err(DecodeError::Shrunk {
                was: self.length,
                now,
            });
        }
        Ok(())
    }

    /// Everything about the codec that makes packets sound as they do.
    pub(in crate::audio) fn describe_codec(&self, mut sink: impl FnMut(&[u8])) {
        sink(codec::name(self.params.codec).as_bytes());
        sink(&self.params.sample_rate.unwrap_or(0).to_le_bytes());
        sink(&(self.params.channels.as_ref().map_or(0, |c| c.count() as u32)).to_le_bytes());
        sink(&self.params.bits_per_sample.unwrap_or(0).to_le_bytes());
        sink(self.params.extra_data.as_deref().unwrap_or_default());
    }

    /// Whether what was read lies elsewhere in the song than it did when identities were first
    /// given, so that vocals kept since then would not fit.
    pub(in crate::audio) fn lies_elsewhere(&self) -> bool {
        self.moved
    }

    /// The next packet's bytes, stepping over damage as [`super::Decoder`] does; `None` is the end.
    pub(in crate::audio) fn next_whole_packet(&mut self) -> Result<Option<Box<[u8]>>, DecodeError> {
        for _ in 0..LAST_STRAW {
            match self.next_event()? {
                DemuxEvent::Packet(packet) => return Ok(Some(packet.data)),
                DemuxEvent::Link(_) | DemuxEvent::Damage => {}
                DemuxEvent::End => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What comes next, errors sorted by what they mean.
    pub(super) fn next_event(&mut self) -> Result<DemuxEvent, DecodeError> {
        match self.next_packet() {
            Ok(Some(packet)) => Ok(DemuxEvent::Packet(packet)),
            Ok(None) => Ok(DemuxEvent::End),
            // A cut-off file: what came before has been played.
            Err(Symphonia::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => Ok(DemuxEvent::End),
            Err(Symphonia::IoError(error)) => Err(DecodeError::Read(error)),
            // A chained stream starts over with new headers; it goes on where the last ended.
            Err(Symphonia::ResetRequired) => self.follow_chain(),
            Err(_) => Ok(DemuxEvent::Damage),
        }
    }

    /// Goes to a packet far enough before `frame` that the codec has its past together when it
    /// gets there. False where the demuxer could not, or the way from the start is as short.
    pub(super) fn seek_near(&mut self, frame: i64) -> bool {
        let (Clock::Stamps { base }, true) = (self.trim.clock, self.trim.seeks) else {
            return false;
        };
        let from = frame.saturating_add(base).saturating_sub(self.run_up());
        if from <= 0 || (self.drained && self.reopen().is_err()) {
            return false;
        }
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(from),
            track_id: self.track_id,
        };
        self.format.seek(SeekMode::Accurate, to).is_ok()
    }

    /// The stream started over: its next link, if it can be played on.
    fn follow_chain(&mut self) -> Result<DemuxEvent, DecodeError> {
        let Ok((track, params)) = choose(self.format.as_ref(), None) else {
            return Ok(DemuxEvent::End);
        };
        let rate = params.sample_rate.unwrap_or(0);
        if rate != self.info.rate {
            return Err(DecodeError::RateChanges {
                from: self.info.rate,
                to: rate,
            });
        }
        self.trim = GaplessTrim::of(&self.file, self.format.as_mut(), &track, &params);
        // Each link ends where its own last page says; the whole is longer than any.
        self.trim.end = None;
        self.info.frames = None;
        self.params = params;
        self.track_id = track.id;
        Ok(DemuxEvent::Link(self.trim.clock))
    }

    /// Title, artist, album and number, as the container tells them.
    pub(super) fn tags(&mut self) -> ContainerTags {
        let mut tags = ContainerTags::default();
        if self.trim.container == Container::Matroska {
            tags.title = mkv_padding::title(&self.file);
        }
        tags.read(self.format.as_mut());
        tags
    }
}

/// What reading on meets.
pub(super) enum DemuxEvent {
    Packet(Packet),
    /// A new stream follows in the same file, with its own clock.
    Link(Clock),
    /// Something that could not be read.
    Damage,
    End,
}
