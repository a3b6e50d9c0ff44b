//! The grid: pieces computed alone, in any order, add up to the song.

use croon::separate::segment::Grid;
use proptest::prelude::*;

const SMALL: Grid = Grid {
    rate: 8_000,
    window: 160,
    core: 100,
    fade: 20,
};

fn song(frames: usize) -> Vec<f32> {
    (0..2 * frames)
        .map(|i| ((i * 7919 % 2003) as f32 / 1001.5 - 1.0) * 0.9)
        .collect()
}

/// What an engine is given for a segment.
fn window(grid: &Grid, song: &[f32], segment: u32) -> Vec<f32> {
    let begin = grid.window_start(segment);
    (0..2 * grid.window as i64)
        .map(|i| {
            usize::try_from(2 * begin + i)
                .ok()
                .and_then(|at| song.get(at))
                .copied()
                .unwrap_or(0.0)
        })
        .collect()
}

/// Separates with an engine that returns its window, in the order given, and adds up in pieces.
fn through(grid: &Grid, song: &[f32], order: impl IntoIterator<Item = u32>, piece: usize) -> Vec<f32> {
    let frames = song.len() as u64 / 2;
    let mut contributions = vec![None; grid.segments(frames) as usize];
    for k in order {
        contributions[k as usize] = Some(grid.cut(k, &window(grid, song, k), Some(frames)));
    }
    let mut sum = vec![0.0; song.len()];
    for (n, out) in sum.chunks_mut(2 * piece).enumerate() {
        let start = (n * piece) as u64;
        for k in grid.touching(start, out.len() / 2) {
            if let Some(Some(piece)) = contributions.get(k as usize) {
                grid.add(k, piece, start, out);
            }
        }
    }
    sum
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn the_identity_gives_the_song_back_at_every_awkward_length() {
    let Grid { core, fade, .. } = Grid::STANDARD;
    for frames in [
        1,
        2,
        fade / 2,
        core - fade / 2,
        core - 1,
        core,
        core + 1,
        core + fade,
        2 * core,
        3 * core + 12_345,
    ] {
        let song = song(frames);
        let count = Grid::STANDARD.segments(frames as u64);
        let sum = through(&Grid::STANDARD, &song, 0..count, 65_536);
        assert_eq!(sum.len(), song.len());
        assert!(
            worst(&sum, &song) <= 1e-6,
            "{frames} frames: off by {}",
            worst(&sum, &song)
        );
    }
}

#[test]
fn a_song_of_no_frames_has_no_segments() {
    assert_eq!(Grid::STANDARD.segments(0), 0);
}

#[test]
fn a_missing_neighbour_fades_without_a_step() {
    let song = vec![1.0; 2 * 300];
    let sum = through(&SMALL, &song, [0, 2], 300);
    let steps = sum
        .chunks_exact(2)
        .zip(sum.chunks_exact(2).skip(1))
        .map(|(a, b)| (a[0] - b[0]).abs());
    assert!(steps.fold(0.0, f32::max) <= 1.01 / SMALL.fade as f32);
    assert_eq!(sum[2 * 150], 0.0);
    assert_eq!((sum[0], sum[2 * 299]), (1.0, 1.0));
}

#[test]
fn an_end_beyond_the_window_need_not_be_known() {
    let song = song(1000);
    for k in 0..8 {
        let vocals = window(&SMALL, &song, k);
        assert_eq!(SMALL.cut(k, &vocals, None), SMALL.cut(k, &vocals, Some(1000)));
    }
}

#[test]
fn what_the_engine_makes_of_the_silence_around_a_song_is_left_out() {
    let noisy = vec![1.0; 2 * SMALL.window];
    let piece = SMALL.cut(0, &noisy, Some(30));
    let heard: Vec<usize> = (0..SMALL.contribution())
        .filter(|i| piece[2 * i] != 0.0)
        .collect();
    assert_eq!((heard[0], heard.len()), (SMALL.fade / 2, 30));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn order_and_reading_in_pieces_change_no_sample(frames in 1usize..700, seed in any::<u64>(), piece in 1usize..400) {
        let song = song(frames);
        let count = SMALL.segments(frames as u64);
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|k| (u64::from(*k) + 1).wrapping_mul(seed | 1).rotate_left(17));
        let forward = through(&SMALL, &song, 0..count, frames);
        prop_assert_eq!(through(&SMALL, &song, order, piece), forward.clone());
        prop_assert!(worst(&forward, &song) <= 1e-6);
    }
}
