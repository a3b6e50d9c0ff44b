//! The mind: the whole state of the player and every decision about it. No file, no device, no
//! clock: [`update`] takes what happened and answers with what is wanted, so every behaviour can
//! be tested as state, keys, state.

pub mod event;

pub use event::{CacheStats, Effect, EngineInfo, Event, Found, Loaded, NextUp, Output, Peaks, Saved};

use std::path::PathBuf;

use crate::keymap::Keymap;

/// What the configuration decides for the mind.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Separate every song unasked.
    pub auto_separate: bool,
    pub seek_seconds: f64,
    pub seek_far_seconds: f64,
    /// Vocal level and volume of last time.
    pub saved: Saved,
    /// The music folders, for the welcome screen.
    pub folders: Vec<PathBuf>,
    /// Where the user's configuration lies or would lie, for the welcome screen.
    pub config_file: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_separate: true,
            seek_seconds: 5.0,
            seek_far_seconds: 30.0,
            saved: Saved {
                level: 20,
                volume: 100,
            },
            folders: Vec::new(),
            config_file: PathBuf::new(),
        }
    }
}

/// The whole state.
#[derive(Debug)]
pub struct App {
    pub settings: Settings,
    pub keymap: Keymap,
}

impl App {
    pub fn new(settings: Settings, keymap: Keymap) -> Self {
        Self { settings, keymap }
    }

    /// Something on the screen changed since `frame_drawn`.
    pub fn needs_frame(&self) -> bool {
        false
    }

    pub fn frame_drawn(&mut self) {}

    /// When the next `Position` (if a song plays) and `Tick` are wanted, on the clock of `Tick`;
    /// None while nothing moves: then wait for the next event, however long.
    pub fn next_wake(&self) -> Option<u64> {
        None
    }
}

/// One event in, the wishes out.
pub fn update(app: &mut App, event: Event) -> Vec<Effect> {
    let _ = (app, event);
    Vec::new()
}
