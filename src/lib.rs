//! croon: karaoke from your own music, in the terminal.
//!
//! The modules form layers. A module imports only from lower layers, and from the modules of its own
//! layer that `tests/architecture.rs` allows; that test checks every file. From the lowest up:
//!
//! * **model**: plain data without I/O or threads. [`action`], [`config`], [`engine_info`],
//!   [`key_tempo`], [`keymap`], [`lyrics`], [`m3u`], [`output_state`], [`request`], [`song_settings`],
//!   [`text`], [`track`], [`vocal_timing`], [`waveform`]
//! * **services**: files, devices, the network and the engine. [`audio`], [`files`], [`jobs`],
//!   [`judge`], [`library`], [`logging`], [`lrclib`], [`paths`], [`remote`],
//!   [`romanization`], [`separate`], [`store`]
//! * **app**: the whole state and every decision, without I/O. [`app`]
//! * **ui**: draws the state as terminal cells and reads the terminal. [`ui`], [`terminal`]
//! * **shell**: the command line, and the wiring of services, app and ui. [`cli`], [`commands`],
//!   [`run`]
//!
//! The neural network is in the second program, `croon-separator`, which alone links libtorch;
//! [`separate::engine`] starts it as a child process and talks to it over a pipe.

pub mod action;
pub mod app;
pub mod audio;
pub mod cli;
pub mod commands;
pub mod config;
pub mod engine_info;
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
pub mod output_state;
pub mod paths;
pub mod remote;
pub mod request;
pub mod romanization;
pub mod run;
pub mod separate;
#[path = "../tests/support/skip.rs"]
#[cfg(test)]
mod skip;
pub mod song_settings;
pub mod store;
pub mod terminal;
pub mod text;
pub mod track;
pub mod ui;
pub mod vocal_timing;
pub mod waveform;
