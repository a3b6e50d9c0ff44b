//! The voice gate: where next to nothing of the music is taken for a voice, that little is not one. A
//! mask alone leaves a trace of drums and keys in every passage where nobody sings; the gate looks at
//! the share of the power that the mask lets through around each frame and closes softly below a
//! threshold. It works on ratios, so the level of a song does not matter.

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

/// How a gate closes; stored in the manifest of the model it was measured with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Share of the mixture's power in dB at which half of the amplitude passes.
    pub threshold_db: f32,
    /// How many times steeper than the share itself the gain falls below that.
    pub slope: f32,
    /// Frames before and after each over which the share is taken.
    pub reach: usize,
}

impl Gate {
    /// What the bundled models are published with. On 18 excerpts of the training songs, against one at
    /// -17 dB with a slope of 2, `full` loses 0.03 dB of SDR by it; on music without a singer it takes
    /// another 16 dB off what is left of the median one.
    pub const STANDARD: Self = Self {
        threshold_db: -14.0,
        slope: 3.0,
        reach: 16,
    };

    /// Whether the numbers of an untrusted manifest make sense.
    pub fn is_sane(&self) -> bool {
        (-80.0..0.0).contains(&self.threshold_db) && (0.0..=8.0).contains(&self.slope) && self.reach <= 256
    }

    /// Gain per frame, 0 to 1, from the power that passed the mask and the power before it. Digital
    /// silence has a gain of 0.
    pub fn gains(&self, passed: &[f64], mixture: &[f64]) -> Vec<f32> {
        let threshold = 10_f64.powf(f64::from(self.threshold_db) / 10.0);
        (0..passed.len())
            .map(|frame| {
                let around = frame.saturating_sub(self.reach)..(frame + self.reach + 1).min(passed.len());
                let passed: f64 = passed[around.clone()].iter().sum();
                let whole: f64 = mixture[around].iter().sum();
                if passed <= 0.0 || whole <= 0.0 {
                    return 0.0;
                }
                let above = passed / whole / threshold;
                (1.0 / (1.0 + above.powf(-f64::from(self.slope)))) as f32
            })
            .collect()
    }

    /// The same of powers `[batch, frames]` on any device.
    pub fn gains_of(&self, passed: &Tensor, mixture: &Tensor) -> Result<Tensor, TchError> {
        let reach = self.reach as i64;
        // Sums but for a factor that the ratio loses again.
        let around = |power: &Tensor| {
            power
                .f_unsqueeze(1)?
                .f_avg_pool1d([2 * reach + 1], [1], [reach], false, true)?
                .f_squeeze_dim(1)
        };
        let share = around(passed)? / around(mixture)?;
        let above = share * 10_f64.powf(f64::from(-self.threshold_db) / 10.0);
        let gains = (above.f_pow_tensor_scalar(-f64::from(self.slope))? + 1.0).f_reciprocal()?;
        // Nothing passed, or silence over silence, which is no number.
        gains.f_where_self(&above.f_gt(0.0)?, &gains.f_zeros_like()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    const GATE: Gate = Gate {
        threshold_db: -20.0,
        slope: 1.0,
        reach: 2,
    };

    #[test]
    fn half_passes_at_the_threshold_and_all_of_a_voice() {
        let frames = 20;
        let gain = |share: f64| GATE.gains(&vec![share; frames], &vec![1.0; frames])[10];
        assert!((gain(0.01) - 0.5).abs() < 1e-6);
        assert!(gain(0.5) > 0.98);
        assert!(gain(0.0001) < 0.01);
    }

    #[test]
    fn tensors_are_gated_alike() {
        let mut rng = Rng::new(5);
        let mixture: Vec<f64> = (0..60)
            .map(|frame| {
                f64::from(rng.normal(0.0, 1.0).powi(2)) * f64::from(u8::from(!(20..40).contains(&frame)))
            })
            .collect();
        let passed: Vec<f64> = mixture
            .iter()
            .map(|x| x * f64::from(rng.normal(0.0, 0.1).powi(2)))
            .collect();
        let gate = Gate { reach: 4, ..GATE };
        let row = |x: &[f64]| Tensor::from_slice(x).reshape([1, -1]).repeat([2, 1]);
        let gains = gate.gains_of(&row(&passed), &row(&mixture)).unwrap();
        assert_eq!(gains.size(), [2, 60]);
        for (frame, wanted) in gate.gains(&passed, &mixture).into_iter().enumerate() {
            let gain = gains.double_value(&[1, frame as i64]);
            assert!(
                (gain - f64::from(wanted)).abs() < 1e-5,
                "{frame}: {gain} {wanted}"
            );
        }
        assert_eq!(gains.double_value(&[0, 30]), 0.0);
    }

    #[test]
    fn it_does_not_know_the_level() {
        let passed = [0.0, 0.2, 0.01, 0.5, 0.003, 0.1];
        let mixture = [1.0, 0.9, 0.8, 1.1, 0.7, 1.0];
        let loud = |x: &[f64]| x.iter().map(|x| x * 1e8).collect::<Vec<f64>>();
        let (one, other) = (
            GATE.gains(&passed, &mixture),
            GATE.gains(&loud(&passed), &loud(&mixture)),
        );
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn what_lies_beyond_its_reach_has_no_say_and_silence_stays_silent() {
        let mut passed = vec![0.1; 30];
        let mixture = vec![1.0; 30];
        let before = GATE.gains(&passed, &mixture)[10];
        passed[13] = 0.0;
        assert_eq!(GATE.gains(&passed, &mixture)[10], before);
        passed[12] = 0.0;
        assert_ne!(GATE.gains(&passed, &mixture)[10], before);
        assert!(GATE.gains(&[0.0; 9], &[0.0; 9]).iter().all(|gain| *gain == 0.0));
    }
}
