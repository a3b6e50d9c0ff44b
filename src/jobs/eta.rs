//! How fast the separation is, from what was answered lately.

use std::collections::VecDeque;
use std::time::Instant;

/// Answers looked back at.
const MEMORY: usize = 12;

/// Speed in times real time.
#[derive(Debug, Default)]
pub(super) struct SpeedEstimate {
    answers: VecDeque<Instant>,
}

impl SpeedEstimate {
    /// The engine was given work after a pause.
    pub(super) fn begin(&mut self, now: Instant) {
        if self.answers.is_empty() {
            self.answers.push_back(now);
        }
    }

    pub(super) fn answered(&mut self, now: Instant) {
        self.answers.push_back(now);
        if self.answers.len() > MEMORY {
            self.answers.pop_front();
        }
    }

    /// 0 while unknown. `seconds` is the length of one segment.
    pub(super) fn speed(&self, seconds: f32) -> f32 {
        match (self.answers.front(), self.answers.back()) {
            (Some(first), Some(last)) if last > first => {
                (self.answers.len() - 1) as f32 * seconds / (*last - *first).as_secs_f32()
            }
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn speed_follows_the_last_answers() {
        let mut speed_estimate = SpeedEstimate::default();
        let mut now = Instant::now();
        speed_estimate.begin(now);
        assert_eq!(speed_estimate.speed(4.5), 0.0);
        for _ in 0..40 {
            now += Duration::from_millis(500);
            speed_estimate.answered(now);
        }
        assert!((speed_estimate.speed(4.5) - 9.0).abs() < 1e-3);
    }
}
