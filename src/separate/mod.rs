//! Separation as the player sees it: a grid of segments, a pipe protocol, and the engine behind it.

pub mod engine;
pub mod protocol;
pub mod segment;
