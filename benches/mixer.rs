//! The mixer's share of its time budget: 512 frames at 48 kHz last 10.7 ms.

use std::num::NonZero;
use std::sync::Arc;

use croon::audio::frame::Frame;
use croon::audio::player::controls::Shared;
use croon::audio::player::mixer::mixer;

const RATE: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(47_999);
const FRAMES: usize = 512;

fn main() {
    divan::main();
}

/// One callback after the other over a loud song; `touch` moves the controls in between.
fn callbacks(bencher: divan::Bencher, gain: f32, touch: impl Fn(&Shared, u32)) {
    let shared = Arc::new(Shared::default());
    let (mut ring, mut source) = mixer(RATE, shared.clone());
    shared.announce(1, 1, RATE.get(), 0, 1.0);
    shared.set_gain(1, gain);
    shared.set_min_generation(1);
    shared.set_playing(true);
    // Made beforehand: a sine costs more than the mixer.
    let song: Vec<f32> = (0..FRAMES as u32 * 40).map(|i| (i as f32 * 0.11).sin()).collect();
    let mut at = 0;
    let mut feed = move |frames: usize| {
        for _ in 0..frames {
            let sample = song[at as usize % song.len()];
            let _ = ring.push(Frame {
                mixture: [0.6 * sample, -0.6 * sample],
                vocals: [0.3 * sample; 2],
                generation: 1,
                at,
                ..Frame::default()
            });
            at += 1;
        }
        at
    };
    feed(FRAMES * 4);
    bencher.bench_local(|| {
        // Filling the ring is measured along: it only makes the number worse.
        let at = feed(FRAMES);
        touch(&shared, at / FRAMES as u32);
        source.by_ref().take(FRAMES * 2).sum::<f32>()
    });
}

#[divan::bench]
fn callback_of_512_frames(bencher: divan::Bencher) {
    callbacks(bencher, 1.0, |shared, round| {
        shared.set_level((round % 21) as f32 / 20.0);
    });
}

/// Vocals at 200 %, a gain, every ramp on its way, and the limiter holding in every block.
#[divan::bench]
fn callback_of_512_frames_with_everything_on(bencher: divan::Bencher) {
    callbacks(bencher, 2.0, |shared, round| {
        shared.set_level(2.0 - (round % 2) as f32 / 10.0);
        shared.set_volume(1.0 - (round % 3) as f32 / 100.0);
    });
}
