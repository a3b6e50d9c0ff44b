//! What the configuration and the last session decide for the app.

use std::path::PathBuf;

use crate::app::state::session::{OutputSettings, SessionSettings};
use crate::app::state::sort_order::Sort;

/// What the configuration decides for the mind.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Separate every song unasked.
    pub auto_separate: bool,
    /// Separate songs again, unasked, whose vocals are of a model not as good as the one in use.
    pub redo: bool,
    pub seek_seconds: f64,
    pub seek_far_seconds: f64,
    /// Over which one song goes into the next; 0: the next begins where the last ended.
    pub crossfade_seconds: f64,
    /// Vocal level and volume of last time.
    pub saved: SessionSettings,
    /// Output and delays of last time.
    pub outputs: OutputSettings,
    /// The output the configuration names.
    pub device: Option<String>,
    /// A song whose output went away goes on by itself on the next one.
    pub resume_after_unplug: bool,
    /// The music folders, for the welcome screen.
    pub folders: Vec<PathBuf>,
    /// Where the user's configuration lies or would lie, for the welcome screen.
    pub config_file: PathBuf,
    /// What moves only to please is left out.
    pub reduce_motion: bool,
    /// Where lyrics go that are made here.
    pub lyrics_folder: PathBuf,
    /// Decides how songs are shuffled.
    pub seed: u64,
    /// Seconds since the Unix epoch at the zero of `Event::Tick`'s clock.
    pub began_unix: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_separate: true,
            redo: true,
            seek_seconds: 5.0,
            seek_far_seconds: 30.0,
            crossfade_seconds: 0.0,
            saved: SessionSettings {
                level: 20,
                volume: 100,
                sort: Sort::default(),
                readings: false,
            },
            outputs: OutputSettings::default(),
            device: None,
            resume_after_unplug: true,
            folders: Vec::new(),
            config_file: PathBuf::new(),
            reduce_motion: false,
            lyrics_folder: PathBuf::new(),
            seed: 1,
            began_unix: 0,
        }
    }
}
