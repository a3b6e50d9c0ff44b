//! The level of the singer, the toggle that remembers yours, the singer alone, and the master volume.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::deck::Stage;
use crate::app::state::fader::Fader;
use crate::key_tempo::KeyTempo;
use crate::song_settings::Change;

/// The singer can be alone only where the vocals are known; elsewhere the song plays as it is, and so
/// does the next one.
pub(super) fn sync_solo(app: &mut App, effects: &mut Vec<Effect>) {
    let song = app.deck.song.as_ref();
    app.levels.fader.solo = app
        .levels
        .fader
        .solo
        .filter(|play_id| song.is_some_and(|song| song.play_id == *play_id));
    let known = song.is_some_and(|song| song.stage == Stage::Ready && song.vocals.ready_at(app.deck.seconds));
    let solo = app.levels.fader.solo() && known;
    if solo != app.levels.solo_heard {
        app.levels.solo_heard = solo;
        effects.push(Effect::SetSolo(solo));
    }
}

pub(super) fn volume(app: &mut App, percent: u8, effects: &mut Vec<Effect>) {
    app.levels.volume = percent;
    app.levels.muted = false;
    app.autosave.settings_changed_ms = Some(app.now_ms);
    effects.push(Effect::SetVolume(app.levels.volume_gain()));
}

pub(super) fn vocals(app: &mut App, effects: &mut Vec<Effect>, change: impl FnOnce(&mut Fader)) {
    change(&mut app.levels.fader);
    app.levels.default_level = app.levels.fader.level();
    app.autosave.settings_changed_ms = Some(app.now_ms);
    app.remember(Change::Level(app.levels.default_level));
    effects.push(Effect::SetLevel(app.levels.fader.gain()));
}

/// The singer alone; heard from where the vocals are known, see `sync_solo`.
pub(crate) fn solo(app: &mut App) {
    let Some(song) = &app.deck.song else {
        return app.toast("nothing plays yet, so there is no singer to hear alone");
    };
    let ready = song.vocals.ready_at(app.deck.seconds);
    let wanted = !app.levels.fader.solo();
    app.levels.fader.set_solo(wanted.then_some(song.play_id));
    if wanted && !ready {
        app.toast("the singer alone, as soon as this part is separated");
    }
}

/// Key and tempo belong to the song that plays; the next one has its own.
pub(super) fn key_tempo(app: &mut App, effects: &mut Vec<Effect>, change: impl FnOnce(KeyTempo) -> KeyTempo) {
    let Some(song) = &app.deck.song else {
        return app.toast("key and tempo belong to a song, and nothing plays yet");
    };
    let changed = change(song.key_tempo);
    if song.stage == Stage::Loading || changed == song.key_tempo {
        return;
    }
    app.remember(Change::KeyTempo(changed));
    effects.push(Effect::SetKeyTempo(changed));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::fader::FaderPosition;
    use crate::app::state::fader::STEP;

    #[test]
    fn the_toggle_goes_full_mine_off_and_remembers_mine() {
        let mut fader = Fader::new(35);
        let mut seen = Vec::new();
        for _ in 0..4 {
            fader.toggle();
            seen.push(fader.level());
        }
        assert_eq!(seen, [0, 100, 35, 0]);
        assert_eq!(Fader::new(100).mine(), 20);
    }

    #[test]
    fn above_full_is_a_level_of_ones_own() {
        let mut fader = Fader::new(100);
        for _ in 0..40 {
            fader.nudge(true, STEP);
        }
        assert_eq!(
            (fader.level(), fader.gain(), fader.position()),
            (200, 2.0, FaderPosition::Mine)
        );
        fader.toggle();
        fader.toggle();
        assert_eq!(fader.position(), FaderPosition::Full);
        fader.toggle();
        assert_eq!(fader.level(), 200);
    }

    #[test]
    fn steps_land_on_multiples_and_stop_at_the_ends() {
        let nudged = |percent, up, step| crate::app::state::fader::nudged(percent, up, step, 100);
        assert_eq!((nudged(33, true, 5), nudged(33, false, 5)), (35, 30));
        assert_eq!((nudged(35, true, 5), nudged(35, false, 5)), (40, 30));
        assert_eq!(
            (nudged(98, true, 5), nudged(2, false, 5), nudged(0, false, 5)),
            (100, 0, 0)
        );
        assert_eq!((nudged(100, true, 1), nudged(7, false, 1)), (100, 6));
        assert_eq!(
            (
                crate::app::state::fader::nudged(198, true, 5, 200),
                crate::app::state::fader::nudged(250, true, 5, 255)
            ),
            (200, 255)
        );
    }
}
