//! Where in a track's packets the music begins and ends, and how far its timestamps can be trusted:
//! each container says it in its own way, some demuxers not at all.

use std::fs::File;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_ISOMP4, FORMAT_ID_MKV, FORMAT_ID_MP1, FORMAT_ID_MP2, FORMAT_ID_MP3,
    FORMAT_ID_OGG,
};
use symphonia::core::formats::{FormatReader, Track};

use crate::audio::decode::timeline::Clock;
use crate::audio::decode::{mkv_padding, mp4_edit_list, opus};

/// Containers that need care of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// Bare MPEG audio frames.
    Mpeg,
    Adts,
    Ogg,
    Mp4,
    Matroska,
    Other,
}

#[derive(Debug)]
pub(super) struct GaplessTrim {
    pub(super) container: Container,
    pub(super) clock: Clock,
    /// Where the music ends and the encoder's padding begins, where the file says so.
    pub(super) end: Option<u64>,
    /// Frames to cut from the very last packet.
    pub(super) tail: u64,
    /// The container's word for the length.
    pub(super) frames: Option<u64>,
    /// The demuxer's own seek is exact, and quicker than stepping through the packets.
    pub(super) seeks: bool,
    /// The first packets lie elsewhere than the first versions of croon put them.
    pub(super) moved: bool,
}

impl GaplessTrim {
    pub(super) fn of(
        file: &File,
        format: &mut dyn FormatReader,
        track: &Track,
        params: &AudioCodecParameters,
    ) -> Self {
        let container = match format.format_info().format {
            FORMAT_ID_MP1 | FORMAT_ID_MP2 | FORMAT_ID_MP3 => Container::Mpeg,
            FORMAT_ID_ADTS => Container::Adts,
            FORMAT_ID_OGG => Container::Ogg,
            FORMAT_ID_ISOMP4 => Container::Mp4,
            FORMAT_ID_MKV => Container::Matroska,
            _ => Container::Other,
        };
        let rate = u64::from(params.sample_rate.unwrap_or(0));
        let head = opus_head(params);
        let pre_skip = head.map_or(0, |head| i64::from(head.pre_skip));
        let mut bounds = Self {
            container,
            clock: Clock::Stamps {
                base: track.start_ts.get().max(0),
            },
            end: None,
            tail: 0,
            frames: track.num_frames.or_else(|| length(track, rate)),
            seeks: true,
            moved: false,
        };
        match container {
            Container::Mpeg => {
                bounds.count(i64::from(track.delay.unwrap_or(0)));
                // Without the encoder's word on delay and padding the length is an estimate, and
                // cutting at it would lose music.
                bounds.end = track.num_frames.filter(|_| track.delay.is_some());
            }
            Container::Adts => bounds.count(0),
            Container::Ogg => {
                // Its own seek misplaces packets of the last page.
                bounds.seeks = false;
                if params.codec == CODEC_ID_OPUS {
                    let base = track.start_ts.get().saturating_add(pre_skip);
                    bounds.clock = Clock::Stamps { base };
                    // The demuxer counts them as music.
                    bounds.frames = bounds.frames.map(|all| all.saturating_sub(pre_skip as u64));
                }
            }
            Container::Mp4 => bounds.of_mp4(file, format, track, pre_skip),
            Container::Matroska => {
                let padding = mkv_padding::padding(file, track.id);
                let frames = |ns: u64| {
                    let frames = u128::from(ns) * u128::from(rate) + 500_000_000;
                    u64::try_from(frames / 1_000_000_000).unwrap_or(0)
                };
                let delay = match pre_skip {
                    0 => i64::try_from(frames(padding.before)).unwrap_or(0),
                    known => known,
                };
                bounds.moved = delay != 0;
                bounds.count(delay);
                if let Clock::Count { unit, .. } = &mut bounds.clock {
                    *unit = track.time_base;
                }
                bounds.tail = frames(padding.behind).min(rate);
                let media = format.media_info();
                bounds.frames = media.time_base.zip(media.duration).map(|(unit, length)| {
                    let seconds = unit.calc_duration_saturating(length).as_secs_f64();
                    (seconds.max(0.0) * rate as f64).round() as u64
                });
            }
            Container::Other => {}
        }
        let counts_frames = track
            .time_base
            .is_some_and(|unit| u64::from(unit.denom.get()) == rate * u64::from(unit.numer.get()));
        if !counts_frames {
            bounds.distrust_stamps();
        }
        bounds
    }

    /// The demuxer reads no edit lists.
    fn of_mp4(&mut self, file: &File, format: &mut dyn FormatReader, track: &Track, pre_skip: i64) {
        let timing = mp4_edit_list::timing(file, track.id);
        let gapless = gapless_tag(format);
        let fragmented = timing.is_some_and(|timing| timing.fragmented);
        // The last sample of a fragmented file is told by its last fragment alone.
        let total = track.num_frames.filter(|&total| total > 0 && !fragmented);
        let edit = timing.and_then(|timing| timing.first).filter(|&first| first > 0);
        let first = match (edit, gapless) {
            (Some(first), _) => first,
            (None, Some((delay, _))) => delay,
            (None, None) => pre_skip as u64,
        };
        let rest = total.map(|total| total.saturating_sub(first));
        // The text counts frames, where an edit's length is rounded to the movie's clock.
        let exact = gapless.filter(|&(delay, _)| edit.is_none_or(|first| first == delay));
        let played = match exact {
            Some((_, frames)) => Some(frames),
            None => timing.and_then(|timing| timing.played).filter(|_| !fragmented),
        };
        self.end = match (rest, played) {
            (Some(rest), Some(played)) => Some(rest.min(played)),
            (rest, played) => rest.or(played),
        };
        self.frames = self.end;
        let zero_edit = timing.is_some_and(|timing| timing.first == Some(0));
        self.moved = zero_edit && gapless.is_some();
        let first = i64::try_from(first).unwrap_or(0);
        self.clock = Clock::Stamps { base: first };
        if timing.is_some_and(|timing| !timing.even) {
            // Durations rounded by whoever copied the track: the packets follow each other gapless.
            self.count(first);
            self.moved = true;
        }
    }

    fn count(&mut self, delay: i64) {
        self.clock = Clock::Count { delay, unit: None };
        self.seeks = false;
    }

    /// The timestamps are no frames of this rate.
    pub(super) fn distrust_stamps(&mut self) {
        if let Clock::Stamps { base } = self.clock {
            self.count(base);
        }
    }
}

fn length(track: &Track, rate: u64) -> Option<u64> {
    track.time_base.zip(track.duration).map(|(unit, length)| {
        let seconds = unit.calc_duration_saturating(length).as_secs_f64();
        (seconds.max(0.0) * rate as f64).round() as u64
    })
}

fn gapless_tag(format: &mut dyn FormatReader) -> Option<(u64, u64)> {
    let mut log = format.metadata();
    loop {
        let tags = log.current().map_or(&[][..], |group| &group.media.tags);
        if let Some(tag) = tags.iter().find(|tag| tag.raw.key.contains("iTunSMPB")) {
            return mp4_edit_list::itunes_gapless(&tag.raw.value.to_string());
        }
        log.pop()?;
    }
}

fn opus_head(params: &AudioCodecParameters) -> Option<opus::OpusHead> {
    (params.codec == CODEC_ID_OPUS)
        .then(|| opus::OpusHead::parse(params.extra_data.as_deref().unwrap_or_default()))
        .flatten()
}
