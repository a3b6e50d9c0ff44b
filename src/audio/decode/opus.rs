//! Opus by libopus: the head of a stream (RFC 7845, section 5.1), its gain, its channels in the
//! order the other codecs give them.

use ::opus::MSDecoder;
use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::audio::AudioCodecParameters;

use crate::audio::decode::error::{DecodeError, Undecodable};

/// Opus always decodes at its own rate, whatever the original's was.
pub(super) const RATE: u32 = 48_000;
/// The longest packet: 120 ms.
const MOST_FRAMES: usize = 5760;

/// The identification header.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpusHead {
    /// Frames at [`RATE`] before the music begins.
    pub(super) pre_skip: u16,
    /// Factor for every sample.
    gain: f32,
    streams: u8,
    coupled: u8,
    /// Which decoded channel each channel of `channels` is.
    mapping: Vec<u8>,
    channels: Channels,
}

impl OpusHead {
    /// From an Ogg or Matroska stream's head, or MP4's `dOps` behind the same magic, whose numbers
    /// are big-endian and whose version is 0.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"OpusHead")?;
        let [version, count, s0, s1, _, _, _, _, g0, g1, family, ..] = *rest else {
            return None;
        };
        let (pre_skip, gain) = match version {
            0 => (u16::from_be_bytes([s0, s1]), i16::from_be_bytes([g0, g1])),
            1..16 => (u16::from_le_bytes([s0, s1]), i16::from_le_bytes([g0, g1])),
            _ => return None,
        };
        let count = usize::from(count);
        let (streams, coupled, table) = match (family, count) {
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (1 | 255, 1..) => {
                let [streams, coupled, table @ ..] = rest.get(11..)? else {
                    return None;
                };
                (*streams, *coupled, table.get(..count)?.to_vec())
            }
            _ => return None,
        };
        let (channels, order) = layout(family, count);
        Some(Self {
            pre_skip,
            gain: 10f32.powf(f32::from(gain) / (20.0 * 256.0)),
            streams,
            coupled,
            mapping: order.into_iter().map(|from| table[from]).collect(),
            channels,
        })
    }
}

/// What `count` channels are, and where in the stream's own order each of them stands.
fn layout(family: u8, count: usize) -> (Channels, Vec<usize>) {
    use Position as P;
    const L: P = P::FRONT_LEFT;
    const R: P = P::FRONT_RIGHT;
    const C: P = P::FRONT_CENTER;
    let vorbis_order: &[P] = match count {
        1 => &[C],
        2 => &[L, R],
        3 => &[L, C, R],
        4 => &[L, R, P::REAR_LEFT, P::REAR_RIGHT],
        5 => &[L, C, R, P::REAR_LEFT, P::REAR_RIGHT],
        6 => &[L, C, R, P::REAR_LEFT, P::REAR_RIGHT, P::LFE1],
        7 => &[L, C, R, P::SIDE_LEFT, P::SIDE_RIGHT, P::REAR_CENTER, P::LFE1],
        8 => &[
            L,
            C,
            R,
            P::SIDE_LEFT,
            P::SIDE_RIGHT,
            P::REAR_LEFT,
            P::REAR_RIGHT,
            P::LFE1,
        ],
        _ => &[],
    };
    if family > 1 || vorbis_order.is_empty() {
        return (Channels::Discrete(count as u16), (0..count).collect());
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&from| vorbis_order[from].bits());
    let all = vorbis_order.iter().fold(P::empty(), |all, &one| all | one);
    (Channels::Positioned(all), order)
}

/// A decoder of one Opus stream.
pub(super) struct Opus {
    decoder: MSDecoder,
    head: OpusHead,
}

impl Opus {
    pub(super) fn new(params: &AudioCodecParameters) -> Result<Self, DecodeError> {
        let head = params.extra_data.as_deref().unwrap_or_default();
        let head = OpusHead::parse(head).ok_or_else(|| DecodeError::UnsupportedCodec {
            codec: "this kind of Opus".into(),
            hint: " (its channels are arranged in a way croon does not know)",
        })?;
        let decoder = MSDecoder::new(RATE, head.streams, head.coupled, &head.mapping).map_err(|error| {
            DecodeError::Damaged {
                reason: format!("its Opus head: {}", error.description()),
            }
        })?;
        Ok(Self { decoder, head })
    }

    pub(super) fn channels(&self) -> &Channels {
        &self.head.channels
    }

    pub(super) fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<usize, Undecodable> {
        // No bytes would mean "make up for a lost packet".
        if packet.is_empty() {
            return Err(Undecodable);
        }
        let channels = self.head.mapping.len();
        samples.clear();
        samples.resize(MOST_FRAMES * channels, 0.0);
        let frames = self
            .decoder
            .decode_float(packet, samples, false)
            .map_err(|_| Undecodable)?;
        samples.truncate(frames * channels);
        if self.head.gain != 1.0 {
            samples.iter_mut().for_each(|sample| *sample *= self.head.gain);
        }
        Ok(frames)
    }

    pub(super) fn reset(&mut self) {
        // It can only fail for a request libopus does not know.
        if let Err(error) = self.decoder.reset_state() {
            tracing::warn!("libopus would not start over: {error}");
        }
    }
}

/// Frames in a packet, by its first bytes (RFC 6716, section 3.1).
pub(super) fn packet_frames(packet: &[u8]) -> Option<i64> {
    if packet.is_empty() {
        return None;
    }
    ::opus::packet::get_nb_samples(packet, RATE)
        .ok()
        .and_then(|frames| i64::try_from(frames).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(rest: &[u8]) -> Option<OpusHead> {
        OpusHead::parse(&[b"OpusHead", rest].concat())
    }

    #[test]
    fn a_head_gives_delay_and_gain_in_either_byte_order() {
        let ogg = head(&[1, 2, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0x00, 0xFA, 0]).unwrap();
        let mp4 = head(&[0, 2, 0x01, 0x38, 0, 0, 0xBB, 0x80, 0xFA, 0x00, 0]).unwrap();
        assert_eq!(ogg, mp4);
        assert_eq!(ogg.pre_skip, 312);
        // -6 dB
        assert!((ogg.gain - 0.501_187).abs() < 1e-5, "{}", ogg.gain);
    }

    #[test]
    fn surround_comes_in_the_order_of_the_other_codecs() {
        let six = head(&[1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5]).unwrap();
        // L R C LFE RL RR, out of the stream's L C R RL RR LFE
        assert_eq!(six.mapping, [0, 1, 4, 5, 2, 3]);
        assert_eq!(six.channels.count(), 6);
    }

    #[test]
    fn a_head_that_lies_is_none() {
        for bytes in [
            &[][..],
            &[1, 2, 0, 0],
            &[1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 2, 0, 4],
            &[200, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        ] {
            assert_eq!(head(bytes), None, "{bytes:?}");
        }
    }
}
