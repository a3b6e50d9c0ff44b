//! What the mouse means. The face says which thing lies under it, this what happens then; nothing can be
//! done by mouse that no key does.

use super::act::{self, act, vocals};
use super::fader::{LOUDEST, STEP};
use super::{App, Effect, Overlay, looking, lyrics, transport};
use crate::action::{Action, Gesture, Screen};

/// A thing on the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// The name of a screen.
    Tab(Screen),
    /// A line of the list that is open.
    Row(usize),
    /// Around the lines to sing.
    Lyrics,
    /// A line to sing.
    Line(usize),
    /// The bar from the song's begin to its end.
    Position,
    /// The singer's level.
    Fader,
}

/// Something was pointed at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    pub spot: Spot,
    /// How far along it, 0 to 1.
    pub share: f64,
    pub gesture: Gesture,
}

/// Lines of a list for one step of the wheel.
const WHEEL_LINES: isize = 3;

pub(super) fn touch(app: &mut App, touch: Touch, effects: &mut Vec<Effect>) {
    // what lies over the screen is answered by keys
    if !matches!(app.overlay, Overlay::None) || !(0.0..=1.0).contains(&touch.share) {
        return;
    }
    app.pending.clear();
    let wheel = match touch.gesture {
        Gesture::WheelUp => Some(-1),
        Gesture::WheelDown => Some(1),
        Gesture::Press | Gesture::Drag => None,
    };
    match (touch.spot, wheel) {
        (Spot::Lyrics | Spot::Line(_), Some(step)) => looking::look(app, step),
        (Spot::Line(line), None) if touch.gesture == Gesture::Press => {
            looking::back(app);
            lyrics::go_to(app, line, effects);
        }
        (Spot::Position, Some(step)) => {
            let seconds = app.settings.seek_seconds * -(step as f64);
            transport::seek_by(app, seconds, effects);
        }
        (Spot::Position, None) => {
            if let Some(duration) = app.deck.duration() {
                transport::seek_to(app, duration * touch.share, effects);
            }
        }
        (Spot::Fader, Some(step)) => vocals(app, effects, |fader| fader.nudge(step < 0, STEP)),
        (Spot::Fader, None) => {
            let steps = touch.share * f64::from(LOUDEST) / f64::from(STEP);
            let level = steps.round() as u8 * STEP;
            if level != app.fader.level() {
                vocals(app, effects, |fader| fader.set(level));
            }
        }
        (Spot::Row(_), Some(lines)) => act::step(app, lines * WHEEL_LINES),
        (Spot::Row(row), None) if touch.gesture == Gesture::Press => {
            // the selected one again: as Enter
            if at(app) == row {
                return act(app, Action::SingThis, effects);
            }
            let lines = row as isize - at(app) as isize;
            act::step(app, lines);
        }
        (Spot::Tab(screen), None) if touch.gesture == Gesture::Press => app.go(screen, effects),
        _ => {}
    }
}

/// The selected line of the list that is open.
fn at(app: &App) -> usize {
    match app.screen {
        Screen::Library => app.tracks.cursor.at,
        Screen::Queue if app.shows_sung => app.sung_cursor.at,
        Screen::Queue => app.queue.cursor.at,
        Screen::Jobs => app.board.cursor.at,
        Screen::Sing | Screen::Editor => usize::MAX,
    }
}
