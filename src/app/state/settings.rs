//! What the configuration and the last session decide for the app.

use std::path::PathBuf;

use crate::app::state::session::{OutputSettings, SessionSettings};
use crate::app::state::sort_order::Sort;

/// What the configuration and the last session decide for the app.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Separate every song that is found, without a request.
    pub auto_separate: bool,
    /// Separate songs again if a better model than theirs is in use.
    pub redo: bool,
    pub seek_seconds: f64,
    /// Length of the crossfade between songs; 0: the next song begins when the last one ends.
    pub crossfade_seconds: f64,
    /// The settings of the last session.
    pub saved: SessionSettings,
    /// The output and delays of the last session.
    pub outputs: OutputSettings,
    /// The output that the configuration names.
    pub device: Option<String>,
    /// A song whose output was unplugged continues by itself on the next output.
    pub resume_after_unplug: bool,
    /// The music folders, for the welcome screen.
    pub folders: Vec<PathBuf>,
    /// The path of the user's configuration file, for the welcome screen.
    pub config_file: PathBuf,
    /// Leave decorative motion out.
    pub reduce_motion: bool,
    /// The folder for lyrics that are made in the editor.
    pub lyrics_folder: PathBuf,
    /// Seed of the shuffle.
    pub seed: u64,
    /// Seconds since the Unix epoch when the clock of `Event::Tick` was 0.
    pub began_unix: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_separate: true,
            redo: true,
            seek_seconds: 5.0,
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
