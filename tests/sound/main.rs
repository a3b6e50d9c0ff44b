//! The player through a real sound server, in real time: apart from the other tests, because a busy
//! machine makes the server skip.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod server;
#[path = "../support/mod.rs"]
mod support;

mod audible_output;
mod end_to_end;
mod outputs;

/// This program started again as an engine.
#[test]
#[ignore = "the child of other tests"]
fn fake_engine() {
    support::fake_engine::run_if_asked();
}
