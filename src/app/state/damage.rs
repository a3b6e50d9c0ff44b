//! The parts of a file that could not be decoded.

/// Shorter gaps, in seconds, are less than the ear misses.
const HEARD: f64 = 0.01;

/// Two places nearer to each other than this, in seconds, are the same one met again.
const SAME: f64 = 0.2;

/// From so many places on the file is beyond counting.
pub(crate) const MANY: usize = 5;

/// What was met of one file so far, as long as it is the same file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrackDamage {
    /// Where each place begins, in seconds.
    pub(crate) places: Vec<f64>,
    pub(crate) seconds: f64,
}

impl TrackDamage {
    /// True if this is news worth a word.
    pub(crate) fn meet(&mut self, at: f64, seconds: f64) -> bool {
        let sound = at.is_finite() && seconds.is_finite() && seconds >= HEARD;
        let known = self.places.iter().any(|place| (place - at).abs() < SAME);
        if !sound || known || self.places.len() >= MANY {
            return false;
        }
        self.places.push(at);
        self.seconds += seconds;
        true
    }
}
