//! What key and tempo cost: one second of song, mixture and vocals, at 48 kHz.

use croon::audio::dsp::time_stretch::Stretcher;
use croon::audio::frame::Frame;
use croon::key_tempo::KeyTempo;

const RATE: u32 = 48_000;

fn main() {
    divan::main();
}

fn song() -> Vec<Frame> {
    let wave = |at: u32, hz: f32| (at as f32 * hz * std::f32::consts::TAU / RATE as f32).sin() * 0.2;
    (0..RATE * 4)
        .map(|at| Frame {
            mixture: [wave(at, 220.0) + wave(at, 3_000.0), wave(at, 220.0)],
            vocals: [wave(at, 220.0); 2],
            ..Frame::default()
        })
        .collect()
}

/// Key in semitones, tempo in percent.
#[divan::bench(args = [(3, 100), (0, 80), (-4, 120)])]
fn a_second_of_song(bencher: divan::Bencher, (key, tempo): (i8, u8)) {
    let song = song();
    let mut stretcher = Stretcher::new(RATE, KeyTempo::new(key, tempo));
    let mut at = 0;
    bencher.bench_local(|| {
        let end = at + RATE as usize;
        while at < end {
            let wanted = stretcher.wants();
            // The song goes round, so that it never ends.
            let from = at % (song.len() - wanted);
            stretcher.push(&song[from..from + wanted]);
            at += wanted;
        }
        stretcher
            .take(usize::MAX)
            .map(|(mixture, _)| mixture[0])
            .sum::<f32>()
    });
}

/// From the key press to the first frame that can be heard.
#[divan::bench]
fn a_change(bencher: divan::Bencher) {
    let song = song();
    bencher.bench_local(|| {
        let mut stretcher = Stretcher::new(RATE, KeyTempo::new(3, 80));
        let mut at = 0;
        while stretcher.ready(1) == 0 {
            let wanted = stretcher.wants();
            stretcher.push(&song[at..at + wanted]);
            at += wanted;
        }
        stretcher.take(1).count()
    });
}
