//! What needs no filters: the signal-to-distortion ratio by windows and of a whole song, and the
//! scale-invariant one. Signals are interleaved stereo; a short estimate counts as zeros.

use std::ops::Range;

/// Added to both energies of the whole-song ratio, as in the evaluation of the Music Demixing
/// Challenge 2021 and its successors.
const DELTA: f64 = 1e-7;

/// SDR of BSS Eval v4 in dB of each full second; `None` where the reference or the estimate is
/// silent. With filters that are the same for the whole song, all that differs from the reference
/// is distortion, so this figure needs no filter.
pub fn windows(reference: &[f32], estimate: &[f32], rate: usize) -> Vec<Option<f64>> {
    seconds(reference.len() / 2, rate)
        .map(|range| {
            let estimate = part(estimate, &range);
            let reference = part(reference, &range);
            if silent(reference) || silent(estimate) {
                None
            } else {
                finite(ratio(reference, estimate))
            }
        })
        .collect()
}

/// The windows that are judged, as ranges of frames: full seconds side by side, a last part of one
/// left out, or all of a signal that is no longer than one.
pub fn seconds(frames: usize, rate: usize) -> impl Iterator<Item = Range<usize>> {
    let count = if frames > rate { frames / rate } else { 1 };
    (0..count).map(move |index| index * rate..((index + 1) * rate).min(frames))
}

/// The frames of a range, as far as the signal reaches.
pub fn part<'a>(pcm: &'a [f32], frames: &Range<usize>) -> &'a [f32] {
    let end = (2 * frames.end).min(pcm.len());
    &pcm[(2 * frames.start).min(end)..end]
}

/// By BSS Eval's rule, which is left plus right: sides that cancel each other are silent too.
pub fn silent(pcm: &[f32]) -> bool {
    pcm.chunks_exact(2).all(|frame| frame[0] + frame[1] == 0.0)
}

/// 10 log10 of the reference's energy over the difference's.
pub fn ratio(reference: &[f32], estimate: &[f32]) -> f64 {
    let (signal, distortion) = energies(reference, estimate);
    10.0 * (signal / distortion).log10()
}

/// SDR of a whole song as MDX and SDX count it; their figure for a set is the mean over songs.
pub fn whole(reference: &[f32], estimate: &[f32]) -> f64 {
    let (signal, distortion) = energies(reference, estimate);
    10.0 * ((signal + DELTA) / (distortion + DELTA)).log10()
}

/// Scale-invariant SDR (Le Roux and others, 2019) of a whole song, both sides as one signal: the
/// reference is scaled to the estimate first. `None` where one of them is silent, or the estimate is
/// the reference but for its scale.
pub fn scale_invariant(reference: &[f32], estimate: &[f32]) -> Option<f64> {
    let (mut common, mut energy) = (0.0, 0.0);
    for (r, e) in pairs(reference, estimate) {
        common += r * e;
        energy += r * r;
    }
    let scale = common / energy;
    let (mut signal, mut distortion) = (0.0, 0.0);
    for (r, e) in pairs(reference, estimate) {
        signal += (scale * r).powi(2);
        distortion += (e - scale * r).powi(2);
    }
    finite(10.0 * (signal / distortion).log10())
}

/// Middle of the finite values, the mean of the two middle ones of an even count.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|x| x.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn pairs(reference: &[f32], estimate: &[f32]) -> impl Iterator<Item = (f64, f64)> {
    let estimate = estimate.iter().copied().chain(std::iter::repeat(0.0));
    reference
        .iter()
        .zip(estimate)
        .map(|(r, e)| (f64::from(*r), f64::from(e)))
}

fn energies(reference: &[f32], estimate: &[f32]) -> (f64, f64) {
    pairs(reference, estimate).fold((0.0, 0.0), |(signal, distortion), (r, e)| {
        (signal + r * r, distortion + (r - e) * (r - e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(seed: u64, len: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| random.f32() - 0.5).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn scale_does_not_matter_to_the_scale_invariant_ratio(
            seed in 0_u64..1000,
            gain in prop_oneof![-8.0_f32..-0.01, 0.01_f32..8.0],
            level in 0.01_f32..1.0,
        ) {
            let reference = noise(seed, 2000);
            let other = noise(seed + 1000, 2000);
            let estimate: Vec<f32> = reference.iter().zip(&other).map(|(r, o)| r + level * o).collect();
            let scaled: Vec<f32> = estimate.iter().map(|x| gain * x).collect();
            let [a, b] = [&estimate, &scaled].map(|e| scale_invariant(&reference, e).unwrap());
            prop_assert!((a - b).abs() < 1e-4, "{} {}", a, b);
        }

        #[test]
        fn noise_of_a_known_level_gives_a_known_ratio(seed in 0_u64..1000, level in -40.0_f64..40.0) {
            let reference = noise(seed, 4000);
            let other = noise(seed + 1000, 4000);
            let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            let gain = (energy(&reference) / energy(&other) * 10_f64.powf(-level / 10.0)).sqrt();
            let estimate: Vec<f32> =
                reference.iter().zip(&other).map(|(r, o)| r + gain as f32 * o).collect();
            // What f32 rounds away of the sum is 100 dB below the quietest of these noises.
            prop_assert!((ratio(&reference, &estimate) - level).abs() < 1e-3);
            prop_assert!((whole(&reference, &estimate) - level).abs() < 1e-3);
            let window = windows(&reference, &estimate, 2000);
            prop_assert_eq!(window.len(), 1);
            prop_assert!((window[0].unwrap() - level).abs() < 1e-3);
        }
    }

    #[test]
    fn a_tenth_off_is_twenty_decibels() {
        let reference = noise(1, 200);
        let estimate: Vec<f32> = reference.iter().map(|x| x * 0.9).collect();
        assert!((ratio(&reference, &estimate) - 20.0).abs() < 1e-4);
        assert_eq!(windows(&reference, &estimate, 30).len(), 3);
        assert_eq!(scale_invariant(&reference, &reference), None);
    }

    #[test]
    fn windows_are_full_seconds_or_all_there_is() {
        let of = |frames| seconds(frames, 10).collect::<Vec<_>>();
        assert_eq!(of(29), [0..10, 10..20]);
        assert_eq!(of(10), of(19));
        assert_eq!(of(7), std::iter::once(0..7).collect::<Vec<_>>());
    }

    #[test]
    fn silent_windows_are_not_judged() {
        let mut reference = vec![0.5_f32; 40];
        reference[..20]
            .chunks_exact_mut(2)
            .for_each(|frame| frame[1] = -0.5);
        let half: Vec<f32> = reference.iter().map(|x| x * 0.5).collect();
        let judged = windows(&reference, &half, 10);
        assert_eq!(judged[0], None);
        assert!(judged[1].is_some());
        assert_eq!(windows(&[0.0; 40], &[0.0; 40], 10), [None, None]);
        // A song's estimate that ends early is silent from there on.
        assert_eq!(windows(&half, &half[..20], 10)[1], None);
    }

    #[test]
    fn nothing_at_all_is_zero_decibels_as_a_whole_and_has_no_scale() {
        let reference = noise(3, 200);
        assert!(whole(&reference, &[]).abs() < 1e-9);
        assert_eq!(scale_invariant(&reference, &[0.0; 200]), None);
        assert!((whole(&[0.0; 8], &[0.0; 8])).abs() < 1e-9);
    }

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0, f64::NAN]), Some(2.5));
        assert_eq!(median([]), None);
    }
}
