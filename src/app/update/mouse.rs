//! What the mouse means. The face says which thing lies under it, this what happens then; nothing can be
//! done by mouse that no key does.

use crate::action::{Action, Gesture, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::message::pointer::{PointerEvent, PointerTarget};
use crate::app::overlay::Overlay;
use crate::app::state::fader::STEP;
use crate::app::update::actions::apply;
use crate::app::update::levels::vocals;
use crate::app::update::{lists, lyrics, lyrics_scroll, transport};
use crate::song_settings::LOUDEST_LEVEL as LOUDEST;

/// Lines of a list for one step of the wheel.
const WHEEL_LINES: isize = 3;

pub(super) fn handle_pointer(app: &mut App, touch: PointerEvent, effects: &mut Vec<Effect>) {
    // what lies over the screen is answered by keys
    if !matches!(app.overlay, Overlay::None) || !(0.0..=1.0).contains(&touch.share) {
        return;
    }
    app.view.pending_keys.clear();
    let wheel = match touch.gesture {
        Gesture::WheelUp => Some(-1),
        Gesture::WheelDown => Some(1),
        Gesture::Press | Gesture::Drag => None,
    };
    match (touch.target, wheel) {
        (PointerTarget::Lyrics | PointerTarget::Line(_), Some(step)) => lyrics_scroll::scroll(app, step),
        (PointerTarget::Line(line), None) if touch.gesture == Gesture::Press => {
            lyrics_scroll::stop_browsing(app);
            lyrics::go_to(app, line, effects);
        }
        (PointerTarget::Position, Some(step)) => {
            let seconds = app.settings.seek_seconds * -(step as f64);
            transport::seek_by(app, seconds, effects);
        }
        (PointerTarget::Position, None) => {
            if let Some(duration) = app.deck.duration() {
                transport::seek_to(app, duration * touch.share, effects);
            }
        }
        (PointerTarget::Fader, Some(step)) => vocals(app, effects, |fader| fader.nudge(step < 0, STEP)),
        (PointerTarget::Fader, None) => {
            let steps = touch.share * f64::from(LOUDEST) / f64::from(STEP);
            let level = steps.round() as u8 * STEP;
            if level != app.levels.fader.level() {
                vocals(app, effects, |fader| fader.set(level));
            }
        }
        (PointerTarget::Row(_), Some(lines)) => lists::step(app, lines * WHEEL_LINES),
        (PointerTarget::Row(row), None) if touch.gesture == Gesture::Press => {
            // the selected one again: as Enter
            if selected_row(app) == row {
                return apply(app, Action::SingThis, effects);
            }
            let lines = row as isize - selected_row(app) as isize;
            lists::step(app, lines);
        }
        (PointerTarget::Tab(screen), None) if touch.gesture == Gesture::Press => {
            app.show_screen(screen, effects)
        }
        _ => {}
    }
}

/// The selected line of the list that is open.
fn selected_row(app: &App) -> usize {
    match app.view.screen {
        Screen::Library => app.tracks.cursor.at,
        Screen::Queue if app.history.shown => app.history.cursor.at,
        Screen::Queue => app.queue.cursor.at,
        Screen::Jobs => app.jobs.cursor.at,
        Screen::Sing | Screen::Editor => usize::MAX,
    }
}
