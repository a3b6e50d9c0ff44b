//! croon: karaoke from your own music, in the terminal.
//!
//! The house, floor by floor; a room may use the floors above it in this list and its neighbours
//! only where ARCHITECTURE in the README says so (`tests/architecture.rs` holds everybody to it).
//!
//! * words: plain data, no I/O, no threads. [`track`], [`key_tempo`], [`song_memory`],
//!   [`lyrics`], [`singing`], [`m3u`], [`config`], [`action`], [`keymap`], [`request`]
//! * machines: they touch files, devices and the engine. [`audio`], [`separate`], [`judge`],
//!   [`store`], [`library`], [`lrclib`], [`readings`], [`jobs`], [`remote`]
//! * mind: every decision, no I/O. [`app`]
//! * face: state in, cells out. [`ui`], [`terminal`]
//! * shell: [`cli`], [`commands`], [`run`]
//!
//! The network itself lives in the second program, `croon-separator`, which alone links libtorch;
//! [`separate::engine`] starts it as a child and talks to it over a pipe.

pub mod action;
pub mod app;
pub mod audio;
pub mod cli;
pub mod commands;
pub mod config;
pub mod files;
pub mod jobs;
pub mod judge;
pub mod key_tempo;
pub mod keymap;
pub mod library;
pub mod logging;
pub mod lrclib;
pub mod lyrics;
pub mod m3u;
pub mod paths;
pub mod readings;
pub mod remote;
pub mod request;
pub mod run;
pub mod separate;
pub mod singing;
pub mod song_memory;
pub mod store;
pub mod terminal;
pub mod text;
pub mod track;
pub mod ui;
