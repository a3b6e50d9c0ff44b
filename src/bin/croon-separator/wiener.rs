//! A multichannel Wiener filter after the masks. A mask scales left and right each for itself; the filter knows from
//! where in the stereo field voice and accompaniment come, bin by bin, and takes out what lies elsewhere, phase
//! differences included. One step of expectation and maximisation (Nugraha et al. 2016), whose result is averaged with
//! what the masks alone pass: both err, and not alike.

use tch::{Kind, TchError, Tensor};

use croon::audio::dsp::stft::Complex;

/// Share of the filter's result; the rest is what the masks pass.
const SHARE: f32 = 0.5;
/// What is added to the covariance of a bin, in parts of its power, so that it can be inverted.
const FLOOR: f32 = 1e-3;

/// The covariance of both channels of a source in one bin: real powers of left and right, and the complex product of
/// left with the conjugate of right.
#[derive(Debug, Clone, Copy, Default)]
struct Covariance {
    left: f32,
    right: f32,
    cross: Complex<f32>,
}

impl Covariance {
    fn of(left: Complex<f32>, right: Complex<f32>) -> Self {
        Self {
            left: left.norm_sqr(),
            right: right.norm_sqr(),
            cross: left * right.conj(),
        }
    }

    /// Mean power of a channel.
    fn power(self) -> f32 {
        0.5 * (self.left + self.right)
    }

    fn times(self, factor: f32) -> Self {
        Self {
            left: factor * self.left,
            right: factor * self.right,
            cross: self.cross * factor,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            left: self.left + other.left,
            right: self.right + other.right,
            cross: self.cross + other.cross,
        }
    }

    /// Its product with a pair of channels.
    fn on(self, left: Complex<f32>, right: Complex<f32>) -> [Complex<f32>; 2] {
        [
            left * self.left + right * self.cross,
            left * self.cross.conj() + right * self.right,
        ]
    }

    /// The pair of which this is the product.
    fn undo(self, left: Complex<f32>, right: Complex<f32>) -> [Complex<f32>; 2] {
        let determinant = self.left * self.right - self.cross.norm_sqr();
        [
            (left * self.right - right * self.cross) / determinant,
            (right * self.left - left * self.cross.conj()) / determinant,
        ]
    }
}

/// Where the voice and the rest come from in each bin, summed up frame by frame.
pub struct Wiener {
    voice: Vec<Covariance>,
    rest: Vec<Covariance>,
}

impl Wiener {
    pub fn new(bins: usize) -> Self {
        Self {
            voice: vec![Covariance::default(); bins],
            rest: vec![Covariance::default(); bins],
        }
    }

    pub fn clear(&mut self) {
        self.voice.fill(Covariance::default());
        self.rest.fill(Covariance::default());
    }

    /// Takes in a frame of the mixture and the voice's masks for its channels, one value a bin.
    pub fn learn(&mut self, [left, right]: [&[Complex<f32>]; 2], [to_left, to_right]: [&[f32]; 2]) {
        let sums = self.voice.iter_mut().zip(&mut self.rest);
        let masks = to_left.iter().zip(to_right);
        for (((voice, rest), (&l, &r)), (m, n)) in sums.zip(left.iter().zip(right)).zip(masks) {
            *voice = voice.plus(Covariance::of(l * m, r * n));
            *rest = rest.plus(Covariance::of(l * (1.0 - m), r * (1.0 - n)));
        }
    }

    /// Leaves of a frame of the mixture what is voice.
    pub fn filter(&self, left: &mut [Complex<f32>], right: &mut [Complex<f32>], masks: [&[f32]; 2]) {
        let [to_left, to_right] = masks;
        let spectrum = left.iter_mut().zip(right);
        let known = self.voice.iter().zip(&self.rest);
        for (((l, r), (&m, &n)), (voice, rest)) in spectrum.zip(to_left.iter().zip(to_right)).zip(known) {
            let masked = [*l * m, *r * n];
            let rest_of = [*l * (1.0 - m), *r * (1.0 - n)];
            // Powers of this frame, spread over the channels as in all frames.
            let here = voice
                .times(Covariance::of(masked[0], masked[1]).power() / voice.power().max(f32::MIN_POSITIVE));
            let others = rest
                .times(Covariance::of(rest_of[0], rest_of[1]).power() / rest.power().max(f32::MIN_POSITIVE));
            let both = here.plus(others);
            let power = both.power();
            let filtered = if power > f32::MIN_POSITIVE {
                // In parts of the power, so that nothing falls below what a float can hold.
                let mut both = both.times(power.recip());
                both.left += FLOOR;
                both.right += FLOOR;
                let [a, b] = both.undo(*l, *r);
                here.times(power.recip()).on(a, b)
            } else {
                masked
            };
            *l = filtered[0] * SHARE + masked[0] * (1.0 - SHARE);
            *r = filtered[1] * SHARE + masked[1] * (1.0 - SHARE);
        }
    }
}

