//! The engine's integration tests: `croon-separator` as a program, with the bundled models.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod real_engine;
#[path = "../support/skip.rs"]
mod skip;

mod bundled;
mod parity;
mod separator;
mod train;
