//! A small random generator whose whole state is its seed: the draws of step `n` depend on the seed
//! and on `n` alone, so that a training picked up again sees what it would have seen.

/// SplitMix64, written out because a training that is resumed must draw the same numbers whatever
/// version of a library it was begun with.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one step of a run.
    pub fn of_step(seed: u64, step: u64) -> Self {
        let mut rng = Self(seed ^ step.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..end`; 0 for an empty range.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Normal by Box and Muller.
    pub fn normal(&mut self, mean: f32, deviation: f32) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// An index drawn with these weights; `None` when they are all zero.
    pub fn weighted(&mut self, weights: &[f32]) -> Option<usize> {
        let mut left = self.unit() * weights.iter().sum::<f32>();
        let mut last = None;
        for (index, &weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            last = Some(index);
            if left < weight {
                break;
            }
            left -= weight;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_draws_the_same_again_and_steps_differ() {
        let draw = |step| {
            let mut rng = Rng::of_step(7, step);
            [rng.unit(), rng.unit()]
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn draws_have_the_moments_they_promise() {
        let mut rng = Rng::new(1);
        let n = 20_000;
        let draws: Vec<f32> = (0..n).map(|_| rng.normal(-4.5, 3.5)).collect();
        let mean = draws.iter().sum::<f32>() / n as f32;
        let deviation = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n as f32).sqrt();
        assert!(
            (mean + 4.5).abs() < 0.1 && (deviation - 3.5).abs() < 0.1,
            "{mean} {deviation}"
        );
        let thirds = (0..n)
            .filter(|_| rng.weighted(&[1.0, 0.0, 2.0]) == Some(2))
            .count();
        assert!((thirds as f32 / n as f32 - 2.0 / 3.0).abs() < 0.02);
        assert_eq!(rng.weighted(&[0.0, 0.0]), None);
    }
}