/// The same of complex spectra `[batch, 2, frames, bins]` and masks of that size, on any device.
pub fn filtered(mixture: &Tensor, masks: &Tensor) -> Result<Tensor, TchError> {
    let channels = |x: &Tensor| Ok::<_, TchError>((x.f_select(1, 0)?, x.f_select(1, 1)?));
    let voice = mixture * masks;
    let rest = mixture - &voice;
    // Per bin and frame: the source's covariance over all frames at the power of this one.
    let covariance = |source: &Tensor| {
        let (left, right) = channels(source)?;
        let power = |x: &Tensor| x.f_abs()?.f_square();
        let over_time = |x: Tensor| x.f_sum_dim_intlist([1_i64].as_slice(), true, None::<Kind>);
        let (a, d) = (over_time(power(&left)?)?, over_time(power(&right)?)?);
        let cross = over_time(&left * right.f_conj()?.f_resolve_conj()?)?;
        let here = (power(&left)? + power(&right)?) * 0.5;
        let scale = here / ((&a + &d) * 0.5).f_clamp_min(f64::from(f32::MIN_POSITIVE))?;
        Ok::<_, TchError>((a * &scale, d * &scale, cross * scale))
    };
    let (a, d, cross) = covariance(&voice)?;
    let (rest_a, rest_d, rest_cross) = covariance(&rest)?;
    let (all_a, all_d, all_cross) = (&a + rest_a, &d + rest_d, &cross + rest_cross);
    let power = (&all_a + &all_d) * 0.5;
    let sounds = power.f_gt(f64::from(f32::MIN_POSITIVE))?;
    let scale = power
        .f_where_self(&sounds, &power.f_ones_like()?)?
        .f_reciprocal()?;
    let floor = f64::from(FLOOR);
    let (all_a, all_d, all_cross) = (all_a * &scale + floor, all_d * &scale + floor, all_cross * &scale);
    let determinant = &all_a * &all_d - all_cross.f_abs()?.f_square()?;
    let (left, right) = channels(mixture)?;
    let conjugate = |x: &Tensor| x.f_conj()?.f_resolve_conj();
    let x = (&left * &all_d - &right * &all_cross) / &determinant;
    let y = (&right * &all_a - &left * conjugate(&all_cross)?) / &determinant;
    let (a, d, cross) = (a * &scale, d * &scale, cross * &scale);
    let passed = [&x * a + &y * &cross, &x * conjugate(&cross)? + &y * d];
    let passed = Tensor::f_stack(&passed, 1)?;
    let sounds = sounds.f_unsqueeze(1)?;
    let passed = passed.f_where_self(&sounds, &voice)?;
    Ok(passed * f64::from(SHARE) + voice * f64::from(1.0 - SHARE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    const BINS: usize = 3;
    const FRAMES: usize = 200;

    fn noise(rng: &mut Rng) -> Complex<f32> {
        Complex::new(rng.normal(0.0, 1.0), rng.normal(0.0, 1.0))
    }

    /// A frame of one channel.
    type Bins = [Complex<f32>; BINS];

    /// A voice in the middle and a band on the left, of one power, which a mask of a half cannot tell apart.
    fn scene() -> (Vec<Bins>, Vec<[Bins; 2]>) {
        let mut rng = Rng::new(3);
        let mut voices = Vec::new();
        let mut mixtures = Vec::new();
        for _ in 0..FRAMES {
            let voice = [(); BINS].map(|()| noise(&mut rng));
            let band = [(); BINS].map(|()| noise(&mut rng));
            let left = std::array::from_fn(|bin| voice[bin] + band[bin]);
            mixtures.push([left, voice]);
            voices.push(voice);
        }
        (voices, mixtures)
    }

    fn filter_all(mixtures: &[[Bins; 2]], masks: [&[f32]; 2]) -> Vec<[Bins; 2]> {
        let mut wiener = Wiener::new(BINS);
        for [left, right] in mixtures {
            wiener.learn([left, right], masks);
        }
        let mut passed = mixtures.to_vec();
        for [left, right] in &mut passed {
            wiener.filter(left, right, masks);
        }
        passed
    }

    #[test]
    fn what_comes_from_elsewhere_is_taken_out() {
        let (voices, mixtures) = scene();
        // Right is voice alone, left is half of it.
        let masks = [&[0.5; BINS][..], &[1.0; BINS]];
        let passed = filter_all(&mixtures, masks);
        let error = |estimate: &dyn Fn(usize, usize) -> Complex<f32>| {
            let off = |frame: usize, bin: usize| (estimate(frame, bin) - voices[frame][bin]).norm_sqr();
            (0..FRAMES)
                .flat_map(|frame| (0..BINS).map(move |bin| (frame, bin)))
                .map(|(f, b)| off(f, b))
                .sum::<f32>()
        };
        let masked = error(&|frame, bin| mixtures[frame][0][bin] * 0.5);
        let filtered = error(&|frame, bin| passed[frame][0][bin]);
        assert!(filtered < 0.7 * masked, "{filtered} {masked}");
    }

    #[test]
    fn it_does_not_know_the_level_and_leaves_silence_silent() {
        let (_, mixtures) = scene();
        let masks = [&[0.3; BINS][..], &[0.8; BINS]];
        let loud = filter_all(&mixtures, masks);
        for gain in [1e-12_f32, 1e-3, 1e4] {
            let scaled: Vec<_> = mixtures
                .iter()
                .map(|sides| sides.map(|side| side.map(|x| x * gain)))
                .collect();
            let found = filter_all(&scaled, masks);
            for (found, loud) in found
                .iter()
                .flatten()
                .flatten()
                .zip(loud.iter().flatten().flatten())
            {
                assert!((found / gain - loud).norm() < 1e-4, "{gain}: {found} {loud}");
            }
        }
        let silence = vec![[[Complex::default(); BINS]; 2]; 4];
        let silent = filter_all(&silence, masks);
        assert!(
            silent
                .iter()
                .flatten()
                .flatten()
                .all(|x| *x == Complex::default())
        );
    }

    #[test]
    fn tensors_are_filtered_alike() {
        let (_, mut mixtures) = scene();
        mixtures[7] = [[Complex::default(); BINS]; 2];
        let mask = [[0.3, 0.5, 0.9], [0.8, 0.1, 0.6]];
        let wanted = filter_all(&mixtures, [&mask[0], &mask[1]]);
        let part = |of: fn(&Complex<f32>) -> f32| {
            let values: Vec<f32> = mixtures.iter().flatten().flatten().map(of).collect();
            Tensor::from_slice(&values)
                .reshape([1, FRAMES as i64, 2, BINS as i64])
                .transpose(1, 2)
        };
        let mixture = Tensor::complex(&part(|x| x.re), &part(|x| x.im));
        let masks = Tensor::from_slice(&mask.concat())
            .reshape([1, 2, 1, BINS as i64])
            .expand([1, 2, FRAMES as i64, BINS as i64], false);
        let found = filtered(&mixture, &masks).unwrap();
        for (frame, sides) in wanted.iter().enumerate() {
            for (side, bins) in sides.iter().enumerate() {
                for (bin, wanted) in bins.iter().enumerate() {
                    let at = [0, side as i64, frame as i64, bin as i64];
                    let found = (found.real().double_value(&at), found.imag().double_value(&at));
                    let off = (found.0 - f64::from(wanted.re)).hypot(found.1 - f64::from(wanted.im));
                    assert!(off < 1e-4, "{at:?}: {found:?} {wanted}");
                }
            }
        }
    }
}
