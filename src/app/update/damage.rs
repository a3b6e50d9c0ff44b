//! Damage in a song: said once for each place of it, and not for ever.

use crate::app::app::App;
use crate::app::state::damage::MANY;
use crate::app::state::toasts::Severity;

/// How each of the messages begins.
const SKIPPED: &str = "skipped ";

/// The player met damage in the song with this number and kept its time.
pub(super) fn damage_met(app: &mut App, play_id: u64, at: f64, seconds: f64) {
    let Some(key) = app.deck.song_by_play_id(play_id).map(|song| song.key) else {
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
        1 => app.add_notice(format!("{SKIPPED}{all} of damage at {at} of {title}")),
        MANY => app.add_notice(format!(
            "{title} is damaged in many places, {all} so far, and plays on over them. Copy it again from where it came"
        )),
        _ => {
            let words = format!("{SKIPPED}{all} of damage in {places} places of {title}, the last at {at}");
            app.toasts.replace(app.now_ms, Severity::Problem, SKIPPED, words);
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
