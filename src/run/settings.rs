//! The settings the app starts with, from the configuration and the last session.

use std::path::PathBuf;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::app::{Event, SessionSettings, Settings, Sort};
use crate::commands::Context;
use crate::config::OnUnplug;
use crate::jobs::lyrics::Places;
use crate::lrclib::Lrclib;
use crate::run::message::InboundMessage;
use crate::run::playlists;
use crate::song_settings::LOUDEST_LEVEL;
use crate::store::StemStore;

/// [`SessionSettings`] as they lie in the catalogue.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SavedSettings {
    pub level: u8,
    pub volume: u8,
    #[serde(default)]
    pub sort: Sort,
    /// Not in what earlier versions wrote.
    #[serde(default)]
    pub readings: bool,
}

pub fn settings(context: &Context, store: &StemStore, roots: &[PathBuf]) -> Settings {
    let playback = &context.config.playback;
    let kept: Option<SavedSettings> = store.state(SAVED);
    Settings {
        auto_separate: context.config.library.auto_separate,
        redo: context.separates_again(),
        seek_seconds: playback.seek_seconds,
        crossfade_seconds: playback.crossfade_seconds,
        saved: SessionSettings {
            level: kept.map_or(playback.vocals_level, |kept| kept.level.min(LOUDEST_LEVEL)),
            volume: kept.map_or(playback.volume, |kept| kept.volume.min(100)),
            sort: kept.map(|kept| kept.sort).unwrap_or_default(),
            readings: kept.is_some_and(|kept| kept.readings),
        },
        outputs: store.state(OUTPUTS).unwrap_or_default(),
        device: Some(playback.device.clone()).filter(|name| !name.is_empty()),
        resume_after_unplug: playback.on_unplug == OnUnplug::Resume,
        folders: roots.to_vec(),
        config_file: context.paths.config_file.clone(),
        reduce_motion: context.config.screen.reduce_motion,
        lyrics_folder: context.paths.lyrics(),
        seed: playlists::now_unix() as u64,
        began_unix: playlists::now_unix(),
    }
}

/// Where lyrics are looked for; the server only where the configuration lets it be asked.
pub fn lyric_places(context: &Context, store: &StemStore, to_main: &Sender<InboundMessage>) -> Places {
    let config = &context.config.lyrics;
    let server = config.lrclib.then(|| Lrclib::new(&config.lrclib_server));
    let server = server.transpose().unwrap_or_else(|error| {
        drop(to_main.send(InboundMessage::Event(Event::Notice(error.to_string()))));
        None
    });
    Places {
        folders: context.lyrics_folders(),
        store: Some(store.clone()),
        server,
    }
}

/// Under which the catalogue keeps the outputs chosen and their delays.
pub(crate) const OUTPUTS: &str = "outputs";

/// Under which the catalogue keeps [`crate::app::SessionSettings`].
pub const SAVED: &str = "screen";
