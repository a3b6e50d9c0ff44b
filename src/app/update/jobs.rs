//! TODO

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::job_queue::{Line, Stopping};
use crate::app::state::priority::Wish;
use crate::app::update::separation;
use crate::track::StemState;

/// What is wrong in the selected line of the Jobs screen, all of it: heading and words.
pub(crate) fn whole_reason(app: &App) -> Option<(String, String)> {
    match app.board.selected() {
        Some(Line::Failed(at)) => {
            let failed = app.board.failed.get(at)?;
            Some((app.title(failed.key), failed.reason.clone()))
        }
        Some(Line::Trouble(at)) => Some(("trouble".into(), app.board.troubles.get(at)?.clone())),
        Some(Line::Running | Line::Waiting(_)) => None,
        None => Some(("separation stands still".into(), app.board.halted.clone()?)),
    }
}

pub(crate) fn cancel(app: &mut App, effects: &mut Vec<Effect>) {
    match app.board.selected() {
        Some(Line::Running) => separation::stop(app, Stopping::ForGood, effects),
        Some(Line::Waiting(at)) => {
            let Some(key) = app.board.waiting().get(at).map(|w| w.key) else {
                return;
            };
            app.board.forget_waiting(key);
            if let Some(entry) = app.tracks.get_mut(key) {
                entry.set_stems(StemState::New);
            }
        }
        Some(Line::Failed(at)) => {
            app.board.failed.remove(at);
        }
        Some(Line::Trouble(at)) => {
            app.board.troubles.remove(at);
        }
        None => {}
    }
    app.board.cursor.clamp(app.board.len());
}

pub(crate) fn retry(app: &mut App) {
    match app.board.selected() {
        Some(Line::Failed(at)) => {
            let key = app.board.failed[at].key;
            separation::ask(app, key, Wish::Asked);
        }
        _ => separation::wake(app),
    }
}
