//! The player's integration tests, one program because linking costs more than the tests' own code.
//! A test that changes its whole process (allocator, environment, limits) is a program of its own, or
//! starts this one again as a child.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

mod app;
mod app_library;
mod app_sound;
mod cdg;
mod cli;
mod config;
mod ctl;
mod decode_bad_input;
mod engine;
mod eval;
mod formats;
mod jobs;
mod library;
mod lists;
mod lrclib;
mod lyrics;
mod lyrics_bad_input;
mod lyrics_editor;
mod lyrics_real;
mod lyrics_sync;
mod model_names;
#[cfg(feature = "dbus")]
mod mpris;
mod museval;
mod protocol;
mod ready_stems;
mod redo;
mod remote;
mod screens;
mod segments;
mod separate;
mod setup;
mod sing;
mod store;
mod terminal;
mod terminal_session;

/// This program started again as an engine.
#[test]
#[ignore = "the child of other tests"]
fn fake_engine() {
    support::fake_engine::run_if_asked();
}
