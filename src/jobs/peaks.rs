//! The waveforms of one segment: the loudest sample of each piece of its core.

use crate::separate::segment::Grid;
use crate::waveform::{Peaks, WAVE_POINTS};

/// Peaks of vocals and of what is left of the mixture, from whole windows.
pub(super) fn peaks(grid: &Grid, mixture: &[f32], vocals: &[f32]) -> Peaks {
    let core = 2 * grid.context()..2 * (grid.context() + grid.core);
    let (Some(mixture), Some(vocals)) = (mixture.get(core.clone()), vocals.get(core)) else {
        return Peaks::default();
    };
    let piece = 2 * grid.core.div_ceil(WAVE_POINTS);
    let mut peaks = Peaks::default();
    let pieces = mixture.chunks(piece).zip(vocals.chunks(piece));
    for ((mixture, vocals), (of_vocals, of_rest)) in
        pieces.zip(peaks.vocals.iter_mut().zip(&mut peaks.instrumental))
    {
        *of_vocals = byte(vocals.iter().fold(0.0, |peak, s| s.abs().max(peak)));
        *of_rest = byte(
            mixture
                .iter()
                .zip(vocals)
                .fold(0.0, |peak, (m, v)| (m - v).abs().max(peak)),
        );
    }
    peaks
}

/// 255 is full scale and above; what is not silent is at least 1.
fn byte(peak: f32) -> u8 {
    (peak * 255.0).ceil().min(255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_shows_its_loudest_sample() {
        let grid = Grid::STANDARD;
        let mut mixture = vec![0.0; 2 * grid.window];
        let mut vocals = mixture.clone();
        let at = 2 * (grid.context() + 5 * grid.core / WAVE_POINTS + 7);
        (mixture[at], vocals[at]) = (-2.0, -0.5);
        mixture[2 * grid.context() - 1] = 1.0; // before the core
        let peaks = peaks(&grid, &mixture, &vocals);
        assert_eq!((peaks.vocals[5], peaks.instrumental[5]), (128, 255));
        assert_eq!(peaks.instrumental.iter().filter(|peak| **peak > 0).count(), 1);
    }
}
