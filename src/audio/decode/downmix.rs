//! Any number of channels to two: mono doubled, surround folded by the ITU-R BS.775 weights,
//! scaled so that a full-scale file cannot clip.

use std::ops::Range;

use symphonia::core::audio::{Channels, Position};

const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Weights of each source channel in left and right.
#[derive(Default)]
pub(super) struct Downmix {
    channels: Option<Channels>,
    weights: Vec<[f32; 2]>,
}

impl Downmix {
    /// Says what the next samples are; cheap while it stays the same.
    pub(super) fn set(&mut self, channels: &Channels) {
        if self.channels.as_ref() == Some(channels) {
            return;
        }
        self.weights = weights(channels);
        self.channels = Some(channels.clone());
    }

    /// Appends `frames` of the interleaved `samples` as clean stereo.
    pub(super) fn append(&self, samples: &[f32], frames: Range<usize>, out: &mut Vec<f32>) {
        let count = self.weights.len();
        let promised = frames.start * count..frames.end * count;
        let Some(samples) = samples.get(promised).filter(|_| count > 0) else {
            // Nothing was decoded, or less than was promised: keep time.
            out.resize(out.len() + frames.len() * 2, 0.0);
            return;
        };
        match count {
            1 => out.extend(samples.iter().flat_map(|&s| [clean(s); 2])),
            2 => out.extend(samples.iter().map(|&s| clean(s))),
            _ => out.extend(samples.chunks_exact(count).flat_map(|frame| {
                let mut stereo = [0.0f32; 2];
                for (&sample, [left, right]) in frame.iter().zip(&self.weights) {
                    stereo[0] += clean(sample) * left;
                    stereo[1] += clean(sample) * right;
                }
                stereo
            })),
        }
    }
}

/// Float files may hold anything; one NaN would spread through every filter behind.
fn clean(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

fn weights(channels: &Channels) -> Vec<[f32; 2]> {
    let count = channels.count();
    let mut weights = match channels {
        _ if count < 3 => return vec![[1.0, 1.0]; count],
        Channels::Positioned(positions) => positions.iter().map(weight).collect(),
        // Nobody says where these stand: the first two are left and right, the rest is dropped.
        _ => {
            let mut plain = vec![[0.0, 0.0]; count];
            plain[0] = [1.0, 0.0];
            plain[1] = [0.0, 1.0];
            plain
        }
    };
    let loudest = (0..2)
        .map(|side| weights.iter().map(|w| w[side]).sum::<f32>())
        .fold(0.0, f32::max);
    if loudest > 1.0 {
        weights.iter_mut().flatten().for_each(|w| *w /= loudest);
    }
    weights
}

fn weight(position: Position) -> [f32; 2] {
    match position {
        Position::FRONT_LEFT => [1.0, 0.0],
        Position::FRONT_RIGHT => [0.0, 1.0],
        Position::FRONT_CENTER => [HALF_POWER, HALF_POWER],
        Position::REAR_LEFT | Position::SIDE_LEFT | Position::FRONT_LEFT_CENTER => [HALF_POWER, 0.0],
        Position::REAR_RIGHT | Position::SIDE_RIGHT | Position::FRONT_RIGHT_CENTER => [0.0, HALF_POWER],
        Position::REAR_CENTER => [0.5, 0.5],
        // Low-frequency effects and ceilings have no place in two channels.
        _ => [0.0, 0.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(positions: Position, frame: &[f32]) -> Vec<f32> {
        let mut downmix = Downmix::default();
        downmix.set(&Channels::Positioned(positions));
        let mut out = Vec::new();
        downmix.append(frame, 0..1, &mut out);
        out
    }

    #[test]
    fn mono_is_doubled_and_bad_numbers_are_silent() {
        assert_eq!(fold(Position::FRONT_LEFT, &[0.5]), [0.5, 0.5]);
        assert_eq!(
            fold(
                Position::FRONT_LEFT | Position::FRONT_RIGHT,
                &[f32::NAN, f32::INFINITY]
            ),
            [0.0, 0.0]
        );
    }

    #[test]
    fn six_channels_fold_without_clipping_and_without_the_subwoofer() {
        let five_one = Position::FRONT_LEFT
            | Position::FRONT_RIGHT
            | Position::FRONT_CENTER
            | Position::LFE1
            | Position::REAR_LEFT
            | Position::REAR_RIGHT;
        let full = fold(five_one, &[1.0; 6]);
        assert!(full.iter().all(|s| (s - 1.0).abs() < 1e-6), "{full:?}");
        assert_eq!(fold(five_one, &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]), [0.0, 0.0]);
        let left = fold(five_one, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(left[0] > 0.4 && left[1] == 0.0, "{left:?}");
    }
}
