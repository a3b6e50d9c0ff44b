//! What several test programs need to make songs, start players and stand in for engines.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod executable;
pub mod fake_engine;
pub mod media;
pub mod player;
pub mod skip;
