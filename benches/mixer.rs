//! The mixer's share of its time budget: 512 frames at 48 kHz last 10.7 ms.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::num::NonZero;
use std::sync::Arc;

use croon::audio::mixer::{Frame, mixer};
use croon::audio::player::controls::Shared;

const RATE: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(47_999);
const FRAMES: usize = 512;

fn main() {
    divan::main();
}

#[divan::bench]
fn callback_of_512_frames(bencher: divan::Bencher) {
    let shared = Arc::new(Shared::default());
    let (mut ring, mut source) = mixer(RATE, shared.clone());
    shared.announce(1, 1, RATE.get(), 0, 1.0);
    shared.raise_floor(1);
    shared.set_playing(true);
    let mut at = 0;
    bencher.bench_local(|| {
        // Filling the ring is measured along: it only makes the number worse.
        for _ in 0..FRAMES {
            let _ = ring.push(Frame {
                mixture: [0.3, -0.3],
                vocals: [0.1, 0.1],
                stretch: 1,
                at,
            });
            at += 1;
        }
        shared.set_level((at / 512 % 21) as f32 / 20.0);
        source.by_ref().take(FRAMES * 2).sum::<f32>()
    });
}
