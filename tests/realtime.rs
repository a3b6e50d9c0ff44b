//! The audio callback under an allocator that ends the program on any use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::num::NonZero;
use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use croon::audio::limiter::CEILING;
use croon::audio::mixer::{Frame, mixer_for};
use croon::audio::player::controls::Shared;

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
    shared.raise_floor(1);
    shared.set_playing(true);
    let mut stretch = 1;
    let mut loudest = 0.0f32;
    for round in 0..4000u32 {
        let mut at = round * 512;
        // Sometimes the feeder is late, for longer than the ring lasts, sometimes it jumps, sometimes the listener plays about.
        if round % 151 > 99 {
            while ring
                .push(Frame {
                    mixture: [0.5; 2],
                    vocals: [0.25; 2],
                    stretch,
                    at,
                })
                .is_ok()
            {
                at += 1;
            }
        }
        if round % 127 == 0 {
            stretch += 1;
            shared.announce(stretch, 1, rate, at, 1.0);
            shared.set_gain(stretch, (stretch % 4) as f32);
            shared.raise_floor(stretch);
        }
        shared.set_playing(round % 31 != 0);
        shared.set_complete(round % 53 == 0);
        shared.set_level((round % 7) as f32 / 3.0);
        shared.set_solo(round % 43 == 0);
        shared.set_duck((round % 3) as f32 / 2.0);
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
