//! Interpolates the playback position between the player's reports, which advance one device buffer
//! at a time. A report is exact when it is made and falls behind until the next one, so the clock
//! runs evenly through the earliest of them.

/// A position is extrapolated for this long; a player that reports nothing new for longer stands still.
const MAX_EXTRAPOLATION_MS: u64 = 250;
/// The clock may be ahead of the reports by one buffer, in seconds; more than this is a seek.
const MAX_LEAD_SECONDS: f64 = 0.2;
/// The clocks of computer and device drift apart by some milliseconds a minute: after this many polls
/// the smallest lead is taken off.
const POLLS_PER_WINDOW: u16 = 64;

/// Follows the reports of the player.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct PlaybackClock {
    /// The last report, in seconds.
    reported: f64,
    /// The last report has not been timed by a tick yet.
    fresh: bool,
    run: Option<ClockRun>,
}

/// The position was `seconds` at `at_ms` and advances from there.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ClockRun {
    seconds: f64,
    at_ms: u64,
    /// Seconds of song per second.
    speed: f64,
    /// When the reports last changed.
    changed_ms: u64,
    reported: f64,
    /// The reports changed at least once; until then the song is not audible yet.
    moved: bool,
    /// Smallest lead over the reported position, in seconds, within the current window of polls.
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
    /// The player reports its position; the next tick gives the time of it.
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

    /// The position at `now_ms` of a deck that is at `seconds`.
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
