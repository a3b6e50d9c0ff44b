//! The player: songs in, sound out, and a clock that follows what is heard.
//!
//! Two threads stand behind the handle: the feeder, which decodes, and the output, which holds the
//! device, or the silent clock where there is none. Nothing here ever waits for either.

mod aligned_resampler;
pub mod command;
pub mod controls;
mod cpal_backend;
pub mod event;
pub mod feeder;
pub mod mixer;
mod null_output;
pub mod output_backend;
mod output_thread;
mod priority;
mod pulse_backend;
pub(in crate::audio) mod ring_writer;
pub mod settings;
pub mod song;
pub(in crate::audio) mod song_reader;
mod underrun_detector;
mod vocal_reader;

pub use crate::audio::player::output_thread::devices;

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, unbounded};

use crate::audio::player::command::PlayerCommand;
use crate::audio::player::controls::Shared;
use crate::audio::player::cpal_backend::CpalBackend;
use crate::audio::player::event::{PlayerEvent, Position};
use crate::audio::player::feeder::Feeder;
use crate::audio::player::output_backend::OutputBackend;
use crate::audio::player::output_thread::{OutputRequest, OutputThread, Times};
use crate::audio::player::settings::PlayerSettings;
use crate::audio::player::song::PlayerSong;
use crate::key_tempo::KeyTempo;

/// The handle. Dropping it stops the sound.
pub struct Player {
    commands: Sender<PlayerCommand>,
    shared: Arc<Shared>,
    feeder: Option<JoinHandle<()>>,
    /// Dropped to end the output thread.
    output: Option<Sender<OutputRequest>>,
}

impl Player {
    /// Starts the threads; the device is opened in the background.
    pub fn start(settings: PlayerSettings, on: impl Fn(PlayerEvent) + Send + 'static) -> Self {
        Self::start_with(settings, CpalBackend::default, Times::default(), on)
    }

    /// `system` is made in the output's own thread, which then owns it.
    fn start_with<S: OutputBackend>(
        settings: PlayerSettings,
        system: impl FnOnce() -> S + Send + 'static,
        times: Times,
        on: impl Fn(PlayerEvent) + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let (commands, inbox) = unbounded();
        let for_feeder = shared.clone();
        // A system that gives no thread gives no sound; the rest of the program goes on.
        let feeder = std::thread::Builder::new()
            .name("feeder".into())
            .spawn(move || Feeder::new(for_feeder, on).run(&inbox))
            .ok();
        let (output, requests) = unbounded();
        let (to_feeder, for_output) = (commands.clone(), shared.clone());
        let spawned = std::thread::Builder::new().name("output".into()).spawn(move || {
            OutputThread::new(settings, system(), times, for_output, to_feeder, requests).run()
        });
        if let Err(error) = spawned {
            tracing::error!("no thread for the sound output: {error}");
        }
        Self {
            commands,
            shared,
            feeder,
            output: Some(output),
        }
    }

    /// Plays this song instead of whatever plays or waits.
    pub fn load(&self, song: PlayerSong, playing: bool) {
        self.send(PlayerCommand::Load(song, playing));
    }

    /// What follows the song heard now, without a gap or over its end; `None` takes it back.
    pub fn queue_next(&self, song: Option<PlayerSong>) {
        self.send(PlayerCommand::Queue(song));
    }

    pub fn play(&self) {
        self.shared.set_playing(true);
        self.send(PlayerCommand::Wake);
    }

    pub fn pause(&self) {
        self.shared.set_playing(false);
    }

    /// Goes to this second of the song heard now.
    pub fn seek(&self, seconds: f64) {
        self.send(PlayerCommand::Seek(seconds));
    }

    /// Key and tempo of the song heard now, from where it is.
    pub fn set_key_tempo(&self, key_tempo: KeyTempo) {
        self.send(PlayerCommand::KeyTempo(key_tempo));
    }

