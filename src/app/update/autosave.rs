//! Writes changed settings and the draft of the lyrics editor once the user has paused for a moment.

use crate::app::app::{AUTOSAVE_DELAY_MS, App};
use crate::app::message::Effect;
use crate::app::state::editor::draft::Draft;
use crate::app::state::session::SessionSettings;
use crate::app::update::song_settings;

/// Notes that something changed which is stored for the next start.
pub(super) fn state_changed(app: &mut App) {
    app.autosave.settings_changed_ms = Some(app.now_ms);
}

/// Writes down what was changed once the hand has rested, or `now`.
pub(super) fn save(app: &mut App, now: bool, effects: &mut Vec<Effect>) {
    let (now_ms, wait) = (app.now_ms, AUTOSAVE_DELAY_MS);
    let due = |changed: &Option<u64>| changed.is_some_and(|at| now || at + wait <= now_ms);
    if now || due(&app.autosave.song_changed_ms) {
        app.autosave.song_changed_ms = None;
        song_settings::save(app, effects);
    }
    if due(&app.autosave.settings_changed_ms) {
        app.autosave.settings_changed_ms = None;
        effects.push(Effect::SaveState(SessionSettings {
            level: app.levels.default_level,
            volume: app.levels.volume,
            sort: app.tracks.sort(),
            readings: app.lyrics_view.shows_romanization,
        }));
    }
}

/// Writes the draft of the lyrics editor when it is due, or `now`.
pub(super) fn save_draft(app: &mut App, now: bool, effects: &mut Vec<Effect>) {
    let now_ms = app.now_ms;
    let Some(editor) = app.editor.as_mut() else { return };
    if editor.draft_due.is_some_and(|due| now || due <= now_ms) {
        editor.draft_due = None;
        effects.push(Effect::SaveDraft {
            song: editor.path.clone(),
            draft: Some(Draft::of(&editor.sheet)),
        });
    }
}
