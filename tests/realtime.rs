//! The audio callback under an allocator that ends the program on any use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};

use croon::audio::Vocals;
use croon::audio::frame::{Frame, OutgoingFrame};
use croon::audio::player::command::PlayerCommand;
use croon::audio::player::controls::Shared;
use croon::audio::player::event::PlayerEvent;
use croon::audio::player::feeder::Feeder;
use croon::audio::player::mixer::limiter::CEILING;
use croon::audio::player::mixer::mixer_for;
use croon::audio::player::song::PlayerSong;
use croon::key_tempo::KeyTempo;
use croon::output_state::OutputState;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn the_callback_neither_allocates_nor_frees() {
    for channels in [1, 2, 6] {
        play_about(channels);
    }
}

fn play_about(channels: u16) {
    let rate = 48_000;
    let shared = Arc::new(Shared::default());
    let (rate_of_device, channels) = (NonZero::new(rate).unwrap(), NonZero::new(channels).unwrap());
    let (mut ring, mut source) = mixer_for(rate_of_device, channels, shared.clone());
    shared.announce(1, 1, rate, 0, 1.0);
    shared.set_min_generation(1);
    shared.set_playing(true);
    let mut generation = 1;
    let mut loudest = 0.0f32;
    for round in 0..4000u32 {
        let mut at = round * 512;
        // Sometimes the feeder is late, for longer than the ring lasts, sometimes it jumps, sometimes the listener plays about.
        if round % 151 > 99 {
            while ring
                .push(Frame {
                    mixture: [0.5; 2],
                    vocals: [0.25; 2],
                    generation,
                    at,
                    tail: OutgoingFrame {
                        mixture: [0.4; 2],
                        vocals: [0.2; 2],
                        share: if round % 200 < 120 { 0.7 } else { 0.0 },
                    },
                })
                .is_ok()
            {
                at += 1;
            }
        }
        if round % 127 == 0 {
            generation += 1;
            shared.announce(generation, 1, rate, at, 1.0);
            shared.set_gain(generation, (generation % 4) as f32);
            shared.set_min_generation(generation);
        }
        shared.set_playing(round % 31 != 0);
        shared.set_complete(round % 53 == 0);
        shared.set_level((round % 7) as f32 / 3.0);
        shared.set_solo(round % 43 == 0);
        shared.set_delay_ms(round % 300);
        shared.set_volume((round % 5) as f32 / 4.0);
        loudest = assert_no_alloc(|| {
            source
                .by_ref()
                .take(512 * usize::from(channels.get()))
                .fold(loudest, |most, sample| most.max(sample.abs()))
        });
    }
    assert!(
        loudest > 0.85,
        "nothing was loud enough for the limiter: {loudest}"
    );
    assert!(loudest <= CEILING * 1.000_001, "{loudest}");
    assert!(
        shared.underruns() > 0,
        "the ring never ran dry, so that was not tried"
    );
    assert!(shared.position().seconds > 1.0);
}

/// A song of a loud chord, and the singer in it.
fn song(folder: &Path, play_id: u64, seconds: u32, key_tempo: KeyTempo, crossfade: f64) -> PlayerSong {
    let path = folder.join(format!("{play_id}.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..seconds * 44_100 {
        let sample = wave(frame, 220.0 + play_id as f32 * 30.0) * 0.4 + wave(frame, 700.0) * 0.3;
        (0..2).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    PlayerSong {
        play_id,
        path,
        vocals: Box::new(Sung),
        start: 0.0,
        gain: 1.0 + play_id as f32,
        crossfade,
        key_tempo,
    }
}

fn wave(frame: u32, hz: f32) -> f32 {
    (frame as f32 * hz * std::f32::consts::TAU / 44_100.0).sin()
}

struct Sung;

impl Vocals for Sung {
    fn rate(&self) -> u32 {
        44_100
    }

    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        for (at, frame) in out.chunks_mut(2).enumerate() {
            frame.fill(wave(start as u32 + at as u32, 700.0) * 0.3);
        }
        true
    }
}

/// Everything at once, from the file to the device: two songs in other keys and tempos, made louder than
/// the limiter lets through, one going over into the other while a loop shorter than a buffer turns, vocals
/// become known, the listener seeks and plays about, and the feeder comes late.
#[test]
fn nothing_the_feeder_can_send_makes_the_callback_allocate() {
    let folder = tempfile::tempdir().unwrap();
    let shared = Arc::new(Shared::default());
    let (tell, events) = std::sync::mpsc::channel();
    let mut feeder = Feeder::new(shared.clone(), move |event| tell.send(event).unwrap());
    let (rate, channels) = (NonZero::new(48_000).unwrap(), NonZero::new(2).unwrap());
    let (ring, mut source) = mixer_for(rate, channels, shared.clone());
    feeder.apply(PlayerCommand::Attach {
        ring,
        rate: rate.get(),
        latency: 2048,
        state: OutputState::Silent {
            reason: "a test".into(),
        },
    });
    let (mut loudest, mut crossed) = (0.0f32, 0);
    for round in 0..1600u32 {
        let play_id = u64::from(round / 400) * 2 + 1;
        let tempo = [80, 100, 150, 50][(round / 400) as usize];
        match round % 400 {
            0 => {
                let changed = KeyTempo::new(3 - play_id as i8, tempo);
                feeder.apply(PlayerCommand::Load(
                    song(folder.path(), play_id, 2, changed, 0.0),
                    true,
                ));
                let next = song(folder.path(), play_id + 1, 3, KeyTempo::new(-2, 120), 0.7);
                feeder.apply(PlayerCommand::Queue(Some(next)));
            }
            20 => feeder.apply(PlayerCommand::Loop(Some((0.2, 0.202)))),
            60 => feeder.apply(PlayerCommand::Loop(None)),
            70 => feeder.apply(PlayerCommand::KeyTempo(KeyTempo::new(1, tempo))),
            90 => feeder.apply(PlayerCommand::Seek(0.8)),
            at if at % 37 == 0 => feeder.apply(PlayerCommand::Vocals),
            _ => {}
        }
        shared.set_level((round % 7) as f32 / 3.0);
        shared.set_solo(round % 43 == 0);
        shared.set_volume(0.5 + (round % 5) as f32 / 8.0);
        shared.set_playing(round % 97 != 0);
        if round % 61 < 50 {
            feeder.step();
        }
        loudest = assert_no_alloc(|| {
            source
                .by_ref()
                .take(512 * usize::from(channels.get()))
                .fold(loudest, |most, sample| most.max(sample.abs()))
        });
        crossed += events
            .try_iter()
            .filter(|event| matches!(event, PlayerEvent::Started { play_id, .. } if play_id % 2 == 0))
            .count();
    }
    assert_eq!(crossed, 4, "a song did not go over into the next");
    assert!(
        loudest > 0.85,
        "nothing was loud enough for the limiter: {loudest}"
    );
    assert!(loudest <= CEILING * 1.000_001, "{loudest}");
}
