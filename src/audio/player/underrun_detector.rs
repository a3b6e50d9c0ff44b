//! Whether a device asks for sound as fast as it should. One that ran empty stands still meanwhile,
//! and not every sound server says so: what it then fails to ask for is what was not heard.

use std::time::{Duration, Instant};

use crate::audio::player::mixer::limiter::BLOCK;

/// A device's clock and the system's may differ by so much, by far.
const DRIFT: f64 = 0.001;
/// A device that ran empty once may have had its reasons; within this time again, it has too little.
const AGAIN: Duration = Duration::from_secs(60);
/// Looks further apart than this say nothing: croon itself was stopped.
const LONGEST: Duration = Duration::from_secs(5);

pub(super) struct UnderrunDetector {
    rate: f64,
    /// Frames that a device may be behind by the size of its buffer alone.
    slack: f64,
    last: Instant,
    blocks: u64,
    /// Frames that were not asked for since it was last on time.
    behind: f64,
    /// When it was last found to have run empty.
    starved: Option<Instant>,
}

impl UnderrunDetector {
    /// `buffered`: frames between the callback and the ear; a device that holds none cannot run empty.
    pub(super) fn new(rate: u32, buffered: u32, now: Instant, blocks: u64) -> Option<Self> {
        (buffered > 0).then(|| Self {
            rate: f64::from(rate),
            slack: f64::from(buffered),
            last: now,
            blocks,
            behind: 0.0,
            starved: None,
        })
    }

    /// Whether the device has again been standing still for longer than its buffer lasts, all pauses
    /// since it was last on time taken together. `blocks` counts those asked for so far.
    pub(super) fn poll(&mut self, now: Instant, blocks: u64) -> bool {
        let span = now.saturating_duration_since(self.last);
        let asked = blocks.wrapping_sub(self.blocks) as f64 * BLOCK as f64;
        (self.last, self.blocks) = (now, blocks);
        if span > LONGEST {
            self.behind = 0.0;
            return false;
        }
        let due = span.as_secs_f64() * self.rate * (1.0 - DRIFT);
        self.behind = (self.behind + due - asked).max(0.0);
        if self.behind <= self.slack {
            return false;
        }
        self.behind = 0.0;
        let before = self.starved.replace(now);
        before.is_some_and(|before| now.saturating_duration_since(before) < AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;
    /// Two buffers of 1024.
    const BUFFERED: u32 = 2048;

    /// Looks every second at a device that asks for a buffer at a time, 0.05 % too slowly, and stands
    /// still for `hole` milliseconds of each second; when it was first found to have too little.
    fn found(seconds: u64, hole: impl Fn(u64) -> f64) -> Option<u64> {
        let begin = Instant::now();
        let mut detector = UnderrunDetector::new(RATE, BUFFERED, begin, 0).unwrap();
        let mut heard = 0.0;
        (1..=seconds).find(|&second| {
            heard += (1.0 - hole(second) / 1000.0) * f64::from(RATE) * 0.9995;
            let asked = (heard / 1024.0).ceil() as u64 * 1024;
            detector.poll(begin + Duration::from_secs(second), asked / BLOCK as u64)
        })
    }

    #[test]
    fn a_device_whose_clock_differs_is_on_time() {
        assert_eq!(found(3600, |_| 0.0), None);
    }

    #[test]
    fn one_short_hole_is_forgotten_and_many_are_not() {
        assert_eq!(
            found(3600, |second| if second % 60 == 7 { 15.0 } else { 0.0 }),
            None
        );
        assert!(found(60, |_| 10.0).is_some_and(|second| second < 14));
    }

    #[test]
    fn one_long_hole_is_forgiven_and_a_second_soon_after_is_not() {
        let every = |period: u64| move |second: u64| if second.is_multiple_of(period) { 100.0 } else { 0.0 };
        assert_eq!(found(300, every(20)), Some(40));
        assert_eq!(found(3600, every(70)), None);
    }

    #[test]
    fn after_croon_was_stopped_nobody_is_to_blame() {
        let begin = Instant::now();
        let mut detector = UnderrunDetector::new(RATE, BUFFERED, begin, 0).unwrap();
        assert!(!detector.poll(begin + Duration::from_secs(600), 750));
        assert!(!detector.poll(begin + Duration::from_secs(601), 1500));
    }
}
