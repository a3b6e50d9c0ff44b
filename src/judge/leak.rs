//! Leak: what is left as vocals where nobody sings, where SDR cannot judge.

use std::ops::Range;

use super::{RATE, sdr};

/// Below this RMS (-60 dBFS) a second of the reference has no voice.
const SILENT: f64 = 1e-3;

/// The least leak told, in dB: digital silence has no level, and nobody hears less.
pub const FLOOR: f64 = -120.0;

/// Energy of the vocals estimate over all seconds in which the reference is silent, in dB relative
/// to the mixture there. `None` where the voice never rests, or nothing plays when it does.
pub fn leak(reference: &[f32], estimate: &[f32], mixture: &[f32]) -> Option<f64> {
    let (mut leaked, mut played) = (0.0, 0.0);
    for second in sdr::seconds(reference.len() / 2, RATE as usize).filter(|second| rests(reference, second)) {
        leaked += energy(sdr::part(estimate, &second));
        played += energy(sdr::part(mixture, &second));
    }
    (played > 0.0).then(|| (10.0 * (leaked / played).log10()).max(FLOOR))
}

fn rests(reference: &[f32], second: &Range<usize>) -> bool {
    let pcm = sdr::part(reference, second);
    (energy(pcm) / pcm.len().max(1) as f64).sqrt() < SILENT
}

fn energy(pcm: &[f32]) -> f64 {
    pcm.iter().map(|x| f64::from(*x).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = 2 * RATE as usize;

    #[test]
    fn a_tenth_of_the_music_is_twenty_decibels_below() {
        // The voice sings in the first of two seconds; only the second counts.
        let mixture: Vec<f32> = (0..2 * SECOND).map(|i| (i as f32 * 0.1).sin()).collect();
        let mut reference = vec![0.0; 2 * SECOND];
        reference[..SECOND].copy_from_slice(&mixture[..SECOND]);
        let estimate: Vec<f32> = mixture.iter().map(|x| x * 0.1).collect();
        assert!((leak(&reference, &estimate, &mixture).unwrap() + 20.0).abs() < 1e-3);
        assert_eq!(leak(&reference, &vec![0.0; 2 * SECOND], &mixture), Some(FLOOR));
    }

    #[test]
    fn where_the_voice_never_rests_or_nothing_plays_there_is_no_leak() {
        let loud = vec![0.5; SECOND];
        let silence = vec![0.0; SECOND];
        assert_eq!(leak(&loud, &loud, &loud), None);
        assert_eq!(leak(&silence, &silence, &silence), None);
    }
}
