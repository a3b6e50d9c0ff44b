//! FLAC by the frame: the cache keeps vocals as single 16-bit stereo frames, and stems are written
//! as 24-bit files made of the same.

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc};
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Fill, FrameBuf};

use super::decode::flac_frame;

/// Frames (samples of each channel) in one block, in the cache as in written files.
pub const BLOCK: usize = 4096;
/// The encoder's own limit, and far below it, rates in real use.
pub const HIGHEST_RATE: u32 = 96_000;
static CRC8: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
static CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_UMTS);
/// Blocks shorter than this are stored as they are; prediction has nothing to learn from there.
const SHORTEST: usize = 64;

/// Why a block could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum FlacError {
    #[error("a FLAC block holds 1 to {BLOCK} stereo frames; this has {0} samples")]
    Length(usize),
    #[error("FLAC is written at up to {HIGHEST_RATE} Hz; this is {0} Hz. Write WAV instead")]
    Rate(u32),
    #[error("FLAC encoding failed: {0}. Write WAV instead")]
    Encode(String),
    #[error("a FLAC block is damaged: {0}. It will be separated again")]
    Damaged(String),
}

/// Packs up to [`BLOCK`] frames of interleaved stereo into one self-contained value, at worst a
/// few bytes larger than the samples themselves.
pub fn encode_block(pcm: &[i16], rate: u32) -> Result<Vec<u8>, FlacError> {
    if pcm.is_empty() || !pcm.len().is_multiple_of(2) || pcm.len() > BLOCK * 2 {
        return Err(FlacError::Length(pcm.len()));
    }
    let wide: Vec<i32> = pcm.iter().map(|&s| i32::from(s)).collect();
    let mut packed = Encoder::new(rate, 2, 16)?.frame(&wide)?;
    packed.extend_from_slice(&CRC16.checksum(&packed).to_be_bytes());
    Ok(packed)
}

/// Unpacks what [`encode_block`] packed.
pub fn decode_block(packed: &[u8]) -> Result<Vec<i16>, FlacError> {
    let damaged = |what: &str| FlacError::Damaged(what.into());
    // A sum over the whole frame on top of FLAC's own, which the decoder does not look at.
    let (frame, sum) = packed
        .split_last_chunk::<2>()
        .ok_or_else(|| damaged("it is too short"))?;
    if CRC16.checksum(frame).to_be_bytes() != *sum {
        return Err(damaged("its checksum does not fit"));
    }
    flac_frame(frame, &stream_info(44_100, 2, 16, 0, (0, 0), [0; 16])).map_err(FlacError::Damaged)
}

/// Makes the frames of one stream, numbering them.
pub(super) struct Encoder {
    config: Verified<config::Encoder>,
    info: StreamInfo,
    channels: usize,
    bits: usize,
    next: u32,
}

impl Encoder {
    pub(super) fn new(rate: u32, channels: usize, bits: usize) -> Result<Self, FlacError> {
        if rate == 0 || rate > HIGHEST_RATE {
            return Err(FlacError::Rate(rate));
        }
        let failed = |error: &dyn std::fmt::Display| FlacError::Encode(error.to_string());
        let config = config::Encoder::default()
            .into_verified()
            .map_err(|(_, error)| failed(&error))?;
        let info = StreamInfo::new(rate as usize, channels, bits).map_err(|error| failed(&error))?;
        Ok(Self {
            config,
            info,
            channels,
            bits,
            next: 0,
        })
    }

    /// The next frame, of up to [`BLOCK`] interleaved samples per channel.
    pub(super) fn frame(&mut self, interleaved: &[i32]) -> Result<Vec<u8>, FlacError> {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let frames = interleaved.len() / self.channels;
        if frames < SHORTEST {
            return Ok(verbatim(interleaved, self.channels, self.bits, number));
        }
        let failed = |error: &dyn std::fmt::Display| FlacError::Encode(error.to_string());
        let mut buffer = FrameBuf::with_size(self.channels, frames).map_err(|error| failed(&error))?;
        buffer
            .fill_interleaved(interleaved)
            .map_err(|error| failed(&error))?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &buffer, number as usize, &self.info)
            .map_err(|error| failed(&error))?;
        let mut sink = ByteSink::new();
        frame.write(&mut sink).map_err(|error| failed(&error))?;
        Ok(sink.into_inner())
    }
}

/// The STREAMINFO block: what a decoder must know before the first frame.
pub(super) fn stream_info(
    rate: u32,
    channels: usize,
    bits: usize,
    frames: u64,
    sizes: (u32, u32),
    md5: [u8; 16],
) -> [u8; 34] {
    let mut info = [0; 34];
    info[..2].copy_from_slice(&(BLOCK as u16).to_be_bytes());
    info[2..4].copy_from_slice(&(BLOCK as u16).to_be_bytes());
    info[4..7].copy_from_slice(&sizes.0.to_be_bytes()[1..]);
    info[7..10].copy_from_slice(&sizes.1.to_be_bytes()[1..]);
    let packed = u64::from(rate) << 44
        | (channels as u64 - 1) << 41
        | (bits as u64 - 1) << 36
        | frames & ((1 << 36) - 1);
    info[10..18].copy_from_slice(&packed.to_be_bytes());
    info[18..].copy_from_slice(&md5);
    info
}