    /// Goes round between these seconds of the song heard now; `None` goes on to its end. A place behind
    /// the end of the loop becomes its start.
    pub fn set_loop(&self, seconds: Option<(f64, f64)>) {
        self.send(PlayerCommand::Loop(seconds));
    }

    /// More vocals are known than when the songs were loaded: those of what is decoded ahead are read
    /// again and fade in.
    pub fn refresh_vocals(&self) {
        self.send(PlayerCommand::Vocals);
    }

    /// How much of the vocals is heard: 1 is the original, 0 takes them out, 2 doubles them.
    pub fn set_level(&self, level: f32) {
        self.shared.set_level(level);
    }

    /// Only the vocals are heard.
    pub fn set_solo(&self, solo: bool) {
        self.shared.set_solo(solo);
    }

    /// 0 to 1.
    pub fn set_volume(&self, volume: f32) {
        self.shared.set_volume(volume);
    }

    /// Plays on the output of this name from now on, the song going on where it is; `None` goes back
    /// to the configured or default one.
    pub fn choose_output(&self, name: Option<String>) {
        self.request(OutputRequest::Choose(name));
    }

    /// Answered by [`PlayerEvent::Outputs`].
    pub fn list_outputs(&self) {
        self.request(OutputRequest::List);
    }

    /// What the device adds to the way to the ear, in milliseconds: positions are told so much
    /// earlier.
    pub fn set_output_delay(&self, delay_ms: u32) {
        self.shared.set_delay_ms(delay_ms);
    }

    /// Where the listener is, the device's buffer and its delay taken off.
    pub fn position(&self) -> Position {
        self.shared.position()
    }

    /// Times the sound broke off because decoding did not keep up.
    pub fn underruns(&self) -> u64 {
        self.shared.underruns()
    }

    fn request(&self, request: OutputRequest) {
        if let Some(output) = &self.output {
            // As above: it is gone only when its thread never began.
            let _ = output.send(request);
        }
    }

    fn send(&self, command: PlayerCommand) {
        // A feeder that is gone has said why in the log.
        let _ = self.commands.send(command);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.shared.set_playing(false);
        self.output = None;
        self.send(PlayerCommand::Quit);
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
        tracing::info!("the sound ran dry {} times", self.underruns());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Vocals;
    use crate::output_state::OutputState;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    struct Nothing;

    impl Vocals for Nothing {
        fn rate(&self) -> u32 {
            44_100
        }
        fn read(&mut self, _: u64, _: &mut [f32]) -> bool {
            false
        }
    }

    #[test]
    fn without_a_device_everything_moves_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("short.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 22_050,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        (0..11_025).for_each(|i| writer.write_sample((i % 100) as i16 * 100).unwrap());
        writer.finalize().unwrap();
        let (tell, events) = mpsc::channel();
        let settings = PlayerSettings {
            output: false,
            ..PlayerSettings::default()
        };
        let player = Player::start(settings, move |event| tell.send(event).unwrap());
        player.load(
            PlayerSong {
                play_id: 3,
                path,
                vocals: Box::new(Nothing),
                start: 0.0,
                gain: 1.0,
                crossfade: 0.0,
                key_tempo: KeyTempo::default(),
            },
            true,
        );
        let began = Instant::now();
        let mut told = Vec::new();
        while !matches!(told.last(), Some(PlayerEvent::Ended { play_id: 3 })) {
            told.push(
                events
                    .recv_timeout(Duration::from_secs(60))
                    .expect("the song never ended"),
            );
        }
        assert!(
            began.elapsed() >= Duration::from_millis(400),
            "half a second went by in {:?}",
            began.elapsed()
        );
        assert!(
            told.contains(&PlayerEvent::Started {
                play_id: 3,
                duration: Some(0.5)
            }),
            "{told:?}"
        );
        assert!(
            told.iter()
                .any(|event| matches!(event, PlayerEvent::Output(OutputState::Silent { .. })))
        );
        let position = player.position();
        assert_eq!(position.play_id, 3);
        assert!((position.seconds - 0.5).abs() < 1e-3, "{position:?}");
    }
}
