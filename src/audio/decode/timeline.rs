//! Where in the song each packet lies. Two kinds of clock: timestamps that count single frames
//! place a packet by themselves; where they are coarser, or only counted by the demuxer, the frames
//! before it are counted here and the timestamps only tell where something is missing.

use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

/// Silence put in for a hole in the timestamps; a longer jump is taken for a broken clock.
const LONGEST_HOLE_SECONDS: i64 = 30;

/// In frames at a rate.
pub(super) fn longest_hole(rate: u32) -> i64 {
    LONGEST_HOLE_SECONDS * i64::from(rate.max(1))
}

/// A coarse clock wavers by its rounding; less than this is no hole.
const SHORTEST_COARSE_HOLE_MS: i64 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Timestamps in frames; `base` is the one of the song's frame 0.
    Stamps { base: i64 },
    /// Packets follow each other; the first begins at `-delay`. `unit` is that of timestamps good
    /// enough to show a hole.
    Count { delay: i64, unit: Option<TimeBase> },
}

#[derive(Debug)]
pub(super) struct Timeline {
    clock: Clock,
    rate: u32,
    /// Where the last packet ended; unknown at the start and after a jump.
    reached: Option<i64>,
    /// The demuxer went elsewhere since the last packet.
    landing: bool,
    /// Added to timestamps: earlier links of a chain, and jumps of a broken clock.
    shift: i64,
    /// How far the coarse timestamps were ahead of the count at most.
    ahead: Option<i64>,
}

impl Timeline {
    pub(super) fn new(clock: Clock, rate: u32) -> Self {
        Self {
            clock,
            rate: rate.max(1),
            reached: None,
            landing: false,
            shift: 0,
            ahead: None,
        }
    }

    /// Only then may a demuxer's own seek be used: it knows nothing of counts and shifts.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.clock, Clock::Stamps { .. }) && self.shift == 0
    }

    /// Where the last packet ended, if one was placed since the start or the last jump.
    pub(super) fn reached(&self) -> Option<i64> {
        self.reached
    }

    /// The demuxer went elsewhere.
    pub(super) fn jumped(&mut self) {
        self.reached = None;
        self.landing = true;
    }

    /// The next link of a chain follows where the last packet ended.
    pub(super) fn follow(&mut self, clock: Clock) {
        self.shift = self.reached.unwrap_or(0);
        self.clock = clock;
        self.ahead = None;
    }

    /// The frame at which the packet's first decoded frame lies; negative is encoder delay. `lost`
    /// frames are known to be missing before it.
    pub(super) fn place(&mut self, packet: &Packet, lost: i64) -> i64 {
        match self.clock {
            Clock::Stamps { base } => {
                let stamp = packet.pts.get().saturating_add(packet.trim_start.get() as i64);
                let start = stamp.saturating_sub(base).saturating_add(self.shift);
                let hole = match self.reached {
                    None if self.landing => 0,
                    reached => start.saturating_sub(reached.unwrap_or(0)),
                };
                if hole > longest_hole(self.rate) {
                    self.shift = self.shift.saturating_sub(hole);
                    return start - hole;
                }
                start
            }
            Clock::Count { delay, unit } => {
                let next = self.reached.unwrap_or(self.shift - delay) + lost;
                next + unit.map_or(0, |unit| self.hole(packet, unit, next))
            }
        }
    }

    /// The packet and all before it end here.
    pub(super) fn advance(&mut self, end: i64) {
        self.reached = Some(end);
        self.landing = false;
    }

    /// Frames missing before a packet that would begin at `next`, by a coarse clock.
    fn hole(&mut self, packet: &Packet, unit: TimeBase, next: i64) -> i64 {
        let stamp = i128::from(packet.pts.get()) * i128::from(unit.numer.get()) * i128::from(self.rate)
            / i128::from(unit.denom.get());
        let Ok(stamp) = i64::try_from(stamp) else { return 0 };
        let ahead = stamp.saturating_sub(next);
        let before = *self.ahead.get_or_insert(ahead);
        let hole = ahead.saturating_sub(before);
        if hole >= SHORTEST_COARSE_HOLE_MS * i64::from(self.rate) / 1000 && hole <= longest_hole(self.rate) {
            return hole;
        }
        self.ahead = Some(ahead.max(before));
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symphonia::core::units::{Duration, Timestamp};

    fn packet(pts: i64) -> Packet {
        Packet::new(0, Timestamp::new(pts), Duration::new(0), Vec::new())
    }

    #[test]
    fn a_coarse_clock_shows_holes_and_its_wavering_does_not() {
        let unit = TimeBase::try_new(1, 1000).unwrap();
        let clock = Clock::Count {
            delay: 312,
            unit: Some(unit),
        };
        let mut line = Timeline::new(clock, 48_000);
        let mut starts = Vec::new();
        // 20 ms packets whose stamps are rounded, then 200 ms missing
        for pts in [-7, 13, 34, 53, 273, 294] {
            let start = line.place(&packet(pts), 0);
            line.advance(start + 960);
            starts.push(start);
        }
        assert_eq!(starts[..4], [-312, 648, 1608, 2568]);
        assert!((starts[4] - (3528 + 9600)).abs() <= 48, "{starts:?}");
        assert_eq!(starts[5], starts[4] + 960);
    }

    #[test]
    fn a_broken_clock_is_no_hour_of_silence() {
        let mut line = Timeline::new(Clock::Stamps { base: 100 }, 44_100);
        assert_eq!(line.place(&packet(100), 0), 0);
        line.advance(1000);
        assert_eq!(line.place(&packet(1200), 0), 1100, "a short hole is kept");
        line.advance(2100);
        assert_eq!(line.place(&packet(900_000_000), 0), 2100);
        assert!(!line.is_plain());
        let mut line = Timeline::new(Clock::Stamps { base: 100 }, 44_100);
        assert_eq!(line.place(&packet(900_000_000), 0), 0, "nor at the start");
        let mut line = Timeline::new(Clock::Stamps { base: 100 }, 44_100);
        line.jumped();
        assert_eq!(
            line.place(&packet(900_000_000), 0),
            899_999_900,
            "a seek may land anywhere"
        );
    }
}
