//! Files in, stereo `f32` out, at sample-exact positions.
//!
//! Position 0 is the first sample the musician meant: what encoders put before it (MP3, AAC, Vorbis,
//! Opus) is cut, and every packet has its place in the song, so that damage costs the damaged moment
//! only and a seek gives the samples that reading through gives: the very same for lossless
//! formats, MP3, Vorbis and AAC (but for the noise AAC may draw by lot), within -120 dB for Opus.

mod block;
mod codec;
mod damage;
mod downmix;
mod opus;
mod probe;
mod tags;
mod timeline;

pub(super) use crate::audio::decode::block::flac_frame;
pub use crate::audio::decode::damage::Damaged;
pub(super) use crate::audio::decode::demux::Demuxer;
pub use crate::audio::decode::tags::ContainerTags;

use std::path::{Path, PathBuf};

use symphonia::core::packet::Packet;

use crate::audio::decode::codec::Codec;
use crate::audio::decode::damage::Damage;
use crate::audio::decode::demux::{DemuxEvent, LAST_STRAW};
use crate::audio::decode::downmix::Downmix;
use crate::audio::decode::error::{DecodeError, guarded};
use crate::audio::decode::stream_info::StreamInfo;
use crate::audio::decode::timeline::Timeline;

/// Packets read past the end a head tells before the head counts as wrong: padding is shorter.
const PAST_THE_END: i64 = 4 * 1152;

/// One audio track of one file, read from anywhere.
pub struct Decoder {
    demuxer: Demuxer,
    codec: Codec,
    timeline: Timeline,
    path: PathBuf,
    /// Where the next frame handed out lies in the song.
    position: u64,
    /// Packets that end before this are not decoded, on the way to a seek's target.
    resume: i64,
    /// Such a packet was the last.
    skipped: bool,
    /// The demuxer jumped, and the first packet since has yet to come.
    landing: bool,
    /// Frames in a row that failed.
    failures: u32,
    damage: Damage,
    decoded_any: bool,
    ended: bool,
    samples: Vec<f32>,
    downmix: Downmix,
}

