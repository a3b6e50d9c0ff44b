//! The configuration. `config.toml` at the top of the repository holds the defaults and is part of the
//! program; the user's file needs only what differs.

mod model;
mod parse;
mod place;
mod problem;
mod reader;
mod table;

pub use model::{
    BigText, CacheConfig, ColorChoice, Config, Device, LibraryConfig, LogConfig, LogLevel, LoudnessChoice,
    LyricsConfig, OnUnplug, PlaybackConfig, RemoteConfig, ScreenConfig, SeparationConfig,
};
pub use place::SourcePosition;
pub use problem::ConfigProblem;

/// The default configuration as a commented file.
pub const DEFAULT_TOML: &str = include_str!("../config.toml");
