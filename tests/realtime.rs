//! The audio callback under an allocator that ends the program on any use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::num::NonZero;
use std::sync::Arc;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use croon::audio::mixer::{Frame, mixer};
use croon::audio::player::controls::Shared;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn the_callback_neither_allocates_nor_frees() {
    let rate = 48_000;
    let shared = Arc::new(Shared::default());
    let (mut ring, mut source) = mixer(NonZero::new(rate).expect("a rate"), shared.clone());
    shared.announce(1, 1, rate, 0, 1.0);
    shared.raise_floor(1);
    shared.set_playing(true);
    let mut stretch = 1;
    let mut loudest = 0.0f32;
    for round in 0..4000u32 {
        let mut at = round * 512;
        // Sometimes the feeder is late, sometimes it jumps, sometimes the listener plays about.
        if round % 97 > 45 {
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
        if round % 61 == 0 {
            stretch += 1;
            shared.announce(stretch, 1, rate, at, 1.0);
            shared.raise_floor(stretch);
        }
        shared.set_playing(round % 31 != 0);
        shared.set_complete(round % 53 == 0);
        shared.set_level((round % 7) as f32 / 6.0);
        shared.set_volume((round % 5) as f32 / 4.0);
        loudest = assert_no_alloc(|| {
            source
                .by_ref()
                .take(1024)
                .fold(loudest, |most, sample| most.max(sample.abs()))
        });
    }
    assert!(loudest > 0.4 && loudest <= 0.5, "{loudest}");
    assert!(
        shared.underruns() > 0,
        "the ring never ran dry, so that was not tried"
    );
    assert!(shared.position().seconds > 1.0);
}
