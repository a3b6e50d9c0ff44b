//! In which order the Library stands, and what is known of a song that orders go by.

use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::state::song_history::SongHistory;
use crate::app::state::sort_order::Sort;
use crate::app::state::tracks::Tracks;
use crate::app::update::autosave;

/// `o` and a letter.
pub(super) fn sort_by(app: &mut App, sort: Sort) {
    app.tracks.set_sort(sort);
    app.toast(format!("the Library stands {}", sort.text()));
    autosave::state_changed(app);
}

/// `p`: this song's vocals stay in the cache whatever comes, or may go again.
pub(super) fn pin(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(entry) = app.selected().and_then(|key| app.tracks.get_mut(key)) else {
        return;
    };
    entry.history.pinned = !entry.history.pinned;
    let (pinned, title) = (entry.history.pinned, entry.track.title());
    effects.push(Effect::Pin {
        path: entry.track.path.clone(),
        id: entry.track.id,
        pinned,
    });
    app.toast(if pinned {
        format!("{title} is pinned: its vocals stay in the cache")
    } else {
        format!("{title} is no longer pinned")
    });
}

impl Tracks {
    /// What was remembered of the song at this path is this now.
    pub(super) fn update_history(
        &mut self,
        path: &std::path::Path,
        now: impl FnOnce(SongHistory) -> SongHistory,
    ) {
        let Some(entry) = self.find(path) else { return };
        let before = entry.history;
        entry.history = now(before);
        let moved = (before.plays, before.last_sung) != (entry.history.plays, entry.history.last_sung);
        if moved && self.sort().goes_by_singing() {
            self.set_sort(self.sort());
        }
    }
}
