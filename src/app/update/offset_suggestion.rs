//! What the singer's trace says about the times of the lyrics: asked for once the vocals are whole,
//! offered in words, taken by one key, and never done unasked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::queries::offset_change_text;
use crate::app::state::deck::{DeckSong, Stage};
use crate::app::state::song_lyrics::VocalAnalysis;
use crate::lyrics::LyricsSource;
use crate::song_settings::Change;
use crate::track::TrackId;
use crate::vocal_timing::{Trace, offset};

/// Asks for the trace of the song on the deck, once there are words to fit to it.
pub fn request_analysis(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(song) = app.deck.song.as_mut() else {
        return;
    };
    let ready = song.stage == Stage::Ready && song.vocals.complete && song.lyrics.found().is_some();
    let asked = match &song.lyrics.analysis {
        // without whole vocals the mixture was all there was
        VocalAnalysis::Done(_) => song.lyrics.analysis.knows_vocals(),
        VocalAnalysis::Requested(_) | VocalAnalysis::Failed => true,
        VocalAnalysis::NotRequested => false,
    };
    if !ready || asked || song.id.is_none() {
        return;
    }
    let Some(entry) = app.tracks.get(song.key) else {
        return;
    };
    song.lyrics.analysis = VocalAnalysis::Requested(false);
    effects.push(Effect::AnalyseVocals {
        path: entry.track.path.clone(),
        id: song.id,
        or_mixture: false,
    });
}

/// Wants the trace of the song on the deck, if need be of all its music.
pub fn request_any_analysis(app: &mut App, path: PathBuf, id: Option<TrackId>) -> Option<Effect> {
    let song = app.deck.song.as_mut()?;
    if song.lyrics.analysis.trace().is_some() {
        return None;
    }
    song.lyrics.analysis = VocalAnalysis::Requested(true);
    Some(Effect::AnalyseVocals {
        path,
        id,
        or_mixture: true,
    })
}

/// A song was listened to.
pub fn analysis_done(app: &mut App, path: &Path, trace: Option<Arc<Trace>>) {
    let key = app.tracks.key(path);
    let Some(song) = app.deck.song.as_mut().filter(|song| Some(song.key) == key) else {
        return;
    };
    let heard = trace.map_or(VocalAnalysis::Failed, VocalAnalysis::Done);
    // a mixture asked for earlier does not go over the vocals
    if song.lyrics.analysis.knows_vocals() && !heard.knows_vocals() {
        return;
    }
    song.lyrics.analysis = heard;
    song.lyrics.estimate_times(&song.vocals, song.duration);
    suggest(song);
    if let Some(words) = song.lyrics.suggested.map(offset_change_text) {
        let key = app.keymap.key_name(Screen::Sing, Action::TakeOffset);
        let how = key
            .map(|key| format!(": {key} on Sing moves them"))
            .unwrap_or_default();
        app.toast(format!("{words} would fit the singer{how}"));
    }
}

/// Looks whether the lyrics of a song would fit better elsewhere; not where the listener moved or
/// timed them.
pub(super) fn suggest(song: &mut DeckSong) {
    song.lyrics.suggested = None;
    let Some(lyrics) = song.lyrics.found().cloned() else {
        return;
    };
    if song.memory.lyrics_offset_ms != 0 || song.lyrics.moved_by_hand || lyrics.source == LyricsSource::Edited
    {
        return;
    }
    let found = song
        .lyrics
        .analysis
        .trace()
        .and_then(|trace| offset::find(&lyrics, trace));
    song.lyrics.suggested = found
        .filter(offset::OffsetEstimate::is_worth_offering)
        .map(|found| found.later_ms);
}

/// The listener moves the lyrics: what was offered is void.
pub(super) fn dismiss(app: &mut App) {
    if let Some(song) = app.deck.song.as_mut() {
        song.lyrics.suggested = None;
        song.lyrics.moved_by_hand = true;
    }
}

/// `y`: as suggested.
pub fn accept(app: &mut App) {
    let suggested = app.deck.song.as_ref().and_then(|song| song.lyrics.suggested);
    let Some(later) = suggested else {
        return app.toast("no other time is suggested for these lyrics; z and Z move them by hand");
    };
    dismiss(app);
    app.remember(Change::LyricsOffset(later as i32));
    app.toasts
        .replace_info(app.now_ms, "lyrics ", offset_change_text(later));
}
