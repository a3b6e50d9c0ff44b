//! How good an estimate is: BSS Eval v4's signal-to-distortion ratio. With its time-invariant
//! filters the distortion is simply all that differs from the reference, so SDR needs no filter.

use std::ops::Range;

/// SDR in dB of each full second of interleaved stereo; `None` where the reference or the estimate
/// is silent (left and right cancelling counts as silence there too).
pub fn windows(reference: &[f32], estimate: &[f32], rate: usize) -> Vec<Option<f64>> {
    let len = 2 * rate;
    reference
        .chunks_exact(len)
        .enumerate()
        .map(|(index, reference)| {
            let from = (index * len).min(estimate.len());
            let estimate = &estimate[from..(from + len).min(estimate.len())];
            if silent(reference) || silent(estimate) {
                None
            } else {
                Some(ratio(reference, estimate))
            }
        })
        .collect()
}

/// The full seconds in which neither of two references is silent.
pub fn heard_windows<'a>(
    one: &'a [f32],
    other: &'a [f32],
    rate: usize,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let len = 2 * rate;
    let ranges = (0..one.len().min(other.len()) / len).map(move |index| index * len..(index + 1) * len);
    ranges.filter(|range| !silent(&one[range.clone()]) && !silent(&other[range.clone()]))
}

fn silent(pcm: &[f32]) -> bool {
    pcm.chunks_exact(2).all(|frame| frame[0] + frame[1] == 0.0)
}

/// 10 log10 of the reference's energy over the difference's; a short estimate counts as zeros.
pub fn ratio(reference: &[f32], estimate: &[f32]) -> f64 {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (index, &r) in reference.iter().enumerate() {
        let r = f64::from(r);
        let e = estimate.get(index).copied().map_or(0.0, f64::from);
        signal += r * r;
        noise += (r - e) * (r - e);
    }
    10.0 * (signal / noise).log10()
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_off_is_twenty_decibels() {
        let reference: Vec<f32> = (0..200).map(|i| (i as f32 * 0.3).sin()).collect();
        let estimate: Vec<f32> = reference.iter().map(|x| x * 0.9).collect();
        assert!((ratio(&reference, &estimate) - 20.0).abs() < 1e-4);
        assert_eq!(windows(&reference, &estimate, 30).len(), 3);
    }

    #[test]
    fn silent_windows_are_not_judged() {
        let mut reference = vec![0.5_f32; 40];
        reference[..20]
            .chunks_exact_mut(2)
            .for_each(|frame| frame[1] = -0.5);
        let judged = windows(
            &reference,
            &reference.iter().map(|x| x * 0.5).collect::<Vec<_>>(),
            10,
        );
        assert_eq!(judged[0], None);
        assert!(judged[1].is_some());
        assert_eq!(windows(&[0.0; 40], &[0.0; 40], 10), [None, None]);
    }

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0, f64::NAN]), Some(2.5));
        assert_eq!(median([]), None);
    }
}
