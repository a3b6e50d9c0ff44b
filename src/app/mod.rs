//! The state of the player and every decision about it, without files, devices or clocks.
//! [`update`](update()) applies an event to the state and returns the effects that the services have to
//! carry out, so every behaviour can be tested with events alone.

#[allow(clippy::module_inception, reason = "the file bears the name of its type")]
mod app;
pub mod message;
pub mod overlay;
pub mod queries;
pub mod state;
pub(crate) mod update;

pub use crate::app::message::payload::{LoadedSong, NextUp};
pub use crate::app::message::pointer::{PointerEvent, PointerTarget};
pub use crate::app::message::{Effect, Event, RequestResult};
pub use crate::app::overlay::{Overlay, Prompt, PromptKind};
pub use crate::app::state::cache_stats::CacheStats;
pub use crate::app::state::deck::Deck;
pub use crate::app::state::editor::Editor;
pub use crate::app::state::fader::Fader;
pub use crate::app::state::job_queue::JobQueue;
pub use crate::app::state::outputs::Outputs;
pub use crate::app::state::queue::Queue;
pub use crate::app::state::scan_progress::ScanProgress;
pub use crate::app::state::separation::EngineState;
pub use crate::app::state::session::{
    OutputSettings, ResumePoint, Session, SessionQueue, SessionSettings, SungSong,
};
pub use crate::app::state::settings::Settings;
pub use crate::app::state::song_history::SongHistory;
pub use crate::app::state::song_lyrics::FoundLyrics;
pub use crate::app::state::sort_order::Sort;
pub use crate::app::state::toasts::Toasts;
pub use crate::app::state::tracks::{FoundSong, Tracks};
pub use crate::app::update::update;
pub use crate::waveform::Peaks;
pub use app::{App, CHROME_ROWS};
