//! One stored block of vocals: 4096 stereo frames as 16-bit PCM under a power-of-two exponent,
//! FLAC-compressed, checksummed.
//!
//! The exponent makes samples above full scale survive and gives quiet passages steps finer than
//! 16-bit PCM has. A sample comes back within 2^(exponent - 16) of what was stored, and the
//! exponent is the smallest that holds the block, but at most [`SEGMENT_DEPTH`] below the one of
//! its segment and never under [`LEAST_EXPONENT`]: finer steps would only store noise that nobody
//! hears, at several times the size.

use crate::audio::flac;

/// Frames in a block. As 16-bit stereo that is 16 KiB, so that no value exceeds 32 KiB.
pub const BLOCK_FRAMES: usize = 4096;
/// Samples in a block: two for each frame.
pub const BLOCK_SAMPLES: usize = BLOCK_FRAMES * 2;

/// How many powers of two a block's exponent may lie below that of its segment's peak.
pub const SEGMENT_DEPTH: i32 = 4;
/// Steps of 2^-23, those of 24-bit PCM, are the finest that are stored.
pub const LEAST_EXPONENT: i32 = -8;
const GREATEST_EXPONENT: i32 = 127;

/// Vocals are kept at the rate at which they were separated.
const RATE: u32 = 44_100;

const VERSION: u8 = 1;
/// Version, kind, exponent, a spare byte, frames, length of the whole, checksum.
const HEADER: usize = 12;

/// How the samples follow the header.
const SILENCE: u8 = 0;
const PCM: u8 = 1;
const FLAC: u8 = 2;

/// A block that cannot be read back; its segment has to be separated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored block does not read back as it was written")]
pub struct BadBlock;

/// The smallest exponent `e` with all samples within ±2^e, silence and noise floors aside.
pub fn exponent(samples: &[f32]) -> i32 {
    let peak = samples
        .iter()
        .filter(|x| x.is_finite())
        .fold(0.0_f32, |peak, x| peak.max(x.abs()));
    if peak == 0.0 {
        return LEAST_EXPONENT;
    }
    // 32767 steps reach 2^e * 32767/32768: a peak in the last step takes the next exponent.
    let reach = f64::from(peak) * 32768.0 / 32767.0;
    (reach.log2().ceil() as i32).clamp(LEAST_EXPONENT, GREATEST_EXPONENT)
}

/// Encodes one block. `segment_exponent` is [`exponent`] of the whole segment.
pub fn encode(samples: &[f32], segment_exponent: i32) -> Vec<u8> {
    let exponent = exponent(samples).max(segment_exponent - SEGMENT_DEPTH);
    let scale = (15.0 - f64::from(exponent)).exp2();
    let pcm: Vec<i16> = samples
        .iter()
        .map(|&x| {
            if x.is_finite() {
                (f64::from(x) * scale).round() as i16
            } else {
                0
            }
        })
        .collect();
    let frames = (samples.len() / 2) as u16;
    let plain = || pcm.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let (kind, body) = if pcm.iter().all(|&x| x == 0) {
        (SILENCE, Vec::new())
    } else {
        // Noise does not compress, and an encoder may refuse an odd block: it is kept as it is.
        match flac::encode_block(&pcm, RATE) {
            Ok(packed) if packed.len() < pcm.len() * 2 => (FLAC, packed),
            _ => (PCM, plain()),
        }
    };
    let mut value = Vec::with_capacity(HEADER + body.len());
    value.extend_from_slice(&[VERSION, kind, exponent as i8 as u8, 0]);
    value.extend_from_slice(&frames.to_le_bytes());
    value.extend_from_slice(&((HEADER + body.len()) as u16).to_le_bytes());
    value.extend_from_slice(&[0; 4]);
    value.extend_from_slice(&body);
    let crc = checksum(&value);
    value[8..HEADER].copy_from_slice(&crc.to_le_bytes());
    value
}

/// How long the whole is that begins with these bytes; nothing where they are too few.
pub fn length(beginning: &[u8]) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes([
        *beginning.get(6)?,
        *beginning.get(7)?,
    ])))
}