/// A frame of plain samples, for the few at a song's end that the encoder takes as too few.
fn verbatim(interleaved: &[i32], channels: usize, bits: usize, number: u32) -> Vec<u8> {
    let frames = interleaved.len() / channels;
    let size_code = if bits == 16 { 0b100 } else { 0b110 };
    let mut bytes = vec![
        0xFF,
        0xF8,
        0b0110_0000,
        ((channels as u8 - 1) << 4) | (size_code << 1),
    ];
    bytes.extend(coded_number(number));
    bytes.push((frames - 1) as u8);
    bytes.push(CRC8.checksum(&bytes));
    for channel in 0..channels {
        bytes.push(0b0000_0010);
        for sample in interleaved.iter().skip(channel).step_by(channels) {
            bytes.extend_from_slice(&sample.to_be_bytes()[4 - bits / 8..]);
        }
    }
    let sum = CRC16.checksum(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

/// The frame's number the way UTF-8 would code it.
fn coded_number(number: u32) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    let mut tail = Vec::new();
    let mut rest = number;
    let mut room = 6;
    while rest >= 1 << room {
        tail.push(0x80 | (rest & 0x3F) as u8);
        rest >>= 6;
        room -= 1;
    }
    tail.push((0xFFu32 << (room + 1)) as u8 | rest as u8);
    tail.reverse();
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(frames: usize) -> Vec<i16> {
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        (0..frames * 2)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as i16
            })
            .collect()
    }

    #[test]
    fn the_worst_block_fits_a_value_of_32_kib() {
        let pcm = noise(BLOCK);
        let packed = encode_block(&pcm, 44_100).unwrap();
        assert!(packed.len() <= 32 * 1024, "{}", packed.len());
        assert_eq!(decode_block(&packed).unwrap(), pcm);
    }

    #[test]
    fn silence_and_tones_shrink() {
        let silence = encode_block(&[0; BLOCK * 2], 44_100).unwrap();
        assert!(silence.len() < 64, "{}", silence.len());
        let tone: Vec<i16> = (0..BLOCK * 2)
            .map(|i| ((i / 2) as f32 * 0.03).sin().mul_add(9000.0, 0.0) as i16)
            .collect();
        let packed = encode_block(&tone, 44_100).unwrap();
        assert!(packed.len() < BLOCK * 2, "{}", packed.len());
        assert_eq!(decode_block(&packed).unwrap(), tone);
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let packed = encode_block(&noise(500), 48_000).unwrap();
        for at in (0..packed.len()).step_by(17) {
            let mut bad = packed.clone();
            bad[at] ^= 4;
            assert!(
                matches!(decode_block(&bad), Err(FlacError::Damaged(_))),
                "byte {at}"
            );
        }
        assert!(decode_block(&[]).is_err());
        assert!(decode_block(&packed[..packed.len() / 2]).is_err());
    }

    #[test]
    fn lengths_that_make_no_block_are_refused() {
        assert!(matches!(encode_block(&[], 44_100), Err(FlacError::Length(0))));
        assert!(matches!(encode_block(&[1], 44_100), Err(FlacError::Length(1))));
        assert!(matches!(
            encode_block(&vec![0; BLOCK * 2 + 2], 44_100),
            Err(FlacError::Length(_))
        ));
        assert!(matches!(
            encode_block(&[0, 0], 192_000),
            Err(FlacError::Rate(192_000))
        ));
    }

    #[test]
    fn frame_numbers_are_coded_as_utf8_codes_them() {
        for number in [0u32, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x1_0000, 0x10_FFFF] {
            let expected = char::from_u32(number).unwrap().to_string().into_bytes();
            assert_eq!(coded_number(number), expected, "{number:x}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_goes_in_comes_out(frames in 1usize..=BLOCK, scale in 0i32..=32767, seed: u64) {
            let mut random = fastrand::Rng::with_seed(seed);
            let pcm: Vec<i16> = (0..frames * 2).map(|i| {
                let noise = random.i32(-32..32);
                let wave = ((i / 2) as f32 * 0.02 * (1 + i % 2) as f32).sin() * scale as f32;
                (wave as i32 + noise).clamp(-32768, 32767) as i16
            }).collect();
            let packed = encode_block(&pcm, 44_100).unwrap();
            prop_assert!(packed.len() <= 32 * 1024);
            prop_assert_eq!(decode_block(&packed).unwrap(), pcm);
        }
    }
}
