//! What is done to a take before it is mixed: level, place between the speakers, tone, channels,
//! polarity. All of it is linear, so it works on spectra, where a voice transformed once can meet
//! several accompaniments.

use crate::rng::Rng;
use crate::take::Spectrum;

/// Gains of left and right into left and right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Routing(pub [[f32; 2]; 2]);

impl Routing {
    pub const STRAIGHT: Self = Self([[1.0, 0.0], [0.0, 1.0]]);

    pub fn gain(self, gain: f32) -> Self {
        Self(self.0.map(|row| row.map(|g| g * gain)))
    }

    /// Left becomes right.
    pub fn swapped(self) -> Self {
        Self([self.0[1], self.0[0]])
    }

    pub fn inverted(self) -> Self {
        self.gain(-1.0)
    }

    /// Balance from -1 (left) to 1 (right), the middle untouched, the sum of powers kept.
    pub fn panned(self, balance: f32) -> Self {
        let angle = (balance.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
        let (right, left) = angle.sin_cos();
        let by = [left * std::f32::consts::SQRT_2, right * std::f32::consts::SQRT_2];
        Self([self.0[0].map(|g| g * by[0]), self.0[1].map(|g| g * by[1])])
    }

    /// Both sides become their middle.
    pub fn mono(self) -> Self {
        let middle = [0, 1].map(|i| 0.5 * (self.0[0][i] + self.0[1][i]));
        Self([middle, middle])
    }
}

/// Linear gain for decibels.
pub fn decibels(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// Centres of the equaliser's bands in hertz, an octave and a bit apart.
const EQ_CENTRES: [f32; 7] = [80.0, 200.0, 500.0, 1200.0, 3000.0, 7000.0, 14_000.0];

/// Gain per bin of a seven-band equaliser: the bands' decibels joined by straight lines over the
/// logarithm of frequency.
pub fn equaliser(bands_db: &[f32; 7], bins: usize, rate: f32) -> Vec<f32> {
    let per_bin = rate / 2.0 / (bins - 1) as f32;
    let octave = |hz: f32| hz.max(1.0).log2();
    (0..bins)
        .map(|bin| {
            let at = octave(bin as f32 * per_bin);
            let upper = EQ_CENTRES.iter().position(|&centre| octave(centre) >= at);
            let db = match upper {
                Some(0) => bands_db[0],
                None => bands_db[6],
                Some(i) => {
                    let (low, high) = (octave(EQ_CENTRES[i - 1]), octave(EQ_CENTRES[i]));
                    bands_db[i - 1] + (bands_db[i] - bands_db[i - 1]) * (at - low) / (high - low)
                }
            };
            decibels(db)
        })
        .collect()
}

/// Multiplies every frame of both channels by a gain per bin.
pub fn apply_equaliser(spectrum: &mut Spectrum, gains: &[f32]) {
    for part in [&mut spectrum.re, &mut spectrum.im] {
        for frame in part.chunks_exact_mut(gains.len()) {
            for (x, gain) in frame.iter_mut().zip(gains) {
                *x *= gain;
            }
        }
    }
}

/// A routing as training draws it: channels swapped and polarity turned half of the time, sometimes
/// off-centre, sometimes mono.
pub fn draw_routing(rng: &mut Rng, pan_probability: f32, mono_probability: f32) -> Routing {
    let mut routing = Routing::STRAIGHT;
    if rng.chance(mono_probability) {
        routing = routing.mono();
    }
    if rng.chance(pan_probability) {
        routing = routing.panned(rng.between(-0.35, 0.35));
    }
    if rng.chance(0.5) {
        routing = routing.swapped();
    }
    if rng.chance(0.5) {
        routing = routing.inverted();
    }
    routing
}

/// Seven band gains within 9 dB.
pub fn draw_bands(rng: &mut Rng) -> [f32; 7] {
    std::array::from_fn(|_| rng.between(-9.0, 9.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn routing_means_what_it_says() {
        assert_eq!(Routing::STRAIGHT.swapped().0, [[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(Routing::STRAIGHT.inverted().0, [[-1.0, -0.0], [-0.0, -1.0]]);
        assert_eq!(Routing::STRAIGHT.mono().0, [[0.5, 0.5], [0.5, 0.5]]);
        let left = Routing::STRAIGHT.panned(-1.0).0;
        assert!(left[1][1].abs() < 1e-6 && (left[0][0] - 2_f32.sqrt()).abs() < 1e-6);
        let middle = Routing::STRAIGHT.panned(0.0).0;
        assert!((middle[0][0] - 1.0).abs() < 1e-6 && (middle[1][1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_flat_equaliser_is_a_gain_and_a_band_moves_its_own_bins() {
        let flat = equaliser(&[6.0; 7], 2049, 44_100.0);
        assert!(flat.iter().all(|g| (g - decibels(6.0)).abs() < 1e-4));
        let mut bands = [0.0; 7];
        bands[3] = 9.0;
        let gains = equaliser(&bands, 2049, 44_100.0);
        let at = |hz: f32| gains[(hz / 22_050.0 * 2048.0).round() as usize];
        assert!((at(1200.0) - decibels(9.0)).abs() < 0.05);
        assert!((at(500.0) - 1.0).abs() < 0.05 && (at(3000.0) - 1.0).abs() < 0.05);
        assert!((gains[0] - 1.0).abs() < 1e-6 && (gains[2048] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_equaliser_scales_both_parts_of_every_frame() {
        let mut spectrum = Spectrum {
            re: vec![1.0; 12],
            im: vec![2.0; 12],
        };
        apply_equaliser(&mut spectrum, &[1.0, 2.0, 3.0]);
        assert_eq!(&spectrum.re[3..6], [1.0, 2.0, 3.0]);
        assert_eq!(&spectrum.im[9..], [2.0, 4.0, 6.0]);
    }

    #[test]
    fn drawn_routings_keep_the_power_of_a_middle_voice_within_reach() {
        let mut rng = Rng::new(3);
        for _ in 0..100 {
            let r = draw_routing(&mut rng, 0.5, 0.1).0;
            let power: f32 = r.iter().map(|row| (row[0] + row[1]).powi(2)).sum();
            assert!((1.0..4.1).contains(&power), "{power}");
        }
    }
}
