//! The parts of the state. None of them knows `App`, so each can be tested alone.

pub mod cursor;
pub mod damage;
pub mod deck;
pub mod editor;
pub mod fader;
pub mod job_queue;
pub mod lyrics_moment;
pub mod machines;
pub mod outputs;
pub(crate) mod playback_clock;
pub(crate) mod priority;
pub mod queue;
pub(crate) mod search_index;
pub(crate) mod search_query;
pub mod session;
pub mod song_history;
pub mod song_key;
pub(crate) mod song_lyrics;
pub mod sort_order;
pub mod toasts;
pub mod tracks;
pub(crate) mod vocal_fallback;
pub mod vocal_map;
