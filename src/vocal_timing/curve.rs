//! Sums over stretches of a row of values, and rows brought to one scale.

/// Running sums: the mean over any stretch in one step.
pub(super) struct Sums(Vec<f64>);

impl Sums {
    pub fn of(values: &[f32]) -> Self {
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for value in values {
            sum += f64::from(*value);
            sums.push(sum);
        }
        Self(sums)
    }

    /// Of the points from `from` up to `to`, as far as there are any.
    pub fn between(&self, from: i64, to: i64) -> f64 {
        let last = self.0.len() as i64 - 1;
        let (from, to) = (from.clamp(0, last), to.clamp(0, last));
        self.0[to.max(from) as usize] - self.0[from as usize]
    }

    /// Their mean, over the length that was asked for: what lies outside counts as nothing.
    pub fn mean(&self, from: i64, to: i64) -> f32 {
        (self.between(from, to) / (to - from).max(1) as f64) as f32
    }
}

/// Each point the mean of those around it, so many on both sides.
pub(super) fn smoothed(values: &[f32], around: i64) -> Vec<f32> {
    let sums = Sums::of(values);
    (0..values.len() as i64)
        .map(|at| sums.mean(at - around, at + around + 1))
        .collect()
}

/// Around 0 with a spread of 1; all 0 where nothing differs.
pub(super) fn standard(values: &mut [f32]) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count).sqrt();
    for value in values.iter_mut() {
        *value = if spread > 1e-6 {
            (*value - mean) / spread
        } else {
            0.0
        };
    }
}
