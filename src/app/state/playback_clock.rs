//! Where the song is between two words of the player. The player tells the last frame it gave to the
//! device, less what the device holds: steps of a buffer, each true at the moment it is made and a
//! little behind after it, and looked at only now and then. The clock goes on evenly through the
//! foremost of these places.

/// A position is carried on for so long; a player that says nothing new for longer stands still.
const MAX_EXTRAPOLATION_MS: u64 = 250;
/// The clock may be ahead of what is told by a buffer; further ahead somebody jumped. Seconds of sound.
const MAX_LEAD_SECONDS: f64 = 0.2;
/// The two clocks of computer and device drift apart by some milliseconds a minute: after so many looks
/// it is seen whether what is told still comes up with this clock.
const POLLS_PER_WINDOW: u16 = 64;

/// Follows the player.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct PlaybackClock {
    /// As told last, in seconds, and whether it was timed.
    reported: f64,
    fresh: bool,
    run: Option<ClockRun>,
}

/// The song goes on from `seconds` at `at_ms`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ClockRun {
    seconds: f64,
    at_ms: u64,
    /// Seconds of song in a second.
    speed: f64,
    /// What was told changed last.
    changed_ms: u64,
    reported: f64,
    /// It changed at all: until then the song is at a start and not heard yet.
    moved: bool,
    /// By how much this was ahead of what was told at least, in so many looks.
    smallest_lead: f64,
    polls: u16,
}

impl ClockRun {
    fn new(seconds: f64, now_ms: u64, pace: f64, moved: bool) -> Self {
        Self {
            seconds,
            at_ms: now_ms,
            speed: pace,
            changed_ms: now_ms,
            reported: seconds,
            moved,
            smallest_lead: f64::INFINITY,
            polls: 0,
        }
    }

    fn at(&self, now_ms: u64) -> f64 {
        let until = now_ms.min(self.changed_ms + MAX_EXTRAPOLATION_MS);
        self.seconds + until.saturating_sub(self.at_ms) as f64 / 1000.0 * self.speed
    }
}

impl PlaybackClock {
    /// The player says where it is; the next tick tells when.
    pub fn report(&mut self, seconds: f64) {
        self.reported = seconds;
        self.fresh = true;
    }

    /// `seconds`: where the deck is, which a seek moves before the player knows. `pace`: seconds of song
    /// in a second; None while it stands.
    pub fn tick(&mut self, now_ms: u64, seconds: f64, pace: Option<f64>) {
        let Some(pace) = pace else {
            self.run = None;
            return;
        };
        if self.reported != seconds {
            self.reported = seconds;
            self.run = None;
            return;
        }
        if !std::mem::take(&mut self.fresh) {
            return;
        }
        let Some(run) = self.run.as_mut().filter(|run| run.speed == pace) else {
            self.run = Some(ClockRun::new(seconds, now_ms, pace, false));
            return;
        };
        let lead = run.at(now_ms) - seconds;
        let changed = run.reported != seconds;
        let jumped = !(-MAX_LEAD_SECONDS * pace..MAX_LEAD_SECONDS * pace).contains(&lead);
        if jumped || lead < 0.0 || !run.moved {
            self.run = Some(ClockRun::new(seconds, now_ms, pace, changed && !jumped));
            return;
        }
        if changed {
            (run.reported, run.changed_ms) = (seconds, now_ms);
        }
        run.smallest_lead = run.smallest_lead.min(lead);
        run.polls += 1;
        if run.polls >= POLLS_PER_WINDOW {
            run.seconds -= run.smallest_lead;
            (run.smallest_lead, run.polls) = (f64::INFINITY, 0);
        }
    }

    /// Where the song is at this moment, for a deck that is at `seconds`.
    pub fn at(&self, now_ms: u64, seconds: f64) -> f64 {
        match &self.run {
            Some(run) if self.reported == seconds => run.at(now_ms),
            _ => seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that takes `buffer` milliseconds at a time and runs at `speed`, looked at at uneven
    /// moments; the largest error once it runs, in milliseconds.
    fn error(buffer: f64, speed: f64, minutes: f64) -> f64 {
        let mut clock = PlaybackClock::default();
        let (mut now, mut worst, mut turn) = (0_u64, 0.0_f64, 0_u64);
        while (now as f64) < minutes * 60_000.0 {
            let heard = now as f64 * speed;
            let told = (heard / buffer).floor() * buffer / 1000.0;
            clock.report(told);
            clock.tick(now, told, Some(1.0));
            if now > 2_000 {
                worst = worst.max((clock.at(now, told) * 1000.0 - heard).abs());
            }
            turn += 1;
            now += 5 + turn * 7_919 % 90;
        }
        worst
    }

    #[test]
    fn it_is_nearer_than_the_steps_of_the_device_whatever_the_clocks_do() {
        for buffer in [5.0, 23.2, 92.9] {
            for speed in [1.0, 1.0002, 0.9998] {
                let worst = error(buffer, speed, 10.0);
                let fine = 2.0 + buffer * 0.25;
                assert!(worst < fine, "{buffer} ms, {speed}: {worst} ms off");
            }
        }
    }

    #[test]
    fn a_jump_a_pause_and_another_tempo_are_followed_at_once() {
        let mut clock = PlaybackClock::default();
        let mut hear = |now: u64, seconds: f64, pace: Option<f64>| {
            clock.report(seconds);
            clock.tick(now, seconds, pace);
            clock.at(now + 10, seconds)
        };
        assert_eq!(hear(0, 5.0, Some(1.0)), 5.01);
        assert_eq!(hear(50, 90.0, Some(1.0)), 90.01);
        assert_eq!(hear(100, 30.0, Some(1.0)), 30.01);
        assert_eq!(hear(150, 30.05, Some(0.5)), 30.055);
        assert_eq!(hear(200, 30.075, None), 30.075);
        // a seek that the player has not heard of
        clock.tick(260, 70.0, Some(1.0));
        assert_eq!(clock.at(280, 70.0), 70.0);
    }
}
