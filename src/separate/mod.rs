//! Separation as the player sees it: a grid of segments, a pipe protocol, and the engine behind it.

pub mod auto;
pub mod command;
pub mod engine;
mod engine_process;
pub mod error;
pub mod model_candidate;
pub mod models;
pub mod protocol;
pub mod segment;
pub mod speeds;
pub mod vocal_stream;
pub mod window_source;