/// Reads a block back: interleaved stereo, [`BLOCK_SAMPLES`] at most.
pub fn decode(value: &[u8]) -> Result<Vec<f32>, BadBlock> {
    if value.len() < HEADER || value[0] != VERSION {
        return Err(BadBlock);
    }
    let crc = u32::from_le_bytes([value[8], value[9], value[10], value[11]]);
    if crc != checksum(value) {
        return Err(BadBlock);
    }
    let samples = usize::from(u16::from_le_bytes([value[4], value[5]])) * 2;
    let body = &value[HEADER..];
    let pcm: Vec<i16> = match value[1] {
        SILENCE => return Ok(vec![0.0; samples]),
        PCM => body
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes([b[0], b[1]]))
            .collect(),
        FLAC => flac::decode_block(body).map_err(|_| BadBlock)?,
        _ => return Err(BadBlock),
    };
    if pcm.len() != samples {
        return Err(BadBlock);
    }
    let step = (f64::from(value[2] as i8) - 15.0).exp2() as f32;
    Ok(pcm.into_iter().map(|x| f32::from(x) * step).collect())
}

/// Over everything but the checksum itself.
fn checksum(value: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&value[..8]);
    crc.update(&value[HEADER..]);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tone(peak: f32) -> Vec<f32> {
        (0..BLOCK_SAMPLES)
            .map(|i| peak * (i as f32 * 0.05).sin())
            .collect()
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn every_level_comes_back_within_half_a_step() {
        for peak in [1e-7, 1e-4, 0.01, 0.3, 0.99999, 1.0, 1.5, 3.9, 1000.0] {
            let stored = tone(peak);
            let own = exponent(&stored);
            let back = decode(&encode(&stored, own)).unwrap();
            let bound = (own as f32 - 16.0).exp2() * 1.001;
            assert!(
                worst(&stored, &back) <= bound,
                "peak {peak}: {} over {bound}",
                worst(&stored, &back)
            );
            assert!(
                own == LEAST_EXPONENT || bound <= peak * 2.0_f32.powi(-14),
                "peak {peak}"
            );
        }
    }

    #[test]
    fn a_quiet_block_in_a_loud_segment_keeps_more_than_16_bits() {
        let stored = tone(1e-3);
        let back = decode(&encode(&stored, exponent(&[1.0]))).unwrap();
        assert!(worst(&stored, &back) <= 2.0_f32.powi(-19));
    }

    #[test]
    fn silence_costs_a_header_and_nonsense_becomes_silence() {
        assert_eq!(encode(&[0.0; BLOCK_SAMPLES], 0).len(), HEADER);
        let back = decode(&encode(&[f32::NAN, f32::INFINITY, 0.5, -0.5], 0)).unwrap();
        assert_eq!(back, [0.0, 0.0, 0.5, -0.5]);
    }

    #[test]
    fn noise_stays_within_a_value() {
        let mut random = fastrand::Rng::with_seed(1);
        let noise: Vec<f32> = (0..BLOCK_SAMPLES).map(|_| random.f32() * 2.0 - 1.0).collect();
        assert!(encode(&noise, 0).len() <= BLOCK_SAMPLES * 2 + HEADER);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_flipped_bit_is_noticed(at in 0_usize..2000, bit in 0_u8..8) {
            let mut value = encode(&tone(0.4), 0);
            let at = at % value.len();
            value[at] ^= 1 << bit;
            prop_assert_eq!(decode(&value), Err(BadBlock));
        }

        #[test]
        fn any_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn any_samples_come_back_within_half_a_step(
            samples in proptest::collection::vec(-4.0_f32..4.0, 2..512),
        ) {
            let samples = &samples[..samples.len() / 2 * 2];
            let own = exponent(samples);
            let back = decode(&encode(samples, own)).unwrap();
            prop_assert!(worst(samples, &back) <= (own as f32 - 16.0).exp2() * 1.001);
        }
    }
}
