//! Separation as the player sees it: a grid of segments, a pipe protocol, and the engine behind it.

pub mod auto;
mod child;
pub mod command;
pub mod engine;
pub mod mixture;
pub mod models;
pub mod protocol;
pub mod segment;
pub mod stream;