impl Decoder {
    /// The file's main audio track; in a file with several, the main one that can be decoded.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        guarded(|| Self::with_source(path, Demuxer::open(path, None)?))
    }

    /// The `nth_audio_track` of a file with several, counted from 0, as in stem files.
    pub fn open_track(path: &Path, nth_audio_track: usize) -> Result<Self, DecodeError> {
        guarded(|| Self::with_source(path, Demuxer::open(path, Some(nth_audio_track))?))
    }

    fn with_source(path: &Path, mut demuxer: Demuxer) -> Result<Self, DecodeError> {
        let codec = demuxer.decoder()?;
        let rate = demuxer.info.rate;
        Ok(Self {
            timeline: demuxer.timeline(),
            demuxer,
            codec,
            path: path.to_owned(),
            position: 0,
            resume: i64::MIN,
            skipped: false,
            landing: false,
            failures: 0,
            damage: Damage::new(rate),
            decoded_any: false,
            ended: false,
            samples: Vec::new(),
            downmix: Downmix::default(),
        })
    }

    pub fn info(&self) -> &StreamInfo {
        &self.demuxer.info
    }

    /// The container's own tags, for files whose tags nobody else reads.
    pub fn tags(&mut self) -> ContainerTags {
        self.demuxer.tags()
    }

    /// Seconds that were damaged or missing where reading came by so far; silence stands in their
    /// place.
    pub fn damaged_seconds(&self) -> f64 {
        self.damage.seconds()
    }

    /// The next damaged place that reading came by and has left behind; each is told once.
    pub fn take_damage(&mut self) -> Option<Damaged> {
        self.damage.take(self.position, self.ended)
    }

    /// The song's length, where the file knows it rather than guesses it.
    pub fn certain_frames(&self) -> Option<u64> {
        let info = self.info();
        info.frames.filter(|_| !self.demuxer.guesses_length())
    }

    /// The frame the next [`read`](Self::read) starts with.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Appends the next frames, interleaved stereo, and tells how many; 0 is the end.
    pub fn read(&mut self, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        let read = guarded(|| self.read_on(out));
        if read.is_err() {
            self.ended = true;
        }
        if self.ended {
            self.damage.log(&self.path);
        }
        read
    }

    fn read_on(&mut self, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        while !self.ended {
            let appended = match self.demuxer.next_event()? {
                DemuxEvent::Packet(packet) => {
                    self.failures = 0;
                    self.take(&packet, out)?
                }
                DemuxEvent::Link(clock) => {
                    self.codec = self.demuxer.decoder()?;
                    self.timeline.follow(clock);
                    0
                }
                DemuxEvent::Damage if self.failures < LAST_STRAW => {
                    self.failures += 1;
                    0
                }
                DemuxEvent::Damage | DemuxEvent::End => {
                    self.demuxer.check_whole()?;
                    self.ended = true;
                    0
                }
            };
            if self.info().frames.is_some_and(|frames| self.position > frames) {
                // The head promised less than there is.
                self.demuxer.info.frames = None;
            }
            if appended > 0 {
                return Ok(appended);
            }
        }
        if !self.decoded_any && (self.damage.frames() > 0 || self.failures > 0) {
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
        guarded(|| self.go_to(frame))
    }

    fn go_to(&mut self, frame: u64) -> Result<(), DecodeError> {
        let behind = frame < self.position || self.ended || self.landing;
        let begun = self.timeline.reached().is_some() || self.position == 0;
        self.position = frame;
        if self.demuxer.certain_end().is_some_and(|end| frame >= end) {
            self.ended = true;
            return Ok(());
        }
        self.ended = false;
        let target = i64::try_from(frame).unwrap_or(i64::MAX);
        self.resume = target.saturating_sub(self.demuxer.run_up());
        if self.timeline.is_plain() && self.demuxer.seek_near(target) {
            self.codec.reset();
            self.timeline.jumped();
            self.resume = i64::MIN;
            self.landing = true;
            Ok(())
        } else if behind || !begun {
            self.restart()
        } else {
            Ok(())
        }
    }

    /// From the first packet on; what lies before `position` is then stepped over.
    fn restart(&mut self) -> Result<(), DecodeError> {
        self.demuxer.reopen()?;
        self.codec = self.demuxer.decoder()?;
        self.timeline = self.demuxer.timeline();
        self.landing = false;
        self.skipped = false;
        self.failures = 0;
        Ok(())
    }

    /// One packet, to its place.
    fn take(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        let lost = self.demuxer.lost_frames(packet);
        let start = self.timeline.place(packet, lost);
        let length = self.demuxer.frames_of(packet);
        if self.landing && start > self.position as i64 {
            // The demuxer landed behind the target: only reading from the start is exact.
            self.resume = (self.position as i64).saturating_sub(self.demuxer.run_up());
            self.restart()?;
            return Ok(0);
        }
        self.landing = false;
        if let Some(end) = self.demuxer.end().and_then(|end| i64::try_from(end).ok())
            && start >= end
        {
            self.timeline.advance(start + length.unwrap_or(0));
            return self.past_the_end(start - end);
        }
        if let Some(length) = length
            && start.saturating_add(length) <= self.resume
        {
            self.timeline.advance(start + length);
            self.skipped = true;
            return Ok(0);
        }
        if std::mem::take(&mut self.skipped) {
            self.codec.reset();
        }
        let rate = self.demuxer.info.rate;
        let frames = match self.codec.decode(packet, &mut self.samples) {
            Ok(decoded) if decoded.rate == rate => {
                self.downmix.set(&decoded.channels);
                self.decoded_any |= decoded.frames > 0;
                decoded.frames - self.demuxer.padding_of(packet).min(decoded.frames)
            }
            Ok(_) | Err(_) => {
                let length = length.unwrap_or(0).max(0);
                self.count_damage(start, start + length);
                self.samples.clear();
                length as usize
            }
        };
        // A Vorbis packet after a jump only primes the decoder: it has its length all the same.
        let decoded = start + frames as i64;
        self.timeline
            .advance(length.map_or(decoded, |length| decoded.max(start + length)));
        if frames == 0 {
            return Ok(0);
        }
        self.append(start, frames, out)
    }

    /// A packet that begins so far behind where the file's head says that the music ends.
    fn past_the_end(&mut self, distance: i64) -> Result<usize, DecodeError> {
        if distance < PAST_THE_END {
            return Ok(0);
        }
        if self.demuxer.distrust_end() {
            // There is more than the head promised: back to where it was left off.
            let position = self.position;
            self.restart()?;
            self.resume = (position as i64).saturating_sub(self.demuxer.run_up());
        } else {
            self.ended = true;
        }
        Ok(0)
    }

    /// Running up to a seek's target, the packets before have no past to lean on: no damage.
    fn count_damage(&mut self, start: i64, end: i64) {
        let start = u64::try_from(start).unwrap_or(0).max(self.position);
        let end = u64::try_from(end).unwrap_or(0);
        if end > start {
            self.damage.meet(start..end);
        }
    }

    /// Puts decoded frames, whose first lies at `start`, where they belong.
    fn append(&mut self, start: i64, frames: usize, out: &mut Vec<f32>) -> Result<usize, DecodeError> {
        let position = self.position as i64;
        let end = self.demuxer.end().map_or(i64::MAX, |end| end as i64);
        let stop = (start + frames as i64).min(end);
        if stop <= position {
            return Ok(0);
        }
        let silence = (start.min(end) - position).max(0) as usize;
        self.count_damage(position, position + silence as i64);
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

pub(crate) mod demux;
pub mod error;
mod gapless;
mod mkv_padding;
mod mp4_edit_list;
mod resync;
pub mod stream_info;
#[cfg(test)]
mod tests;
mod wav_repair;
