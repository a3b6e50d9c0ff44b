//! The keys of the Jobs screen: cancel, retry, and read a reason in full.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::job_queue::{JobLine, StopReason};
use crate::app::state::priority::Priority;
use crate::app::update::separation;
use crate::track::StemState;

/// What is wrong in the selected line of the Jobs screen, all of it: heading and words.
pub(crate) fn whole_reason(app: &App) -> Option<(String, String)> {
    match app.jobs.selected() {
        Some(JobLine::Failed(at)) => {
            let failed = app.jobs.failed.get(at)?;
            Some((app.title(failed.key), failed.reason.clone()))
        }
        Some(JobLine::Notice(at)) => Some(("trouble".into(), app.jobs.notices.get(at)?.clone())),
        Some(JobLine::Running | JobLine::Waiting(_)) => None,
        None => Some(("separation stands still".into(), app.jobs.paused.clone()?)),
    }
}

pub(crate) fn cancel(app: &mut App, effects: &mut Vec<Effect>) {
    match app.jobs.selected() {
        Some(JobLine::Running) => separation::stop(app, StopReason::ForGood, effects),
        Some(JobLine::Waiting(at)) => {
            let Some(key) = app.jobs.waiting().get(at).map(|w| w.key) else {
                return;
            };
            app.jobs.forget_waiting(key);
            if let Some(entry) = app.tracks.get_mut(key) {
                entry.set_stems(StemState::New);
            }
        }
        Some(JobLine::Failed(at)) => {
            app.jobs.failed.remove(at);
        }
        Some(JobLine::Notice(at)) => {
            app.jobs.notices.remove(at);
        }
        None => {}
    }
    app.jobs.cursor.clamp(app.jobs.len());
}

pub(crate) fn retry(app: &mut App) {
    match app.jobs.selected() {
        Some(JobLine::Failed(at)) => {
            let key = app.jobs.failed[at].key;
            separation::request(app, key, Priority::Requested);
        }
        _ => separation::unpause(app),
    }
}
