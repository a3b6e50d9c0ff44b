//! One decoder for a track, whichever library it comes from, and what is known of a codec's packets
//! without decoding them.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS,
    CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::packet::Packet;

use crate::audio::decode::error::{DecodeError, Undecodable};
use crate::audio::decode::opus::{self, Opus};

/// Samples in a packet, over all channels, beyond which a file's head is damaged: a decoder sets
/// memory aside for what the head claims. The largest real packets are FLAC's, of 8 x 65535.
const MOST_SAMPLES: u64 = 1 << 21;

/// Frames in a packet where the head tells none: what readers of plain samples take at once.
const USUAL_FRAMES: u64 = 1152;

/// What a packet became.
pub(super) struct Decoded {
    pub(super) frames: usize,
    pub(super) channels: Channels,
    pub(super) rate: u32,
}

/// The decoder of one track.
pub(super) enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

impl Codec {
    /// `trims`: cut from a packet what its container says is no music.
    pub(super) fn new(params: &AudioCodecParameters, trims: bool) -> Result<Self, DecodeError> {
        if params.codec == CODEC_ID_OPUS {
            return Opus::new(params).map(|opus| Self::Opus(Box::new(opus)));
        }
        believable(params)?;
        symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default().gapless(trims))
            .map(Self::Symphonia)
            .map_err(|error| unsupported(params.codec, &error))
    }

    /// Frames per second and channels, as far as the codec's own head tells.
    pub(super) fn shape(&self) -> (Option<u32>, Option<u16>) {
        match self {
            Self::Symphonia(decoder) => {
                let params = decoder.codec_params();
                let channels = params.channels.as_ref().map(|c| c.count() as u16);
                (params.sample_rate, channels)
            }
            Self::Opus(opus) => (Some(opus::RATE), Some(opus.channels().count() as u16)),
        }
    }

    /// Decodes a packet into interleaved `samples`; an error is a packet that cannot be decoded.
    pub(super) fn decode(&mut self, packet: &Packet, samples: &mut Vec<f32>) -> Result<Decoded, Undecodable> {
        match self {
            Self::Symphonia(decoder) => {
                let buffer = decoder.decode(packet).map_err(|_| Undecodable)?;
                buffer.copy_to_vec_interleaved(samples);
                Ok(Decoded {
                    frames: buffer.frames(),
                    channels: buffer.spec().channels().clone(),
                    rate: buffer.spec().rate(),
                })
            }
            Self::Opus(opus) => Ok(Decoded {
                frames: opus.decode(&packet.data, samples)?,
                channels: opus.channels().clone(),
                rate: opus::RATE,
            }),
        }
    }

    /// Forgets what came before: the next packet is not the one after the last.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Symphonia(decoder) => decoder.reset(),
            Self::Opus(opus) => opus.reset(),
        }
    }
}

/// Frames a codec must decode before what it gives is what reading through gives: the overlap of
/// transforms, for MP3 the bits it borrows from earlier packets, and for Opus the past its
/// predictors lean on. RFC 7845 asks for 80 ms there, which is near enough for the ear; after a
/// second nothing is left of the difference.
pub(super) fn run_up(codec: AudioCodecId) -> i64 {
    match codec {
        CODEC_ID_MP1 | CODEC_ID_MP2 => 4 * 1152,
        CODEC_ID_MP3 => 32 * 1152,
        CODEC_ID_AAC => 4 * 1024,
        CODEC_ID_VORBIS => 2 * 8192,
        CODEC_ID_OPUS => i64::from(opus::RATE),
        _ => 0,
    }
}

/// Frames in a packet, where its first bytes or the codec tell.
pub(super) fn packet_frames(codec: AudioCodecId, data: &[u8]) -> Option<i64> {
    match codec {
        CODEC_ID_OPUS => opus::packet_frames(data),
        CODEC_ID_AAC => Some(1024),
        CODEC_ID_MP1 => Some(384),
        CODEC_ID_MP2 => Some(1152),
        // MPEG-1 has two granules in a frame, its half-rate siblings one.
        CODEC_ID_MP3 => data.get(1).map(|byte| if byte & 0x08 == 0 { 576 } else { 1152 }),
        _ => None,
    }
}

/// The codec's short name, as identities and messages use it.
pub(super) fn name(codec: AudioCodecId) -> String {
    match symphonia::default::get_codecs().get_audio_decoder(codec) {
        Some(known) => known.codec.info.short_name.into(),
        None if codec == CODEC_ID_OPUS => "opus".into(),
        None => codec.to_string(),
    }
}

/// Whether a decoder may be made by what the head claims.
fn believable(params: &AudioCodecParameters) -> Result<(), DecodeError> {
    let channels = params.channels.as_ref().map_or(0, Channels::count) as u64;
    let frames = params.max_frames_per_packet.unwrap_or(USUAL_FRAMES);
    match channels.checked_mul(frames) {
        Some(0..=MOST_SAMPLES) => Ok(()),
        _ => Err(DecodeError::Damaged {
            reason: format!("it claims {channels} channels and {frames} frames in a packet"),
        }),
    }
}

fn unsupported(codec: AudioCodecId, error: &Symphonia) -> DecodeError {
    match (codec, error) {
        (CODEC_ID_AAC, Symphonia::Unsupported(_)) => DecodeError::UnsupportedCodec {
            codec: "this AAC".into(),
            hint: " (HE-AAC and AAC beyond LC are not)",
        },
        (CODEC_ID_FLAC | CODEC_ID_ALAC | CODEC_ID_VORBIS, error) => DecodeError::Damaged {
            reason: error.to_string(),
        },
        (_, Symphonia::Unsupported(_)) => DecodeError::UnsupportedCodec {
            codec: format!("the codec {}", name(codec)),
            hint: "",
        },
        (_, error) => DecodeError::Damaged {
            reason: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::codecs::audio::well_known::CODEC_ID_PCM_S16BE;

    fn claim(channels: u16, frames: u64) -> Result<(), DecodeError> {
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(CODEC_ID_PCM_S16BE)
            .with_channels(Channels::Discrete(channels))
            .with_max_frames_per_packet(frames);
        believable(&params)
    }

    #[test]
    fn no_memory_is_set_aside_for_absurd_claims() {
        assert!(claim(8, 65_535).is_ok(), "the largest FLAC");
        assert!(claim(64, 1152).is_ok());
        for absurd in [claim(14_338, 1152), claim(2, u64::MAX), claim(u16::MAX, 1 << 60)] {
            assert!(matches!(absurd, Err(DecodeError::Damaged { .. })), "{absurd:?}");
        }
    }
}
