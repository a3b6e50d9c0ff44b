//! Where the sound goes: the chooser of outputs, what each of them is late, and a song whose output
//! went away.

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::queries::current_output;
use crate::app::state::outputs::OutputLine;
use crate::app::update::transport;
use crate::keymap::{Code, Key};
use crate::output_state::OutputState;

/// Per key press.
pub const DELAY_STEP_MS: u32 = 10;
/// The slowest Bluetooth is three times faster.
pub const LONGEST_DELAY_MS: u32 = 1000;

pub(super) fn open(app: &mut App, effects: &mut Vec<Effect>) {
    app.overlay = Overlay::Outputs;
    place_cursor(app);
    effects.push(Effect::ListOutputs);
}

pub(super) fn listed(app: &mut App, names: Vec<String>) {
    app.outputs.names = names;
    place_cursor(app);
}

/// On the line that is in force.
fn place_cursor(app: &mut App) {
    let lines = app.outputs.lines();
    let chosen = &app.outputs.saved.chosen;
    app.outputs.cursor.at = lines.iter().position(|line| line.name == *chosen).unwrap_or(0);
}

/// Handles a key while the chooser is open; returns the action that it means besides.
pub(super) fn handle_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) -> Option<Action> {
    let lines = app.outputs.lines();
    match (key.code, key.ctrl) {
        (Code::Down | Code::Char('j'), false) => app.outputs.cursor.step(1, lines.len()),
        (Code::Up | Code::Char('k'), false) => app.outputs.cursor.step(-1, lines.len()),
        (Code::Right | Code::Char('l'), false) => change_delay(app, &lines, true, effects),
        (Code::Left | Code::Char('h'), false) => change_delay(app, &lines, false, effects),
        (Code::Enter, _) => {
            app.overlay = Overlay::None;
            if let Some(line) = lines.get(app.outputs.cursor.at) {
                app.outputs.saved.chosen = line.name.clone();
                effects.push(Effect::ChooseOutput(line.name.clone()));
                effects.push(Effect::SaveOutputs(app.outputs.saved.clone()));
            }
        }
        (Code::Char('c'), true) => return Some(Action::Quit),
        _ => app.overlay = Overlay::None,
    }
    None
}

/// The delay of the selected output; on the first line, of the one that is heard.
fn change_delay(app: &mut App, lines: &[OutputLine], later: bool, effects: &mut Vec<Effect>) {
    let selected = lines
        .get(app.outputs.cursor.at)
        .and_then(|line| line.name.clone());
    let Some(name) = selected.or_else(|| current_output(app).map(str::to_owned)) else {
        return app.toast("no output is heard that could have a delay");
    };
    let delay = app.outputs.delay(&name);
    let delay = if later {
        (delay + DELAY_STEP_MS).min(LONGEST_DELAY_MS)
    } else {
        delay.saturating_sub(DELAY_STEP_MS)
    };
    if current_output(app) == Some(&name) {
        effects.push(Effect::SetOutputDelay(delay));
    }
    if delay == 0 {
        app.outputs.saved.delays_ms.remove(&name);
    } else {
        app.outputs.saved.delays_ms.insert(name, delay);
    }
    effects.push(Effect::SaveOutputs(app.outputs.saved.clone()));
}

/// The player tells where the sound goes.
pub(super) fn output_changed(app: &mut App, output: OutputState, effects: &mut Vec<Effect>) {
    let before = app.outputs.current.replace(output.clone());
    let chooser = app.keymap.key_name(app.view.screen, Action::Outputs);
    let chooser = chooser.map_or(String::new(), |key| format!(" ({key} chooses an output)"));
    match output {
        OutputState::Device { name, instead_of, .. } => {
            effects.push(Effect::SetOutputDelay(app.outputs.delay(&name)));
            let heard_before = match &before {
                Some(OutputState::Device { name, .. }) => Some(name),
                _ => None,
            };
            if let Some(wanted) = instead_of {
                app.toast_problem(format!(
                    "{wanted} is not there: {name} is used until it is{chooser}"
                ));
            } else if heard_before.is_some_and(|before| *before != name) {
                app.toast(format!("sound: {name}"));
            } else if matches!(before, Some(OutputState::Silent { .. })) {
                app.toast(format!("sound again: {name}"));
            }
            if app.outputs.lost.is_some() && app.settings.resume_after_unplug {
                resume_song(app, effects);
            }
        }
        OutputState::Lost { name, reason } => {
            app.toast_problem(format!("{name} went away: {reason}{chooser}"));
            if app.deck.is_moving() {
                // The player waits already; this tells the screen, and a song not given to it yet.
                app.deck.playing = false;
                app.outputs.lost = Some(name);
                effects.push(Effect::Pause);
            }
        }
        OutputState::Silent { reason } => {
            if matches!(before, Some(OutputState::Device { .. }) | None) {
                app.toast_problem(format!("no sound: {reason}{chooser}"));
            }
        }
    }
}

/// Where the song was when its output went away.
fn resume_song(app: &mut App, effects: &mut Vec<Effect>) {
    app.outputs.lost = None;
    if app.deck.song.is_some() && !app.deck.playing {
        transport::play_pause(app, effects);
    }
}

/// A song that plays waits for no output.
pub(super) fn forget_lost_output(app: &mut App) {
    if app.deck.playing {
        app.outputs.lost = None;
    }
}
