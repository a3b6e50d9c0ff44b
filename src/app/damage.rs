//! Damage in a song: said once for each place of it, and not for ever.

use super::App;
use super::toast::Weight;

/// Shorter gaps, in seconds, are less than the ear misses.
const HEARD: f64 = 0.01;
/// Two places nearer to each other than this, in seconds, are the same one met again.
const SAME: f64 = 0.2;
/// From so many places on the file is beyond counting.
const MANY: usize = 5;
/// How each of the messages begins.
const SKIPPED: &str = "skipped ";

/// What was met of one file so far, as long as it is the same file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Damage {
    /// Where each place begins, in seconds.
    places: Vec<f64>,
    seconds: f64,
}

impl Damage {
    /// True if this is news worth a word.
    fn meet(&mut self, at: f64, seconds: f64) -> bool {
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

/// The player met damage in the song with this number and kept its time.
pub(super) fn met(app: &mut App, token: u64, at: f64, seconds: f64) {
    let Some(key) = app.deck.with_token(token).map(|song| song.key) else {
        return;
    };
    let Some(entry) = app.tracks.get_mut(key) else {
        return;
    };
    let title = entry.track.title();
    let damage = &mut entry.damage;
    if !damage.meet(at, seconds) {
        return;
    }
    let (places, all) = (damage.places.len(), length(damage.seconds));
    let at = clock(at);
    match places {
        1 => app.trouble(format!("{SKIPPED}{all} of damage at {at} of {title}")),
        MANY => app.trouble(format!(
            "{title} is damaged in many places, {all} so far, and plays on over them. Copy it again from where it came"
        )),
        _ => {
            let words = format!("{SKIPPED}{all} of damage in {places} places of {title}, the last at {at}");
            app.toasts.replace(app.now_ms, Weight::Problem, SKIPPED, words);
        }
    }
}

/// `0.4 s`, `30 ms`
fn length(seconds: f64) -> String {
    if seconds < 0.095 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1} s")
    }
}

/// `1:23`
fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}
